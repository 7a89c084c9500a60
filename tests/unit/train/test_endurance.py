"""Long and broken off trainings: no memory is lost, whatever is repeated, and nothing stays behind, wherever a training
is interrupted."""

import gc
import threading
import tracemalloc
import weakref

import numpy as np
import pytest

import pydl
from pydl import losses, nn, optim, probes
from pydl.autograd import modes
from pydl.backends import numpy as backend
from pydl.callbacks import Callback, observers, observing
from pydl.jit import compiled
from pydl.train import TrainingStopped, control

RNG = np.random.default_rng(0)
X = RNG.standard_normal((400, 8)).astype(np.float32)
Y = RNG.integers(0, 3, 400)


def compile(model):
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optim.Adam(0.01), loss, ["accuracy", "f1_score"])
    return model


def network(*layers, seed=None):
    stack = [nn.Dense(16, "relu", kernel_regularizer="l2"), nn.BatchNormalization(), nn.Dropout(0.3, seed=seed)]
    return compile(nn.Sequential([*stack, *layers, nn.Dense(3)]))


def everything(model):
    state = {**{path: weight.numpy() for path, weight in model.named_weights().items()}, **model.optimizer.state()}
    return {name: array.tobytes() for name, array in state.items()}


# ---- memory


def growth(action, times):
    """The bytes by which memory has grown from `times` to 2 * `times` times an action."""
    sizes = []
    for _ in range(2):
        for _ in range(times):
            action()
        gc.collect()
        sizes.append(tracemalloc.get_traced_memory()[0])
    return sizes[1] - sizes[0]


@pytest.fixture
def traced_memory():
    gc.collect()
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced_memory")
def test_two_thousand_steps_take_no_more_memory_than_a_few():
    model = network()
    assert growth(lambda: model.fit(X, Y, batch_size=8, epochs=4, verbose=0), 5) < 10_000


@pytest.mark.usefixtures("traced_memory")
def test_nothing_is_kept_of_what_was_compiled_frozen_or_looked_at_before():
    model = network()

    def again():
        model.layers[0].trainable = not model.layers[0].trainable
        model.fit(X, Y, batch_size=100, verbose=0, probes=[probes.Weights(1)])
        model.evaluate(X, Y, verbose=0)
        compile(model)

    assert growth(again, 6) < 20_000, "a Program alone takes more"


def test_a_model_that_is_not_needed_any_more_is_gone():
    model = network()
    model.fit(X, Y, verbose=0)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_batches_of_many_sizes_leave_a_bounded_number_of_programs():
    model = network()
    for rows in range(1, compiled.CACHE_SIZE + 9):
        np.testing.assert_allclose(model.predict(X[:rows])[-1], model.predict(X[rows - 1 : rows])[0], rtol=1e-5)
    assert len(model.compiled("predict", "auto")._cache) == compiled.CACHE_SIZE


# ---- threads


def test_models_trained_in_threads_learn_what_they_learn_alone():
    """Without draws from the default generator, which they share."""

    def train(model):
        model.fit(X, Y, batch_size=50, epochs=4, shuffle=False, verbose=0, validation_split=0.2)

    def models():
        pydl.seed(3)
        made = [network(seed=seed) for seed in range(3)]
        for model in made:
            model.ensure_built((8,))
        return made

    alone, beside = models(), models()
    for model in alone:
        train(model)
    threads = [threading.Thread(target=train, args=(model,)) for model in beside]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [everything(model) for model in beside] == [everything(model) for model in alone]


# ---- interruptions


class Fuse:
    """Raises KeyboardInterrupt when it is lit for the given time."""

    def __init__(self, times):
        self.left = times

    def __call__(self, *_):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


class Burning(nn.Module):
    """A layer that does nothing but burn fuses while it is built and called."""

    def __init__(self, build=None, call=None):
        super().__init__()
        self.on_build, self.on_call = build, call

    def build(self, shape):
        if self.on_build:
            self.on_build()

    def output_shape(self, shape):
        return shape

    def call(self, x):
        if self.on_call:
            self.on_call()
        return x


class At(Callback):
    """A callback with one hook."""

    def __init__(self, hook, action):
        setattr(self, hook, action)


def in_the_middle_of(patch, name):
    """The second run of a Program does not get further than to its middle."""
    compile = backend.compile

    def burning(program):
        executable = compile(program)
        if program.name == name:
            executable._steps.insert(len(executable._steps) // 2, Fuse(2))
        return executable

    patch.setattr(backend, "compile", burning)
    return [], []


INTERRUPTIONS = {
    "while the model is built": lambda patch: ([Burning(build=Fuse(1))], []),
    "while the step is traced": lambda patch: ([Burning(call=Fuse(1))], []),
    "while the evaluation is traced": lambda patch: ([Burning(call=Fuse(3))], []),
    "before the first step": lambda patch: ([], [At("on_train_begin", Fuse(1))]),
    "between two batches": lambda patch: ([], [At("on_train_batch_end", Fuse(3))]),
    "at the end of an epoch": lambda patch: ([], [At("on_epoch_end", Fuse(2))]),
    "after the training": lambda patch: ([], [At("on_train_end", Fuse(1))]),
    "at a look of a probe": lambda patch: ([], [At("on_probe", Fuse(2))]),
    "in the middle of a step": lambda patch: in_the_middle_of(patch, "_train_step"),
    "in the middle of an evaluation": lambda patch: in_the_middle_of(patch, "_evaluate_step"),
    "in the middle of a look": lambda patch: in_the_middle_of(patch, "probe"),
    "by a stop that was asked for": lambda patch: (
        [], [At("on_train_batch_end", lambda batch, logs: batch == 2 and control.request_stop())]),
}  # fmt: skip


@pytest.mark.parametrize("when", INTERRUPTIONS)
def test_after_an_interruption_a_model_learns_what_one_with_its_weights_learns(when, monkeypatch):
    with monkeypatch.context() as patch:
        layers, callbacks = INTERRUPTIONS[when](patch)
        model = network(*layers)
        with pytest.raises(KeyboardInterrupt) as raised, observing(Callback()):
            watchers = {"callbacks": callbacks, "probes": probes.Gradients(2)}
            model.fit(X, Y, batch_size=100, epochs=3, verbose=0, validation_split=0.2, device="numpy", **watchers)
        assert isinstance(raised.value, TrainingStopped) == ("stop" in when)
    control.reset()
    assert (modes.recorder, modes.tap, modes.scope) == (None, None, ())
    assert (modes.training, modes.frozen, modes.grad_enabled) == (False, False, True)
    assert observers() == []

    model.ensure_built((8,))
    fresh = network(*(Burning() for _ in layers))
    fresh.ensure_built((8,))
    for each in (model, fresh):
        each._build_optimizer()
    fresh.set_weights(model.get_weights())
    fresh.optimizer.load_state(model.optimizer.state())
    histories = []
    for each in (model, fresh):
        pydl.seed(9)
        histories.append(each.fit(X, Y, batch_size=50, epochs=2, verbose=0, validation_split=0.2).history)
    assert histories[0] == histories[1]
    assert everything(model) == everything(fresh)
