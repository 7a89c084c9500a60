"""The NumPy backend: evaluates a Program instruction by instruction. The reference for every other backend.

All that can be known before a step is settled when the Program is compiled: the memory plan gives every value its
place in one block, views are made once, and each instruction becomes a function bound to its arrays. A step is then
one loop over these functions, without an allocation.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence

import numpy as np

from ..jit.memory import ALIGNMENT, plan_memory
from ..jit.program import Instruction, Program, Value


def available() -> bool:
    """Whether it runs here: always."""
    return True


def compile(program: Program, state: Sequence[np.ndarray]) -> Executable:
    """A Program bound to the arrays that hold its state, in the order of `program.state`."""
    return Executable(program, state)


class Executable:
    """A Program ready to run: `outputs = executable(*inputs)`; the state arrays change in place."""

    def __init__(self, program: Program, state: Sequence[np.ndarray]) -> None:
        self._lock = threading.Lock()  # there is one block: a second thread waits until the first has its outputs
        plan = plan_memory(program)
        self.bytes = plan.size
        block = _aligned(plan.size)
        arrays: dict[Value, np.ndarray] = {value: np.empty(value.shape, value.dtype) for value in program.inputs}
        arrays.update((value, array) for (_, value), array in zip(program.state, state))
        arrays.update(program.constants)
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
            for step in self._steps:
                step()
            outputs = [array.copy() for array in self._outputs]  # first: one of them may be an old state
            for copy in self._state_copies:
                copy()
        return outputs


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
