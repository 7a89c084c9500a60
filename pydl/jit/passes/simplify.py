"""Simplification: a table of rules that read as mathematics; each keeps every bit of every result (but `power`).

What is not there: x + 0 is not x (it makes +0 of -0; x - 0 and x + (-0) do keep it), and 0 x is not 0 (NaN,
infinity, -0). A rule gives the value that stands for the result, or an instruction that makes it more cheaply.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ...ops import REGISTRY
from ..program import Instruction, Program, Value
from .editing import Editor
from .lowering import one_hot, power

Rule = Callable[[Editor, Instruction], "Value | Instruction | None"]


def simplify(program: Program) -> Program:
    """Applies `RULES` to every instruction, its inputs first."""
    editor = Editor(program)
    for instruction in map(editor.current, program.instructions):
        simple = _simplified(editor, instruction)
        if isinstance(simple, Value):
            editor.stand_in(instruction.result, simple)
        else:
            editor.append(simple)
    return editor.program()


def _simplified(editor: Editor, instruction: Instruction) -> Value | Instruction:
    again = True
    while again:
        again = False
        for rule in RULES.get(instruction.primitive.name, ()):
            simple = rule(editor, instruction)
            if isinstance(simple, Value):
                return simple
            if simple is not None:
                instruction, again = simple, True
                break
    return instruction


def _is(number: np.ndarray | None, expected: float) -> bool:
    """Whether a number is known to be this one: the sign of 0 counts."""
    if number is None or number.dtype.kind not in "fiu" or number != expected:
        return False
    return number.dtype.kind != "f" or math.copysign(1, number) == math.copysign(1, expected)


def _as(instruction: Instruction, name: str, *inputs: Value, **params: Any) -> Instruction:
    """The same result, made in another way."""
    return replace(instruction, primitive=REGISTRY[name], inputs=inputs, params=params)


# ---- arithmetic


def _times_one(editor: Editor, instruction: Instruction) -> Value | None:
    a, b = instruction.inputs
    if _is(editor.number(b), 1):
        return a
    return b if _is(editor.number(a), 1) else None


def _plus_zero(editor: Editor, instruction: Instruction) -> Value | None:
    a, b = instruction.inputs
    zero = -0.0 if a.dtype.kind == "f" else 0  # -0 + 0 is +0, but x + (-0) is x for every x
    if _is(editor.number(b), zero):
        return a
    return b if _is(editor.number(a), zero) else None


def _minus_zero(editor: Editor, instruction: Instruction) -> Value | None:
    a, b = instruction.inputs
    return a if _is(editor.number(b), 0) else None


def _divided_by_one(editor: Editor, instruction: Instruction) -> Value | None:
    a, b = instruction.inputs
    return a if _is(editor.number(b), 1) else None


def _divided_by_power_of_two(editor: Editor, instruction: Instruction) -> Instruction | None:
    # x / 2^n and x 2^-n are the same real number, and both are rounded correctly; also for subnormal numbers.
    a, b = instruction.inputs
    number = editor.number(b)
    if number is None or number.dtype.kind != "f" or abs(np.frexp(number)[0]) != 0.5:
        return None
    if not np.finfo(number.dtype).tiny <= abs(number) <= 1 / np.finfo(number.dtype).tiny:  # so 1 / number is normal
        return None
    inverse = np.array(1 / number, number.dtype)
    return _as(instruction, "mul", a, editor.filled(inverse, b.shape, instruction.scope))


def _negated_twice(editor: Editor, instruction: Instruction) -> Value | None:
    inner = editor.made.get(instruction.inputs[0])
    return inner.inputs[0] if inner is not None and inner.primitive.name == "neg" else None


def _already_of_dtype(editor: Editor, instruction: Instruction) -> Value | None:
    (x,) = instruction.inputs
    return x if x.dtype == instruction.result.dtype else None


# ---- views


def _unchanged(editor: Editor, instruction: Instruction) -> Value | None:
    (x,) = instruction.inputs
    if x.shape != instruction.result.shape:
        return None
    axes = instruction.params.get("axes")
    return x if axes is None or list(axes) == sorted(axes) else None


def _reshaped_twice(editor: Editor, instruction: Instruction) -> Instruction | None:
    # Not where the first one is a copy (of windows, say): it would be made twice.
    inner = editor.made.get(instruction.inputs[0])
    if inner is None or inner.primitive.name != "reshape" or not editor.contiguous(inner.inputs[0]):
        return None
    return replace(instruction, inputs=inner.inputs)


def _transposed_twice(editor: Editor, instruction: Instruction) -> Instruction | None:
    inner = editor.made.get(instruction.inputs[0])
    if inner is None or inner.primitive.name != "transpose":
        return None
    axes = tuple(inner.params["axes"][axis] for axis in instruction.params["axes"])
    return _as(instruction, "transpose", *inner.inputs, axes=axes)


def _broadcast_twice(editor: Editor, instruction: Instruction) -> Instruction | None:
    inner = editor.made.get(instruction.inputs[0])
    return None if inner is None or inner.primitive.name != "broadcast" else replace(instruction, inputs=inner.inputs)


def _broadcast_to_no_more(editor: Editor, instruction: Instruction) -> Instruction | None:
    """Axes of length 1 put before the others: the elements stay in line."""
    (x,) = instruction.inputs
    if x.spec.size != instruction.result.spec.size or not editor.contiguous(x):
        return None
    return _as(instruction, "reshape", x, shape=instruction.result.shape)


# ---- comparisons


def _after_the_activation(editor: Editor, instruction: Instruction) -> Instruction | None:
    # a > c is max(a, c) > c for all a and c, NaN too: so what was before an activation need not be kept.
    a, bound = instruction.inputs
    activation = None if editor.number(bound) is None else editor.already("maximum", a, bound)
    return None if activation is None else replace(instruction, inputs=(activation, bound))


RULES: dict[str, tuple[Rule, ...]] = {
    "mul": (_times_one,),
    "add": (_plus_zero,),
    "sub": (_minus_zero,),
    "div": (_divided_by_one, _divided_by_power_of_two),
    "neg": (_negated_twice,),
    "pow": (power,),
    "cast": (_already_of_dtype,),
    "greater": (_after_the_activation,),
    "one_hot": (one_hot,),
    "reshape": (_unchanged, _reshaped_twice),
    "transpose": (_unchanged, _transposed_twice),
    "broadcast": (_unchanged, _broadcast_twice, _broadcast_to_no_more),
    "slice": (_unchanged,),
}
