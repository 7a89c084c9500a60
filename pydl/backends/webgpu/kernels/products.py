"""Products: how the factors of a matrix product are read, and which kernel multiplies them.

Factors are read by their layouts: transposed ones, and windows of images, are no copies. In a wide module four numbers
are read at a time, along the axis on which they lie side by side. What follows the product (a bias, an activation) is
computed as its elements leave the registers.

There are two kernels. `tiled.py` keeps tiles of the factors in the memory that a workgroup shares: for GPUs, in three
sizes of tile. `direct.py` reads them from where they are: for a CPU that plays a GPU, and where there is little shared
memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ....jit.layout import Dim, Layout
from ....jit.program import Instruction, Value
from .body import Body
from .indexing import WIDTH, by_fours
from .shader import Shader, Unit

BUSY = 64  # workgroups that a product should have, if it can, before larger tiles pay
LONG = 1024  # terms from which workgroups share a tile
SPLITS = 32  # workgroups that do, at most


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


def plan_product(instruction: Instruction, layouts: dict[Value, Layout], unit: Unit, wide: bool) -> Plan:
    """The plan for a matrix product; wide: in vectors of four, where `fits_wide` says so."""
    from . import direct, tiled

    a, b = instruction.inputs
    *leading, rows, columns = instruction.result.shape
    left, right = _factor(layouts[a], False, wide), _factor(layouts[b], True, wide)
    plan = Plan(math.prod(leading), rows, columns, a.shape[-1], left, right, WIDTH if wide else 1)
    plan = tiled.plan_tiles(plan, unit.limits) if unit.tuning.shared else plan
    return plan if plan.tile else direct.plan_splits(plan)


def _factor(layout: Layout, second: bool, wide: bool) -> Factor:
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


def fits_wide(instruction: Instruction, layouts: dict[Value, Layout], tail: Body) -> bool:
    """Whether factors, result and tail of a product are read and written in vectors of four."""
    a, b = (_factor(layouts[value], place == 1, True) for place, value in enumerate(instruction.inputs))
    return (
        bool(a.along and b.along)
        and (a.along, b.along) != ("lines", "terms")  # A^T B^T: rare enough
        and instruction.result.shape[-1] % WIDTH == 0
        and tail.wide(instruction.result.spec.size)
    )


def write_product(
    shader: Shader, name: str, unit: Unit, plan: Plan, instruction: Instruction, tail: Body, guarded: bool
) -> None:
    """Adds the kernel of a product.

    tail: what is done with its elements, and what of that is stored; for a split product, nothing but storing the
    partial sums (splits, ...)
    """
    from . import direct, tiled

    write = tiled.write_tiled if plan.tile else direct.write_direct
    write(shader, name, unit, plan, instruction, tail, guarded)
