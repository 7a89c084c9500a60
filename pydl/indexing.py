"""NumPy's basic indexing, worked out on shapes alone: numbers, slices, `...` and None become one slice per axis.

`Tensor.__getitem__` asks here, then makes one slice and one reshape of the answer.
"""

from __future__ import annotations

from types import EllipsisType
from typing import Any

import numpy as np

Ints = tuple[int, ...]


def basic_index(shape: Ints, index: Any) -> tuple[Ints, Ints, Ints, Ints]:
    """What x[index] is for x of a shape: start, stop and step per axis, and the shape to see the result in."""
    index = _one_part_per_axis(shape, index if isinstance(index, tuple) else (index,))
    start: list[int] = []
    stop: list[int] = []
    step: list[int] = []
    result: list[int] = []
    for part in index:
        if part is None:
            result.append(1)
            continue
        length = shape[len(start)]
        if isinstance(part, slice):
            first, last, stride = part.indices(length)
            if stride < 0:
                raise IndexError("a slice with a negative step is not supported; use a positive one")
            last = max(first, last)
            result.append(-(-(last - first) // stride))
        else:
            if not -length <= part < length:
                raise IndexError(f"index {part} does not lie in an axis of length {length}")
            first, last, stride = int(part) % length, int(part) % length + 1, 1
        start.append(first)
        stop.append(last)
        step.append(stride)
    return tuple(start), tuple(stop), tuple(step), tuple(result)


def _one_part_per_axis(shape: Ints, index: tuple[Any, ...]) -> tuple[Any, ...]:
    """The index with `...` written out, and whole axes added at the end."""
    for part in index:
        if isinstance(part, bool) or not (
            part is None or isinstance(part, (int, np.integer, slice, EllipsisType))
        ):
            raise TypeError(f"index: expected numbers, slices, ... and None, received {part!r}")
    named = sum(part is not None and part is not Ellipsis for part in index)
    if named > len(shape):
        raise IndexError(f"expected at most {len(shape)} indices for shape {shape}, received {named}")
    if Ellipsis not in index:
        index = (*index, Ellipsis)
    at = index.index(Ellipsis)
    return (*index[:at], *(slice(None),) * (len(shape) - named), *index[at + 1 :])
