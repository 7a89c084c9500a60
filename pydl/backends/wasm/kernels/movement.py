"""Kernels that move elements: pad, concatenate, fold, gather; and argmax, which finds a place.

Where a layout can say where elements go, a loop stores them there; gather and argmax, whose addresses or results depend
on the numbers, are written number by number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ....jit.layout import Axis, Layout, view_of, whole
from ....jit.program import Instruction, Value
from ....ops import REGISTRY, Spec
from ..assembler import Expr, Function, const, load, op
from .body import Nest, Store, Unit, loop_lengths
from .loops import moving, write_loop

STATUS = 0  # the address of a number that is not 0 once an index was out of range
OUT_OF_RANGE = 1


def fill(f: Function, unit: Unit, value: Value) -> None:
    """Zeros in all of a value's memory."""
    nbytes = const("i32", value.spec.nbytes)
    f.do(op("memory.fill", "", const("i32", unit.addresses[value]), const("i32", 0), nbytes))


def parts(instruction: Instruction, unit: Unit) -> tuple[bool, list[Store]]:
    """How pad, concatenate and fold are stores: whether zeros come first, and what goes where, one after the other."""
    return _PARTS[instruction.primitive.name](instruction, unit)


def write_parts(unit: Unit, name: str, instruction: Instruction) -> None:
    """Adds the function `name` for pad, concatenate or fold."""
    zeros, stores = parts(instruction, unit)
    for number, store in enumerate(stores):
        write_loop(unit, f"{name}_{number}", [], [store])
    f = unit.module.function(name)
    if zeros:
        fill(f, unit, instruction.result)
    for number in range(len(stores)):
        f.do(Expr("call", "", (), f"{name}_{number}"))


def _pad(instruction: Instruction, unit: Unit) -> tuple[bool, list[Store]]:
    (source,) = instruction.inputs
    offset, axes = 0, []
    widths = (instruction.params[name] for name in ("before", "interior"))
    for axis, length, before, interior in zip(whole(instruction.result).axes, source.shape, *widths):
        stride = axis[0][1] if axis else 0
        offset += before * stride
        axes.append(((length, stride * (interior + 1)),) if length != 1 else ())
    empty = 0 in source.shape
    return True, [] if empty else [Store(source, Layout(instruction.result, offset, tuple(axes)))]


def _concatenate(instruction: Instruction, unit: Unit) -> tuple[bool, list[Store]]:
    axis, target = instruction.params["axis"], whole(instruction.result)
    stride = target.axes[axis][0][1] if target.axes[axis] else 0
    stores, start = [], 0
    for source in instruction.inputs:
        length = source.shape[axis]
        inner: Axis = ((length, stride),) if length != 1 else ()
        axes = (*target.axes[:axis], inner, *target.axes[axis + 1 :])
        if source.spec.size:
            stores.append(Store(source, Layout(instruction.result, start * stride, axes)))
        start += length
    return False, stores


def _fold(instruction: Instruction, unit: Unit) -> tuple[bool, list[Store]]:
    (source,) = instruction.inputs
    result, strides = instruction.result, instruction.params["strides"]
    window = source.shape[3:5]
    unfold = Instruction(source, REGISTRY["unfold"], (result,), {"window": window, "strides": strides})
    target = view_of(whole(result), unfold)
    if target is None or not source.spec.size:
        return True, []
    if window[0] <= strides[0] and window[1] <= strides[1]:  # no two windows meet
        return source.spec.size < result.spec.size, [Store(source, target)]
    # A row of all windows at a time: its elements lie side by side in the windows and in the image.
    stores = []
    for row in range(window[0]):
        from_row, to_row = (_without_axis(layout, 3, row) for layout in (unit.layouts[source], target))
        part = Value(f"{source.name}.row{row}", Spec((*source.shape[:3], *source.shape[4:]), source.dtype))
        unit.layouts[part] = from_row
        stores.append(Store(part, to_row, add=True))
    return True, stores


def _without_axis(layout: Layout, axis: int, place: int) -> Layout:
    """The elements at one place of an axis."""
    offset = layout.offset
    for length, stride in reversed(layout.axes[axis]):
        offset += place % length * stride
        place //= length
    return replace(layout, offset=offset, axes=(*layout.axes[:axis], *layout.axes[axis + 1 :]))


_PARTS = {"pad": _pad, "concatenate": _concatenate, "fold": _fold}


# ---- number by number

