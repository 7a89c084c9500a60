"""Backends for tests: they compute with NumPy, on copies of the state that they keep to themselves, as one with memory
of its own does. They count what they do, break off when they are told to, and can be as slow as a test wants them."""

import time

import numpy as np

from pydl.backends import ExecutionError, Unsupported
from pydl.backends import numpy as reference
from pydl.backends.copies import on_copies
from pydl.backends.errors import DeviceLost


class Fake:
    """The backend, and what its Executables have done.

    refuses: names of Programs that it does not support. fails: name of a Program that traps, and the step of that.
    """

    def __init__(self, refuses=(), fails=None, seconds=0.0):
        self.refuses, self.fails, self.seconds = refuses, fails, seconds
        self.executables = []
        self.here, self.lies = True, None

    def available(self):
        return self.here

    def compile(self, program, relaxed=None):
        if program.name in self.refuses:
            raise Unsupported(f"{program.name} is beyond it")
        self.executables.append(executable := Executable(self, program, relaxed))
        return executable

    def happens(self, event, executable=None):
        """Called before a "compile", a "feed", each "step", and when something has "ran" or is to "sync"."""

    def of(self, name):
        return [each for each in self.executables if each.program.name == name]

    def steps(self, name):
        return sum(each.steps for each in self.of(name))

    def calls(self, name):
        return sum(each.calls for each in self.of(name))


class FakeGPU(Fake):
    """One that can be lost, with all that it holds. `fail` says when, and how.

    asked: how often somebody wanted to know whether it is there. lies: a factor by which its outputs are wrong, or None
    """

    def __init__(self, **options):
        super().__init__(**options)
        self.asked, self.plan, self.gone, self.standing = 0, None, None, None
        self.name = "Toy 3000"

    def available(self):
        self.asked += 1
        return self.here and self.standing is None

    def why_not(self):
        return "" if self.here else "no adapter was found"

    def failure(self):
        return self.standing

    def adapter(self):
        return self.name

    def compile(self, program):
        self.happens("compile")
        return super().compile(program)

    def fail(self, event, after=0, error=None, program=None):
        """The event fails after so many of its kind went well, those of a Program by name where one is given."""
        self.plan = [event, after, error or DeviceLost("a test pulled the plug"), program]

    def happens(self, event, executable=None):
        if executable and executable.broken:
            raise self.gone
        if self.plan and self.plan[0] == event and self.plan[3] in (None, executable and executable.program.name):
            self.plan[1] -= 1
            if self.plan[1] < 0:
                self.gone, self.plan = self.plan[2], None
                for each in self.executables if isinstance(self.gone, DeviceLost) else ():
                    each.broken = True
                    for own in each.own.values():
                        own.assign(np.full(own.shape, 77, own.dtype))  # what was there is no more
                raise self.gone


class Executable:
    bytes = 0
    holder = None  # itself

    def __init__(self, backend, program, relaxed):
        self.backend, self.program, self.relaxed = backend, program, relaxed
        self.adapter = getattr(backend, "name", "fake 1.0")
        copied = on_copies(program)
        self.inner = reference.compile(copied)
        self.own = {id(v): c for (v, _), (c, _) in zip(program.state, copied.state)}
        self.calls = self.steps = self.taken_in = self.fetched = self.synced = 0
        self.chunks = []  # (first, count) of every run of a feed
        self.feeds = []
        self.closed = self.broken = False

    def begin(self):
        assert not self.closed, "it was closed"
        for variable, _ in self.program.state:
            if variable._elsewhere is not (self.holder or self):
                self.own[id(variable)].assign(variable._home())
                self.taken_in += 1
        for variable, _ in self.program.updates:
            variable._elsewhere = self.holder or self

    def step(self, inputs):
        self.backend.happens("step", self)
        if self.backend.fails == (self.program.name, self.steps):
            raise ExecutionError("a trap; the parameters are those of the last finished step")
        if self.backend.seconds:
            time.sleep(self.backend.seconds)
        self.steps += 1
        outputs = self.inner(*inputs)
        return [array * self.backend.lies for array in outputs] if self.backend.lies else outputs

    def __call__(self, *inputs):
        self.calls += 1
        self.begin()
        outputs = self.step(inputs)
        self.backend.happens("ran", self)
        return outputs

    def feed(self, *data):
        self.backend.happens("feed", self)
        self.feeds.append(Feed(self, [array.copy() for array in data]))
        return self.feeds[-1]

    def fetch(self, variable):
        assert variable._elsewhere is self
        np.copyto(variable._value, self.own[id(variable)]._home())
        variable._elsewhere = None
        self.fetched += 1

    def sync(self):
        self.backend.happens("sync", self)
        self.synced += 1
        for variable, _ in self.program.updates:
            if variable._elsewhere is self.holder:
                np.copyto(variable._value, self.own[id(variable)]._home())

    def close(self):
        for variable, _ in self.program.updates:
            if variable._elsewhere is self:
                self.fetch(variable)
        self.closed = True


class Feed:
    chunk = 0.05

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
        executable.backend.happens("ran", executable)
        return [np.stack(parts) for parts in zip(*steps)]

    def close(self):
        self.closed = True
