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
    nest = _nest(unit, body, row)
    assert nest is not None, "operands that cannot be read together are copied first"
    if row and nest.marks and nest.marks[0]:
        with moving(f, nest, 0, f["first_row"], f["end_row"]):
            inner(f, nest, body, 1)
    else:
        inner(f, nest, body, 0)


def rows_fit(unit: Unit, instructions: Sequence[Instruction], stores: Sequence[Store], row: int) -> bool:
    """Whether these instructions can be computed row by row: their rows lie at even distances."""
    nest = _nest(unit, Body(unit, instructions, stores), row)
    return nest is not None and nest.marks.count(True) <= 1 and False in nest.marks


def _nest(unit: Unit, body: Body, row: int) -> Nest | None:
    """The loops around a body, those over rows of so many elements marked; None where there are none."""
    lengths = loop_lengths(body.layouts(), [row] if row else [])
    if lengths is None:
        return None
    marks, inside = [], 1
    for length in reversed(lengths):
        marks.append(row > 0 and inside >= row)
        inside *= length
    return Nest(unit, body.layouts(), body.lanes, lengths, marks[::-1])


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

    def take(count: int) -> None:
        body.round(f, nest, count).store()

    nest.hoist(f, body)
    with vectors(f, nest, nest.lengths[-1] if nest.lengths else 1, take) as rest:
        if rest:
            take(rest)
    nest.hoisted = {}


@contextmanager
def vectors(f: Function, nest: Nest, length: int, take: Callable[[int], None]) -> Iterator[int]:
    """Has every whole vector of the innermost loop taken; inside of the `with`: what is left of it.

    A vector at a time: two a round were no faster in Chromium 156 (2026-11: Adam, convolutions and XOR alike).
    """
    before = dict(nest.pointers)
    whole, rest = divmod(length, nest.lanes)
    level = len(nest.lengths) - 1
    movers = [moves for moves in before if moves and moves[level]]
    if whole == 1:
        take(nest.lanes)
        for moves in movers if rest else ():
            nest.pointers[moves] = f.let("rest", before[moves] + nest.lanes * moves[level])
    elif whole:
        for moves in movers:
            nest.pointers[moves] = f.let("at", before[moves])
        left = f.let("rounds", const("i32", whole))
        label = f"vectors@{len(f.body)}"
        with f.loop(label):
            take(nest.lanes)
            for moves in movers:
                f.set(nest.pointers[moves], nest.pointers[moves] + nest.lanes * moves[level])
            f.set(left, left - 1)
            f.break_to(label, left)
    yield rest
    nest.pointers = before
