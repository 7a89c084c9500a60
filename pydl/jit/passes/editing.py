"""A Program while a pass rewrites it, from its first instruction to its last.

The Editor knows which value now stands for which, gives new values their names, shares constants that are the same,
and puts the new Program together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...ops import REGISTRY, Spec, spec_of
from ..program import Instruction, Program, Value

SMALL = 4096  # elements: up to here constants are compared by their bits, and computed when the Program is made
_OVER_MEMORY = {"transpose", "broadcast", "slice", "unfold"}  # views that leave gaps, or repeat


class Editor:
    """What a pass has made of a Program so far.

    constants: the array of each constant
    made:      the instruction that gives a value, in the new Program
    """

    def __init__(self, program: Program) -> None:
        self._old = program
        self._instructions: list[Instruction] = []
        self._stand_in: dict[Value, Value] = {}
        self._by_bits: dict[tuple[Any, ...], Value] = {}
        self._by_inputs: dict[tuple[Any, ...], Value] = {}
        self._filled: dict[tuple[Any, ...], Value] = {}
        self._last_name = -1
        self.made: dict[Value, Instruction] = {}
        self.constants: dict[Value, np.ndarray] = {}
        for value, array in program.constants:
            known = self._by_bits.setdefault(_bits(array), value)
            if known is value:
                self.constants[value] = array
            else:
                self._stand_in[value] = known

    def value(self, old: Value) -> Value:
        """The value that stands for one of the old Program now."""
        return self._stand_in.get(old, old)

    def current(self, instruction: Instruction) -> Instruction:
        """An instruction of the old Program, reading what now stands for its inputs."""
        inputs = tuple(map(self.value, instruction.inputs))
        return instruction if inputs == instruction.inputs else replace(instruction, inputs=inputs)

    def append(self, instruction: Instruction) -> Value:
        """Puts an instruction at the end of the new Program; gives its result."""
        self._instructions.append(instruction)
        self.made[instruction.result] = instruction
        self._by_inputs.setdefault((instruction.primitive.name, *instruction.inputs), instruction.result)
        return instruction.result

    def stand_in(self, old: Value, new: Value) -> None:
        """From here on whoever reads `old` reads `new`."""
        self._stand_in[old] = new

    def new(self, name: str, *inputs: Value, scope: str, **params: Any) -> Value:
        """The result of a new instruction, with a name that nobody has."""
        primitive = REGISTRY[name]
        spec = primitive.shape_rule(*(value.spec for value in inputs), **params)
        return self.append(Instruction(Value(self._name(), spec), primitive, inputs, params, scope))

    def constant(self, array: np.ndarray, value: Value | None = None) -> Value:
        """The value of a constant: one that is there already where it has the same bits, else `value` or a new one."""
        known = self._by_bits.get(_bits(array))
        if known is None:
            known = self._by_bits[_bits(array)] = value or Value(self._name(), spec_of(array))
            self.constants[known] = array
        return known

    def filled(self, number: np.ndarray, shape: tuple[int, ...], scope: str, value: Value | None = None) -> Value:
        """The value of this shape that holds one number everywhere: a view of a constant; `value` as in `constant`."""
        source = self.constant(number, None if shape else value)
        if not shape:
            return source
        if (source, shape) not in self._filled:
            if value is None:
                value = Value(self._name(), Spec(shape, number.dtype))
            made = Instruction(value, REGISTRY["broadcast"], (source,), {"shape": shape}, scope)
            self._filled[source, shape] = self.append(made)
        return self._filled[source, shape]

    def already(self, name: str, *inputs: Value) -> Value | None:
        """What the primitive of this name has made of these inputs before."""
        return self._by_inputs.get((name, *inputs))

    def number(self, value: Value) -> np.ndarray | None:
        """The one number that all elements of a value are in every step, without axes; None where it is not known."""
        made = self.made.get(value)
        while made is not None and made.primitive.view:
            (value,) = made.inputs
            made = self.made.get(value)
        array = self.constants.get(value)
        return array.reshape(()) if array is not None and array.size == 1 else None

    def contiguous(self, value: Value) -> bool:
        """Whether a value lies in memory without gaps and in order, so that a reshape of it is no copy."""
        made = self.made.get(value)
        return made is None or made.primitive.name not in _OVER_MEMORY

    def program(self) -> Program:
        """The new Program."""
        return replace(
            self._old,
            constants=list(self.constants.items()),
            instructions=self._instructions,
            updates=[(variable, self.value(value)) for variable, value in self._old.updates],
            outputs=[self.value(value) for value in self._old.outputs],
        )

    def _name(self) -> str:
        if self._last_name < 0:
            program = self._old
            values = [*program.inputs, *(v for _, v in program.state), *(v for v, _ in program.constants)]
            values += [instruction.result for instruction in program.instructions]
            self._last_name = max((int(v.name[1:]) for v in values if v.name[1:].isdecimal()), default=0)
        self._last_name += 1
        return f"%{self._last_name}"


def _bits(array: np.ndarray) -> tuple[Any, ...]:
    """What equal constants have in common; a large one is only equal to itself."""
    return (array.shape, array.dtype, array.tobytes()) if array.size <= SMALL else (id(array),)
