"""Tiled products: tiles of the result, kept in registers, from tiles of the factors, kept in shared memory.

A workgroup makes one tile of the result. It consists of slices, each of which runs through its own share of the terms
with tiles of its own; in the end the slices are added up, so that a product with few tiles and many terms keeps a GPU
busy, too ("split-K" within a workgroup; between workgroups, see `Plan.splits`). An invocation holds a small matrix of
sums: for every vector that it reads from shared memory it multiplies and adds eight vectors (tile 64) or four.

Numbers lie side by side along the terms or along the lines of a factor, and so they do in its tile: three cases, each
multiplied in its own way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ....jit.program import Instruction
from ..hosts import Limits
from .body import Body
from .factors import Factor, Plan
from .indexing import WIDTH, digits, total
from .numbers import number
from .shader import WORKGROUP, Lines, Shader, Unit

Read = Callable[[str], str]  # the name of what lies at a place in shared memory

BUSY = 64  # workgroups that a product should have, if it can, before larger tiles pay
LONG = 1024  # terms from which workgroups share a tile
SPLITS = 32  # workgroups that do, at most
DEPTH = 8  # terms of a tile: two vectors, a stretch of 32 bytes in memory


@dataclass(frozen=True)
class Tile:
    """size: rows and columns of a tile of the result; own: those of the small matrix that an invocation holds."""

    size: int
    own: int

    @property
    def across(self) -> int:
        """Invocations along one side of the tile."""
        return self.size // self.own

    @property
    def lanes(self) -> int:
        """Invocations of a slice."""
        return self.across**2

    @property
    def slices(self) -> int:
        """Slices of a workgroup."""
        return WORKGROUP // self.lanes

    @property
    def parts(self) -> int:
        """Into how many parts the sums are cut to be added up, so that those of all slices fit into shared memory."""
        return max(1, self.slices * self.size**2 // (16 * WORKGROUP))


TILES = {tile.size: tile for tile in (Tile(64, 8), Tile(32, 4), Tile(16, 4))}  # the largest first


def plan_tiles(plan: Plan, limits: Limits) -> Plan:
    """The plan with the largest tile that leaves enough workgroups, and that the shared memory holds."""
    fitting = [size for size in TILES if 4 * _shared(replace(plan, tile=size)) <= limits.shared]
    if not fitting:
        return plan
    busy = [size for size in fitting if _groups(replace(plan, tile=size)) >= BUSY]
    size = busy[0] if busy else fitting[-1]
    if min(plan.rows, plan.columns) <= fitting[-1]:  # most of a larger tile would be empty
        size = fitting[-1]
    plan = replace(plan, tile=size)
    groups = _groups(plan)
    if plan.terms < LONG or groups >= BUSY:
        return plan
    most = plan.terms // (DEPTH * TILES[size].slices * 4)
    return replace(plan, splits=max(1, min(SPLITS, -(-2 * BUSY // groups), most)))


def _tiles(plan: Plan) -> tuple[int, int]:
    """Tiles along the rows and the columns of the result."""
    return -(-plan.rows // plan.tile), -(-plan.columns // plan.tile)


def _groups(plan: Plan) -> int:
    down, across = _tiles(plan)
    return plan.batch * down * across * plan.splits


def _words(factor: Factor, tile: Tile) -> int:
    """Shared memory that a slice's tile of a factor takes."""
    if factor.along == "terms":  # a vector more after every four lines: lanes four lines apart meet other banks
        return tile.size * DEPTH + tile.size
    return tile.size * DEPTH


