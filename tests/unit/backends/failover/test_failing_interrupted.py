"""Threads and interrupts while a GPU fails: nothing waits for ever, and the state is always that of a finished step."""

import sys
import threading
from importlib import import_module

import numpy as np
import pytest

import pydl
from pydl import Variable, jit, losses, nn, optim
from pydl.backends import device, failover
from pydl.backends.executable import moving
from tests.unit.backends.failover.trainings import X, Y
from tests.unit.train.two_devices import assert_same_training


@pytest.mark.parametrize("after", [0, 5, 30, 60])
def test_models_are_trained_and_looked_at_in_threads_and_learn_what_they_learn_alone(after, gpu, heard, monkeypatch):
    """With machine code as the other device, whose locks are real ones."""
    pytest.importorskip("wasmtime", reason="wasmtime is not installed")
    monkeypatch.setitem(device._BACKENDS, "wasm", lambda: import_module("pydl.backends.wasm"))

    def plain(seed):
        pydl.seed(seed)
        model = nn.Sequential([nn.Dense(6, "tanh"), nn.Dropout(0.2, seed=seed), nn.Dense(2)], input_shape=(3,))
        model.compile(optim.Adam(0.02), losses.SparseCategoricalCrossentropy(from_logits=True))
        model.ensure_built((3,))
        return model

    def train(model, where):
        model.fit(X, Y, batch_size=9, epochs=12, verbose=0, shuffle=False, device=where)

    def look():
        while not over.is_set():
            for model, where in zip(models, reversed(places)):
                assert np.isfinite(model.predict(X, device=where)).all()
                looks.append(where)

    places, looks, over = ("webgpu", "wasm", "webgpu", "numpy"), [], threading.Event()
    expected, models = ([plain(seed) for seed in range(4)] for _ in range(2))
    for model in expected:
        train(model, "numpy")
    gpu.fail("step", after)
    threads = [threading.Thread(target=train, args=pair, daemon=True) for pair in zip(models, places)]
    looking = threading.Thread(target=look, daemon=True)
    for thread in (looking, *threads):
        thread.start()
    for thread in threads:
        thread.join(60)
    over.set()  # whatever has become of them: who looks would look for ever
    looking.join(60)
    assert not any(thread.is_alive() for thread in (*threads, looking)), "it waits for something that does not come"
    assert looks and gpu.gone
    for model, reference in zip(models, expected):
        assert_same_training(model, reference, rtol=1e-3)


class Interrupted:
    """Raises KeyboardInterrupt at one of the lines of `failover.py` that run inside of it; `at_all`: there was one."""

    def __init__(self, line):
        self.left, self.at_all = line, False

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self.trace)
        return self

    def __exit__(self, kind, error, traceback):
        sys.settrace(self.before)
        # A `with` has a line to leave by, too: torn away there it keeps its lock, which no code of ours can help. For
        # this thread that is no harm, but those of other tests would wait for ever.
        while moving._is_owned():
            moving.release()
        return kind is KeyboardInterrupt

    def trace(self, frame, event, argument):
        if frame.f_code.co_filename != failover.__file__:
            return None
        if event == "line":
            self.left -= 1
            if self.left < 0:
                sys.settrace(self.before)
                self.at_all = True
                raise KeyboardInterrupt
        return self.trace


def doubling():
    """A count, and a total that can be told from it; a step returns the count."""
    count, total = Variable(np.float32(0)), Variable(np.ones(2, np.float32))

    def step(x):
        count.assign(count + 1)
        total.assign(total * 2 + x)
        return count * 1

    return count, total, jit(step, device="webgpu")


@pytest.mark.parametrize("lost", [None, "step", "ran", "sync"])
@pytest.mark.parametrize("later", ["step", "sync"])
def test_an_interrupt_at_any_line_leaves_the_state_of_a_finished_step(later, lost, gpu, sync, heard):
    """`count` and `total` are of the same step, and of none before the last one that somebody has seen."""
    line, at_all = 0, True
    while at_all:
        count, total, step = doubling()
        rows = step.prepared(ones := np.ones(2, np.float32)).feed(np.ones(8, np.float32))
        seen = step(ones).item()
        if lost:
            gpu.fail(lost, 1)
        with Interrupted(line) as interrupted:
            seen = rows.run(None, 0, 3)[0][-1]
            seen = step(ones).item()
            seen = count.item()
            seen = step(ones).item()
            rows.close()
        if line % 2:
            seen = step(ones).item()
        gpu.fail(later)  # afterwards there is more trouble
        if line % 3:
            seen = step(ones).item()
        done = int(count.item())
        assert total.numpy().tolist() == [2 ** (done + 1) - 1] * 2, f"interrupted at line {line}"
        assert seen <= done <= seen + 3, f"interrupted at line {line}"
        gpu.plan, gpu.executables, at_all, line = None, [], interrupted.at_all, line + 1
    assert line > 60
