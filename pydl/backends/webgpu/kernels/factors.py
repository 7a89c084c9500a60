"""Factors: how the two matrices of a product are read, and the plan by which they are multiplied.

Factors are read by their layouts: transposed ones, and windows of images, are no copies. In a wide module four numbers
are read at a time, along the axis on which they lie side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

from ....jit.layout import Dim, Layout
from .indexing import WIDTH, by_fours


@dataclass(frozen=True)
class Factor:
    """How a factor is read: (..., lines, terms) of it, and along which axis its numbers lie side by side.

    along: "terms", "lines", or "" where they are read one by one
    """

    layout: Layout
    batch: tuple[Dim, ...]
    lines: tuple[Dim, ...]
    terms: tuple[Dim, ...]
    along: str


@dataclass(frozen=True)
class Plan:
    """A product: its sizes, its factors, and how many workgroups (or invocations) share an element of the result.

    width: 4 where factors and result are read and written in vectors
    tile:  rows and columns of the result that a workgroup makes; 0 for the direct kernel
    """

    batch: int
    rows: int
    columns: int
    terms: int
    a: Factor
    b: Factor
    width: int
    tile: int = 0
    splits: int = 1


def factor_of(layout: Layout, second: bool, wide: bool) -> Factor:
    """A factor by its layout: the first is (..., lines, terms), the second (..., terms, lines)."""
    *leading, one, other = layout.axes
    lines, terms = (other, one) if second else (one, other)
    batch = tuple(dim for axis in leading for dim in axis)
    along = ""
    if wide:
        sides = {"terms": (terms, lines), "lines": (lines, terms)}
        along = next((name for name, (axis, other) in sides.items() if _side(layout, axis, other, batch)), "")
    return Factor(layout, batch, lines, terms, along)


def _side(layout: Layout, axis: tuple[Dim, ...], *others: tuple[Dim, ...]) -> bool:
    """Whether fours of this axis lie side by side, at multiples of four."""
    fits = by_fours(axis, layout.offset) if axis and axis[-1][0] % WIDTH == 0 else None
    return fits is not None and all(stride % WIDTH == 0 for other in others for _, stride in other)
