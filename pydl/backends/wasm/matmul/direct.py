"""Small products and products with a vector, straight from the operands: no blocks, no panels.

The layers of a network for XOR are 4x5 @ 5x5: for them the blocked kernel's preparations take longer than the product.
And in a product with a vector every number of the matrix is used once: to copy it into a panel would double the work.
Four columns of C are computed at a time, or, where both factors run along k in memory, four steps along k.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import cast

from ..assembler import Expr, Function, Module, call, const, load, load_splat, madd, op
from .operand import Operand, minimum
from .tiles import F32X4

MOST = 1024  # multiplications m * n * k up to which direct is quicker (Chromium 156, 2026-11)
LONGEST = 2048  # steps along k that one sum may have; longer ones are added up block by block, with less rounding
_DOTS = 4096  # steps along k in a block of a dot product: 16 sums of 256 products each
_TOGETHER = 8  # vectors of C that are summed side by side: enough to hide an addition's 4 cycles
_UNROLL = 8


def goes_direct(a: Operand, b: Operand, m: int, n: int, k: int) -> bool:
    """Whether this product is one for `write_direct`; a and b are merged."""
    a, b, m, n = _as_row(a, b, m, n)
    if max(len(digits) for x in (a, b) for digits in (x.rows, x.columns)) > 1:
        return False
    (a_row, a_column), (b_row, b_column) = _strides(a), _strides(b)
    if k == 0 or min(a_row, a_column, b_row, b_column) < 0:
        return False
    if m * n * k <= MOST:
        return True
    if n >= 4 and b_column == 4:
        return m <= 3 and k <= LONGEST
    return m == 1 and a_column == 4 and b_row == 4


def write_direct(
    module: Module, name: str, a: Operand, b: Operand, c: int, m: int, n: int, k: int, relaxed: bool, tail: str,
    batch: tuple[int, ...], export: bool = False,
) -> str:  # fmt: skip
    """`write_matmul` for what `goes_direct`; the tail is called once for all rows."""
    rows = m
    if n == 1 and batch:
        batch = (batch[0], batch[2], batch[1], batch[3])
    a, b, m, n = _as_row(a, b, m, n)
    (a_row, a_column), (b_row, b_column) = _strides(a), _strides(b)
    f = module.function(name, export=export)
    with f.range("matrix", 0, batch[0]) if batch else nullcontext(const("i32", 0)) as matrix:
        at_a, at_b, at_c = (f.let("at", const("i32", cast(int, start))) for start in (a.address, b.address, c))
        for address, stride in zip((at_a, at_b, at_c), batch[1:]):
            f.set(address, address + matrix * stride)
        along_k = a_column == 4 and b_row == 4 and k >= 16 and not (b_column == 4 and n >= 4)
        with f.range("row", 0, m) if m > 1 else nullcontext():
            if along_k:
                _dots(f, at_a, at_b, at_c, n, k, b_column, relaxed)
            else:
                _columns(f, at_a, at_b, at_c, n, k, a_column, b_row, b_column, relaxed)
            f.set(at_a, at_a + a_row)
            f.set(at_c, at_c + 4 * n)
        if tail:
            first = f.let("first", matrix * rows)
            f.do(call(tail, "", first, first + rows))
    return name


def _as_row(a: Operand, b: Operand, m: int, n: int) -> tuple[Operand, Operand, int, int]:
    """A column as the row that it is in memory: A b is b^T A^T."""
    if n != 1:
        return a, b, m, n
    return Operand(b.address, b.columns, b.rows), Operand(a.address, a.columns, a.rows), 1, m


def _strides(x: Operand) -> tuple[int, int]:
    return cast(int, x.rows[0][1]), cast(int, x.columns[0][1])


def _columns(f: Function, a: Expr, b: Expr, c: Expr, n: int, k: int, a_column: int, b_row: int, b_column: int,
             relaxed: bool) -> None:  # fmt: skip
    """One row of C, columns side by side in vectors; the last vector goes back to where it ends with the row."""
    width = 4 if n >= 4 else 1
    kind = F32X4 if width == 4 else "f32"

    def group(b: Expr, c: Expr, columns: list[int]) -> None:
        sums = [f.let("sum", const(kind, 0)) for _ in columns]
        at_a, at_b = f.let("a", a), f.let("b", b)

        def steps(count: int) -> None:
            for step in range(count):
                value = (load_splat if width == 4 else load)(kind, at_a, step * a_column)
                number = f.let("number", value) if len(columns) > 1 else value
                for column, total in zip(columns, sums):
                    vector = _numbers(kind, at_b, step * b_row + column * b_column, b_column)
                    f.set(total, madd(number, vector, total, relaxed and width == 4))

        whole = k // _UNROLL if k > 2 * _UNROLL else 0
        if whole:
            with f.range("round", 0, whole):
                steps(_UNROLL)
                f.set(at_a, at_a + _UNROLL * a_column)
                f.set(at_b, at_b + _UNROLL * b_row)
        steps(k - whole * _UNROLL)
        for column, total in zip(columns, sums):
            f.store(total, c, 4 * column)

    whole, per_group = n // (_TOGETHER * width), _TOGETHER * width
    if whole:
        with f.range("group", 0, whole) as number:
            first = f.let("first", number * per_group)
            group(b + first * b_column, c + first * 4, list(range(0, per_group, width)))
    rest = [min(column, n - width) for column in range(whole * per_group, n, width)]
    if rest:
        group(b, c, rest)


def _numbers(kind: str, at: Expr, offset: int, stride: int) -> Expr:
    """A number, or four numbers that lie `stride` bytes apart."""
    if kind != F32X4 or stride == 4:
        return load(kind, at, offset)
    vector = load_splat(kind, at, offset)
    for place in (1, 2, 3) if stride else ():
        vector = op("v128.load32_lane", kind, at, vector, operand=(offset + place * stride, place))
    return vector


def _dots(f: Function, a: Expr, b: Expr, c: Expr, n: int, k: int, b_column: int, relaxed: bool) -> None:
    """One row of C, number by number: four vectors along k, block by block, then their sum, then what is left of k."""
    at_b, behind = f.let("b", b), k // 16 * 64

    def along(start: Expr | int, end: Expr | int, sums: list[Expr]) -> None:
        with f.range("step", start, end, 64) as step:
            for place, total in enumerate(sums):
                x, y = load(F32X4, a + step, 16 * place), load(F32X4, at_b + step, 16 * place)
                f.set(total, madd(x, y, total, relaxed))

    with f.range("column", 0, 4 * n, 4) as column:
        sums = [f.let("sum", const(F32X4, 0)) for _ in range(4)]
        if k <= _DOTS:
            along(0, behind, sums)
        else:
            with f.range("block", 0, behind, 4 * _DOTS) as block:
                partial = [f.let("partial", const(F32X4, 0)) for _ in sums]
                along(block, minimum(f, block + 4 * _DOTS, behind), partial)
                for total, part in zip(sums, partial):
                    f.set(total, total + part)
        for place in range(k // 16 * 64, k // 4 * 16, 16):
            f.set(sums[0], madd(load(F32X4, a, place), load(F32X4, at_b, place), sums[0], relaxed))
        four = f.let("four", (sums[0] + sums[1]) + (sums[2] + sums[3]))
        total = f.let("total", (four.lane(0) + four.lane(1)) + (four.lane(2) + four.lane(3)))
        for place in range(k // 4 * 16, 4 * k, 4):
            f.set(total, total + load("f32", a, place) * load("f32", at_b, place))
        f.store(total, c + column)
        f.set(at_b, at_b + b_column)
