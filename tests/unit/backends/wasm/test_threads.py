"""Threads and machine code: models that are trained beside each other, and one that is looked at while it learns."""

import threading

import numpy as np
import pytest

import pydl
from pydl import losses, nn, optim
from pydl.callbacks import Callback
from tests.unit.support import assert_agree
from tests.unit.train.two_devices import assert_same_numbers

RNG = np.random.default_rng(0)
X = RNG.standard_normal((300, 12)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


def network(seed):
    """Its masks are from a generator of its own: threads share the default one."""
    pydl.seed(seed)
    layers = [nn.Dense(24, "relu"), nn.BatchNormalization(), nn.Dropout(0.2, seed=seed), nn.Dense(2)]
    model = nn.Sequential(layers, input_shape=(12,))
    model.compile(optim.Adam(0.01), losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"])
    model.ensure_built((12,))
    return model


def train(model, device, epochs=6, **options):
    settings = {"batch_size": 32, "shuffle": False, "verbose": 0, "validation_split": 0.2, "device": device}
    return model.fit(X, Y, epochs=epochs, **(settings | options))


def together(*works):
    """Runs functions in threads of their own; an error in one of them is the test's."""
    errors = []

    def run(work):
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "it waits for something that does not come"
    if errors:
        raise errors[0]


def bits(model):
    state = model.optimizer.state().values()
    return [model.history.history, *(array.tobytes() for array in (*model.get_weights(), *state))]


@pytest.mark.parametrize("devices", [("wasm", "wasm"), ("wasm:simd", "wasm:relaxed"), ("wasm", "numpy"),
                                     ("wasm", "wasm", "wasm", "wasm")], ids=", ".join)  # fmt: skip
def test_models_that_are_trained_in_threads_learn_what_they_learn_alone(devices):
    alone = [network(seed) for seed in range(len(devices))]
    for model, device in zip(alone, devices):
        train(model, device)
    beside = [network(seed) for seed in range(len(devices))]
    together(*(lambda m=model, d=device: train(m, d) for model, device in zip(beside, devices)))
    assert [bits(model) for model in beside] == [bits(model) for model in alone]


class Over(Callback):
    """Says when the training is over, in the middle of which it waits for somebody to have looked."""

    def __init__(self):
        self.over, self.looked = threading.Event(), threading.Event()

    def on_epoch_end(self, epoch, logs):
        assert epoch < 9 or self.looked.wait(30), "nobody gets a turn"

    def on_train_end(self, logs):
        self.over.set()


@pytest.mark.parametrize("elsewhere", ["wasm", "numpy"])
@pytest.mark.parametrize("device", ["wasm", "wasm:simd"])
def test_a_model_is_looked_at_in_one_thread_while_another_trains_it(device, elsewhere):
    reference, model, watcher = network(1), network(1), Over()
    train(reference, device, epochs=40)

    def look():
        while not watcher.over.is_set():
            loss, accuracy = model.evaluate(X, Y, verbose=0, device=elsewhere)
            outputs = model.predict(X, device=elsewhere)
            assert np.isfinite(loss) and 0 <= accuracy <= 1 and np.isfinite(outputs).all()
            assert all(np.isfinite(weight).all() for weight in model.get_weights())
            watcher.looked.set()

    def learn():
        try:
            train(model, device, epochs=40, callbacks=[watcher])
        finally:
            watcher.over.set()

    model.evaluate(X, Y, verbose=0, device=elsewhere)
    together(learn, look)
    assert bits(model) == bits(reference), "looking changes nothing"


def test_other_models_are_evaluated_while_one_trains():
    model, other, watcher = network(1), network(2), Over()
    expected = [other.evaluate(X, Y, verbose=0, device="wasm"), other.predict(X, device="wasm").tolist()]
    reference = network(1)
    train(reference, "wasm", epochs=30)

    def look():
        while not watcher.over.is_set():
            found = [other.evaluate(X, Y, verbose=0, device="wasm"), other.predict(X, device="wasm").tolist()]
            assert found == expected
            watcher.looked.set()

    together(lambda: train(model, "wasm", epochs=30, callbacks=[watcher]), look)
    assert bits(model) == bits(reference)


def test_one_compiled_function_is_called_from_many_threads():
    square = pydl.jit(lambda x: (x @ x.T).sum(0), device="wasm")
    inputs = [np.random.default_rng(seed).standard_normal((9, 5)).astype(np.float32) for seed in range(4)]

    def call(x):
        expected = (x @ x.T).sum(0)
        for _ in range(100):
            assert_agree(square(x).numpy(), expected, atol=1e-5)

    together(*(lambda x=x: call(x) for x in inputs))


def test_rows_of_one_function_are_handed_over_by_many_threads():
    total = pydl.jit(lambda x: (x * x).sum(), device="wasm")
    data = [np.random.default_rng(seed).standard_normal((40 * seed + 20, 3)).astype(np.float32) for seed in range(4)]
    prepared = total.prepared(data[0][:10])

    def call(x):
        expected = (x.astype(np.float64) ** 2).reshape(-1, 30).sum(1)
        for _ in range(50):
            feed = prepared.feed(x)
            (sums,) = feed.run(np.arange(len(x)), 0, len(x) // 10)
            feed.close()
            np.testing.assert_allclose(sums, expected, rtol=1e-5)

    together(*(lambda x=x: call(x) for x in data))


def test_two_threads_add_to_one_variable():
    total = pydl.Variable(0.0, name="total", dtype="float32")
    ones, twos = (pydl.jit(lambda x, k=k: total.assign(total + x.sum() * k), device="wasm") for k in (1.0, 2.0))

    def add(step):
        for _ in range(300):
            step(np.ones(2, np.float32))

    together(lambda: add(ones), lambda: add(twos), lambda: [total.item() for _ in range(300)])
    assert total.item() == 300 * 2 + 300 * 4


@pytest.mark.slow
def test_many_trainings_and_looks_at_once():
    alone = [network(seed) for seed in range(6)]
    for model in alone:
        train(model, "wasm", epochs=60)
    beside, over = [network(seed) for seed in range(6)], threading.Event()

    def look():
        rng = np.random.default_rng(3)
        while not over.is_set():
            model = beside[rng.integers(6)]
            assert_same_numbers([len(model.predict(X, device="wasm"))], [300])

    def learn():
        try:
            together(*(lambda m=model: train(m, "wasm", epochs=60) for model in beside))
        finally:
            over.set()

    together(learn, look)
    assert [bits(model) for model in beside] == [bits(model) for model in alone]
