"""Lowering: rules of simplification that write a primitive in terms of plainer ones, which fuse into loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...ops import REGISTRY
from ..program import Instruction, Value
from .editing import Editor


def one_hot(editor: Editor, instruction: Instruction) -> Instruction | None:
    """A comparison with 0, 1, 2, ...: one_hot(i)[..., j] = (i = j).

    It stays as it is where the dtype cannot hold these numbers.
    """
    (indices,), scope = instruction.inputs, instruction.scope
    depth, dtype = instruction.params["depth"], instruction.params["dtype"]
    if indices.dtype.itemsize < 4:  # every smaller integer is an int32
        indices = editor.new("cast", indices, scope=scope, dtype=np.dtype(np.int32))
    if depth - 1 > np.iinfo(indices.dtype).max:
        return None
    shape = (*indices.shape, depth)
    column = editor.new("reshape", indices, scope=scope, shape=(*indices.shape, 1))
    places = editor.constant(np.arange(depth, dtype=indices.dtype))
    spread = [editor.new("broadcast", value, scope=scope, shape=shape) for value in (column, places)]
    hit = editor.new("equal", *spread, scope=scope)
    return replace(instruction, primitive=REGISTRY["cast"], inputs=(hit,), params={"dtype": dtype})


def power(editor: Editor, instruction: Instruction) -> Value | Instruction | None:
    """x^1 = x, x^2 = x x, x^-1 = 1 / x, x^(1/2) = sqrt(x).

    Product, quotient and root are rounded correctly, where a power may be off in the last place: these results may
    differ there. The root only where x cannot be negative nor -0: the power 1/2 of -0 is 0, of -infinity infinity.
    """
    x, exponent = instruction.inputs
    number = editor.number(exponent)
    if number is None:
        return None
    if number == 1:
        return x
    if number == 2:
        return replace(instruction, primitive=REGISTRY["mul"], inputs=(x, x))
    if x.dtype.kind == "f" and number == -1:
        one = editor.filled(np.ones((), x.dtype), x.shape, instruction.scope)
        return replace(instruction, primitive=REGISTRY["div"], inputs=(one, x))
    if x.dtype.kind == "f" and number == 0.5 and _from_plus_zero(editor, x):
        return replace(instruction, primitive=REGISTRY["sqrt"], inputs=(x,))
    return None


_DEPTH = 6  # instructions looked back through


def _from_plus_zero(editor: Editor, value: Value, depth: int = _DEPTH) -> bool:
    """Whether every element is known to be +0, positive or NaN."""
    number = editor.number(value)
    if number is not None:
        return not np.signbit(number)
    made = editor.made.get(value)
    if made is None or depth == 0:
        return False
    name, inputs = made.primitive.name, made.inputs
    if name in ("exp", "sigmoid") or (name == "mul" and inputs[0] is inputs[1]):
        return True
    if name == "cast":
        return inputs[0].dtype.kind in "bu" or _from_plus_zero(editor, inputs[0], depth - 1)
    if made.primitive.view or name in ("add", "mul", "div", "sqrt", "sum", "max"):
        return all(_from_plus_zero(editor, each, depth - 1) for each in inputs)
    if name == "maximum":  # max(-0, +0) may be either: the bound must be above 0
        bounds = [editor.number(each) for each in inputs]
        return any(bound is not None and bound > 0 for bound in bounds)
    return False
