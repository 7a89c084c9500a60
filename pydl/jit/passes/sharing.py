"""Sharing: what is computed several times from the same values is computed once."""

from __future__ import annotations

from typing import Any

from ..program import Program, Value
from .editing import Editor


def share_common_subexpressions(program: Program) -> Program:
    """Computes once what is computed several times from the same values: every primitive is a pure function.

    The backward pass repeats itself by nature: the two derivatives of x * x are the same product.
    """
    editor = Editor(program)
    seen: dict[tuple[Any, ...], Value] = {}
    for instruction in map(editor.current, program.instructions):
        key = (instruction.primitive.name, instruction.inputs, tuple(sorted(instruction.params.items())))
        if key in seen:
            editor.stand_in(instruction.result, seen[key])
        else:
            seen[key] = instruction.result
            editor.append(instruction)
    return editor.program()
