"""A backend for tests: it computes with NumPy, on copies of the state that it keeps to itself, as one with memory of
its own does. It counts what it does, breaks off when it is told to, and can be as slow as a test wants it."""

import time

import numpy as np

from pydl.backends import ExecutionError, Unsupported
from pydl.backends import numpy as reference
from pydl.backends.auto import _on_copies


class Fake:
    """The backend, and what its Executables have done.

    refuses: names of Programs that it does not support. fails: name of a Program that traps, and the step of that.
    """

    def __init__(self, refuses=(), fails=None, seconds=0.0):
        self.refuses, self.fails, self.seconds = refuses, fails, seconds
        self.executables = []
        self.here = True

    def available(self):
        return self.here

    def compile(self, program, relaxed=None):
        if program.name in self.refuses:
            raise Unsupported(f"{program.name} is beyond it")
        self.executables.append(executable := Executable(self, program, relaxed))
        return executable

    def of(self, name):
        return [each for each in self.executables if each.program.name == name]

    def steps(self, name):
        return sum(each.steps for each in self.of(name))

    def calls(self, name):
        return sum(each.calls for each in self.of(name))


class Executable:
    bytes = 0

    def __init__(self, backend, program, relaxed):
        self.backend, self.program, self.relaxed = backend, program, relaxed
        copied = _on_copies(program)
        self.inner = reference.compile(copied)
        self.own = {id(v): c for (v, _), (c, _) in zip(program.state, copied.state)}
        self.calls = self.steps = self.taken_in = self.fetched = 0
        self.chunks = []  # (first, count) of every run of a feed
        self.feeds = []
        self.closed = False

    def begin(self):
        assert not self.closed, "it was closed"
        for variable, _ in self.program.state:
            if variable._elsewhere is not self:
                self.own[id(variable)].assign(variable._home())
                self.taken_in += 1
        for variable, _ in self.program.updates:
            variable._elsewhere = self

    def step(self, inputs):
        if self.backend.fails == (self.program.name, self.steps):
            raise ExecutionError("a trap; the parameters are those of the last finished step")
        if self.backend.seconds:
            time.sleep(self.backend.seconds)
        self.steps += 1
        return self.inner(*inputs)

    def __call__(self, *inputs):
        self.calls += 1
        self.begin()
        return self.step(inputs)

    def feed(self, *data):
        self.feeds.append(Feed(self, [array.copy() for array in data]))
        return self.feeds[-1]

    def fetch(self, variable):
        assert variable._elsewhere is self
        np.copyto(variable._value, self.own[id(variable)]._home())
        variable._elsewhere = None
        self.fetched += 1

    def close(self):
        for variable, _ in self.program.updates:
            if variable._elsewhere is self:
                self.fetch(variable)
        self.closed = True


class Feed:
    def __init__(self, executable, data):
        for value, array in zip(executable.program.inputs, data, strict=True):
            assert array.dtype == value.dtype or (array.dtype == np.uint8 and value.dtype == np.float32)
            assert array.shape[1:] == value.shape[1:]
        self.executable, self.data, self.closed = executable, data, False

    def run(self, order, first, count):
        assert not self.closed
        executable = self.executable
        executable.calls += 1
        executable.chunks.append((first, count))
        executable.begin()
        values = executable.program.inputs
        batch = values[0].shape[0] if values else 0
        steps = []
        for step in range(first, first + count):
            rows = slice(step * batch, (step + 1) * batch)
            rows = rows if order is None else order[rows]
            inputs = [array[rows].astype(value.dtype) for array, value in zip(self.data, values)]
            assert all(array.shape == value.shape for array, value in zip(inputs, values))
            steps.append(executable.step(inputs))
            if steps[-1] and steps[-1][0].shape == () and not np.isfinite(steps[-1][0]):
                break
        return [np.stack(parts) for parts in zip(*steps)]

    def close(self):
        self.closed = True
