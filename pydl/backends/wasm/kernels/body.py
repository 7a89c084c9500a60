"""Body: what one round of a loop does: load a few lanes of every operand, compute, store.

A loop kernel is a list of elementwise instructions over the same elements. Its body reads operands by their layouts
(a broadcast operand once for all lanes, a strided one lane by lane), keeps everything in between in locals, which are
registers to the engine, and writes only what is needed outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ....jit.layout import Dim, Layout, common_lengths, regroup
from ....jit.program import Instruction, Value
from ..assembler import Expr, Function, Module, const
from . import elementwise, lanes


@dataclass
class Unit:
    """What the kernels of one Program share while they are written.

    addresses: where each value with memory lies, in bytes
    numbers:   constants of one element, which stand in the code
    scratch:   address of the memory that matrix products work in
    """

    module: Module
    relaxed: bool
    layouts: dict[Value, Layout]
    numbers: dict[Value, np.ndarray]
    addresses: dict[Value, int] = field(default_factory=dict)
    scratch: int = 0

    def address(self, layout: Layout) -> int:
        """Where the first element of a layout lies."""
        return self.addresses[layout.owner] + layout.offset * layout.owner.dtype.itemsize


@dataclass(frozen=True)
class Store:
    """A value and where its elements go; add: they are added to what is there."""

    value: Value
    target: Layout
    add: bool = False


Key = tuple[Value, int, tuple[Dim, ...]]  # an operand: owner, offset, dims


def _key(layout: Layout) -> Key:
    return layout.owner, layout.offset, layout.dims


class Body:
    """The operands, instructions and stores of a loop, and the dims over which it runs."""

    def __init__(
        self, unit: Unit, instructions: Sequence[Instruction], stores: Sequence[Store], reduced: Sequence[Value] = ()
    ) -> None:
        self.unit, self.instructions, self.stores = unit, instructions, stores
        self.made = {instruction.result for instruction in instructions}
        read = [value for instruction in instructions for value in instruction.inputs]
        read += [store.value for store in stores] + list(reduced)
        self.operands: dict[Key, Layout] = {}
        for value in read:
            layout = unit.layouts[value]
            if layout.owner not in self.made and layout.owner not in unit.numbers:
                self.operands.setdefault(_key(layout), layout)
        values = [*read, *self.made]
        self.lanes = lanes.lanes_for({value.dtype for value in values})

    def layouts(self) -> list[Layout]:
        """Of all that is read or written in memory."""
        return [*self.operands.values(), *(store.target for store in self.stores)]

    def round(self, f: Function, nest: Nest, count: int, number: int = 0) -> Round:
        """Loads and computes `count` lanes of the vector that comes `number` vectors after where the pointers stand."""
        return Round(self, f, nest, count, number)


class Round:
    """A few lanes of everything in a body: what has been loaded and computed, each once, in locals."""

    def __init__(self, body: Body, f: Function, nest: Nest, count: int, number: int) -> None:
        self.body, self.f, self.nest, self.count, self.number = body, f, nest, count, number
        self._loaded: dict[Key, Expr] = dict(nest.hoisted)
        self._results: dict[Value, Expr] = {}
        for instruction in body.instructions:
            args = [self.value(value) for value in instruction.inputs]
            name = f"{instruction.primitive.name}{instruction.result.name.replace('%', '_')}"
            self._results[instruction.result] = f.let(name, elementwise.evaluate(f, instruction, args, body.lanes))

    def value(self, value: Value) -> Expr:
        """The lanes of a value: made in the body, a number in the code, or loaded."""
        unit = self.body.unit
        layout = unit.layouts[value]
        if layout.owner in self._results:
            return self._results[layout.owner]
        if layout.owner in unit.numbers:
            return lanes.constant(value.dtype, unit.numbers[layout.owner].reshape(-1)[0].item())
        key = _key(layout)
        if key not in self._loaded:
            loaded = self.nest.load(self.f, layout, self.count, self.number)
            self._loaded[key] = self.f.let(f"in_{layout.owner.name[1:]}", loaded)
        return self._loaded[key]

    def store(self) -> None:
        """Writes all that is to be stored."""
        for store in self.body.stores:
            value = self.value(store.value)
            if store.add:
                there = self.nest.load(self.f, store.target, self.count, self.number)
                value = self.f.let("sum", elementwise.added(self.f, there, value, store.value.dtype))
            self.nest.store(self.f, store, value, self.count, self.number)


class Nest:
    """The loops around a body: lengths, strides of every layout in each of them, and the pointers that move.

    Layouts that move alike share a pointer: the loops over contiguous arrays count one number up, and the arrays'
    addresses stand in the loads and stores. marks: loops are merged only where these, one per length, are equal.
    """

    def __init__(
        self, unit: Unit, layouts: Iterable[Layout], lanes_: int, lengths: Sequence[int], marks: Sequence[object]
    ) -> None:
        self.unit, self.lanes = unit, lanes_
        self.strides: dict[Key, tuple[int, ...]] = {}
        for layout in layouts:
            axes = regroup(layout.dims, lengths)
            assert axes is not None, "the lengths cut every layout"
            self.strides[_key(layout)] = tuple(axis[0][1] if axis else 0 for axis in axes)
        self.lengths, self.marks = list(lengths), list(marks)
        self._merge()
        self.hoisted: dict[Key, Expr] = {}
        self.pointers: dict[tuple[int, ...], Expr] = {self._moves(key): const("i32", 0) for key in self.strides}

    def _merge(self) -> None:
        place = len(self.lengths) - 1
        while place > 0:
            inner = self.lengths[place]
            alike = self.marks[place] == self.marks[place - 1]
            if alike and all(s[place - 1] == s[place] * inner for s in self.strides.values()):
                self.lengths[place - 1 : place + 1] = [self.lengths[place - 1] * inner]
                del self.marks[place]
                self.strides = {key: (*s[: place - 1], *s[place:]) for key, s in self.strides.items()}
            place -= 1

    def _moves(self, key: Key) -> tuple[int, ...]:
        """By how many bytes its pointer moves in each loop."""
        size = key[0].dtype.itemsize
        return tuple(stride * size for stride in self.strides[key])

    def reorder(self, order: Sequence[int]) -> None:
        """The loops in another order, given by their places; before anything is written."""
        self.lengths = [self.lengths[place] for place in order]
        self.marks = [self.marks[place] for place in order]
        self.strides = {key: tuple(strides[place] for place in order) for key, strides in self.strides.items()}
        self.pointers = {self._moves(key): const("i32", 0) for key in self.strides}

    def pointer(self, layout: Layout) -> Expr:
        """What stands for a layout's place in the loops around; its address comes on top."""
        return self.pointers[self._moves(_key(layout))]

    def load(self, f: Function, layout: Layout, count: int, number: int) -> Expr:
        """`count` lanes of an operand where its pointer stands, or `number` vectors further."""
        key = _key(layout)
        stride = self.strides[key][-1] if self.lengths else 0
        dtype = layout.owner.dtype
        offset = self.unit.address(layout) + number * self.lanes * stride * dtype.itemsize
        return lanes.load(dtype, self.pointers[self._moves(key)], offset, stride, self.lanes, count)

    def store(self, f: Function, store: Store, value: Expr, count: int, number: int) -> None:
        """The counterpart of `load`."""
        key = _key(store.target)
        stride = self.strides[key][-1] if self.lengths else 1
        dtype = store.target.owner.dtype
        offset = self.unit.address(store.target) + number * self.lanes * stride * dtype.itemsize
        pointer = self.pointers[self._moves(key)]
        if stride == 1:
            lanes.store(f, dtype, value, pointer, offset, self.lanes, count)
        else:
            lanes.store_strided(f, dtype, value, pointer, offset, stride, count)

    def hoist(self, f: Function, body: Body) -> None:
        """Loads what stays the same all along the innermost loop."""
        self.hoisted = {
            key: f.let(f"all_{layout.owner.name[1:]}", self.load(f, layout, self.lanes, 0))
            for key, layout in body.operands.items()
            if not self.lengths or self.strides[key][-1] == 0
        }


def loop_lengths(layouts: Iterable[Layout], cuts: Iterable[int] = ()) -> list[int] | None:
    """The loops' lengths over which all of these layouts can be read; None where they cannot be read together."""
    return common_lengths([layout.dims for layout in layouts], cuts)
