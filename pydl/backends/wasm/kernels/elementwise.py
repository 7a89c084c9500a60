"""Elementwise primitives as vector instructions: a table of what NumPy's functions are called here.

Each entry takes the operands as vectors and gives the result; where they come from and where it goes is the loop's
care.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....jit.program import Instruction
from ....ops.elementwise import BOOL
from ...errors import Unsupported
from .. import mathematics
from ..assembler import Expr, Function, const, op, where
from . import lanes

_COMPARISONS = {"greater": "gt", "greater_equal": "ge", "equal": "eq"}
_ARITHMETIC = {"add", "sub", "mul", "div"}


def evaluate(f: Function, instruction: Instruction, args: Sequence[Expr], count: int) -> Expr:
    """An instruction's result for the lanes of its operands; count: elements at a time."""
    name = instruction.primitive.name
    dtype = instruction.inputs[-1].dtype
    if name in _COMPARISONS:
        return _compared(name, args, instruction)
    if name == "where":
        mask = lanes.wide_mask(args[0]) if lanes.register(dtype) in ("f64x2", "i64x2") else args[0]
        return where(mask, args[1], args[2])
    if name == "cast":
        return lanes.convert(f, args[0], dtype, instruction.result.dtype, count)
    if name == "right_shift":
        return args[0].shift_right_unsigned(int(instruction.params["by"]))
    if name in mathematics.FUNCTIONS and dtype.kind == "f":
        return mathematics.FUNCTIONS[name](f, *args)
    if name in _ARITHMETIC | {"neg", "sqrt"} and (dtype.kind == "f" or name not in ("div", "sqrt")) and dtype != BOOL:
        return lanes.wrapped(args[0].apply(name, *args[1:]), dtype)
    if name == "maximum":
        return maximum(f, args[0], args[1], dtype)
    if dtype == BOOL and name in ("add", "mul"):
        return added(f, args[0], args[1], dtype) if name == "add" else args[0] & args[1]
    raise Unsupported(f"{name} of {dtype} has no machine code (at {instruction})")


def added(f: Function, a: Expr, b: Expr, dtype: np.dtype) -> Expr:
    """The sum in each lane; of booleans whether one of them is true, as in NumPy. What is too long is cut later."""
    return a | b if dtype == BOOL else a + b


def maximum(f: Function, a: Expr, b: Expr, dtype: np.dtype) -> Expr:
    """The larger of two numbers in each lane, NaN if one of them is."""
    if dtype.kind == "f":
        return a.apply("max", b)
    if dtype == BOOL:
        return a | b
    if dtype.itemsize == 8:
        a, b = f.let("a", a), f.let("b", b)
        return where(_greater_wide(a, b, dtype.kind == "u"), a, b)
    return a.apply("max_u" if dtype.kind == "u" else "max_s", b)


def _greater_wide(a: Expr, b: Expr, unsigned: bool) -> Expr:
    if unsigned:  # there is no unsigned comparison of 64 bits: the signed one, with the top bits turned over
        a, b = a ^ const("i64x2", -(2**63)), b ^ const("i64x2", -(2**63))
    return a > b


def _compared(name: str, args: Sequence[Expr], instruction: Instruction) -> Expr:
    a, b = args
    dtype = instruction.inputs[0].dtype
    comparison = _COMPARISONS[name]
    if dtype == BOOL:  # masks: greater is a and not b
        if comparison == "eq":
            return ~(a ^ b)
        return op("v128.andnot", "i32x4", a, b) if comparison == "gt" else a | ~b
    if dtype.kind == "f":
        mask = a.apply(comparison, b, gives="i64x2" if dtype.itemsize == 8 else "i32x4")
        return lanes.narrow_mask(mask) if dtype.itemsize == 8 else mask
    if comparison == "eq":
        mask = a.equals(b)
    elif dtype.itemsize == 8:
        mask = _greater_wide(a, b, dtype.kind == "u") if comparison == "gt" else ~_greater_wide(b, a, dtype.kind == "u")
    else:
        mask = a.apply(comparison + ("_u" if dtype.kind == "u" else "_s"), b)
    return lanes.narrow_mask(mask) if dtype.itemsize == 8 else mask
