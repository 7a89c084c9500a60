"""Layouts: which elements of which memory a value consists of, with every view resolved.

Reshape, transpose, broadcast, slice and unfold move nothing. A layout says the same with numbers: the element of a
value with indices (i, j, ...) lies in its owner's memory at offset + i * stride + j * stride + ..., where an axis may
be made of several such parts (the merged axes of a reshaped window have one stride each). Loops and matrix products
read by layouts, so that views cost nothing in machine code either.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .program import Instruction, Program, Value

Dim = tuple[int, int]  # (length, stride in elements)
Axis = tuple[Dim, ...]  # outer to inner; of an axis of length 1: empty


@dataclass(frozen=True)
class Layout:
    """Where a value's elements lie: in the memory of `owner`, from element `offset` on, axis by axis."""

    owner: Value
    offset: int
    axes: tuple[Axis, ...]

    @property
    def dims(self) -> tuple[Dim, ...]:
        """All parts of all axes, outer to inner, with neighbours merged where one stride serves both."""
        return tuple(_merged([dim for axis in self.axes for dim in axis]))

    @property
    def identity(self) -> bool:
        """Whether its elements are all of the owner's, in their order."""
        return self.offset == 0 and self.dims == tuple(_axis(self.owner.spec.size))

    @property
    def contiguous(self) -> bool:
        """Whether its elements lie side by side in their order."""
        return self.dims == tuple(_axis(math.prod(length for length, _ in self.dims)))


def whole(value: Value) -> Layout:
    """The layout of a value with memory of its own."""
    strides = [math.prod(value.shape[place + 1 :]) for place in range(len(value.shape))]
    axes = tuple(((length, stride),) if length != 1 else () for length, stride in zip(value.shape, strides))
    return Layout(value, 0, axes)


def layouts(program: Program) -> tuple[dict[Value, Layout], dict[Value, Value]]:
    """The layout of every value; and the copies that it takes: new values, each with the value that is written there.

    A copy has a value's elements in their order. It stands below a view that no strides express: a reshape of what is
    not contiguous, say, is a view of the copy.
    """
    found: dict[Value, Layout] = {}
    copies: dict[Value, Value] = {}
    for value in (*program.inputs, *(v for _, v in program.state), *(v for v, _ in program.constants)):
        found[value] = whole(value)
    for instruction in program.instructions:
        result = instruction.result
        if not instruction.primitive.view or not result.spec.size:
            found[result] = whole(result)
            continue
        source = instruction.inputs[0]
        seen = view_of(found[source], instruction)
        if seen is None:
            copy = Value(f"{source.name}.copy{len(copies)}", source.spec)
            copies[copy], found[copy] = source, whole(copy)
            seen = view_of(found[copy], instruction)
            assert seen is not None, "every view of contiguous elements has strides"
        found[result] = seen
    return found, copies


def view_of(layout: Layout, instruction: Instruction) -> Layout | None:
    """The layout of a view of a value with this layout; None where there is none."""
    params, shape = instruction.params, instruction.result.shape
    axes: list[Axis]
    if instruction.primitive.name == "reshape":
        regrouped = regroup(layout.dims, shape)
        return None if regrouped is None else replace(layout, axes=tuple(regrouped))
    if instruction.primitive.name == "transpose":
        return replace(layout, axes=tuple(layout.axes[axis] for axis in params["axes"]))
    if instruction.primitive.name == "broadcast":
        new = len(shape) - len(layout.axes)
        axes = [() if length == 1 else ((length, 0),) for length in shape[:new]]
        for axis, old, length in zip(layout.axes, instruction.inputs[0].shape, shape[new:]):
            axes.append(axis if old == length else ((length, 0),))
        return replace(layout, axes=tuple(axes))
    if instruction.primitive.name == "slice":
        return _slice(layout, instruction)
    if instruction.primitive.name == "unfold":
        return _unfold(layout, instruction)
    return None


def _slice(layout: Layout, instruction: Instruction) -> Layout | None:
    offset, axes = layout.offset, []
    params = instruction.params
    old, new = instruction.inputs[0].shape, instruction.result.shape
    for axis, before, after, start, step in zip(layout.axes, old, new, params["start"], params["step"]):
        if before == after:
            axes.append(axis)
        elif len(axis) == 1:
            ((_, stride),) = axis
            offset += start * stride
            axes.append(((after, stride * step),) if after != 1 else ())
        else:
            return None  # part of a merged axis
    return replace(layout, offset=offset, axes=tuple(axes))


def _unfold(layout: Layout, instruction: Instruction) -> Layout | None:
    images, down, right, channels = layout.axes
    if len(down) > 1 or len(right) > 1:
        return None
    (row_step, column_step), (_, rows, columns, height, width, _) = (
        instruction.params["strides"],
        instruction.result.shape,
    )
    down_stride = down[0][1] if down else 0
    right_stride = right[0][1] if right else 0
    axes = (
        images,
        _axis(rows, down_stride * row_step),
        _axis(columns, right_stride * column_step),
        _axis(height, down_stride),
        _axis(width, right_stride),
        channels,
    )
    return replace(layout, axes=axes)


def _axis(length: int, stride: int = 1) -> Axis:
    return ((length, stride),) if length != 1 else ()


def _merged(dims: Iterable[Dim]) -> list[Dim]:
    merged: list[Dim] = []
    for length, stride in dims:
        if length == 1:
            continue
        if merged and merged[-1][1] == length * stride:
            merged[-1] = merged[-1][0] * length, stride
        else:
            merged.append((length, stride))
    return merged


def regroup(dims: Sequence[Dim], lengths: Sequence[int]) -> list[Axis] | None:
    """The same elements in the same order as axes of these lengths; None where a part would have to be cut unevenly."""
    waiting = [dim for dim in dims if dim[0] != 1][::-1]  # the innermost first in, so the outermost is popped
    axes: list[Axis] = []
    for length in lengths:
        axis: list[Dim] = []
        while length > 1:
            part, stride = waiting.pop()
            if length % part == 0:
                axis.append((part, stride))
                length //= part
            elif part % length == 0:  # the outer piece of the part
                rest = part // length
                axis.append((length, stride * rest))
                waiting.append((rest, stride))
                length = 1
            else:
                return None
        axes.append(tuple(axis))
    return axes


def common_lengths(several: Iterable[Sequence[Dim]], cuts: Iterable[int] = ()) -> list[int] | None:
    """Lengths, outer to inner, into which all of these lists of dims can be cut; None where there are none.

    cuts: further places where a cut is wanted, as numbers of elements from the inside
    """
    places = set(cuts)
    for dims in several:
        inside = 1
        for length, _ in reversed(dims):
            inside *= length
            places.add(inside)
    places.discard(1)
    lengths, inside = [], 1
    for place in sorted(places):
        if place % inside:
            return None
        lengths.append(place // inside)
        inside = place
    return lengths[::-1]
