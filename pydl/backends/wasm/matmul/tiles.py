"""The matmul's inner loops: a tile of C held in registers, and what happens at its edges.

A processor multiplies far quicker than it loads. So the kernel keeps a tile of C, ROWS x 8 numbers in 2 * ROWS
vectors, in registers while it runs along k: each round loads 8 numbers of B and one number of each of ROWS rows of A
and does 8 * ROWS multiplications with them. More rows mean fewer loads for each multiplication, until the 16 vector
registers of x86 (V8 keeps one for itself) are full: 12 for the tile, 2 for B, 1 for A; without the fused multiply-add
one more for the product, so a row less. Enough sums also run side by side to hide an addition's 4 cycles.

Chromium 156 on an AMD EPYC (Zen 5), 2026-11, GFLOP/s of the kernel alone at k = 256: plain 4x8 65, 5x8 67, 6x8 37 (the
registers spill); relaxed 4x8 61, 5x8 67, 6x8 71; 4x12 and 3x16 spill in both.
"""

from __future__ import annotations

from collections.abc import Callable

from ..assembler import Expr, Function, Module, call, const, load, load_splat, madd
from .operand import minimum

PANEL = 8  # columns of B in a panel, and of a tile
PANEL_BYTES = 4 * PANEL  # of one step along k
UNROLL = 4  # steps along k in a round of the inner loop
F32X4 = "f32x4"


def tile_rows(relaxed: bool) -> int:
    """Rows of a tile."""
    return 6 if relaxed else 5


def block_kernel(module: Module, relaxed: bool, packed: bool) -> str:
    """The name of a function that computes C (rows, columns) = A (rows, depth) B (depth, columns), tile by tile.

    Its parameters, all i32:
      packed: a, length              A in panels as `pack` writes them: [k][8], ROWS of the 8 used
      else:   a, runs, length, jump  A where it is: a is a table of the rows' addresses, full to a multiple of ROWS; a
                                     row is `runs` runs of `length` adjacent numbers, from each run's end to the next
                                     run's start are `jump` bytes. depth = runs * length
      b                              B in panels of 8 columns, [column // 8][k][8]
      c, c_row                       the first number of C, and the bytes from row to row
      rows, columns                  of C that are written, multiples of nothing
      accumulate                     1: C += A B
      tile                           memory for one tile
    The tiles go down the columns of C: a panel of B stays in the L1 cache for all rows.
    """
    name = f"matmul.tiles.{'panels' if packed else 'rows'}{'.relaxed' if relaxed else ''}"
    if name in module.functions:
        return name
    edge = _edge(module)
    source = ("a", "length") if packed else ("a", "runs", "length", "jump")
    names = (*source, "b", "c", "c_row", "rows", "columns", "accumulate", "tile")
    f = module.function(name, dict.fromkeys(names, "i32"))
    rows = tile_rows(relaxed)
    sums = [[f.local("sum", F32X4) for _ in range(2)] for _ in range(rows)]
    with f.range("column", 0, f["columns"], PANEL) as column:
        a = f.let("a", f["a"])
        c = f.let("c", f["c"] + column * 4)
        b = f.local("b", "i32")
        with f.range("row", 0, f["rows"], rows) as row:
            for each in sums:
                for vector in each:
                    f.set(vector, 0)
            f.set(b, f["b"])
            if packed:
                _along_k(f, sums, [(a, 4 * r) for r in range(rows)], PANEL_BYTES, b, relaxed)
            else:
                at = [(f.let("at", load("i32", a, 4 * r)), 0) for r in range(rows)]
                with f.range("run", 0, f["runs"]):
                    _along_k(f, sums, at, 4, b, relaxed)
                    for address, _ in at:
                        f.set(address, address + f["jump"])
                f.set(a, a + 4 * rows)
            whole = (f["rows"] - row >= rows) & (f["columns"] - column >= PANEL)
            with f.when(whole):
                with f.when(f["accumulate"]):
                    _each_row(f, c, sums, lambda vector, at, offset: f.set(vector, vector + load(F32X4, at, offset)))
                _each_row(f, c, sums, f.store)
            with f.otherwise():
                for r, each in enumerate(sums):
                    for half, vector in enumerate(each):
                        f.store(vector, f["tile"], r * PANEL_BYTES + half * 16)
                left = (minimum(f, f["rows"] - row, rows), minimum(f, f["columns"] - column, PANEL))
                f.do(call(edge, "", f["tile"], c, f["c_row"], *left, f["accumulate"]))
            f.set(c, c + f["c_row"] * rows)
        f.set(f["b"], b)
    return name


def _along_k(
    f: Function, sums: list[list[Expr]], rows: list[tuple[Expr, int]], step: int, b: Expr, relaxed: bool
) -> None:
    """sums += A B along f["length"] steps; rows: address and offset of each row of A, step: its bytes along k."""
    b0, b1, number = f.local("b0", F32X4), f.local("b1", F32X4), f.local("number", F32X4)

    def steps(count: int) -> None:
        for k in range(count):
            f.set(b0, load(F32X4, b, k * PANEL_BYTES))
            f.set(b1, load(F32X4, b, k * PANEL_BYTES + 16))
            for (address, offset), (left, right) in zip(rows, sums):
                f.set(number, load_splat(F32X4, address, offset + k * step))
                f.set(left, madd(number, b0, left, relaxed))
                f.set(right, madd(number, b1, right, relaxed))
        f.set(b, b + count * PANEL_BYTES)
        for address in {address.operand: address for address, _ in rows}.values():
            f.set(address, address + count * step)

    k = f.let("k", const("i32", 0))
    with f.counting(k, f["length"] - (UNROLL - 1), UNROLL):
        steps(UNROLL)
    with f.counting(k, f["length"]):
        steps(1)


def _each_row(f: Function, c: Expr, sums: list[list[Expr]], action: Callable[[Expr, Expr, int], None]) -> None:
    """action(vector, address, offset) for each vector of the tile."""
    at = f.let("at", c)
    for each in sums:
        for half, vector in enumerate(each):
            action(vector, at, half * 16)
        f.set(at, at + f["c_row"])


def _edge(module: Module) -> str:
    """The name of a function that moves the part of a tile that lies inside of C, number by number."""
    name = "matmul.edge"
    if name in module.functions:
        return name
    names = ("tile", "c", "c_row", "rows", "columns", "accumulate")
    f = module.function(name, dict.fromkeys(names, "i32"))
    columns = f.let("width", f["columns"] * 4)
    value = f.local("value", "f32")
    with f.range("row", 0, f["rows"]):
        with f.range("column", 0, columns, 4) as column:
            at = f.let("at", f["c"] + column)
            f.set(value, load("f32", f["tile"] + column))
            with f.when(f["accumulate"]):
                f.set(value, load("f32", at) + value)
            f.store(value, at)
        f.set(f["c"], f["c"] + f["c_row"])
        f.set(f["tile"], f["tile"] + PANEL_BYTES)
    return name
