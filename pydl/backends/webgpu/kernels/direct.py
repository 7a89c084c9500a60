"""Direct products: every invocation reads the factors from memory and keeps a small matrix of sums in registers.

Nothing is shared and nobody waits: what a CPU that plays a GPU does best (in SwiftShader 2.3 to 3.3 GFLOP/s on two
cores, a tiled product 0.06; 2026-11). Eight rows and two vectors of columns: what was read is used eight times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ....jit.program import Instruction
from .body import Body
from .factors import Factor, Plan
from .indexing import WIDTH, digits, total
from .numbers import number
from .shader import Lines, Shader, Unit

ENOUGH = 256  # invocations that a product should have, if it can: with fewer, several share an element
TERMS = 256  # that each of them then takes at least
MOST_TERMS = 4096  # that one takes: of 20,000 equal ones a sum is 1.5e-4 off; llvmpipe ends a loop after 65,535 rounds
ROWS = 8  # of the small matrix; columns: eight, too, or four where they are read one by one
VECTORS = 2
NARROW = 4


def plan_splits(plan: Plan) -> Plan:
    """The plan with as many invocations for an element of the result as it takes to keep a few cores busy."""
    down, across = -(-plan.rows // ROWS), -(-plan.columns // (VECTORS * WIDTH))
    wanted = min(-(-ENOUGH // max(1, plan.batch * down * across)), plan.terms // TERMS)
    return replace(plan, splits=max(1, wanted, -(-plan.terms // MOST_TERMS)))


def write_direct(
    shader: Shader, name: str, unit: Unit, plan: Plan, instruction: Instruction, tail: Body, guarded: bool
) -> None:
    """Adds the kernel of a product without shared memory; see `products.write_product`."""
    writer = _Writer(shader, unit, plan, instruction, tail)
    shader.add(name, shader.rounds(writer.invocations), writer.write, guarded)


class _Writer:
    def __init__(self, shader: Shader, unit: Unit, plan: Plan, instruction: Instruction, tail: Body) -> None:
        self.shader, self.unit, self.plan, self.instruction, self.tail = shader, unit, plan, instruction, tail
        self.wide = plan.width == WIDTH
        self.type = "vec4<f32>" if self.wide else "f32"
        self.rows = min(ROWS if self.wide else NARROW, _up_to_four(plan.rows))
        # in vectors where they are read so
        self.columns = min(VECTORS, plan.columns // WIDTH) if self.wide else min(NARROW, plan.columns)
        self.down = -(-plan.rows // self.rows)
        self.across = -(-plan.columns // (self.columns * plan.width))
        self.invocations = plan.splits * plan.batch * self.down * self.across

    def write(self, lines: Lines) -> None:
        plan = self.plan
        i = self.shader.index(lines, self.invocations)
        each = plan.batch * self.down * self.across
        if plan.splits > 1:
            lines(f"let split = {i} / {each}u;")
            i = lines.let(f"{i} % {each}u")
        if plan.batch > 1:
            lines(f"let image = {i} / {self.down * self.across}u;")
        lines(f"let first_row = {i} / {self.across}u % {self.down}u * {self.rows}u;")
        lines(f"let first_column = {i} % {self.across}u * {self.columns * plan.width}u;")
        for row in range(self.rows):
            for column in range(self.columns):
                lines(f"var sum_{row}_{column} = {self.type}();")
        self._multiply(lines)
        self._finish(lines)

    # ---- reading

    def _starts(self, lines: Lines, factor: Factor, first: str, count: int, most: int) -> list[str]:
        """Where each of the lines begins that an invocation reads, in words; behind the last one it is that one.

        count: of lines, or of fours of lines where these lie side by side; most: lines that there are
        """
        start = self.unit.places[factor.layout.owner].start + factor.layout.offset
        base = digits("image", factor.batch) if self.plan.batch > 1 else []
        step = WIDTH if factor.along == "lines" else 1
        found = []
        for place in range(count):
            at = lines.let(f"min({first} + {place * step}u, {most - step}u)" if place else first)
            found.append(lines.let(total([*base, *digits(at, factor.lines)], number(start))))
        return found

    def _read(self, factor: Factor, place: str) -> str:
        bank = self.shader.bank(self.unit.places[factor.layout.owner].bank)
        if self.wide:
            return f"bitcast<vec4<f32>>({bank}[({place}) / {WIDTH}u])"
        return f"bitcast<f32>({bank}[{place}])"

    # ---- multiplying

    def _multiply(self, lines: Lines) -> None:
        plan, a, b = self.plan, self.plan.a, self.plan.b
        rows = -(-self.rows // WIDTH) if a.along == "lines" else self.rows
        columns = self.columns if b.along == "lines" else self.columns * plan.width
        left = self._starts(lines, a, "first_row", rows, plan.rows)
        right = self._starts(lines, b, "first_column", columns, plan.columns)
        step = WIDTH if a.along == "terms" else 1
        first, end = "0u", f"{plan.terms}u"
        if plan.splits > 1:
            share = -(-plan.terms // (plan.splits * step)) * step
            first, end = f"split * {share}u", f"min(split * {share}u + {share}u, {plan.terms}u)"
        lines(f"for (var term = {first}; term < {end}; term += {step}u) {{")
        if a.along == "terms" and b.along == "lines":
            self._terms_and_lines(lines, left, right)
        elif a.along == "terms":
            self._terms_and_terms(lines, left, right)
        else:
            self._one_by_one(lines, left, right)
        lines("}")

    def _moved(self, lines: Lines, factor: Factor, term: str) -> Callable[[str], str]:
        """Reads of a factor at a term, from where a line begins."""
        moves = digits(term, factor.terms)
        at = lines.let(total(moves)) if moves else ""

        def read(line: str) -> str:
            return lines.let(self._read(factor, f"{line} + {at}" if at else line))

        return read

    def _terms_and_lines(self, lines: Lines, left: Sequence[str], right: Sequence[str]) -> None:
        a = self._moved(lines, self.plan.a, "term")
        rows = [a(line) for line in left]
        for place, part in enumerate("xyzw"):
            b = self._moved(lines, self.plan.b, lines.let(f"term + {place}u") if place else "term")
            for column, four in enumerate(right):
                values = b(four)
                for row in range(self.rows):
                    lines(f"sum_{row}_{column} += {rows[row]}.{part} * {values};")

    def _terms_and_terms(self, lines: Lines, left: Sequence[str], right: Sequence[str]) -> None:
        a, b = (self._moved(lines, factor, "term") for factor in (self.plan.a, self.plan.b))
        rows = [a(line) for line in left]
        for column in range(self.columns):
            values = [b(line) for line in right[column * WIDTH : (column + 1) * WIDTH]]
            for row in range(self.rows):
                dots = ", ".join(f"dot({rows[row]}, {value})" for value in values)
                lines(f"sum_{row}_{column} += vec4<f32>({dots});")

    def _one_by_one(self, lines: Lines, left: Sequence[str], right: Sequence[str]) -> None:
        """One term at a time, of whatever lies side by side."""
        a, b = (self._moved(lines, factor, "term") for factor in (self.plan.a, self.plan.b))
        rows = [a(line) for line in left]
        for column, line in enumerate(right):
            values = b(line)
            for row in range(self.rows):
                own = f"{rows[row // WIDTH]}.{'xyzw'[row % WIDTH]}" if self.plan.a.along == "lines" else rows[row]
                lines(f"sum_{row}_{column} += {own} * {values};")

    # ---- writing

    def _finish(self, lines: Lines) -> None:
        """Hands the elements to the tail."""
        plan = self.plan
        image = f"image * {plan.rows}u + " if plan.batch > 1 else ""
        image = f"split * {plan.batch * plan.rows}u + {image}" if plan.splits > 1 else image
        for row in range(self.rows):
            for column in range(self.columns):
                conditions = []
                if plan.rows % self.rows:
                    conditions.append(f"first_row + {row}u < {plan.rows}u")
                if plan.columns % (self.columns * plan.width):
                    conditions.append(f"first_column + {column * plan.width}u < {plan.columns}u")
                lines(f"if ({' && '.join(conditions)}) {{" if conditions else "{")
                place = f"({image}first_row + {row}u) * {plan.columns}u + first_column + {column * plan.width}u"
                index = lines.let(f"({place}) / {plan.width}u" if self.wide else place)
                given = {self.instruction.result: f"sum_{row}_{column}"}
                self.tail.at(self.shader, lines, index, given).store()
                lines("}")


def _up_to_four(rows: int) -> int:
    """Rows of the small matrix for a product with so many: a multiple of four, but for less than that."""
    return rows if rows < WIDTH else rows // WIDTH * WIDTH
