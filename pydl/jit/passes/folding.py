"""Constant folding: what is the same in every step is computed once, while the Program is made.

An array that holds one number everywhere stays what it is, that number seen through a broadcast, which costs nothing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...ops.elementwise import pointwise
from ..program import Instruction, Program, Value
from .editing import SMALL, Editor


def fold_constants(program: Program) -> Program:
    """Evaluates instructions that read constants only, by NumPy; results of more than `SMALL` elements stay.

    NumPy's exponential and its like may round a lone number otherwise than one among many, in the last place; all
    else has the same bits as before.
    """
    folding = _Folding(program)
    for instruction in program.instructions:
        folding.take(instruction)
    for value in program.results():
        folding.editor.stand_in(value, folding.written(folding.editor.value(value), ""))
    return folding.editor.program()


class _Folding:
    def __init__(self, program: Program) -> None:
        self.editor = Editor(program)
        # What is known; an array of strides 0 where all of its elements are one number.
        self.known: dict[Value, np.ndarray] = {
            value: _repeated(array) for value, array in self.editor.constants.items()
        }

    def take(self, instruction: Instruction) -> None:
        instruction = self.editor.current(instruction)
        arrays = [self.known[value] for value in instruction.inputs if value in self.known]
        if arrays:
            if len(arrays) == len(instruction.inputs):
                result = _evaluated(instruction, arrays)
                if result is not None:
                    self.known[instruction.result] = result
                    return
            inputs = tuple(self.written(value, instruction.scope) for value in instruction.inputs)
            if inputs != instruction.inputs:
                instruction = replace(instruction, inputs=inputs)
        self.editor.append(instruction)

    def written(self, value: Value, scope: str) -> Value:
        """The value in the new Program: what is known is written down when it is first needed."""
        array = self.known.get(value)
        if array is None:
            return value
        if self.editor.constants.get(value) is array:
            return value
        number = _number(array)
        free = None if value in self.editor.constants else value  # it may go on under its name
        if number is None:
            return self.editor.constant(np.array(array), free)
        return self.editor.filled(number, array.shape, scope, free)


def _number(array: np.ndarray) -> np.ndarray | None:
    """The number that an array repeats by strides of 0, as an array without axes."""
    if array.size == 0 or any(length > 1 and stride for length, stride in zip(array.shape, array.strides)):
        return None
    return np.array(array[(0,) * array.ndim])


def _repeated(array: np.ndarray) -> np.ndarray:
    """The array; as one number seen often where all of its elements have the same bits."""
    if array.size > 1 and array.dtype.kind in "fiub":
        bits = array.reshape(-1).view(f"u{array.itemsize}")
        if bits[0] == bits[-1] and (bits == bits[0]).all():
            return np.broadcast_to(array[(0,) * array.ndim], array.shape)
    return array


def _evaluated(instruction: Instruction, arrays: list[np.ndarray]) -> np.ndarray | None:
    primitive, shape = instruction.primitive, instruction.result.shape
    numbers = [_number(array) for array in arrays]
    if instruction.result.spec.size and all(number is not None for number in numbers):
        singles = [number for number in numbers if number is not None]
        if primitive.view:
            return np.broadcast_to(singles[0], shape)
        if pointwise(primitive):
            return np.broadcast_to(primitive(*singles, **instruction.params), shape)
    if instruction.result.spec.size > SMALL:
        return None
    try:
        return primitive(*arrays, **instruction.params)
    except (IndexError, ValueError):  # an index out of range, say: the step itself will tell
        return None
