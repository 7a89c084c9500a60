"""Kernels that move elements: pad, concatenate, fold, gather; and argmax, which finds a place.

An invocation for every element of the result, or every four along the last axis, which looks for where it comes from.
"""

from __future__ import annotations

from collections.abc import Callable

from ....jit.layout import Layout, whole
from ....jit.program import Instruction, Value
from ...errors import Unsupported
from .body import last_by_fours, load_at, load_one, save
from .elementwise import typed
from .indexing import coordinates_of
from .shader import HALTED, OUT_OF_RANGE, Lines, Shader, Unit

LONGEST = 65_535  # axis that argmax looks through on a CPU that plays a GPU: llvmpipe ends a loop after so many rounds
Layouts = dict[Value, Layout]
_Write = Callable[[Shader, Lines, Unit, Instruction, Layouts], None]


def fits_wide(instruction: Instruction, layouts: Layouts) -> bool:
    """Whether four elements along the last axis can be moved at a time: they stay side by side."""
    name, axes = instruction.primitive.name, len(instruction.result.shape)
    moved = instruction.inputs[:1] if name == "gather" else instruction.inputs
    if name == "argmax" or not axes or not all(last_by_fours(layouts[value]) for value in moved):
        return False
    if name == "pad":
        return all(instruction.params[width][-1] == 0 for width in ("before", "after", "interior"))
    if name == "concatenate":
        return bool(instruction.params["axis"] != axes - 1)
    return name == "fold" or len(instruction.inputs[0].shape) > 1


def write_movement(
    shader: Shader, name: str, unit: Unit, instruction: Instruction, layouts: Layouts, guarded: bool
) -> None:
    """Adds the kernel of a pad, concatenate, fold, gather or argmax. Raises Unsupported."""
    size = instruction.result.spec.size // shader.width
    if instruction.primitive.name == "argmax" and not unit.tuning.shared:
        length = instruction.inputs[0].shape[instruction.params["axis"]]
        if length > LONGEST:
            raise Unsupported(f"webgpu: argmax of {length:,} numbers, more than a CPU that plays a GPU looks through "
                              f"(at {instruction}); use device='wasm' or 'numpy'")  # fmt: skip

    def write(lines: Lines) -> None:
        shader.index(lines, size)
        MOVEMENTS[instruction.primitive.name](shader, lines, unit, instruction, layouts)

    shader.add(name, shader.rounds(size), write, guarded)


def _save(shader: Shader, lines: Lines, unit: Unit, result: Value, value: str) -> None:
    save(shader, lines, unit, whole(result), "i", value)


