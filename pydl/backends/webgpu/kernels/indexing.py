"""Indexing: where an element lies in memory, written as WGSL.

A layout (`pydl.jit.layout`) says by which strides a value reads its owner's memory; a kernel knows the number of the
element, or a number for each axis. Both become sums of quotients and remainders by constants, which a GPU's compiler
turns into multiplications. So transposed and broadcast operands, windows of images and slices are read where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ....jit.layout import Axis, Dim, Layout
from .numbers import number

WIDTH = 4  # numbers that a wide kernel takes at a time


def digits(index: str, dims: Sequence[Dim]) -> list[str]:
    """The terms by which a place moves with an index: dims outer to inner, read as a number in mixed radix."""
    terms, inside = [], 1
    for place, (length, stride) in enumerate(reversed(dims)):
        if stride and length != 1:
            part = index if inside == 1 else f"{index} / {inside}u"
            if place != len(dims) - 1:
                part = f"({part}) % {length}u" if inside != 1 else f"{part} % {length}u"
            terms.append(part if stride == 1 else f"({part}) * {stride}u")
        inside *= length
    return terms[::-1]


def total(terms: Iterable[str], offset: str = "") -> str:
    """The sum of terms."""
    parts = [f"({term})" if " " in term and not _is_product(term) else term for term in terms]
    return " + ".join([offset, *parts] if offset else parts or ["0u"])


def _is_product(term: str) -> bool:
    return term.startswith("(") and ") * " in term and term.endswith("u")


def place_of(layout: Layout, index: str, start: int) -> str:
    """The place, in words, of the element with this number; start: where the owner's memory begins."""
    return total(digits(index, layout.dims), number(start + layout.offset))


def place_at(layout: Layout, coordinates: Sequence[str], start: int) -> str:
    """The place of the element with these numbers, one for each axis."""
    terms = [term for axis, at in zip(layout.axes, coordinates) for term in digits(at, axis)]
    return total(terms, number(start + layout.offset))


def coordinates_of(index: str, shape: Sequence[int]) -> list[str]:
    """The number of an element along each axis, from its number among all."""
    found, inside = [], 1
    for place, length in enumerate(reversed(shape)):
        part = index if inside == 1 else f"({index} / {inside}u)"
        last = place == len(shape) - 1
        found.append("0u" if length == 1 else part if last else f"({part} % {length}u)")
        inside *= length
    return found[::-1]


def in_line(dims: Sequence[Dim]) -> bool:
    """Whether the elements lie side by side, all of them."""
    return len(dims) == 0 or (len(dims) == 1 and dims[0][1] == 1)


def by_fours(dims: Sequence[Dim], offset: int) -> list[Dim] | None:
    """The same dims in steps of four elements that lie side by side at multiples of four; None where they do not."""
    if not dims:
        return []
    *outer, (length, stride) = dims
    if stride != 1 or offset % WIDTH or any(step % WIDTH for _, step in outer):
        return None
    if outer and length % WIDTH:
        return None
    return [*((count, step // WIDTH) for count, step in outer), (-(-length // WIDTH), 1)]


def alike_in_fours(dims: Sequence[Dim]) -> list[Dim] | None:
    """Dims in steps of four elements that are one and the same; None where they are not."""
    if not dims:
        return []
    *outer, (length, stride) = dims
    if stride or length % WIDTH:
        return None
    return [*outer, (length // WIDTH, 0)]


def axis_dims(axes: Iterable[Axis]) -> list[Dim]:
    """The dims of several axes, outer to inner."""
    return [dim for axis in axes for dim in axis]
