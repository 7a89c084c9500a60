"""Placement: an address for every value of a schedule that has memory.

At the bottom a status word, then constants, state and inputs, each with a place of its own; above them the block in
which results live, where values that are never needed together share memory; at the top what matrix products work in.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...jit.memory import ALIGNMENT, Block
from ...jit.program import Program, Value
from .kernels.body import Unit
from .schedule import Schedule

SPARE = 64  # bytes behind everything: vectors may be read over an array's end


@dataclass
class Placement:
    """size: bytes of memory in all. commits: (address of a state, address of its new value, bytes), left to copy."""

    size: int
    commits: list[tuple[int, int, int]]


def place(program: Program, schedule: Schedule, unit: Unit) -> Placement:
    """Fills in the unit's addresses."""
    top = ALIGNMENT  # the status word
    for value in (*(v for v, _ in program.constants), *(v for _, v in program.state), *program.inputs):
        unit.addresses[value] = top
        top += _rounded(value.spec.nbytes)
    for layout in unit.layouts.values():
        if not layout.owner.spec.size:  # views of nothing are made by no step
            unit.addresses[layout.owner] = 0
    direct = _direct(schedule)
    block = Block()
    offsets: dict[Value, int] = {}
    last_use = _last_use(schedule)
    for time, step in enumerate(schedule.steps):
        dying = [value for value in offsets if last_use[value] == time]
        heirs = [value for value in dying if value in step.in_place]
        for value in step.writes:
            if value in direct:
                unit.addresses[value] = unit.addresses[direct[value]]
                continue
            taken = next((heir for heir in heirs if _alike(heir, value)), None)
            if taken is not None:
                heirs.remove(taken)
                dying.remove(taken)
                offsets[value] = offsets.pop(taken)
            else:
                offsets[value] = block.take(value.spec.nbytes)
            unit.addresses[value] = top + offsets[value]
        dying += [value for value in step.writes if value in offsets and last_use.get(value, time) == time]
        for value in dying:
            block.give_back(offsets.pop(value), value.spec.nbytes)
    unit.scratch = top + block.size
    scratch = max((step.product.scratch for step in schedule.steps if step.product), default=0)
    commits = [
        (unit.addresses[old], unit.addresses[new], old.spec.nbytes)
        for old, new in schedule.commits
        if direct.get(new) is not old
    ]
    return Placement(unit.scratch + _rounded(scratch) + SPARE, commits)


def _alike(heir: Value, value: Value) -> bool:
    """Whether element i of one lies where element i of the other would: as many bytes in all would not do."""
    return (heir.spec.size, heir.dtype.itemsize) == (value.spec.size, value.dtype.itemsize)


def _rounded(nbytes: int) -> int:
    return max(ALIGNMENT, -(-nbytes // ALIGNMENT) * ALIGNMENT)


def _last_use(schedule: Schedule) -> dict[Value, int]:
    last: dict[Value, int] = {}
    for time, step in enumerate(schedule.steps):
        for value in (*step.reads, *step.writes):
            last[value] = time
    for value in (*schedule.outputs, *(new for _, new in schedule.commits)):
        last[value] = len(schedule.steps)
    return last


def _direct(schedule: Schedule) -> dict[Value, Value]:
    """New states that are computed straight into the state's memory, each with the state's value.

    Only by loops after which nothing but loops comes: whatever could break a step off is over by then.
    """
    writers = {value: time for time, step in enumerate(schedule.steps) for value in step.writes}
    last_read: dict[Value, int] = {}
    for time, step in enumerate(schedule.steps):
        for value in step.reads:
            last_read[value] = time
    safe = max((time + 1 for time, step in enumerate(schedule.steps) if not step.loop), default=0)
    direct: dict[Value, Value] = {}
    for old, new in schedule.commits:
        time = writers.get(new, -1)
        if time < safe or last_read.get(old, -1) > time:
            continue
        step = schedule.steps[time]
        if old not in step.reads or old in step.in_place:
            direct[new] = old
    return direct
