"""The steps of a lesson, for tests that run them elsewhere: its Programs, with what goes into their first step.

A lesson runs with small options on NumPy; its Programs are noted down with their inputs and their state, and run again
from there, here in float64.
"""

from dataclasses import replace

import numpy as np

from pydl import Variable, lessons
from pydl.backends import numpy as numpy_backend
from tests.support.lessons import SMALL

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)


class Noted:
    """A Program, and the inputs and the state of its first step."""

    def __init__(self, program):
        self.program, self.inputs, self.state = program, None, None

    def note(self, inputs):
        if self.inputs is None:
            self.inputs = [np.array(array) for array in inputs]
            self.state = [variable.numpy() for variable, _ in self.program.state]


def programs_of(lesson, monkeypatch):
    """What a lesson compiles: one of each text."""
    noted = {}
    compile_, call, run = numpy_backend.compile, numpy_backend.Executable.__call__, numpy_backend.Feed.run

    def compiling(program):
        executable = compile_(program)
        executable.noted = noted.setdefault(str(program), Noted(program))
        return executable

    def calling(executable, *inputs):
        executable.noted.note(inputs)
        return call(executable, *inputs)

    def running(feed, order, first, count):
        batch = feed._batch
        rows = slice(first * batch, (first + 1) * batch)
        rows = rows if order is None else order[rows]
        values = feed._executable.noted.program.inputs
        feed._executable.noted.note([data[rows].astype(value.dtype) for data, value in zip(feed._data, values)])
        return run(feed, order, first, count)

    monkeypatch.setattr(numpy_backend, "compile", compiling)
    monkeypatch.setattr(numpy_backend.Executable, "__call__", calling)
    monkeypatch.setattr(numpy_backend.Feed, "run", running)
    device = {"device": "numpy"} if "device" in lessons.options_for(lesson) else {}
    lessons.run(lesson, **device, **SMALL[lesson])
    monkeypatch.undo()
    return [each for each in noted.values() if each.inputs is not None]


def with_gradients(program):
    """The Program with one more output for each number that only the updates of its state read: the gradients."""
    updates = {value for _, value in program.updates}
    readers = {}
    for instruction in program.instructions:
        for value in instruction.inputs:
            readers.setdefault(value, []).append(instruction)
    serves_updates = {}
    for instruction in reversed(program.instructions):
        result = instruction.result
        only = all(serves_updates[reader.result] for reader in readers.get(result, []))
        serves_updates[result] = only and (result in updates or result in readers) and result not in program.outputs
    heavy = [i for i in program.instructions if i.primitive.name in ("matmul", "sum")]
    gradients = [i.result for i in heavy if serves_updates[i.result] and i.result.dtype == F32]
    return replace(program, outputs=[*program.outputs, *gradients])


def in_float64(program, inputs, state):
    """The outputs, computed instruction by instruction with every float32 widened."""

    def wide(array):
        return array.astype(F64) if array.dtype == F32 else array

    values = dict(zip(program.inputs, map(wide, inputs), strict=True))
    values.update(zip((value for _, value in program.state), map(wide, state), strict=True))
    values.update((value, wide(array)) for value, array in program.constants)
    for each in program.instructions:
        params = {name: F64 if param == F32 else param for name, param in each.params.items()}
        values[each.result] = np.array(each.primitive(*[values[value] for value in each.inputs], **params))
    return [values[value] for value in program.outputs]


def assert_lesson_agrees(lesson, executables, tolerance, monkeypatch):
    """Outputs and gradients of all its steps, as executables(program) compute them, against float64."""
    for noted in programs_of(lesson, monkeypatch):
        program = with_gradients(noted.program)
        expected = in_float64(program, noted.inputs, noted.state)
        before = list(zip(program.state, noted.state))
        variables = {id(variable): Variable(array, dtype=array.dtype) for (variable, _), array in before}
        program.state = [(variables[id(variable)], value) for variable, value in program.state]
        program.updates = [(variables[id(variable)], value) for variable, value in program.updates]
        for executable in executables(program):
            for variable, array in zip(variables.values(), noted.state):
                variable.assign(array)
            for value, ours, reference in zip(program.outputs, executable(*noted.inputs), expected, strict=True):
                apart = np.linalg.norm((ours - reference).astype(F64))
                allowed = tolerance * max(np.linalg.norm(reference.astype(F64)), 1e-6)
                assert apart <= allowed, f"{value}: {apart:g} apart, allowed {allowed:g}\n{program}"
