"""Body: what a kernel does with the elements of one place: load operands, compute, store.

An elementwise kernel is a list of instructions over the same elements. Operands are read by their layouts, what is in
between stays in registers, and only what is needed outside is written. A wide body takes four elements at a time: that
goes where each operand's four lie side by side, or are one and the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ....jit.layout import Layout
from ....jit.program import Instruction, Value
from . import elementwise
from .indexing import WIDTH, alike_in_fours, by_fours, digits, in_line, place_at, place_of, total
from .numbers import number
from .shader import Lines, Shader, Unit


@dataclass(frozen=True)
class Store:
    """A value and the layout of the memory to which its elements go."""

    value: Value
    target: Layout


class Body:
    """The operands, instructions and stores of a kernel.

    reduced: values that the kernel needs beside those it stores
    given:   values that are there already, such as a matrix product
    """

    def __init__(
        self,
        unit: Unit,
        layouts: dict[Value, Layout],
        instructions: Sequence[Instruction],
        stores: Sequence[Store],
        reduced: Sequence[Value] = (),
        given: Iterable[Value] = (),
    ) -> None:
        self.unit, self.layouts, self.instructions, self.stores = unit, layouts, instructions, stores
        self.made = {*given, *(instruction.result for instruction in instructions)}
        read = [value for instruction in instructions for value in instruction.inputs]
        read += [store.value for store in stores] + list(reduced)
        self.operands = list(
            dict.fromkeys(
                layouts[value]
                for value in read
                if layouts[value].owner not in self.made and layouts[value].owner not in unit.numbers
            )
        )

    def wide(self, size: int) -> bool:
        """Whether four of `size` elements can be taken at a time."""
        layouts = [*self.operands, *(store.target for store in self.stores)]
        if size % WIDTH:  # what is behind the last element is room that belongs to the value
            return all(in_line(layout.dims) and layout.offset % WIDTH == 0 or _one(layout) for layout in layouts)
        return all(
            _one(layout)
            or by_fours(layout.dims, layout.offset) is not None
            or (alike_in_fours(layout.dims) is not None and not any(store.target is layout for store in self.stores))
            for layout in layouts
        )

    def at(self, shader: Shader, lines: Lines, index: str, given: dict[Value, str] | None = None) -> Element:
        """Computes the element with this number (in a wide module: the four of them)."""
        return Element(self, shader, lines, index, given or {})


def _one(layout: Layout) -> bool:
    """Whether all elements are a single one."""
    return all(stride == 0 for _, stride in layout.dims)


class Element:
    """The elements of one place: what was loaded and computed, each once, by name."""

    def __init__(self, body: Body, shader: Shader, lines: Lines, index: str, given: dict[Value, str]) -> None:
        self.body, self.shader, self.lines, self.index = body, shader, lines, index
        self._loaded: dict[Layout, str] = {}
        self._results = dict(given)
        for instruction in body.instructions:
            args = [self.value(value) for value in instruction.inputs]
            bound = next((value for value in instruction.inputs if self._number(value) is not None), None)
            self._results[instruction.result] = lines.let(elementwise.evaluate(shader, instruction, args, bound))

    def _number(self, value: Value) -> np.ndarray | None:
        return self.body.unit.numbers.get(self.body.layouts[value].owner)

    def value(self, value: Value) -> str:
        """A value's elements: made in the body, a number in the code, or loaded."""
        if value in self._results:
            return self._results[value]
        layout = self.body.layouts[value]
        if layout.owner in self._results:
            return self._results[layout.owner]
        number = self._number(value)
        if number is not None:
            return elementwise.literal(value.dtype, number.reshape(-1)[0].item(), self.shader.width)
        if layout not in self._loaded:
            self._loaded[layout] = self.lines.let(load(self.shader, self.body.unit, layout, self.index))
        return self._loaded[layout]

    def store(self) -> None:
        """Writes all that is to be stored."""
        for store in self.body.stores:
            save(self.shader, self.lines, self.body.unit, store.target, self.index, self.value(store.value))


