"""Placement: for every value of a schedule that has memory, the bank it lies in, and where.

In bank 0, at the beginning, the words by which steps are counted and halted, and behind them the ring of records: what
the host reads is one stretch. Then constants, state (what changes first) and inputs, each with a place of its own; then
the blocks in which results live, where values that are never needed together share memory. A bank is as large as a
shader may bind at once; most Programs need one only.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...jit.memory import ALIGNMENT, Block, Full
from ...jit.program import Program, Value
from ..errors import Unsupported
from .hosts import Limits
from .kernels.control import Record, offsets
from .kernels.shader import CONTROL, Place, Unit
from .schedule import Schedule, Step
from .words import WORD

LINE = ALIGNMENT // WORD  # words: every value begins at a multiple of these
RING = 1 << 18  # words of records that are kept until the host reads them, at most
MOST_RECORDS = 4096


@dataclass
class Placement:
    """banks: words of each. record: how outputs lie in the ring; capacity: records that it holds."""

    banks: list[int]
    record: Record
    capacity: int


class _Banks:
    """Words that are given away, bank by bank."""

    def __init__(self, limits: Limits) -> None:
        self.most = min(limits.binding, limits.buffer) // WORD // LINE * LINE
        self.tops = [0]
        self.blocks: list[Block] = []

    def fixed(self, words: int, what: str) -> Place:
        """A place for good."""
        need = max(LINE, -(-words // LINE) * LINE)
        self._check(need, what)
        for bank, top in enumerate(self.tops):
            if top + need <= self.most:
                self.tops[bank] += need
                return Place(bank, top)
        self.tops.append(need)
        return Place(len(self.tops) - 1, 0)

    def take(self, words: int, what: str) -> Place:
        """A place until it is given back; all that is fixed has been placed."""
        self._check(words, what)
        while True:
            for bank, block in enumerate(self.blocks):
                top = self.tops[bank]
                try:
                    return Place(bank, top + block.take(words * WORD, (self.most - top) * WORD) // WORD)
                except Full:
                    continue
            if len(self.blocks) == len(self.tops):
                self.tops.append(0)
            self.blocks.append(Block())

    def give_back(self, place: Place, words: int) -> None:
        self.blocks[place.bank].give_back((place.start - self.tops[place.bank]) * WORD, words * WORD)

    def _check(self, words: int, what: str) -> None:
        if words > self.most:
            raise Unsupported(
                f"webgpu: {what} takes {words * WORD / 1e6:.1f} MB, and this GPU gives a shader at most "
                f"{self.most * WORD / 1e6:.1f} MB in one piece; take a smaller batch, or device='wasm' or 'numpy'"
            )

    def sizes(self) -> list[int]:
        blocks = [block.size // WORD for block in self.blocks]
        return [top + size for top, size in zip(self.tops, [*blocks, *[0] * (len(self.tops) - len(blocks))])]


def place(program: Program, schedule: Schedule, unit: Unit, dispatches: list[list[Step]]) -> Placement:
    """Fills in the unit's places. Raises Unsupported for a value that no bank holds."""
    banks = _Banks(unit.limits)
    banks.fixed(CONTROL, "control")
    found, words = offsets(schedule.outputs)
    capacity = max(1, min(MOST_RECORDS, RING // words))
    ring = banks.fixed(capacity * words, f"the outputs of {program.name}")
    for value in (*(v for v, _ in program.constants), *_state(program), *program.inputs):
        unit.places[value] = banks.fixed(value.spec.size, str(value))
    places: dict[Value, Place] = {}
    last_use = _last_use(schedule, dispatches)
    for time, steps in enumerate(dispatches):
        dying = [value for value in places if last_use[value] == time]
        for step in steps:
            alone = step.in_place.difference(*(other.reads for other in steps if other is not step))
            heirs = [value for value in dying if value in alone]
            for value in step.writes:
                if value in unit.places:  # a state
                    continue
                if value in schedule.direct:
                    unit.places[value] = unit.places[schedule.direct[value]]
                    continue
                taken = next((heir for heir in heirs if heir.spec.size == value.spec.size), None)
                if taken is not None:
                    heirs.remove(taken)
                    dying.remove(taken)
                    places[value] = places.pop(taken)
                else:
                    places[value] = banks.take(value.spec.size, str(value))
                unit.places[value] = places[value]
        for value in [value for value in places if last_use.get(value, time) == time]:
            banks.give_back(places.pop(value), value.spec.size)
    for layout in unit.layouts.values():  # views of nothing are made by no step
        unit.places.setdefault(layout.owner, Place(0, 0))
    return Placement(banks.sizes(), Record(ring, words, found), capacity)


def _state(program: Program) -> list[Value]:
    """The state's values, those that change first: they are read back as one stretch."""
    updated = {id(variable) for variable, _ in program.updates}
    return [value for variable, value in sorted(program.state, key=lambda each: id(each[0]) not in updated)]


def _last_use(schedule: Schedule, dispatches: list[list[Step]]) -> dict[Value, int]:
    last: dict[Value, int] = {}
    for time, steps in enumerate(dispatches):
        for step in steps:
            for value in (*step.reads, *step.writes):
                last[value] = time
    for value in schedule.outputs:
        last[value] = len(dispatches)
    return last
