"""Ctrl-C at any moment of a compiled training: the model of a whole number of steps, and nothing that waits forever."""

import signal
import threading

import numpy as np
import pytest

from pydl import nn, optim
from pydl.callbacks import Callback
from tests.unit.train.two_devices import X, Y

pytest.importorskip("wasmtime", reason="the extra `wasm` is not installed")
if not hasattr(signal, "setitimer"):
    pytest.skip("there are no timers that interrupt", allow_module_level=True)


class Every(Callback):
    """Has every epoch run by itself, which takes more Python."""

    def on_epoch_end(self, epoch, logs):
        pass


def network():
    model = nn.Sequential([nn.Dense(3, "tanh"), nn.Dense(1)], input_shape=(3,))
    model.compile(optim.SGD(0.01), "mse", ["f1_score"])
    model.ensure_built((3,))
    rng = np.random.default_rng(2)
    model.set_weights([rng.standard_normal(weight.shape).astype(np.float32) for weight in model.get_weights()])
    return model


def fit(model, epochs, *watchers):
    model.fit(X, Y, batch_size=50, epochs=epochs, verbose=0, device="wasm:simd", callbacks=watchers)


def interrupted(rounds, seed=0):
    """How many of the trainings were cut short, by a timer that goes off somewhere."""
    model, rng, times = network(), np.random.default_rng(seed), 0
    fit(model, 1)
    for number in range(rounds):
        try:
            signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.0001, 0.01), 0.5)  # again where Python ignored it
            fit(model, 10**6, *([Every()] if number % 2 else []))
        except KeyboardInterrupt:
            times += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        steps = model.optimizer.iterations.item()
    reference = network()
    fit(reference, steps)
    for ours, expected in zip(model.get_weights(), reference.get_weights()):
        np.testing.assert_array_equal(ours, expected)
    assert steps > rounds
    seen = []
    (thread := threading.Thread(target=lambda: seen.append(model.predict(X, device="wasm")), daemon=True)).start()
    thread.join(30)
    assert len(seen) == 1
    return times


@pytest.fixture(autouse=True)
def alarm():
    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_at_any_moment_leaves_the_model_of_a_whole_number_of_steps():
    assert interrupted(100) == 100


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("seed", range(1, 5))
def test_thousands_of_interrupts(seed):
    assert interrupted(1000, seed) == 1000
