"""Loops: elementwise kernels, copies, and everything that only moves elements, as nests of loops in vector code.

The innermost loop takes 4 elements at a time (2 of 64 bits); what is left at its end is computed as a vector, too, of
which fewer lanes are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ....jit.program import Instruction
from ..assembler import Expr, Function, const
from .body import Body, Nest, Store, Unit, loop_lengths

UNROLL = 2  # vectors a round where the loop is long: fewer jumps and pointer updates (2026-11: Adam's loop 10 % faster)


def write_loop(
    unit: Unit, name: str, instructions: Sequence[Instruction], stores: Sequence[Store], row: int = 0
) -> None:
    """Adds the function `name`, which computes elementwise instructions for all elements and stores results.

    row: elements of a row where the function is to be the tail of a matrix product; it takes (first row, row behind
    the last) then.
    """
    f = unit.module.function(name, {"first_row": "i32", "end_row": "i32"} if row else {})
    if not stores[0].value.spec.size:
        return
    body = Body(unit, instructions, stores)
    lengths = loop_lengths(body.layouts(), [row] if row else [])
    assert lengths is not None, "operands that cannot be read together are copied first"
    inside, marks = 1, []
    for length in reversed(lengths):
        marks.append(row > 0 and inside >= row)
        inside *= length
    nest = Nest(unit, body.layouts(), body.lanes, lengths, marks[::-1])
    if row and nest.marks and nest.marks[0]:
        with moving(f, nest, 0, f["first_row"], f["end_row"]):
            inner(f, nest, body, 1)
    else:
        inner(f, nest, body, 0)


def rows_fit(unit: Unit, instructions: Sequence[Instruction], stores: Sequence[Store], row: int) -> bool:
    """Whether these instructions can be computed row by row: their rows lie at even distances."""
    body = Body(unit, instructions, stores)
    lengths = loop_lengths(body.layouts(), [row])
    if lengths is None:
        return False
    inside, outer = 1, 0
    marks = []
    for length in reversed(lengths):
        marks.append(inside >= row)
        inside *= length
    nest = Nest(unit, body.layouts(), body.lanes, lengths, marks[::-1])
    outer = sum(map(bool, nest.marks))
    return outer <= 1 and len(nest.lengths) > outer


def inner(f: Function, nest: Nest, body: Body, level: int) -> None:
    """The loops from a level on, around the innermost one."""
    last = len(nest.lengths) - 1
    if level < last:
        with moving(f, nest, level):
            inner(f, nest, body, level + 1)
    else:
        vector_loop(f, nest, body)


@contextmanager
def moving(f: Function, nest: Nest, level: int, first: Expr | None = None, end: Expr | None = None) -> Iterator[None]:
    """A loop over one of the nest's lengths, or from `first` to before `end` in it: its pointers move inside."""
    before = dict(nest.pointers)
    movers = [moves for moves in before if moves[level]]
    for moves in movers:
        start = before[moves] if first is None else before[moves] + first * moves[level]
        nest.pointers[moves] = f.let(f"at{level}", start)
    count = f.let(f"left{level}", const("i32", nest.lengths[level]) if first is None or end is None else end - first)
    label = f"loop{level}@{len(f.body)}"
    with f.loop(label):
        yield
        for moves in movers:
            f.set(nest.pointers[moves], nest.pointers[moves] + moves[level])
        f.set(count, count - 1)
        f.break_to(label, count)
    nest.pointers = before


def vector_loop(f: Function, nest: Nest, body: Body) -> None:
    """The innermost loop: whole vectors, then the rest."""

    def round_(count: int, number: int = 0) -> None:
        results = body.evaluate(f, nest, count, number)
        body.store(f, nest, results, count, number)

    nest.hoist(f, body)
    length = nest.lengths[-1] if nest.lengths else 1
    with vectors(f, nest, length, UNROLL if len(body.instructions) <= 24 else 1, round_) as rest:
        if rest:
            round_(rest)
    nest.hoisted = {}


@contextmanager
def vectors(f: Function, nest: Nest, length: int, unroll: int, round_: Callable[[int, int], None]) -> Iterator[int]:
    """Runs `round_` for every whole vector of the innermost loop; inside of the `with`: what is left of it."""
    before = dict(nest.pointers)
    whole, rest = divmod(length, nest.lanes)
    level = len(nest.lengths) - 1
    if whole:
        movers = [moves for moves in before if moves and moves[level]]
        several = whole >= 2 * unroll
        step = unroll if several else 1
        if whole == 1:
            round_(nest.lanes, 0)
            for moves in movers:
                nest.pointers[moves] = before[moves] + nest.lanes * moves[level] if rest else before[moves]
                if rest:
                    nest.pointers[moves] = f.let("rest", nest.pointers[moves])
        else:
            for moves in movers:
                nest.pointers[moves] = f.let("at", before[moves])
            left = f.let("rounds", const("i32", whole // step))
            label = f"vectors@{len(f.body)}"
            with f.loop(label):
                for number in range(step):
                    round_(nest.lanes, number)
                for moves in movers:
                    f.set(nest.pointers[moves], nest.pointers[moves] + step * nest.lanes * moves[level])
                f.set(left, left - 1)
                f.break_to(label, left)
            for _ in range(whole % step):
                round_(nest.lanes, 0)
                for moves in movers:
                    f.set(nest.pointers[moves], nest.pointers[moves] + nest.lanes * moves[level])
    yield rest
    nest.pointers = before