def _coordinates(shader: Shader, lines: Lines, result: Value) -> list[str]:
    """The numbers of the invocation's element along the axes, in a wide module the last one in fours."""
    shape = result.shape if shader.width == 1 else (*result.shape[:-1], result.shape[-1] // shader.width)
    return [at if at == "0u" else lines.let(at) for at in coordinates_of("i", shape)]


def _pad(shader: Shader, lines: Lines, unit: Unit, instruction: Instruction, layouts: Layouts) -> None:
    (source,), params = instruction.inputs, instruction.params
    lines(f"var moved = {typed(source.dtype, shader.width)}();")
    if source.spec.size:
        conditions, places = [], []
        lengths = _lengths(source, shader.width)
        widths = zip(_coordinates(shader, lines, instruction.result), lengths, params["before"], params["interior"])
        for at, length, before, interior in widths:
            # what lies before wraps around and is far too large
            inner = lines.let(f"{at} - {before}u") if before else at
            place = inner if not interior else lines.let(f"{inner} / {interior + 1}u")
            if interior:
                conditions.append(f"{inner} % {interior + 1}u == 0u")
            conditions.append(f"{place} < {length}u")
            places.append(place)
        lines(f"if ({' && '.join(conditions)}) {{" if conditions else "{")
        lines(f"moved = {load_at(shader, unit, layouts[source], places)};")
        lines("}")
    _save(shader, lines, unit, instruction.result, "moved")


def _lengths(source: Value, width: int) -> tuple[int, ...]:
    """The lengths of the axes, the last one in fours where elements are moved so."""
    return source.shape if width == 1 else (*source.shape[:-1], source.shape[-1] // width)


def _concatenate(shader: Shader, lines: Lines, unit: Unit, instruction: Instruction, layouts: Layouts) -> None:
    axis, start = instruction.params["axis"], 0
    at = _coordinates(shader, lines, instruction.result)
    lines(f"var moved = {typed(instruction.result.dtype, shader.width)}();")
    for source in instruction.inputs:
        length = source.shape[axis]
        if source.spec.size:
            inside = lines.let(f"{at[axis]} - {start}u") if start else at[axis]
            lines(f"if ({inside} < {length}u) {{")
            lines(f"moved = {load_at(shader, unit, layouts[source], [*at[:axis], inside, *at[axis + 1 :]])};")
            lines("}")
        start += length
    _save(shader, lines, unit, instruction.result, "moved")


def _fold(shader: Shader, lines: Lines, unit: Unit, instruction: Instruction, layouts: Layouts) -> None:
    """Each pixel adds up what it is in the windows that cover it."""
    (source,), (down, right) = instruction.inputs, instruction.params["strides"]
    lines(f"var moved = {typed(source.dtype, shader.width)}();")
    if source.spec.size:
        _, rows, columns, height, width, _ = source.shape
        image, y, x, channel = _coordinates(shader, lines, instruction.result)
        lines(f"for (var h = 0u; h < {height}u; h++) {{")
        lines(f"let row = ({y} - h) / {down}u;")
        lines(f"if ({y} < h || ({y} - h) % {down}u != 0u || row >= {rows}u) {{ continue; }}")
        lines(f"for (var w = 0u; w < {width}u; w++) {{")
        lines(f"let column = ({x} - w) / {right}u;")
        lines(f"if ({x} < w || ({x} - w) % {right}u != 0u || column >= {columns}u) {{ continue; }}")
        lines(f"moved += {load_at(shader, unit, layouts[source], [image, 'row', 'column', 'h', 'w', channel])};")
        lines("}")
        lines("}")
    _save(shader, lines, unit, instruction.result, "moved")


def _gather(shader: Shader, lines: Lines, unit: Unit, instruction: Instruction, layouts: Layouts) -> None:
    """An index out of range halts the steps, before this one has changed anything."""
    x, indices = instruction.inputs
    axes = len(indices.shape)
    at = _coordinates(shader, lines, instruction.result)
    lines(f"var row = i32({load_one(shader, unit, layouts[indices], at[:axes])});")
    if indices.dtype.kind == "i":
        lines(f"row = select(row, row + {x.shape[0]}i, row < 0i);")
    lines(f"if (u32(row) >= {x.shape[0]}u) {{")
    reason = f"{OUT_OF_RANGE}u" if shader.width == 1 else f"vec4<u32>({OUT_OF_RANGE}u, 0u, 0u, 0u)"
    lines(f"{shader.bank(0)}[{HALTED // shader.width}u] = {reason};")
    lines("return;")
    lines("}")
    moved = load_at(shader, unit, layouts[x], ["u32(row)", *at[axes:]])
    _save(shader, lines, unit, instruction.result, moved)


def _argmax(shader: Shader, lines: Lines, unit: Unit, instruction: Instruction, layouts: Layouts) -> None:
    """The first of the largest; a NaN is the largest there is."""
    (x,), axis = instruction.inputs, instruction.params["axis"]
    at = _coordinates(shader, lines, instruction.result)

    def element(place: str) -> str:
        return load_at(shader, unit, layouts[x], [*at[:axis], place, *at[axis:]])

    lines("var best = 0u;")
    lines(f"var largest = {element('0u')};")
    lines(f"for (var k = 1u; k < {x.shape[axis]}u; k++) {{")
    lines(f"let value = {element('k')};")
    if x.dtype.kind == "f":
        nan = shader.use("is_nan")
        better = f"(value > largest || {nan}(value)) && !{nan}(largest)"
    else:
        better = "value > largest" if x.dtype.kind != "b" else "value && !largest"
    lines(f"if ({better}) {{")
    lines("best = k;")
    lines("largest = value;")
    lines("}")
    lines("}")
    _save(shader, lines, unit, instruction.result, "i32(best)")


MOVEMENTS: dict[str, _Write] = {
    "pad": _pad,
    "concatenate": _concatenate,
    "fold": _fold,
    "gather": _gather,
    "argmax": _argmax,
}
