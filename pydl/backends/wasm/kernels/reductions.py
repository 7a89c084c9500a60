"""Reductions: sums and maxima over axes, together with the elementwise instructions that make what is reduced.

Where the last axis is reduced, its elements meet in the lanes of a vector, which are combined at the end; where it is
kept, each lane is a sum of its own and several vectors stand side by side. Every loop has its own partial result, and
long loops are cut into blocks, these into blocks of blocks: sums of sums lose far fewer digits than one long sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from ....jit.layout import Layout, whole
from ....jit.program import Instruction
from ..assembler import Expr, const, op, shuffle, where
from . import elementwise, lanes
from .body import Body, Nest, Store, Unit, loop_lengths
from .loops import moving, vectors

BLOCK = 256  # numbers, or partial results, that go into one partial result
Partial = list[list[Expr]]  # results, for each vector side by side, for each reduction
_Run = Callable[[Partial, "Expr | None", "Expr | None"], None]
SIDE_BY_SIDE = 4  # vectors of kept elements a round: a cache line of float32


def write_reduction(
    unit: Unit,
    name: str,
    instructions: Sequence[Instruction],
    reductions: Sequence[Instruction],
    stores: Sequence[Store],
) -> None:
    """Adds the function `name`: elementwise instructions, then reductions over the same axes of their results."""
    _Reduction(unit, name, instructions, reductions, stores).write()


class _Reduction:
    def __init__(
        self, unit: Unit, name: str, instructions: Sequence[Instruction], reductions: Sequence[Instruction],
        stores: Sequence[Store],
    ) -> None:  # fmt: skip
        self.f = unit.module.function(name)
        self.unit, self.reductions = unit, reductions
        self.body = Body(unit, instructions, stores, [reduction.inputs[0] for reduction in reductions])
        shape = reductions[0].inputs[0].shape
        axes: tuple[int, ...] = reductions[0].params["axes"]
        self.targets = [whole(reduction.result) for reduction in reductions]
        self.empty = 0 in reductions[0].inputs[0].shape
        if self.empty:
            return
        spread = [_spread(target, shape, axes) for target in self.targets]
        cuts = [math.prod(shape[place:]) for place in range(len(shape))]
        layouts = [*self.body.layouts(), *spread]
        lengths = loop_lengths(layouts, cuts)
        assert lengths is not None, "operands that cannot be read together are copied first"
        marks = _marks(shape, axes, lengths)
        self.nest = Nest(unit, layouts, self.body.lanes, lengths, marks)
        self.lane_reduced = bool(self.nest.marks) and bool(self.nest.marks[-1])
        self.spread = spread
        self._reorder()

    def _reorder(self) -> None:
        """Kept lengths outside, reduced ones inside; a kept last one stays the last: it lies in the lanes."""
        nest = self.nest
        places = list(range(len(nest.lengths)))
        last = [] if self.lane_reduced or not places else [places.pop()]
        kept = [place for place in places if not nest.marks[place]]
        nest.reorder([*kept, *(place for place in places if nest.marks[place]), *last])
        self.kept = len(kept)

    def write(self) -> None:
        if self.empty:
            for target in self.targets:
                nbytes = target.owner.spec.nbytes
                place = const("i32", self.unit.address(target))
                self.f.do(op("memory.fill", "", place, const("i32", 0), const("i32", nbytes)))
            return
        self._kept_loops(0)

    def _kept_loops(self, level: int) -> None:
        if level < self.kept:
            with moving(self.f, self.nest, level):
                self._kept_loops(level + 1)
        elif self.lane_reduced:
            self._rows()
        else:
            self._columns()

    # ---- the last axis is reduced

    def _rows(self) -> None:
        f = self.f
        totals = self._reduced_loops(self.kept, 1)
        for reduction, target, total in zip(self.reductions, self.spread, totals[0]):
            value = self._across(total, reduction)
            address = self.unit.address(target)
            lanes.store(f, reduction.result.dtype, value, self.nest.pointer(target), address, self.body.lanes, 1)

    def _across(self, total: Expr, reduction: Instruction) -> Expr:
        """All lanes of a partial result combined, in the first lane."""
        f = self.f
        if self.body.lanes == 4:
            total = f.let("half", self._combine(reduction, total, shuffle(total, total, (2, 3, 0, 1))))
        if lanes.register(reduction.result.dtype)[-1] == "4":
            return self._combine(reduction, total, shuffle(total, total, (1, 0, 3, 2)))
        return self._combine(reduction, total, shuffle(total, total, (1, 0)))

    # ---- the last axis is kept

    def _columns(self) -> None:
        """Chunks of kept elements side by side; for each, all that is reduced."""
        f, nest, width = self.f, self.nest, self.body.lanes
        length = nest.lengths[-1] if nest.lengths else 1
        level = len(nest.lengths) - 1
        before = dict(nest.pointers)
        place = 0
        for side_by_side in (SIDE_BY_SIDE, 1):
            chunks = (length - place) // (width * side_by_side)
            if not chunks:
                continue
            for moves in before:
                if moves and moves[level] and place == 0:
                    nest.pointers[moves] = f.let("column", before[moves])
            count = f.let("chunks", const("i32", chunks))
            label = f"chunks@{len(f.body)}"
            with f.loop(label):
                self._chunk(side_by_side, width)
                for moves in before:
                    if moves and moves[level]:
                        step = side_by_side * width * moves[level]
                        f.set(nest.pointers[moves], nest.pointers[moves] + step)
                f.set(count, count - 1)
                f.break_to(label, count)
            place += chunks * width * side_by_side
        if place < length:
            self._chunk(1, length - place)
        nest.pointers = before

    def _chunk(self, side_by_side: int, count: int) -> None:
        totals = self._reduced_loops(self.kept, side_by_side, count)
        for number, parts in enumerate(totals):
            for reduction, target, total in zip(self.reductions, self.spread, parts):
                self.nest.store(self.f, Store(reduction.result, target), total, count, number)

    # ---- the loops over what is reduced

    def _reduced_loops(self, level: int, side_by_side: int, count: int = 0) -> Partial:
        """Partial results of the loops from a level on: for each vector side by side, for each reduction."""
        f, nest = self.f, self.nest
        last = len(nest.lengths) - (1 if self.lane_reduced else 2)
        totals = self._starts(side_by_side)
        if level > last:  # nothing is reduced (all axes of length 1): the elements themselves
            self._take(totals, count or 1, side_by_side)
        elif level == last and self.lane_reduced:
            self._lane_loop(totals)
        else:

            def run(partial: Partial, first: Expr | None, end: Expr | None) -> None:
                with moving(f, nest, level, first, end):
                    if level < last:
                        self._merge(partial, self._reduced_loops(level + 1, side_by_side, count))
                    else:  # every lane keeps to itself
                        self._take(partial, count, side_by_side)

            self._in_blocks(totals, nest.lengths[level], run)
        return totals

    def _in_blocks(self, totals: Partial, length: int, run: _Run) -> None:
        """Adds up run(partial results, first round, round behind the last) over all rounds of a loop, block by block.

        Each block has partial results of its own; for a short loop `run` is given no bounds.
        """
        f, block = self.f, _block(length)

        def blocks(totals: Partial, first: Expr | int, end: Expr | int, block: int) -> None:
            with f.range("first", first, end, block) as start:
                partial = self._starts(len(totals))
                end = end if isinstance(end, Expr) else const("i32", end)
                behind = f.let("behind", where(start + block < end, start + block, end))
                if block > BLOCK:
                    blocks(partial, start, behind, block // BLOCK)
                else:
                    run(partial, start, behind)
                self._merge(totals, partial)

        if block > 1:
            blocks(totals, 0, length, block)
        else:
            run(totals, None, None)

    def _lane_loop(self, totals: Partial) -> None:
        """The innermost loop along the reduced last axis."""
        f, nest = self.f, self.nest
        level = len(nest.lengths) - 1
        nest.hoist(f, self.body)
        before = dict(nest.pointers)

        def run(totals: Partial, elements: int, block: int) -> None:
            """Takes so many elements, and moves the pointers behind them unless they are the only ones."""
            if block > 1:
                each, rest = divmod(elements, block * nest.lanes)
                with f.range("block", 0, each):
                    partial = self._starts(1)
                    run(partial, block * nest.lanes, block // BLOCK)
                    self._merge(totals, partial)
                if rest:
                    partial = self._starts(1)
                    run(partial, rest, _block(-(-rest // nest.lanes)))
                    self._merge(totals, partial)
                return
            with vectors(f, nest, elements, lambda count: self._take(totals, count, 1)) as left:
                if left:
                    self._take(totals, left, 1)
            if elements < nest.lengths[level]:
                for moves in before:
                    if moves[level]:
                        f.set(nest.pointers[moves], nest.pointers[moves] + elements * moves[level])

        block = _block(-(-nest.lengths[level] // nest.lanes))
        if block > 1:
            for moves in before:
                if moves[level]:
                    nest.pointers[moves] = f.let("block", before[moves])
        run(totals, nest.lengths[level], block)
        nest.pointers = before
        nest.hoisted = {}

    def _take(self, totals: Partial, count: int, side_by_side: int) -> None:
        """Evaluates the body and adds its results to the partial results."""
        f, nest, body = self.f, self.nest, self.body
        for number in range(side_by_side):
            round_ = body.round(f, nest, count, number)
            for place, reduction in enumerate(self.reductions):
                value = round_.value(reduction.inputs[0])
                if self.lane_reduced and count < self.body.lanes:
                    value = where(_first_lanes(value.type, count), value, self._neutral(reduction))
                f.set(totals[number][place], self._combine(reduction, totals[number][place], value))
            round_.store()

    def _merge(self, totals: Partial, parts: Partial) -> None:
        for mine, theirs in zip(totals, parts):
            for reduction, total, part in zip(self.reductions, mine, theirs):
                self.f.set(total, self._combine(reduction, total, part))

    def _starts(self, side_by_side: int) -> Partial:
        """Partial results of nothing yet: for each vector side by side, for each reduction."""
        return [
            [self.f.let("total", self._neutral(reduction)) for reduction in self.reductions]
            for _ in range(side_by_side)
        ]

    def _neutral(self, reduction: Instruction) -> Expr:
        dtype = reduction.result.dtype
        if reduction.primitive.name == "sum" or dtype == np.bool_:
            return lanes.constant(dtype, 0)
        return lanes.constant(dtype, -math.inf if dtype.kind == "f" else int(np.iinfo(dtype).min))

    def _combine(self, reduction: Instruction, a: Expr, b: Expr) -> Expr:
        combine = elementwise.added if reduction.primitive.name == "sum" else elementwise.maximum
        return combine(self.f, a, b, reduction.result.dtype)


def _block(rounds: int) -> int:
    """Rounds of the outermost blocks of a loop: a power of BLOCK of which it takes BLOCK or fewer; 1 for no blocks."""
    block = 1
    while rounds > block * BLOCK:
        block *= BLOCK
    return block


def _spread(target: Layout, shape: tuple[int, ...], axes: tuple[int, ...]) -> Layout:
    """The result's layout as the loops over the whole shape see it: it stands still along the reduced axes."""
    kept = iter(target.axes)
    spread = tuple(((n, 0),) * (n != 1) if axis in axes else next(kept) for axis, n in enumerate(shape))
    return Layout(target.owner, 0, spread)


def _marks(shape: tuple[int, ...], axes: tuple[int, ...], lengths: Sequence[int]) -> list[bool]:
    """For each loop whether it runs along a reduced axis."""
    marks: list[bool] = []
    waiting = list(lengths)
    for axis, length in enumerate(shape):
        while length > 1:
            length //= waiting.pop(0)
            marks.append(axis in axes)
    return marks


def _first_lanes(type_: str, count: int) -> Expr:
    """A mask of the first lanes of a vector."""
    total = int(type_[-1])
    masks = {"f32x4": "i32x4", "f64x2": "i64x2"}
    mask = masks.get(type_, type_)
    return const(mask, tuple(-1 if lane < count else 0 for lane in range(total)))