_SCALARS = {"f4": "f32", "f8": "f64", "i8": "i64", "u8": "i64"}
_NARROW = {"b1": "load8_u", "u1": "load8_u", "i1": "load8_s", "u2": "load16_u", "i2": "load16_s"}


def load_number(dtype: np.dtype, address: Expr, offset: int) -> Expr:
    """One element from memory; integers of up to 32 bits as i32."""
    kind = f"{dtype.kind}{dtype.itemsize}"
    if kind in _NARROW:
        return op(f"i32.{_NARROW[kind]}", "i32", address, operand=offset)
    return load(_SCALARS.get(kind, "i32"), address, offset)


def write_gather(unit: Unit, name: str, instruction: Instruction) -> None:
    """Adds the function `name`: rows of the first input by the numbers of the second, both contiguous."""
    source, indices = (unit.layouts[value] for value in instruction.inputs)
    rows, dtype = instruction.inputs[0].shape[0], instruction.inputs[1].dtype
    row_bytes = math.prod(instruction.inputs[0].shape[1:]) * source.owner.dtype.itemsize
    f = unit.module.function(name)
    target = f.let("target", const("i32", unit.addresses[instruction.result]))
    with f.range("at", 0, instruction.inputs[1].spec.size * dtype.itemsize, dtype.itemsize) as at:
        number = load_number(dtype, at, unit.address(indices))
        if dtype.itemsize == 8:  # a number beyond 32 bits is beyond every array, too
            number = f.let("long", number)
            fits = op("i64.extend_i32_s", "i64", op("i32.wrap_i64", "i32", number)).equals(number)
            number = op("select", "i32", op("i32.wrap_i64", "i32", number), const("i32", rows), fits)
        row = f.let("row", number)
        if dtype.kind == "i":
            with f.when(row < 0):
                f.set(row, row + rows)
        with f.when(row.apply("ge_u", rows)):
            f.store(const("i32", OUT_OF_RANGE), const("i32", STATUS))
            f.leave()
        place = row * row_bytes
        if row_bytes == 4:
            f.store(load("i32", place, unit.address(source)), target)
        else:
            f.do(op("memory.copy", "", target, place + unit.address(source), const("i32", row_bytes)))
        f.set(target, target + row_bytes)


def write_argmax(unit: Unit, name: str, instruction: Instruction) -> None:
    """Adds the function `name`: the place of the first maximum along an axis; NaN counts as the largest."""
    (source,), axis = instruction.inputs, instruction.params["axis"]
    layout, target = unit.layouts[source], whole(instruction.result)
    f = unit.module.function(name)
    if not instruction.result.spec.size:
        return
    spread = Layout(target.owner, 0, (*target.axes[:axis], ((source.shape[axis], 0),), *target.axes[axis:]))
    if source.shape[axis] == 1:
        spread = replace(spread, axes=(*target.axes[:axis], (), *target.axes[axis:]))
    inside = math.prod(source.shape[axis + 1 :])
    lengths = loop_lengths([layout, spread], [inside, inside * source.shape[axis]])
    assert lengths is not None, "the parts of a view's axes are cut where its axes are"
    marks, within = [], 1
    for length in reversed(lengths):
        marks.append(inside <= within < inside * source.shape[axis])
        within *= length
    nest = Nest(unit, [layout, spread], 1, lengths, marks[::-1])
    nest.reorder(sorted(range(len(nest.lengths)), key=lambda place: (nest.marks[place], place)))

    def loops(level: int, marked: bool) -> Iterator[None]:
        if level < len(nest.lengths) and nest.marks[level] == marked:
            with moving(f, nest, level):
                yield from loops(level + 1, marked)
        else:
            yield

    kept = nest.marks.count(False)
    for _ in loops(0, False):
        address = nest.pointer(layout)
        best = f.let("best", load_number(source.dtype, address, unit.address(layout)))
        place, number = f.local("place", "i32"), f.local("number", "i32")
        f.set(place, 0)
        f.set(number, 0)
        for _ in loops(kept, True):
            candidate = f.let("candidate", load_number(source.dtype, nest.pointer(layout), unit.address(layout)))
            better = candidate.apply("gt_u", best, gives="i32") if source.dtype.kind == "u" else candidate > best
            if source.dtype.kind == "f":
                better = better | (candidate.unequal(candidate) & best.equals(best))
            with f.when(better):
                f.set(best, candidate)
                f.set(place, number)
            f.set(number, number + 1)
        f.store(place, nest.pointer(spread), unit.address(spread))
