"""Packing: parts of a matrix copied into panels, in the order in which the kernel reads them.

A panel is 8 lanes wide and as deep as the block of k: [k][8]. For B the lanes are columns, for A rows; both run along k
in depth, so one packer serves A, B and their transposes: all that differs is which way the memory runs. Read from
panels, the numbers of a tile lie side by side: no cache line is fetched for half of its content, no two rows of a
matrix of 1024 columns fight for one place in the cache. And edges need no thought: beyond a matrix's last lane the last
one is read again, its results are never stored, and no invented 0 meets an infinity.
"""

from __future__ import annotations

from ..assembler import Expr, Function, Module, call, const, load, load_splat, op, shuffle
from .operand import Digits, byte_offset, minimum, size
from .tiles import F32X4, PANEL, PANEL_BYTES

PACK = "matmul.pack"


def write_addresses(
    f: Function, table: Expr, first: Expr, count: Expr | int, last: Expr, base: Expr, lanes: Digits
) -> None:
    """table[i] = base + lanes(min(first + i, last)) for i < count: where each lane begins."""
    entry = f.let("entry", table)
    with f.range("lane", first, first + count) as lane:
        f.store(base + byte_offset(f, minimum(f, lane, last), lanes), entry)
        f.set(entry, entry + 4)


def write_panel(f: Function, table: Expr, first: Expr, depth: Expr, along: Digits, to: Expr) -> None:
    """One panel at `to`: 8 lanes that begin at the table's addresses, steps first .. first + depth of `along`."""
    stride = size(f, along[-1][1])
    if len(along) == 1:
        f.do(call(PACK, "", table, first * stride, stride, depth, to))
        return
    length = along[-1][0]
    k, end = f.let("k", first), f.let("end", first + depth)
    target = f.let("target", to)
    with f.loop("run"):
        run = f.let("run", minimum(f, const("i32", length) - k.apply("rem_u", length), end - k))
        f.do(call(PACK, "", table, byte_offset(f, k, along), stride, run, target))
        f.set(target, target + run * PANEL_BYTES)
        f.set(k, k + run)
        f.break_to("run", k < end)


def add_packer(module: Module) -> None:
    """Adds PACK (table, offset, stride, count, to): to[q][lane] = memory[table[lane] + offset + q * stride].

    Three ways through memory: lanes side by side (A^T, B as it stands) are copied as vectors; depth side by side (B^T)
    is transposed in squares of 4 x 4; everything else is fetched number by number.
    """
    if PACK in module.functions:
        return
    f = module.function(PACK, dict.fromkeys(("table", "offset", "stride", "count", "to"), "i32"))
    to, stride = f["to"], f["stride"]
    lanes = [f.let("lane", load("i32", f["table"], 4 * lane) + f["offset"]) for lane in range(PANEL)]
    end = f.let("end", to + f["count"] * PANEL_BYTES)
    apart = f.let("apart", const("i32", 0))
    for place, lane in enumerate(lanes):
        f.set(apart, apart | ((lane - lanes[0]) ^ (4 * place)))
    with f.when(apart.equals(0)):
        source = lanes[0]
        with f.counting(to, end - PANEL_BYTES, 2 * PANEL_BYTES):
            for step in range(2):
                for half in (0, 16):
                    f.store(load(F32X4, source, half), to, step * PANEL_BYTES + half)
                f.set(source, source + stride)
        with f.when(to < end):
            for half in (0, 16):
                f.store(load(F32X4, source, half), to, half)
        f.leave()
    with f.when(stride.equals(4)), f.counting(to, end - 3 * PANEL_BYTES, 4 * PANEL_BYTES):
        for half in (0, 4):
            for step, vector in enumerate(_transposed(f, [load(F32X4, lane) for lane in lanes[half : half + 4]])):
                f.store(vector, to, step * PANEL_BYTES + 4 * half)
        for lane in lanes:
            f.set(lane, lane + 16)
    with f.counting(to, end, PANEL_BYTES):
        for half in (0, 4):
            vector = load_splat(F32X4, lanes[half])
            for place in (1, 2, 3):
                vector = op("v128.load32_lane", F32X4, lanes[half + place], vector, operand=(0, place))
            f.store(vector, to, 4 * half)
        for lane in lanes:
            f.set(lane, lane + stride)


def _transposed(f: Function, rows: list[Expr]) -> list[Expr]:
    """The columns of four vectors."""
    a, b, c, d = (f.let("line", row) for row in rows)
    low, high = (0, 4, 1, 5), (2, 6, 3, 7)
    ab, cd = ([f.let("pair", shuffle(x, y, order)) for order in (low, high)] for x, y in ((a, b), (c, d)))
    return [shuffle(x, y, order) for x, y in zip(ab, cd) for order in ((0, 1, 4, 5), (2, 3, 6, 7))]
