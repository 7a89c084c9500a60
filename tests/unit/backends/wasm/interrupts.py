"""Trainings cut short by interrupts, `python -m tests.unit.backends.wasm.interrupts ROUNDS SEED`: prints how many were.

A process of its own: what measures coverage does not survive an interrupt at any moment.
"""

import signal
import sys
import threading

import numpy as np

from pydl import nn, optim
from pydl.callbacks import Callback
from tests.unit.train.two_devices import X, Y


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


def interrupt(number, frame):
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, interrupt)
    print(interrupted(*map(int, sys.argv[1:])))