def _shared(plan: Plan) -> int:
    """Words of shared memory: for the tiles, and then for the sums."""
    tile = TILES[plan.tile]
    tiles = tile.slices * (_words(plan.a, tile) + _words(plan.b, tile))
    return max(tiles, tile.slices * tile.size**2 // tile.parts)


def write_tiled(
    shader: Shader, name: str, unit: Unit, plan: Plan, instruction: Instruction, tail: Body, guarded: bool
) -> None:
    """Adds the kernel of a product in tiles; see `products.write_product`."""

    def write(lines: Lines) -> None:
        _Writer(shader, lines, unit, plan, instruction, tail, guarded).write()

    shader.shared = max(shader.shared, _shared(plan))
    shader.add(name, _groups(plan), write)


class _Writer:
    def __init__(
        self, shader: Shader, lines: Lines, unit: Unit, plan: Plan, instruction: Instruction, tail: Body, guarded: bool
    ) -> None:
        self.shader, self.lines, self.unit, self.plan, self.tail = shader, lines, unit, plan, tail
        self.instruction, self.guarded, self.tile = instruction, guarded, TILES[plan.tile]
        self.width = plan.width
        a_words = _words(plan.a, self.tile) * self.tile.slices
        self.a_start, self.b_start = 0, a_words // self.width
        self.type = "vec4<f32>" if self.width == WIDTH else "f32"

    def write(self) -> None:
        lines, plan, tile = self.lines, self.plan, self.tile
        down, across = _tiles(plan)
        group = "group"
        if plan.splits > 1:
            lines(f"let split = group / {down * across * plan.batch}u;")
            group = lines.let(f"group % {down * across * plan.batch}u")
        if plan.batch > 1:
            lines(f"let image = {group} / {down * across}u;")
        lines(f"let first_row = {group} / {across}u % {down}u * {tile.size}u;")
        lines(f"let first_column = {group} % {across}u * {tile.size}u;")
        lines(f"let slice = lane / {tile.lanes}u;")
        lines(f"let worker = lane % {tile.lanes}u;")
        lines(f"let down = worker / {tile.across}u;")
        lines(f"let across = worker % {tile.across}u;")
        for row in range(tile.own):
            for column in range(tile.own // self.width):
                lines(f"var sum_{row}_{column} = {self.type}();")
        self._bases()
        rounds = -(-plan.terms // (DEPTH * tile.slices * plan.splits))
        shares = f"split * {tile.slices}u + slice" if plan.splits > 1 else "slice"
        lines(f"let first_term = ({shares}) * {rounds * DEPTH}u;")
        lines(f"for (var round = 0u; round < {rounds}u; round++) {{")
        lines(f"let term = first_term + round * {DEPTH}u;")
        self._fill(plan.a, "a", self.a_start, "first_row", plan.rows)
        self._fill(plan.b, "b", self.b_start, "first_column", plan.columns)
        lines("workgroupBarrier();")
        self._multiply()
        lines("workgroupBarrier();")
        lines("}")
        self._finish()

    # ---- from memory to shared memory

    def _bases(self) -> None:
        """Where each matrix of a batch begins, in words."""
        for name, factor in (("a", self.plan.a), ("b", self.plan.b)):
            start = self.unit.places[factor.layout.owner].start + factor.layout.offset
            moves = digits("image", factor.batch) if self.plan.batch > 1 else []
            self.lines(f"let base_{name} = {total(moves, number(start))};")

    def _fill(self, factor: Factor, name: str, start: int, first: str, count: int) -> None:
        """A slice's tile of a factor: each lane reads its share, zeros where there is nothing."""
        tile, width, lines = self.tile, self.width, self.lines
        units = tile.size * DEPTH // width
        bank = self.shader.bank(self.unit.places[factor.layout.owner].bank)
        slots = _words(factor, tile) // width
        for part in range(-(-units // tile.lanes)):
            at = lines.let(f"worker + {part * tile.lanes}u")
            by_line = self._by_line(factor)
            if by_line:  # neighbouring lanes take neighbouring lines
                per = tile.size // (width if factor.along == "lines" else 1)
                line, term = f"{at} % {per}u", f"{at} / {per}u"
            else:
                per = DEPTH // (width if factor.along == "terms" else 1)
                line, term = f"{at} / {per}u", f"{at} % {per}u"
            line, term = lines.let(line), lines.let(term)
            whole_line = lines.let(f"{first} + {line}{f' * {WIDTH}u' if factor.along == 'lines' else ''}")
            whole_term = lines.let(f"term + {term}{f' * {WIDTH}u' if factor.along == 'terms' else ''}")
            place = total([f"base_{name}", *digits(whole_line, factor.lines), *digits(whole_term, factor.terms)])
            inside = f"{whole_line} < {count}u && {whole_term} < {self.plan.terms}u"
            word = f"{bank}[({place}) / {WIDTH}u]" if width == WIDTH else f"{bank}[{place}]"
            zero = "vec4<u32>()" if width == WIDTH else "0u"
            if factor.along == "terms":
                slot = f"{line} * {DEPTH // WIDTH}u + {line} / 4u + {term}"
            elif width == WIDTH:
                slot = f"{term} * {tile.size // WIDTH}u + {line}"
            else:
                slot = f"{term} * {tile.size}u + {line}"
            lines(f"var word_{name}{part} = {zero};")
            lines(f"if ({inside}) {{ word_{name}{part} = {word}; }}")
            target = f"shared_words[{start}u + slice * {slots}u + {slot}]"
            guard = f"if ({at} < {units}u) {{ " if units % tile.lanes else ""
            lines(f"{guard}{target} = word_{name}{part};{' }' if guard else ''}")

    def _by_line(self, factor: Factor) -> bool:
        """Whether neighbouring lanes read neighbouring lines: along the axis on which numbers lie side by side."""
        if factor.along:
            return factor.along == "lines"
        return bool(factor.lines) and (not factor.terms or factor.lines[-1][1] < factor.terms[-1][1])

    # ---- in registers

    def _shared(self, start: int, slots: int, place: str) -> str:
        return f"bitcast<{self.type}>(shared_words[{start}u + slice * {slots}u + {place}])"

    def _multiply(self) -> None:
        plan, lines = self.plan, self.lines

        def read(factor: Factor, start: int) -> Read:
            slots = _words(factor, self.tile) // self.width
            return lambda place: lines.let(self._shared(start, slots, place))

        a, b = read(plan.a, self.a_start), read(plan.b, self.b_start)
        if self.width == 1:
            self._one_by_one(a, b)
        elif plan.a.along == "lines":
            self._lines_and_lines(a, b)
        elif plan.b.along == "lines":
            self._terms_and_lines(a, b)
        else:
            self._terms_and_terms(a, b)

    def _terms_and_lines(self, a: Read, b: Read) -> None:
        lines, own = self.lines, self.tile.own
        for four in range(DEPTH // WIDTH):
            left = [a(self._line_slot(self._row(row), four)) for row in range(own)]
            for step, part in enumerate("xyzw"):
                for column in range(own // WIDTH):
                    right = b(self._four_slot(four * WIDTH + step, column, "across"))
                    for row in range(own):
                        lines(f"sum_{row}_{column} += {left[row]}.{part} * {right};")

    def _lines_and_lines(self, a: Read, b: Read) -> None:
        lines, own = self.lines, self.tile.own
        for term in range(DEPTH):
            left = [a(self._four_slot(term, four, "down")) for four in range(own // WIDTH)]
            for column in range(own // WIDTH):
                right = b(self._four_slot(term, column, "across"))
                for row in range(own):
                    lines(f"sum_{row}_{column} += {left[row // WIDTH]}.{'xyzw'[row % WIDTH]} * {right};")

    def _terms_and_terms(self, a: Read, b: Read) -> None:
        lines, own = self.lines, self.tile.own
        for four in range(DEPTH // WIDTH):
            left = [a(self._line_slot(self._row(row), four)) for row in range(own)]
            for column in range(own // WIDTH):
                first = f"({column * self.tile.across}u + across) * {WIDTH}u"
                right = [b(self._line_slot(f"({first} + {n}u)", four)) for n in range(WIDTH)]
                for row in range(own):
                    dots = ", ".join(f"dot({left[row]}, {each})" for each in right)
                    lines(f"sum_{row}_{column} += vec4<f32>({dots});")

    def _one_by_one(self, a: Read, b: Read) -> None:
        lines, tile = self.lines, self.tile
        lines(f"for (var k = 0u; k < {DEPTH}u; k++) {{")
        left = [a(f"k * {tile.size}u + {self._row(row)}") for row in range(tile.own)]
        for column in range(tile.own):
            right = b(f"k * {tile.size}u + {self._column(column)}")
            for row in range(tile.own):
                lines(f"sum_{row}_{column} += {left[row]} * {right};")
        lines("}")

    def _row(self, row: int) -> str:
        """The row of the tile that an invocation's row is: neighbours hold neighbouring rows, or fours of them."""
        if self.plan.a.along == "lines":
            return f"(({row // WIDTH * self.tile.across}u + down) * {WIDTH}u + {row % WIDTH}u)"
        return f"({row * self.tile.across}u + down)"

    def _column(self, column: int) -> str:
        return f"({column * self.tile.across}u + across)"

    def _four_slot(self, term: int, four: int, worker: str) -> str:
        """Where fours of lines lie at a term; neighbouring workers take neighbouring fours."""
        return f"{term * self.tile.size // WIDTH + four * self.tile.across}u + {worker}"

    @staticmethod
    def _line_slot(line: str, four: int) -> str:
        """Where fours of terms lie of a line."""
        return f"{line} * {DEPTH // WIDTH}u + {line} / 4u + {four}u"

    # ---- from registers to memory

    def _finish(self) -> None:
        """Adds up the slices, part by part, and hands the elements to the tail."""
        tile, lines, width = self.tile, self.lines, self.width
        rows = tile.own // tile.parts  # of an invocation in a part
        part_rows = tile.size // tile.parts
        for part in range(tile.parts):
            if part:
                lines("workgroupBarrier();")
            for row in range(rows):
                for column in range(tile.own // width):
                    # Rows of a part lie one after the other: the invocations' first rows, their second ones, ...
                    place = f"({row * tile.across}u + down) * {tile.size // width}u + {self._column(column)}"
                    words = f"bitcast<{'vec4<u32>' if width == WIDTH else 'u32'}>(sum_{part * rows + row}_{column})"
                    lines(f"shared_words[slice * {part_rows * tile.size // width}u + {place}] = {words};")
            lines("workgroupBarrier();")
            units = part_rows * tile.size // width
            if units > WORKGROUP:
                lines(f"for (var unit = lane; unit < {units}u; unit += {WORKGROUP}u) {{")
            else:
                lines(f"if (lane < {units}u) {{")
                lines("let unit = lane;")
            self._hand_over(part, rows)
            lines("}")

    def _hand_over(self, part: int, rows: int) -> None:
        tile, lines, width, plan = self.tile, self.lines, self.width, self.plan
        across = tile.size // width
        part_words = tile.size // tile.parts * across
        lines(f"let line = unit / {across}u;")
        lines(f"let own = {part * rows}u + line / {tile.across}u;")
        if plan.a.along == "lines":
            four = f"own / {WIDTH}u * {tile.across}u + line % {tile.across}u"
            lines(f"let row = first_row + ({four}) * {WIDTH}u + own % {WIDTH}u;")
        else:
            lines(f"let row = first_row + own * {tile.across}u + line % {tile.across}u;")
        lines(f"let column = first_column + unit % {across}u{f' * {WIDTH}u' if width == WIDTH else ''};")
        guard = f" && !({self.shader.halted()})" if self.guarded else ""
        lines(f"if (row < {plan.rows}u && column < {plan.columns}u{guard}) {{")
        terms = " + ".join(
            f"bitcast<{self.type}>(shared_words[{slice_ * part_words}u + unit])" for slice_ in range(tile.slices)
        )
        product = lines.let(terms)
        image = f"image * {plan.rows}u + " if plan.batch > 1 else ""
        split = f"split * {plan.batch * plan.rows}u + " if plan.splits > 1 else ""
        index = lines.let(f"(({split}{image}row) * {plan.columns}u + column) / {width}u")
        self.tail.at(self.shader, lines, index, {self.instruction.result: product}).store()
        lines("}")
