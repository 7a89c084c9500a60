"""Passes: functions from Program to Program that keep its meaning and leave less to do.

They run between the trace and the backend, so that no backend needs them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .program import Program, Value


def remove_dead_code(program: Program) -> Program:
    """Leaves out instructions, constants and state whose values nobody needs.

    The backward pass leaves a few: a derivative that ends at an input without a gradient, an unused maximum.
    """
    needed: set[Value] = set(program.results())
    instructions = []
    for instruction in reversed(program.instructions):
        if instruction.result in needed:
            instructions.append(instruction)
            needed.update(instruction.inputs)
    instructions.reverse()
    written = {id(variable) for variable, _ in program.updates}
    return replace(
        program,
        instructions=instructions,
        constants=[(value, array) for value, array in program.constants if value in needed],
        state=[(var, value) for var, value in program.state if value in needed or id(var) in written],
    )


def share_common_subexpressions(program: Program) -> Program:
    """Computes once what is computed several times from the same values: every primitive is a pure function.

    The backward pass repeats itself by nature: the two derivatives of x * x are the same product.
    """
    replaced: dict[Value, Value] = {}
    seen: dict[tuple[Any, ...], Value] = {}
    instructions = []
    for instruction in program.instructions:
        inputs = tuple(replaced.get(value, value) for value in instruction.inputs)
        key = (instruction.primitive.name, inputs, tuple(sorted(instruction.params.items())))
        if key in seen:
            replaced[instruction.result] = seen[key]
        else:
            seen[key] = instruction.result
            instructions.append(replace(instruction, inputs=inputs))
    return replace(
        program,
        instructions=instructions,
        updates=[(variable, replaced.get(value, value)) for variable, value in program.updates],
        outputs=[replaced.get(value, value) for value in program.outputs],
    )


def optimize(program: Program) -> Program:
    """All passes, in order."""
    return remove_dead_code(share_common_subexpressions(program))
