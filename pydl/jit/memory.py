"""The memory plan: where in one block of memory each value of a Program lives.

Values that are never alive together share memory, an elementwise result may take over the memory of an input that is
read there for the last time, and a new state is computed straight into the Variable's own array where nothing reads
the old one any more. Views own no memory: they keep the value that they look at alive.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .program import Instruction, Program, Value

ALIGNMENT = 64  # bytes: a cache line, and enough for any vector load


@dataclass
class MemoryPlan:
    """Where every value of a Program is while it runs.

    offsets: byte offset in the block, of every value that has memory there
    size:    bytes of the block
    direct:  for a value that is computed straight into a Variable's array: the state's value
    views:   the results that are views of another value's memory
    """

    offsets: dict[Value, int]
    size: int
    direct: dict[Value, Value]
    views: set[Value]


class _Lifetimes:
    """Whose memory each value lies in, and when that memory is read for the last time."""

    def __init__(self, program: Program) -> None:
        self.owner: dict[Value, Value] = {}  # the value in whose memory a value lies
        self.contiguous: dict[Value, bool] = {}
        self.last_use: dict[Value, int] = {}  # of the owner's memory, as an instruction's number
        given = [*program.inputs, *(v for _, v in program.state), *(v for v, _ in program.constants)]
        for value in given:
            self.owner[value], self.contiguous[value] = value, True
        for time, instruction in enumerate(program.instructions):
            result = instruction.result
            self.owner[result], self.contiguous[result] = result, True
            if instruction.primitive.view:
                source = instruction.inputs[0]
                whole = instruction.primitive.name == "reshape"
                if self.contiguous[source] or not whole:  # a reshape of what is not contiguous must copy
                    self.owner[result], self.contiguous[result] = self.owner[source], whole
            self.last_use[self.owner[result]] = time
            for value in instruction.inputs:
                self.last_use[self.owner[value]] = time
        for value in program.results():
            self.last_use[self.owner[value]] = len(program.instructions)

    def may_overwrite(self, instruction: Instruction, owner: Value) -> bool:
        """Whether a result may be written over memory that the instruction itself reads."""
        reads = [value for value in instruction.inputs if self.owner[value] is owner]
        in_place = instruction.primitive.elementwise and owner.spec.nbytes == instruction.result.spec.nbytes
        return not reads or (in_place and all(self.contiguous[value] for value in reads))


def plan_memory(program: Program) -> MemoryPlan:
    """Plans a Program whose inputs, state and constants have memory of their own."""
    lives = _Lifetimes(program)
    direct = _direct_updates(program, lives)
    offsets: dict[Value, int] = {}
    block = Block()
    dying: dict[int, list[Value]] = {}  # lists, not sets: the same Program gets the same plan on every run
    for owner, time in lives.last_use.items():
        dying.setdefault(time, []).append(owner)
    for time, instruction in enumerate(program.instructions):
        result = instruction.result
        dead = [owner for owner in dying.get(time, ()) if owner in offsets]
        if lives.owner[result] is result and result not in direct:
            heirless = [owner for owner in dead if lives.may_overwrite(instruction, owner)]
            taken = next((o for o in heirless if any(lives.owner[v] is o for v in instruction.inputs)), None)
            if taken is not None:
                offsets[result] = offsets[taken]
                dead.remove(taken)
            else:
                offsets[result] = block.take(result.spec.nbytes)
            if lives.last_use[result] == time:  # a result that nobody reads
                dead.append(result)
        for owner in dead:
            block.give_back(offsets[owner], owner.spec.nbytes)
    views = {i.result for i in program.instructions if lives.owner[i.result] is not i.result}
    return MemoryPlan(offsets, block.size, direct, views)


def _direct_updates(program: Program, lives: _Lifetimes) -> dict[Value, Value]:
    made = {instruction.result: (time, instruction) for time, instruction in enumerate(program.instructions)}
    state = {id(variable): value for variable, value in program.state}
    direct: dict[Value, Value] = {}
    for variable, value in program.updates:
        old = state[id(variable)]
        if value not in made or lives.owner[value] is not value or value in direct:
            continue
        time, instruction = made[value]
        if lives.last_use.get(old, -1) <= time and lives.may_overwrite(instruction, old):
            direct[value] = old
    return direct


class Full(Exception):
    """There is no stretch of so many bytes within the limit."""


class Block:
    """A block of memory that grows: free stretches are kept in order and merged; the tightest fit is taken."""

    def __init__(self) -> None:
        self.size = 0
        self._free: list[tuple[int, int]] = []  # (offset, bytes)

    @staticmethod
    def _rounded(nbytes: int) -> int:
        return max(ALIGNMENT, -(-nbytes // ALIGNMENT) * ALIGNMENT)

    def take(self, nbytes: int, limit: float = math.inf) -> int:
        """The offset of a stretch of so many bytes: a free one, or at the end, where the block grows.

        Raises Full, and takes nothing, where it would have to grow beyond so many bytes.
        """
        need = self._rounded(nbytes)
        fits = [(size, offset) for offset, size in self._free if size >= need]
        if fits:
            size, offset = min(fits)
            self._free.remove((offset, size))
            if size > need:
                self._insert(offset + need, size - need)
            return offset
        last = bool(self._free) and sum(self._free[-1]) == self.size  # a free stretch at the end grows
        offset = self._free[-1][0] if last else self.size
        if offset + need > limit:
            raise Full
        if last:
            self._free.pop()
        self.size = offset + need
        return offset

    def give_back(self, offset: int, nbytes: int) -> None:
        """Frees a stretch that was taken with as many bytes."""
        self._insert(offset, self._rounded(nbytes))

    def _insert(self, offset: int, size: int) -> None:
        merged: list[tuple[int, int]] = []
        for start, length in sorted([*self._free, (offset, size)]):
            if merged and sum(merged[-1]) == start:
                merged[-1] = (merged[-1][0], merged[-1][1] + length)
            else:
                merged.append((start, length))
        self._free = merged
