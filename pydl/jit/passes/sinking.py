"""Sinking: an elementwise result that a single later kernel reads is made there, where that spares memory.

A comparison made in the forward pass for the backward pass is the example: made where it is read, from an activation
that is kept anyway, it never becomes an array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ops.elementwise import pointwise
from ..program import Value
from .kernels import MOST_INSTRUCTIONS, MOST_OPERANDS, Kernel

if TYPE_CHECKING:
    from .fusion import Fusion


def sink(fusion: Fusion) -> None:
    """Moves groups of instructions from each kernel to the only other one that reads them, the last kernels first.

    A group is moved where fewer bytes are kept afterwards, and where the kernel that takes it does not have to read
    more arrays than before for it, but for one.
    """
    readers = _readers(fusion)
    kernels = [kernel for kernel in fusion.kernels if kernel.merged is None and kernel.size > 1 and not kernel.late]
    for kernel in sorted(kernels, key=lambda kernel: -kernel.place):
        for target, group in _groups(fusion, kernel, readers).items():
            if _worthwhile(fusion, kernel, target, group, readers):
                _move(fusion, kernel, target, group)


_Readers = dict[Value, list[tuple[Value, bool]]]


def _readers(fusion: Fusion) -> _Readers:
    """For each value the results that are made of it; False where one is not made element by element."""
    readers: _Readers = {}
    for instruction in fusion.instructions:
        if not instruction.primitive.view:
            for value in instruction.inputs:
                source, same = fusion.source(value)
                reduction = instruction.primitive.name in ("sum", "max")
                same = same and (pointwise(instruction.primitive) or reduction)
                readers.setdefault(source, []).append((instruction.result, same))
    return readers


def _groups(fusion: Fusion, kernel: Kernel, readers: _Readers) -> dict[Kernel, list[int]]:
    """The members that one other kernel reads, and nobody else: directly, or through others like them."""
    groups: dict[Kernel, list[int]] = {}
    target_of: dict[Value, Kernel | None] = {}
    for number in sorted(kernel.members, reverse=True):
        instruction = fusion.instructions[number]
        result = instruction.result
        target_of[result] = None
        if result in fusion.kept or not pointwise(instruction.primitive):
            continue
        targets: set[Kernel | None] = set()
        for reader, same in readers.get(result, ()):
            home = fusion.homes[reader].now()
            targets.add(None if not same else target_of[reader] if home is kernel else home)
        target = targets.pop() if len(targets) == 1 else None
        if target is not None:
            target_of[result] = target
            groups.setdefault(target, []).append(number)
    return groups


def _worthwhile(fusion: Fusion, kernel: Kernel, target: Kernel, group: list[int], readers: _Readers) -> bool:
    moved = {fusion.instructions[number].result for number in group}

    def in_memory(value: Value) -> bool:
        """Whether a value is kept for somebody who stays outside of the group."""
        homes = (fusion.homes[reader].now() for reader, _ in readers.get(value, ()) if reader not in moved)
        return value in fusion.kept or any(home is not kernel for home in homes)

    spared = [value for value in moved if in_memory(value)]
    reads = {fusion.source(value)[0] for number in group for value in fusion.instructions[number].inputs} - moved
    reads = {value for value in reads if value.spec.size > 1}
    kept_now = [value for value in reads if value in kernel.made and not in_memory(value)]
    more = reads - target.reads
    return (
        sum(value.spec.nbytes for value in kept_now) < sum(value.spec.nbytes for value in spared)
        and len(more) <= len(spared) + 1
        and len(target.members) + len(group) <= MOST_INSTRUCTIONS
        and len(target.reads | more) <= MOST_OPERANDS
    )


def _move(fusion: Fusion, kernel: Kernel, target: Kernel, group: list[int]) -> None:
    moved = {fusion.instructions[number].result for number in group}
    reads = {fusion.source(value)[0] for number in group for value in fusion.instructions[number].inputs}
    kernel.members = [number for number in kernel.members if number not in group]
    kernel.made -= moved
    target.members += group
    target.made |= moved
    target.reads = (target.reads | {value for value in reads if value.spec.size > 1}) - target.made
    for value in moved:
        fusion.homes[value] = target
