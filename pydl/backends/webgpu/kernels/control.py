"""Control: the kernels around a step, which take its rows, write down its outputs, and say when to halt.

The GPU counts its steps by itself, so that a thousand of them are the same dispatches over and over: nothing goes to
and fro between two of them. The words that they go by stand at the beginning of bank 0 (`shader.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ....jit.program import Value
from .indexing import WIDTH
from .numbers import number
from .shader import HALTED, NONFINITE, ORDERED, PENDING, SLOT, STEP, Lines, Place, Shader, Unit

BYTES = 4  # uint8 numbers in a word of rows
SMALL = 16  # elements of an output up to which the one invocation that counts the step copies it


@dataclass(frozen=True)
class Source:
    """Rows for an input, in a buffer of their own; a large data set has several.

    value:        the input
    first, count: which rows lie in this buffer
    row:          elements of a row
    bytes:        whether they are uint8 numbers, four in a word, which become float32
    several:      whether others of its rows lie in other buffers
    """

    value: Value
    first: int
    count: int
    row: int
    bytes: bool
    several: bool


def write_begin(shader: Shader) -> None:
    """Adds what opens a step: the last one's reason to halt holds from now on."""

    def write(lines: Lines) -> None:
        bank = shader.bank(0)
        lines(f"if (lane == 0u && {bank}[{PENDING}u] != 0u) {{ {bank}[{HALTED}u] = {bank}[{PENDING}u]; }}")

    shader.add("begin", 1, write)


def write_take(shader: Shader, unit: Unit, number: int, source: Source) -> None:
    """Adds the kernel that copies the rows of a step from a data set into an input."""
    value, place = source.value, unit.places[source.value]
    batch = value.shape[0] if value.shape else 1
    size = batch * source.row
    shader.extra.append((f"rows{number}", "u32"))

    def write(lines: Lines) -> None:
        shader.index(lines, size)
        bank = shader.bank(0)
        lines(f"let place = {bank}[{STEP}u] * {batch}u + i / {source.row}u;")
        lines("var row = place;")
        lines(f"if ({bank}[{ORDERED}u] != 0u) {{ row = order[place]; }}")
        if source.several:
            lines(f"row -= {source.first}u;")
            lines(f"if (row >= {source.count}u) {{ return; }}")
        lines(f"let at = row * {source.row}u + i % {source.row}u;")
        word = f"rows{number}[at]"
        if source.bytes:
            word = f"bitcast<u32>(f32((rows{number}[at / {BYTES}u] >> (8u * (at % {BYTES}u))) & 255u))"
        lines(f"{shader.bank(place.bank)}[{place.start}u + i] = {word};")

    shader.add(f"take_{number}", shader.rounds(size), write)


def write_record(shader: Shader, unit: Unit, outputs: Sequence[Value], record: Record) -> None:
    """Adds what closes a step: one invocation writes its small outputs to the ring, and counts the step.

    A first output that is a single float and not finite halts the steps to come.
    """

    def write(lines: Lines) -> None:
        control, wide = shader.bank(0), shader.width != 1
        lines(f"if (lane != 0u || {shader.halted()}) {{ return; }}")
        for output, at in zip(outputs, record.offsets):
            if output.spec.size <= SMALL:
                lines(f"for (var i = 0u; i < {-(-output.spec.size // shader.width)}u; i++) {{")
                _copy(shader, lines, unit, output, record, at)
                lines("}")
        if wide:
            lines(f"var words = {control}[0];")
        names = ("words.x", "words.y", "words.z") if wide else [f"{control}[{n}u]" for n in (STEP, SLOT, PENDING)]
        lines(f"{names[0]} += 1u;")
        lines(f"{names[1]} += 1u;")
        loss = outputs[0] if outputs else None
        if loss is not None and not loss.shape and loss.dtype.kind == "f":
            where = unit.places[loss]
            bank = shader.bank(where.bank)
            word = f"{bank}[{where.start // WIDTH}u].x" if wide else f"{bank}[{where.start}u]"
            lines(f"if (({word} & 0x7f800000u) == 0x7f800000u) {{ {names[2]} = {NONFINITE}u; }}")
        if wide:
            lines(f"{control}[0] = words;")

    shader.add("record", 1, write)


def write_copy_out(shader: Shader, unit: Unit, output: Value, number: int, record: Record, at: int) -> None:
    """Adds the kernel that copies a large output into the record of the step under way; `at`: its offset there."""
    rounds = -(-output.spec.size // shader.width)

    def write(lines: Lines) -> None:
        shader.index(lines, rounds)
        _copy(shader, lines, unit, output, record, at)

    shader.add(f"output_{number}", shader.rounds(rounds), write, guarded=True)


def _copy(shader: Shader, lines: Lines, unit: Unit, output: Value, record: Record, at: int) -> None:
    """Copies element i of an output, or the fours of them, into the record."""
    control, source, width = shader.bank(0), unit.places[output], shader.width
    slot = f"{control}[{SLOT}u]" if width == 1 else f"{control}[0].y"
    target = f"{number((record.ring.start + at) // width)} + {slot} * {record.words // width}u + i"
    value = f"{shader.bank(source.bank)}[{number(source.start // width)} + i]"
    lines(f"{shader.bank(record.ring.bank)}[{target}] = {value};")


@dataclass(frozen=True)
class Record:
    """How the outputs of a step lie in the ring: its place, the words of a record, each output's offset there."""

    ring: Place
    words: int
    offsets: tuple[int, ...]


def offsets(outputs: Sequence[Value]) -> tuple[tuple[int, ...], int]:
    """Where each output begins in a record, and the words of a record, each a multiple of four."""
    found, total = [], 0
    for value in outputs:
        found.append(total)
        total += -(-value.spec.size // WIDTH) * WIDTH
    return tuple(found), max(total, WIDTH)
