"""A Program: what a traced function does, written down as data.

Inputs, state, constants, a list of instructions in which every value is defined once, the updates of the state and
the outputs. It prints readably, can be checked on its own (`validate`), and is all that a backend gets to see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..ops import Primitive, Spec
from ..variable import Variable


class ProgramError(ValueError):
    """A Program that breaks its own rules: a defect of whatever made it."""


class Value:
    """A value of a Program: defined once, by its place; known before it exists by its shape and dtype."""

    __slots__ = ("name", "spec")

    def __init__(self, name: str, spec: Spec) -> None:
        self.name = name
        self.spec = spec

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of every axis."""
        return self.spec.shape

    @property
    def dtype(self) -> np.dtype:
        """The NumPy dtype of the elements."""
        return self.spec.dtype

    def __repr__(self) -> str:
        return f"{self.name}: {self.spec}"


@dataclass(frozen=True)
class Instruction:
    """result = primitive(*inputs, **params), written inside the name scopes `scope`.

    kernel: instructions of one number from 0 on become one loop of machine code (passes/fusion.py); -1 for those that
            were not fused, and for views, which are no work
    """

    result: Value
    primitive: Primitive
    inputs: tuple[Value, ...]
    params: dict[str, Any]
    scope: str = ""
    kernel: int = -1

    def __str__(self) -> str:
        arguments = [value.name for value in self.inputs]
        arguments += [f"{name}={_compact(param)}" for name, param in self.params.items()]
        line = f"{self.result} = {self.primitive.name}({', '.join(arguments)})"
        return f"{line}  # {self.scope}" if self.scope else line


@dataclass
class Program:
    """One traced function.

    inputs:       values given at each call
    state:        Variables that are read or written, with the value that each has when a call begins
    constants:    arrays known when the function was traced
    instructions: in an order in which every value is defined before it is used
    updates:      (Variable, value): what each Variable holds when the call ends
    outputs:      values handed back
    """

    name: str
    inputs: list[Value] = field(default_factory=list)
    state: list[tuple[Variable, Value]] = field(default_factory=list)
    constants: list[tuple[Value, np.ndarray]] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)
    updates: list[tuple[Variable, Value]] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)

    def results(self) -> Iterator[Value]:
        """The values that must be there when a call ends."""
        yield from self.outputs
        for _, value in self.updates:
            yield value

    @property
    def operations(self) -> int:
        """About how many a step takes: those of its matrix products, and one for each element that it makes."""
        total = 0
        for instruction in self.instructions:
            if instruction.primitive.view:
                continue
            total += instruction.result.spec.size
            if instruction.primitive.name == "matmul":
                total += 2 * instruction.result.spec.size * instruction.inputs[0].shape[-1]
        return total

    def kernels(self) -> list[list[Instruction]]:
        """The instructions that are one loop each, in order; views left out, what was not fused on its own."""
        kernels: list[list[Instruction]] = []
        for instruction in self.instructions:
            if instruction.primitive.view:
                continue
            if instruction.kernel >= 0 and kernels and kernels[-1][0].kernel == instruction.kernel:
                kernels[-1].append(instruction)
            else:
                kernels.append([instruction])
        return kernels

    def __str__(self) -> str:
        lines = [f"program {self.name}({', '.join(map(str, self.inputs))})"]
        lines += [f"  state {value} is '{variable.name}'" for variable, value in self.state]
        lines += [f"  const {value} = {_compact(array)}" for value, array in self.constants]
        lines += [f"  {mark}{instruction}" for mark, instruction in zip(self._kernel_marks(), self.instructions)]
        lines += [f"  '{variable.name}' becomes {value.name}" for variable, value in self.updates]
        lines += [f"  return {', '.join(value.name for value in self.outputs)}"]
        return "\n".join(lines)

    def _kernel_marks(self) -> list[str]:
        """What stands before each instruction: its kernel's number; for a view, room; nothing before fusion."""
        width = len(str(max((instruction.kernel for instruction in self.instructions), default=-1)))
        fused = any(instruction.kernel >= 0 for instruction in self.instructions)
        return [
            "" if not fused else f"{i.kernel:>{width}} | " if i.kernel >= 0 else f"{'':{width}}   "
            for i in self.instructions
        ]

    def validate(self) -> Program:
        """Checks every rule that a Program keeps; returns it, or raises ProgramError naming the place."""
        defined: set[Value] = set()
        names: set[str] = set()

        def define(value: Value, where: str) -> None:
            if value in defined or value.name in names:
                raise ProgramError(f"{self.name}: {value.name} is defined twice (at {where})")
            defined.add(value)
            names.add(value.name)

        def use(value: Value, where: str) -> None:
            if value not in defined:
                raise ProgramError(f"{self.name}: {value.name} is used before it is defined (at {where})")

        for value in self.inputs:
            define(value, "inputs")
        variables: dict[int, Value] = {}
        for variable, value in self.state:
            define(value, "state")
            if id(variable) in variables:
                raise ProgramError(f"{self.name}: the variable '{variable.name}' stands twice in the state")
            variables[id(variable)] = value
            if (variable.shape, variable.dtype) != (value.shape, value.dtype):
                raise ProgramError(f"{self.name}: '{variable.name}' is not {value.spec}")
        for value, array in self.constants:
            define(value, "constants")
            if (array.shape, array.dtype) != (value.shape, value.dtype):
                raise ProgramError(f"{self.name}: the constant {value} holds {array.dtype}{list(array.shape)}")
        last, going_on = -1, False  # the last numbered kernel, and whether the instruction before belongs to it
        for instruction in self.instructions:
            number = instruction.kernel
            if instruction.primitive.view:
                if number >= 0:
                    raise ProgramError(f"{self.name}: a view is in kernel {number} (at {instruction})")
            elif number >= 0:
                if number < last or (number == last and not going_on):
                    raise ProgramError(f"{self.name}: kernel {number} is out of order (at {instruction})")
                last, going_on = number, True
            else:
                going_on = False
            for value in instruction.inputs:
                use(value, str(instruction))
            rule = instruction.primitive.shape_rule
            spec = rule(*(value.spec for value in instruction.inputs), **instruction.params)
            if spec != instruction.result.spec:
                raise ProgramError(f"{self.name}: expected {spec} (at {instruction})")
            define(instruction.result, str(instruction))
        written: set[int] = set()
        for variable, value in self.updates:
            use(value, f"the update of '{variable.name}'")
            if id(variable) not in variables or id(variable) in written:
                raise ProgramError(f"{self.name}: '{variable.name}' is updated twice, or is not in the state")
            written.add(id(variable))
            if value.spec != variables[id(variable)].spec:
                raise ProgramError(f"{self.name}: '{variable.name}' cannot become {value}")
        for value in self.outputs:
            use(value, "return")
        return self


def _compact(thing: Any) -> str:
    if isinstance(thing, np.ndarray):
        if thing.size <= 4:
            return str(thing.tolist())
        return f"{thing.size} numbers from {thing.min():g} to {thing.max():g}"
    if isinstance(thing, tuple):
        return f"[{', '.join(map(str, thing))}]"
    return str(thing)
