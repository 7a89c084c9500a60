"""Matrix products of a Program, as the matmul kernels take them: factors by address and strides, one after another."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ....jit.layout import Layout
from ....jit.program import Instruction, Value
from ..matmul import Operand, scratch_bytes, write_matmul
from .body import Unit


@dataclass(frozen=True)
class Product:
    """C (m, n) = A (m, k) B (k, n), `count` times along the leading axes."""

    instruction: Instruction
    a: Layout
    b: Layout
    m: int
    n: int
    k: int
    count: int

    @property
    def scratch(self) -> int:
        """Bytes of memory that the kernel works in."""
        return scratch_bytes(self._operand(self.a, 0), self._operand(self.b, 0), self.m, self.n, self.k)

    def _operand(self, layout: Layout, address: int) -> Operand:
        size = layout.owner.dtype.itemsize
        rows, columns = (tuple((length, stride * size) for length, stride in axis) for axis in layout.axes[-2:])
        return Operand(address, rows, columns)

    def write(self, unit: Unit, name: str, tail: str) -> None:
        """Adds the function `name`; tail: the function that finishes rows, "" for none."""
        a, b = (self._operand(layout, unit.address(layout)) for layout in (self.a, self.b))
        target = unit.addresses[self.instruction.result]
        batch = (self.count, *(_batch_stride(layout) * 4 for layout in (self.a, self.b)), self.m * self.n * 4)
        write_matmul(
            unit.module, name, a, b, target, self.m, self.n, self.k,
            scratch=unit.scratch, relaxed=unit.relaxed, tail=tail, batch=batch if self.count != 1 else (),
        )  # fmt: skip


def matrix_product(instruction: Instruction, layouts: dict[Value, Layout]) -> Product:
    """The product that an instruction stands for; its factors' leading axes move by one stride each."""
    a, b = instruction.inputs
    count = math.prod(a.shape[:-2])
    return Product(instruction, layouts[a], layouts[b], a.shape[-2], b.shape[-1], a.shape[-1], count)


def _batch_stride(layout: Layout) -> int:
    dims = Layout(layout.owner, layout.offset, layout.axes[:-2]).dims
    return dims[0][1] if dims else 0
