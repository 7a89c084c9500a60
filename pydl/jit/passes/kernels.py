"""Kernels while they grow: what may stand in one loop, and in which order kernels run.

A kernel is a loop over the elements of one size, a matrix product with a tail of such a loop, or a single instruction
of another kind. Fusion (fusion.py) decides who joins whom; here are the rules that it may not break.
"""

from __future__ import annotations

from typing import Any

from ...ops.elementwise import pointwise
from ..program import Instruction, Value

LOOP, MATMUL, ALONE = "loop", "matmul", "alone"
MOST_INSTRUCTIONS = 64  # per kernel: what a compiler of machine code, and a reader, can still hold
MOST_OPERANDS = 16  # arrays that a kernel reads; with those that it writes about two dozen


def kind_of(instruction: Instruction) -> str:
    """The kind of kernel that an instruction begins."""
    name = instruction.primitive.name
    if pointwise(instruction.primitive) or name in ("sum", "max"):
        return LOOP
    return MATMUL if name == "matmul" else ALONE


class Kernel:
    """Instructions that become one loop.

    kind:    LOOP, MATMUL or ALONE
    size:    elements of the loop, or of the matrix product's result
    place:   kernels run in the order of their places
    members: numbers of its instructions in the Program
    made:    their results
    reduced: shape and axes of the reductions at its end, None where there are none
    reads:   arrays from outside
    readers: kernels that read what is made here
    apart:   kernels that it reads in another order of elements, or reduced: they must have run before
    late:    whether it only serves the updates of the state
    """

    __slots__ = ("apart", "kind", "late", "made", "members", "merged", "place", "readers", "reads", "reduced", "size")

    def __init__(self, kind: str, size: int, place: int, late: bool) -> None:
        self.kind, self.size, self.place, self.late = kind, size, place, late
        self.members: list[int] = []
        self.made: set[Value] = set()
        self.reduced: tuple[Any, ...] | None = None
        self.reads: set[Value] = set()
        self.readers: set[Kernel] = set()
        self.apart: set[Kernel] = set()
        self.merged: Kernel | None = None  # the kernel of which this one has become a part

    def now(self) -> Kernel:
        """The kernel that this one is a part of."""
        kernel = self
        while kernel.merged is not None:
            kernel = kernel.merged
        return kernel

    def takes(self, size: int, late: bool, reads: int) -> bool:
        """Whether there is room for one more elementwise instruction that reads so many arrays."""
        return (
            self.kind != ALONE
            and self.size == size
            and self.late == late
            and len(self.members) < MOST_INSTRUCTIONS
            and len(self.reads) + reads <= MOST_OPERANDS
        )

    def read_only_by(self, other: Kernel) -> bool:
        """Whether nobody but `other` reads what is made here."""
        return all(reader.now() in (self, other) for reader in self.readers)

    def can_merge(self, other: Kernel) -> bool:
        """Whether an earlier kernel can move to the place of this one and become a part of it."""
        kinds = (self.kind, other.kind)
        reductions = {self.reduced, other.reduced} - {None}
        return (
            ALONE not in kinds
            and (kinds == (LOOP, LOOP) or (kinds != (MATMUL, MATMUL) and not reductions))
            and len(reductions) < 2
            and self.size == other.size
            and self.late == other.late
            and len(self.members) + len(other.members) <= MOST_INSTRUCTIONS
            and len(self.reads | other.reads) <= MOST_OPERANDS
            and other.read_only_by(self)
            and not any(kernel.now() is other for kernel in self.apart)
        )

    def merge(self, other: Kernel) -> None:
        """Makes an earlier kernel, which nobody else reads, a part of this one."""
        self.members += other.members
        self.made |= other.made
        self.reads = (self.reads | other.reads) - self.made
        self.apart |= other.apart
        self.reduced = self.reduced or other.reduced
        self.kind = MATMUL if MATMUL in (self.kind, other.kind) else self.kind
        other.merged = self
