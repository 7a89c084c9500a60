"""Lanes: how numbers of every dtype lie in the lanes of a vector, and how they come from memory and go there.

A loop works on 4 elements at a time, or on 2 where it meets 64-bit numbers. Numbers of 8 and 16 bits are widened to
32; booleans, a byte each in memory, are masks: all bits of a lane set, or none.
"""

from __future__ import annotations

import numpy as np

from ..assembler import Expr, Function, const, op, shuffle, splat
from ..assembler import load as load_whole

_REGISTERS = {"f4": "f32x4", "f8": "f64x2", "i8": "i64x2", "u8": "i64x2"}
_WIDE = ("f64x2", "i64x2")


def register(dtype: np.dtype) -> str:
    """The vector type that holds numbers of a dtype."""
    return _REGISTERS.get(f"{dtype.kind}{dtype.itemsize}", "i32x4")


def lanes_for(dtypes: set[np.dtype]) -> int:
    """How many elements a loop takes at a time that meets these dtypes."""
    return 2 if any(register(dtype) in _WIDE for dtype in dtypes) else 4


def constant(dtype: np.dtype, value: float | int | bool) -> Expr:
    """One number in all lanes."""
    return const(register(dtype), -int(value) if dtype == np.bool_ else value)


def load(dtype: np.dtype, address: Expr, offset: int, stride: int, lanes: int, count: int) -> Expr:
    """`count` of `lanes` elements from memory, `stride` elements apart (0: the same in all lanes).

    Neighbours (stride 1) are read as whole vectors even where fewer count: behind every array there is memory.
    """
    size = dtype.itemsize
    if stride == 0:
        return _widened(dtype, _splat(dtype, address, offset), lanes)
    if stride == 1:
        return _widened(dtype, _neighbours(size, lanes, address, offset), lanes)
    vector = op(f"v128.load{max(size * 8, 32)}_zero", register(dtype), address, operand=offset) if size >= 4 else None
    if vector is None:
        vector = op(
            "v128.load8_lane" if size == 1 else "v128.load16_lane",
            "i32x4",
            address,
            const("i32x4", 0),
            operand=(offset, 0),
        )
    for lane in range(1, count):
        place = (offset + lane * stride * size, lane)
        vector = op(f"v128.load{size * 8}_lane", register(dtype), address, vector, operand=place)
    return _widened(dtype, vector, lanes)


def _splat(dtype: np.dtype, address: Expr, offset: int) -> Expr:
    return op(f"v128.load{dtype.itemsize * 8}_splat", register(dtype), address, operand=offset)


def _neighbours(size: int, lanes: int, address: Expr, offset: int) -> Expr:
    nbytes = size * lanes
    if nbytes == 16:
        return load_whole("i32x4", address, offset)
    if nbytes in (4, 8):
        return op(f"v128.load{nbytes * 8}_zero", "i32x4", address, operand=offset)
    return op("v128.load16_splat", "i32x4", address, operand=offset)  # two bytes


def _widened(dtype: np.dtype, raw: Expr, lanes: int) -> Expr:
    """What was loaded, as `register(dtype)`."""
    size = dtype.itemsize
    if size >= 4:
        return raw.seen_as(register(dtype))
    sign = "s" if dtype.kind == "i" else "u"
    if size == 1:
        raw = op(f"i16x8.extend_low_i8x16_{sign}", "i32x4", raw)
    wide = op(f"i32x4.extend_low_i16x8_{sign}", "i32x4", raw)
    return -wide if dtype == np.bool_ else wide


