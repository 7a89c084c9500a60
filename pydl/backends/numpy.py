"""The NumPy backend: evaluates a Program instruction by instruction. The reference for every other backend.

All that can be known before a step is settled when the Program is compiled: the memory plan gives every value its
place in one block, views are made once, and each instruction becomes a function bound to its arrays. A step is then
one loop over these functions, without an allocation.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable

import numpy as np

from ..jit.memory import ALIGNMENT, plan_memory
from ..jit.program import Instruction, Program, Value
from ..variable import Variable
from .executable import CHUNK
from .rows import check_numbers


def available() -> bool:
    """Whether it runs here: always."""
    return True


def compile(program: Program) -> Executable:
    """A Program bound to the Variables of its state; it runs every Program."""
    return Executable(program)


class Executable:
    """A Program ready to run: `outputs = executable(*inputs)`; the Variables' arrays change in place.

    bytes: the memory that it holds beside the Variables' own
    """

    adapter = ""  # there is only one NumPy

    def __init__(self, program: Program) -> None:
        self._lock = threading.Lock()  # there is one block: a second thread waits until the first has its outputs
        plan = plan_memory(program)
        self.bytes = plan.size + sum(value.spec.nbytes for value in program.inputs)
        block = _aligned(plan.size)
        arrays: dict[Value, np.ndarray] = {value: np.empty(value.shape, value.dtype) for value in program.inputs}
        arrays.update((value, variable._home()) for variable, value in program.state)
        arrays.update(program.constants)
        self._state = [variable for variable, _ in program.state]
        self._inputs = [arrays[value] for value in program.inputs]
        self._steps: list[Callable[[], object]] = []
        for instruction in program.instructions:
            result = instruction.result
            if result in plan.views:
                source = arrays[instruction.inputs[0]]
                arrays[result] = instruction.primitive.evaluate(source, **instruction.params)
                continue
            if result in plan.direct:
                arrays[result] = arrays[plan.direct[result]]
            else:
                place = block[plan.offsets[result] : plan.offsets[result] + result.spec.nbytes]
                arrays[result] = place.view(result.dtype).reshape(result.shape)
            self._steps.append(_bind(instruction, arrays))
        self._state_copies = _state_copies(program, plan.direct, arrays)
        self._outputs = [arrays[value] for value in program.outputs]

    def __call__(self, *inputs: np.ndarray) -> list[np.ndarray]:
        with self._lock, np.errstate(all="ignore"):  # infinities and NaN are values here; `fit` looks out for them
            for place, array in zip(self._inputs, inputs):
                np.copyto(place, array)
            for variable in self._state:
                if variable._elsewhere is not None:
                    variable._home()
            for step in self._steps:
                step()
            outputs = [array.copy() for array in self._outputs]  # first: one of them may be an old state
            for copy in self._state_copies:
                copy()
        return outputs

    def feed(self, *data: np.ndarray) -> Feed:
        """Rows for the inputs, one array (rows, ...) each; they stay the caller's own."""
        return Feed(self, data)

    def fetch(self, variable: Variable) -> None:
        """Nothing is kept here: a Variable's value is always at home."""

    def close(self) -> None:
        """Nothing to do: the memory goes with the object."""


class Feed:
    """Rows for the inputs of an Executable, from which it takes a batch for every step."""

    chunk = CHUNK

    def __init__(self, executable: Executable, data: tuple[np.ndarray, ...]) -> None:
        self._executable, self._data = executable, data
        self._batch = len(executable._inputs[0]) if data else 0

    def run(self, order: np.ndarray | None, first: int, count: int) -> list[np.ndarray]:
        """Runs the steps first .. first + count - 1; see `Feed` in `executable.py`."""
        executable, batch = self._executable, self._batch
        outputs = [np.empty((count, *array.shape), array.dtype) for array in executable._outputs]
        # The first output, where it is a single float: a loss that tells when to stop.
        losses = outputs[0] if outputs and outputs[0].ndim == 1 and outputs[0].dtype.kind == "f" else None
        pairs = list(zip(executable._inputs, self._data))
        copies, results = executable._state_copies, executable._outputs
        # A batch is taken straight into its place; numpy.take has a quick way only with a mode other than "raise", so
        # the numbers are looked at beforehand.
        if order is not None and pairs:
            check_numbers(order[first * batch : (first + count) * batch], min(len(rows) for rows in self._data))
        with executable._lock, np.errstate(all="ignore"):
            for variable in executable._state:
                if variable._elsewhere is not None:
                    variable._home()
            for index in range(count):
                start = (first + index) * batch
                for place, rows in pairs:
                    if order is None:
                        np.copyto(place, rows[start : start + batch])
                    elif rows.dtype == place.dtype:
                        rows.take(order[start : start + batch], 0, place, "clip")
                    else:
                        np.copyto(place, rows[order[start : start + batch]])
                for step in executable._steps:
                    step()
                for stack, array in zip(outputs, results):
                    stack[index] = array
                for copy in copies:
                    copy()
                if losses is not None and not math.isfinite(losses[index]):
                    return [stack[: index + 1] for stack in outputs]
        return outputs

    def close(self) -> None:
        """Lets go of the rows."""
        self._data = ()


def _aligned(nbytes: int) -> np.ndarray:
    memory = np.empty(nbytes + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + nbytes]


def _bind(instruction: Instruction, arrays: dict[Value, np.ndarray]) -> Callable[[], object]:
    inputs = [arrays[value] for value in instruction.inputs]
    out = arrays[instruction.result]
    if instruction.primitive.view:  # a reshape of what is not contiguous
        return functools.partial(np.copyto, out.reshape(inputs[0].shape), inputs[0])
    return functools.partial(instruction.primitive.evaluate, *inputs, out=out, **instruction.params)


def _state_copies(
    program: Program, direct: dict[Value, Value], arrays: dict[Value, np.ndarray]
) -> list[Callable[[], object]]:
    """What ends a step: the updates that could not be computed in place.

    Where one of them reads a state array (two Variables that change places, say), all are set aside first.
    """
    state = {id(variable): value for variable, value in program.state}
    copies: list[tuple[np.ndarray, np.ndarray]] = []
    for variable, value in program.updates:
        old = state[id(variable)]
        if direct.get(value) is not old:
            copies.append((arrays[old], arrays[value]))
    targets = [target for target, _ in copies]
    aside: list[Callable[[], object]] = []
    for index, (target, source) in enumerate(copies):
        if any(np.may_share_memory(source, other) for other in targets):
            spare = np.empty_like(source)
            aside.append(functools.partial(np.copyto, spare, source))
            copies[index] = target, spare
    return [*aside, *(functools.partial(np.copyto, target, source) for target, source in copies)]
