"""float32 matrix products as WebAssembly: C = A B in blocks that fit into the caches, tile by tile in registers.

    for each batch, for each block of columns of B, for each block of k:        name
        copy the block of B into panels                                         name.panels
        for each block of rows of C (as many as stay in the L1 cache):          name.rows
            A where it is if its rows run along memory, else copied into panels
            all tiles of the rows                                               matmul_kernels
            after the last block of k: the tail (bias, activation, ...)

A block of B (400 KB) stays in the L2 cache for all rows, and is packed once. A block of k also keeps sums short: each
is added up alone and then to C, so the error grows slower than in one long sum. V8 compiles a function anew, and well,
when it has been called often and never while it runs: so the loops that matter stand in functions of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from ..assembler import Expr, Function, Module, call, const, op, where
from .direct import goes_direct, write_direct
from .operand import Operand, Size, byte_offset, minimum, parameters, size, strides
from .packing import add_packer, write_addresses, write_panel
from .tiles import PANEL, PANEL_BYTES, block_kernel, tile_rows

__all__ = ["Operand", "scratch_bytes", "write_matmul"]

K_MOST = 400  # steps along k in a block: sums of at most 400 products; a panel is 12.5 KB, of 32 to 48 KB L1 cache
B_FLOATS = 100 * 1024  # numbers of B in a block: 400 KB of L2 cache
C_BYTES = 16 * 1024  # of C in a block of rows, so that the tail finds them in the L1 cache
TILES_MOST = 8  # tiles, one below the other, in a block of rows
_ROOM = 512  # bytes for a table of addresses, and for a tile


def write_matmul(
    module: Module, name: str, a: Operand, b: Operand, c: Size, m: Size, n: Size, k: Size, scratch: Size, relaxed: bool,
    tail: str = "", batch: tuple[int, ...] = (), c_row: Size = 0, export: bool = False,
) -> str:  # fmt: skip
    """Adds a function `name` that computes C = A B to the module, and gives its name.

    a, b:    the factors, (m, k) and (k, n)
    c:       address of C (m, n), row by row; c_row: bytes from row to row, 0 for n * 4
    scratch: address, a multiple of 16, of `scratch_bytes(...)` bytes, used while the function runs
    relaxed: with relaxed_madd, which rounds once where the processor can; else the same bits on every machine
    tail:    name of a function (first_row, end_row) -> (), called for each block of rows as soon as it is final and
             while it is in the L1 cache; rows count on through the batch: matrix * m + row
    batch:   (count, byte strides of A, B and C) for `count` products
    export:  whether it can be called from outside

    It takes no arguments, unless sizes, addresses and strides are given as names instead of numbers: these become its
    i32 parameters, in the order m, n, k, a, its strides, b, its strides, c, c_row, scratch.
    """
    a, b = a.merged(), b.merged()
    if isinstance(m, int) and isinstance(n, int) and isinstance(k, int):
        if m == 0 or n == 0:
            module.function(name, export=export)
            return name
        if goes_direct(a, b, m, n, k):
            return write_direct(module, name, a, b, cast(int, c), m, n, k, relaxed, tail, batch, export)
    _Product(module, name, a, b, c, m, n, k, c_row or 4 * cast(int, n), scratch, relaxed, tail).write(batch, export)
    return name


def scratch_bytes(a: Operand, b: Operand, m: Size, n: Size, k: Size) -> int:
    """Bytes of scratch memory that `write_matmul` needs for this product."""
    a, b = a.merged(), b.merged()
    if isinstance(m, int) and isinstance(n, int) and isinstance(k, int):
        if m * n * k == 0 or goes_direct(a, b, m, n, k):
            return 0
        deep, wide = _block_sizes(k, n, _unit(a))
        return _ROOM + deep * PANEL_BYTES * TILES_MOST + deep * wide * 4
    return _ROOM + K_MOST * PANEL_BYTES * TILES_MOST + B_FLOATS * 4


def _runs_along_k(a: Operand) -> bool:
    """Whether the kernel can read A's rows where they are: runs of adjacent numbers, evenly far apart."""
    length, stride = a.columns[-1]
    return stride == 4 and (len(a.columns) == 1 or (len(a.columns) == 2 and length <= K_MOST))


