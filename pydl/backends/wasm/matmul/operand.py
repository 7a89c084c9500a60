"""Operand: a matrix in memory, and how the addresses of its elements are written down as WebAssembly.

The matmul's packers and drivers ask here; nothing else knows what a stride is. Lengths and strides are numbers where
the compiler knows them and names of parameters in the eager module, so that one driver serves both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..assembler import Expr, Function, const, where

Size = int | str  # a number, or the name of an i32 parameter of the function that needs it
Digits = tuple[tuple[int, Size], ...]  # (length, byte stride), outer to inner


@dataclass(frozen=True)
class Operand:
    """A float32 matrix: element (i, j) stands at address + rows(i) + columns(j).

    rows, columns: (length, byte stride) from outer to inner, read as a number in mixed radix: with
    rows = ((100, s0), (26, s1), (26, s2)) row i lies at (i // 676) * s0 + (i // 26 % 26) * s1 + (i % 26) * s2. So the
    windows of a batch of images are a matrix, and a convolution a matmul, without a copy. A stride may be 0.
    """

    address: Size
    rows: Digits
    columns: Digits

    def merged(self) -> Operand:
        """The same matrix with as few digits as possible."""
        return Operand(self.address, _merge(self.rows), _merge(self.columns))


def _merge(digits: Digits) -> Digits:
    kept: list[tuple[int, Size]] = []
    for length, stride in digits:
        if length == 1 and len(digits) > 1:
            continue
        if kept and isinstance(stride, int) and kept[-1][1] == length * stride:
            kept[-1] = (kept[-1][0] * length, stride)
        else:
            kept.append((length, stride))
    return tuple(kept) or ((1, 4),)


def size(f: Function, value: Size) -> Expr:
    """A number, or the parameter of that name."""
    return f[value] if isinstance(value, str) else const("i32", value)


def minimum(f: Function, a: Expr, b: Expr | int) -> Expr:
    """The smaller of two numbers that are not negative."""
    a = f.let("a", a)
    b = f.let("b", b if isinstance(b, Expr) else const("i32", b))
    return where(a < b, a, b)


def byte_offset(f: Function, index: Expr, digits: Digits) -> Expr:
    """rows(index) or columns(index); lengths are constants, for which V8 divides by multiplying."""
    total: Expr | None = None
    for place, (length, stride) in enumerate(reversed(digits)):
        outermost = place == len(digits) - 1
        if stride != 0:
            digit = index if outermost else index.apply("rem_u", length)
            part = digit if stride == 1 else digit * size(f, stride)
            total = part if total is None else total + part
        if not outermost:
            index = f.let("index", index.apply("div_u", length))
    return const("i32", 0) if total is None else total


def parameters(*values: Size) -> dict[str, str]:
    """Those of the values that are known at run time only, as parameters of a function."""
    return {value: "i32" for value in values if isinstance(value, str)}


def strides(digits: Sequence[tuple[int, Size]]) -> list[Size]:
    """The strides alone."""
    return [stride for _, stride in digits]
