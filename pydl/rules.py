"""The rules of dtypes and shapes that the operators of a Tensor follow, on dtypes and shapes alone.

Shapes are NumPy's; dtypes are not: numbers and integers become float32, never float64, which GPUs do not have.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .ops import ShapeError

FLOAT32 = np.dtype(np.float32)


def common_dtype(a: np.dtype, b: np.dtype, floats: bool = False) -> np.dtype:
    """The dtype in which two arrays meet: float64 wins over float32, floats over integers.

    floats: True for operations whose result is no integer, a division for instance.
    """
    reals = {dtype for dtype in (a, b) if dtype.kind == "f"}
    if reals or floats:
        return max(reals, key=lambda dtype: dtype.itemsize, default=FLOAT32)
    return np.result_type(a, b)


def dtype_beside(number: object, dtype: np.dtype, floats: bool = False) -> np.dtype:
    """The dtype in which a Python number and an array of `dtype` meet: the array's, unless the number is no integer."""
    fits = dtype.kind == "f" or (isinstance(number, int) and dtype.kind in "iu" and not floats)
    return dtype if fits else FLOAT32


def broadcast_shapes(name: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that all are stretched to; `name` is the operation, for the error message."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ShapeError(
            f"{name}: shapes {' and '.join(map(str, shapes))} do not fit together: "
            "counted from the right, lengths must be equal or 1"
        ) from None


def normalized_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """axis as NumPy takes it (None, a number, a tuple; negative from the end) as a sorted tuple."""
    if axis is None:
        return tuple(range(ndim))
    axes = (axis,) if isinstance(axis, (int, np.integer)) else tuple(axis)
    if any(not -ndim <= a < ndim for a in axes):
        raise ShapeError(f"axis {axis} does not exist: the Tensor has {ndim} axes")
    return tuple(sorted({int(a) % ndim for a in axes}))


def filled_shape(wanted: tuple[int, ...], size: int) -> tuple[int, ...]:
    """A shape with its one -1 replaced by what `size` elements leave for it, where that is a whole number."""
    rest = math.prod(n for n in wanted if n != -1)
    if wanted.count(-1) != 1 or not rest or size % rest:
        return wanted
    return tuple(size // rest if n == -1 else n for n in wanted)