def _unit(a: Operand) -> int:
    """What a block of k is a multiple of: whole runs of A's rows."""
    return a.columns[-1][0] if _runs_along_k(a) and len(a.columns) == 2 else 4


def _block_sizes(k: int, n: int, unit: int) -> tuple[int, int]:
    """Depth and width of a block of B: even parts of k and n."""
    blocks = -(-k // (K_MOST // unit * unit))
    deep = min(k, -(-k // blocks // unit) * unit)
    widest = B_FLOATS // deep // PANEL * PANEL
    wide = -(-n // -(-n // widest) // PANEL) * PANEL
    return deep, wide


@dataclass(frozen=True)
class _Product:
    """One product while its functions are written."""

    module: Module
    name: str
    a: Operand
    b: Operand
    c: Size
    m: Size
    n: Size
    k: Size
    c_row: Size
    scratch: Size
    relaxed: bool
    tail: str

    def inputs(self) -> dict[str, str]:
        """What is known at run time only."""
        factors = [size for x in (self.a, self.b) for size in (x.address, *strides(x.rows), *strides(x.columns))]
        return parameters(self.m, self.n, self.k, *factors, self.c, self.c_row, self.scratch)

    def write(self, batch: tuple[int, ...], export: bool) -> None:
        """Adds the function that goes through the blocks, and the one that computes rows."""
        add_packer(self.module)
        f = self.module.function(self.name, self.inputs(), export=export)
        m, n, k, a, b, c = (size(f, x) for x in (self.m, self.n, self.k, self.a.address, self.b.address, self.c))
        if not batch:
            self._matrix(f, m, n, k, a, b, c, const("i32", 0))
        else:
            with f.range("matrix", 0, batch[0]) as matrix:
                a, b, c = (f.let("at", x + matrix * stride) for x, stride in zip((a, b, c), batch[1:]))
                self._matrix(f, m, n, k, a, b, c, f.let("before", matrix * m))
        self._rows()

    def _matrix(self, f: Function, m: Expr, n: Expr, k: Expr, a: Expr, b: Expr, c: Expr, before: Expr) -> None:
        """One matrix of the batch; before: rows of C before its own."""
        with f.block("matrix"):
            if self.k == 0 or isinstance(self.k, str):
                self._zeros(f, m, n, k, c, before)
            if self.k == 0:
                return
            deep, wide = self._blocks(f, n, k)
            table, panels = size(f, self.scratch), f.let("panels", size(f, self.scratch) + self._panels())
            with f.range("column", 0, n, wide) as column, f.range("k", 0, k, deep) as step:
                columns = f.let("columns", minimum(f, wide, n - column))
                depth = f.let("depth", minimum(f, deep, k - step))
                to = f.let("to", panels)
                with f.range("lane", column, column + columns, PANEL) as lane:
                    write_addresses(f, table, lane, PANEL, n - 1, b, self.b.columns)
                    write_panel(f, table, step, depth, self.b.rows, to)
                    f.set(to, to + depth * PANEL_BYTES)
                last = (step + depth).equals(k) & (column + columns).equals(n)
                given = [f[name] for name in self.inputs()]
                f.do(call(f"{self.name}.rows", "", const("i32", 0), m, *given, a, c + column * 4, before, columns, step,
                          depth, last))  # fmt: skip

    def _zeros(self, f: Function, m: Expr, n: Expr, k: Expr, c: Expr, before: Expr) -> None:
        """C without a product to add up; leaves the block where there is nothing else to do."""
        with f.when(k.equals(0)):
            with f.range("row", 0, m) as row:
                f.do(op("memory.fill", "", c + row * size(f, self.c_row), const("i32", 0), n * 4))
            if self.tail:
                f.do(call(self.tail, "", before, before + m))
        f.break_to("matrix", m.equals(0) | n.equals(0) | k.equals(0))

    def _blocks(self, f: Function, n: Expr, k: Expr) -> tuple[Expr, Expr]:
        """`_block_sizes` for sizes that are known now, or as code for those that are known then."""
        if isinstance(self.k, int) and isinstance(self.n, int):
            deep, wide = _block_sizes(self.k, self.n, _unit(self.a))
            return const("i32", deep), const("i32", wide)
        blocks = f.let("blocks", (k + (K_MOST - 1)).apply("div_u", K_MOST))
        depth = f.let("deep", ((k + blocks - 1).apply("div_u", blocks) + 3) & -4)
        widest = const("i32", B_FLOATS).apply("div_u", depth) & -PANEL
        f.set(blocks, (n + widest - 1).apply("div_u", widest))
        return depth, f.let("wide", ((n + blocks - 1).apply("div_u", blocks) + (PANEL - 1)) & -PANEL)

    def _panels(self) -> int:
        """Where B's panels begin in the scratch memory: behind the table, the tile and A's panels."""
        depth = _block_sizes(self.k, 1, _unit(self.a))[0] if isinstance(self.k, int) else K_MOST
        return _ROOM + depth * PANEL_BYTES * TILES_MOST

    def _rows_at_once(self) -> int:
        """Rows of a block: whole tiles."""
        each = tile_rows(self.relaxed)
        fit = C_BYTES // (4 * self.n * each) if isinstance(self.n, int) else 4
        return each * max(1, min(TILES_MOST, fit))

    def _rows(self) -> None:
        """The function that computes rows first_row .. end_row of one matrix, for one block of B.

        Rows do not depend on each other: threads could share them out, each with a table, a tile and panels of its own.
        """
        if self.k == 0:
            return
        names = ("a_at", "c_at", "before", "columns", "first_k", "depth", "last")
        inputs = {"first_row": "i32", "end_row": "i32", **self.inputs(), **dict.fromkeys(names, "i32")}
        f = self.module.function(f"{self.name}.rows", inputs)
        first, end = f["first_row"], f["end_row"]
        table, c_row = size(f, self.scratch), size(f, self.c_row)
        at_once = self._rows_at_once()
        stride = self.a.columns[-1][1]
        with f.range("row", first, end, at_once) as row:
            count = f.let("count", minimum(f, const("i32", at_once), end - row))
            target = (f["c_at"] + row * c_row, c_row, count, f["columns"], f["first_k"].unequal(0), table + _ROOM // 2)
            b = table + self._panels()

            def addresses(base: Expr) -> None:
                write_addresses(f, table, row, count + PANEL, size(f, self.m) - 1, base, self.a.rows)

            if isinstance(stride, str):
                in_place = f.let("in_place", size(f, stride).equals(4))
                addresses(f["a_at"] + where(in_place, f["first_k"] * 4, const("i32", 0)))
                with f.when(in_place):
                    self._in_place(f, table, b, target)
                with f.otherwise():
                    self._packed(f, table, b, count, target)
            elif _runs_along_k(self.a):
                addresses(f.let("a", f["a_at"] + byte_offset(f, f["first_k"], self.a.columns)))
                self._in_place(f, table, b, target)
            else:
                addresses(f["a_at"])
                self._packed(f, table, b, count, target)
            if self.tail:
                with f.when(f["last"]):
                    f.do(call(self.tail, "", f["before"] + row, f["before"] + row + count))

    def _in_place(self, f: Function, table: Expr, b: Expr, target: tuple[Expr, ...]) -> None:
        """All tiles of the rows in the table, A read where it is."""
        length = self.a.columns[-1][0]
        if len(self.a.columns) == 1:
            runs = (const("i32", 1), f["depth"], const("i32", 0))
        else:
            jump = size(f, self.a.columns[0][1]) - 4 * length
            runs = (f["depth"].apply("div_u", length), const("i32", length), jump)
        f.do(call(block_kernel(self.module, self.relaxed, packed=False), "", table, *runs, b, *target))

    def _packed(self, f: Function, table: Expr, b: Expr, count: Expr, target: tuple[Expr, ...]) -> None:
        """All tiles of `count` rows, A copied into panels first."""
        panels = f.let("panels", table + _ROOM)
        to, entry = f.let("to", panels), f.let("entry", table)
        with f.range("each", 0, count, tile_rows(self.relaxed)):
            write_panel(f, entry, f["first_k"], f["depth"], self.a.columns, to)
            f.set(to, to + f["depth"] * PANEL_BYTES)
            f.set(entry, entry + 4 * tile_rows(self.relaxed))
        f.do(call(block_kernel(self.module, self.relaxed, packed=True), "", panels, f["depth"], b, *target))
