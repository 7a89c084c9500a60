"""Products: which kernel multiplies two matrices.

There are two. `tiled.py` keeps tiles of the factors in the memory that a workgroup shares: for GPUs, in three sizes of
tile. `direct.py` reads them from where they are: for a CPU that plays a GPU, and where there is little shared memory.
What follows the product (a bias, an activation) is computed as its elements leave the registers.
"""

from __future__ import annotations

import math

from ....jit.layout import Layout
from ....jit.program import Instruction, Value
from . import direct, tiled
from .body import Body
from .factors import Plan, factor_of
from .indexing import WIDTH
from .shader import Shader, Unit


def plan_product(instruction: Instruction, layouts: dict[Value, Layout], unit: Unit, wide: bool) -> Plan:
    """The plan for a matrix product; wide: in vectors of four, where `fits_wide` says so."""
    a, b = instruction.inputs
    *leading, rows, columns = instruction.result.shape
    left, right = factor_of(layouts[a], False, wide), factor_of(layouts[b], True, wide)
    plan = Plan(math.prod(leading), rows, columns, a.shape[-1], left, right, WIDTH if wide else 1)
    plan = tiled.plan_tiles(plan, unit.limits) if unit.tuning.shared else plan
    return plan if plan.tile else direct.plan_splits(plan)


def fits_wide(instruction: Instruction, layouts: dict[Value, Layout], tail: Body) -> bool:
    """Whether factors, result and tail of a product are read and written in vectors of four."""
    a, b = (factor_of(layouts[value], place == 1, True) for place, value in enumerate(instruction.inputs))
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
    write = tiled.write_tiled if plan.tile else direct.write_direct
    write(shader, name, unit, plan, instruction, tail, guarded)