def store(f: Function, dtype: np.dtype, value: Expr, address: Expr, offset: int, lanes: int, count: int) -> None:
    """`count` of `lanes` elements to neighbouring places in memory; nothing behind them is touched."""
    size = dtype.itemsize
    if size < 4:
        value = f.let("narrow", _narrowed(dtype, value))
    if size * count == 16:
        f.store(value, address, offset)
        return
    lane = 0
    while lane < count:  # the largest pieces first: 8 bytes, 4, 2, 1
        left, at = (count - lane) * size, lane * size
        piece = next(nbytes for nbytes in (8, 4, 2, 1) if nbytes <= left and at % nbytes == 0)
        f.store_lane(value, at // piece, address, offset + at, bits=8 * piece)
        lane += piece // size


def store_strided(
    f: Function, dtype: np.dtype, value: Expr, address: Expr, offset: int, stride: int, count: int
) -> None:
    """`count` elements to places `stride` elements apart."""
    size = dtype.itemsize
    if size < 4:
        value = f.let("narrow", _narrowed(dtype, value))
    for lane in range(count):
        f.store_lane(value, lane, address, offset + lane * stride * size, bits=8 * size)


def _narrowed(dtype: np.dtype, value: Expr) -> Expr:
    """The lanes' low bytes side by side."""
    mask = 1 if dtype == np.bool_ else 2 ** (8 * dtype.itemsize) - 1
    if dtype.itemsize == 2:
        lanes = tuple(2 * lane for lane in (0, 1, 2, 3)) * 2
        return shuffle(value, value, lanes)
    low = value & const("i32x4", mask)
    half = op("i16x8.narrow_i32x4_u", "i32x4", low, low)
    return op("i8x16.narrow_i16x8_u", "i32x4", half, half)


def wide_mask(mask: Expr) -> Expr:
    """A mask of 32-bit lanes for the two lanes of 64 bits."""
    return op("i64x2.extend_low_i32x4_s", "i64x2", mask)


def narrow_mask(mask: Expr) -> Expr:
    """A mask of two 64-bit lanes in the first two of 32 bits."""
    return shuffle(mask, mask, (0, 2, 0, 2)).seen_as("i32x4")


def convert(f: Function, value: Expr, source: np.dtype, target: np.dtype, lanes: int) -> Expr:
    """Numbers as another dtype, as NumPy's astype has it: floats become integers of 8 and 16 bits by way of int32.

    Floats outside of the range of an integer of 32 or 64 bits end at its ends.
    """
    if source == target:
        return value
    if target == np.bool_:
        if source.kind == "f":
            mask = value.unequal(0.0)
            return narrow_mask(mask) if source.itemsize == 8 else mask
        return narrow_mask(value.unequal(0)) if source.itemsize == 8 else value.unequal(0)
    if source == np.bool_:
        one: Expr = const(register(target), 1)
        return (wide_mask(value) if register(target) in _WIDE else value).seen_as(register(target)) & one
    if source.kind == "f":
        return _from_float(f, value, source, target)
    return _from_integer(f, value, source, target)


def _from_float(f: Function, value: Expr, source: np.dtype, target: np.dtype) -> Expr:
    wide = source.itemsize == 8
    if target.kind == "f":
        return op("f32x4.demote_f64x2_zero", "f32x4", value) if wide else op("f64x2.promote_low_f32x4", "f64x2", value)
    sign = "u" if target.kind == "u" and target.itemsize >= 4 else "s"
    if target.itemsize == 8:
        value = f.let("whole", value)
        return _by_lane(value, "i64x2", f"i64.trunc_sat_{value.type[:3]}_{sign}")
    name = f"i32x4.trunc_sat_f64x2_{sign}_zero" if wide else f"i32x4.trunc_sat_f32x4_{sign}"
    return wrapped(op(name, "i32x4", value), target)


def _from_integer(f: Function, value: Expr, source: np.dtype, target: np.dtype) -> Expr:
    sign = "u" if source.kind == "u" else "s"
    if source.itemsize == 8:
        if target.kind == "f":
            number = f.let("number", value)
            if target.itemsize == 8:
                return _by_lane(number, "f64x2", f"f64.convert_i64_{sign}")
            first, second = (op(f"f32.convert_i64_{sign}", "f32", number.lane(lane)) for lane in (0, 1))
            return splat("f32x4", first).with_lane(1, second)
        if target.itemsize == 8:
            return value
        return wrapped(shuffle(value, value, (0, 2, 0, 2)).seen_as("i32x4"), target)
    if target.kind == "f":
        if target.itemsize == 4:
            return op(f"f32x4.convert_i32x4_{sign}", "f32x4", value)
        return op(f"f64x2.convert_low_i32x4_{sign}", "f64x2", value)
    if target.itemsize == 8:
        return op(f"i64x2.extend_low_i32x4_{sign}", "i64x2", value)
    return wrapped(value, target)


def _by_lane(value: Expr, type_: str, name: str) -> Expr:
    lane = "i64" if type_ == "i64x2" else "f64"
    first, second = (op(name, lane, value.lane(number)) for number in (0, 1))
    return splat(type_, first).with_lane(1, second)


def wrapped(value: Expr, dtype: np.dtype) -> Expr:
    """A 32-bit result as its dtype of 8 or 16 bits keeps it."""
    if dtype.itemsize >= 4 or dtype == np.bool_:
        return value
    if dtype.kind == "u":
        return value & const("i32x4", 2 ** (8 * dtype.itemsize) - 1)
    spare = 32 - 8 * dtype.itemsize
    return (value << spare) >> spare