def load(shader: Shader, unit: Unit, layout: Layout, index: str) -> str:
    """The element of this number (in a wide module the four, counted in fours) of a layout's memory."""
    place = unit.places[layout.owner]
    bank = shader.bank(place.bank)
    if shader.width == 1:
        return from_words(f"{bank}[{place_of(layout, index, place.start)}]", layout.owner.dtype, 1)
    start = place.start + layout.offset
    if _one(layout):
        word = f"vec4<u32>({bank}[{number(start // WIDTH)}].{'xyzw'[start % WIDTH]})"
    elif (fours := by_fours(layout.dims, layout.offset)) is not None:
        word = f"{bank}[{total(digits(index, fours), number(start // WIDTH))}]"
    else:
        alike = alike_in_fours(layout.dims)
        assert alike is not None, "a wide kernel reads fours only"
        at = total(digits(index, alike), number(start))
        word = f"vec4<u32>({bank}[({at}) / {WIDTH}u][({at}) % {WIDTH}u])"
    return from_words(word, layout.owner.dtype, WIDTH)


def load_at(shader: Shader, unit: Unit, layout: Layout, coordinates: Sequence[str]) -> str:
    """The element with these numbers along the axes; in a wide module four of them, the last axis counted in fours."""
    place = unit.places[layout.owner]
    bank = shader.bank(place.bank)
    if shader.width == 1:
        word = f"{bank}[{place_at(layout, coordinates, place.start)}]"
    else:
        outer = [tuple((n, stride // WIDTH) for n, stride in axis) for axis in layout.axes[:-1]]
        inner = tuple((n // WIDTH, 1) for n, _ in layout.axes[-1])
        fours = Layout(layout.owner, 0, (*outer, inner))
        word = f"{bank}[{place_at(fours, coordinates, (place.start + layout.offset) // WIDTH)}]"
    return from_words(word, layout.owner.dtype, shader.width)


def load_one(shader: Shader, unit: Unit, layout: Layout, coordinates: Sequence[str]) -> str:
    """The one element with these numbers along the axes, in a module of either width."""
    place = unit.places[layout.owner]
    at, bank = place_at(layout, coordinates, place.start), shader.bank(place.bank)
    word = f"{bank}[{at}]" if shader.width == 1 else f"{bank}[({at}) / {WIDTH}u][({at}) % {WIDTH}u]"
    return from_words(word, layout.owner.dtype, 1)


def last_by_fours(layout: Layout) -> bool:
    """Whether fours along the last axis lie side by side, at multiples of four."""
    *outer, last = layout.axes or ((),)
    return (
        len(last) == 1
        and last[0][1] == 1
        and last[0][0] % WIDTH == 0
        and layout.offset % WIDTH == 0
        and all(stride % WIDTH == 0 for axis in outer for _, stride in axis)
    )


def save(shader: Shader, lines: Lines, unit: Unit, layout: Layout, index: str, value: str) -> None:
    """The counterpart of `load`."""
    place = unit.places[layout.owner]
    bank, start = shader.bank(place.bank), place.start + layout.offset
    if shader.width == 1:
        at = place_of(layout, index, place.start)
    else:
        fours = by_fours(layout.dims, layout.offset)
        assert fours is not None, "a wide kernel writes fours only"
        at = total(digits(index, fours), number(start // WIDTH))
    lines(f"{bank}[{at}] = {to_words(value, layout.owner.dtype, shader.width)};")


def from_words(word: str, dtype: np.dtype, width: int) -> str:
    """A word of memory, or four, as numbers."""
    type_ = elementwise.typed(dtype, width)
    if dtype == np.bool_:
        return f"{word} != {elementwise.literal(np.dtype(np.uint32), 0, width)}"
    return word if type_.endswith(("u32", "u32>")) else f"bitcast<{type_}>({word})"


def to_words(value: str, dtype: np.dtype, width: int) -> str:
    """Numbers as words of memory."""
    unsigned = np.dtype(np.uint32)
    if dtype == np.bool_:
        return f"select({elementwise.literal(unsigned, 0, width)}, {elementwise.literal(unsigned, 1, width)}, {value})"
    type_ = elementwise.typed(dtype, width)
    return value if type_.endswith(("u32", "u32>")) else f"bitcast<{elementwise.typed(unsigned, width)}>({value})"
