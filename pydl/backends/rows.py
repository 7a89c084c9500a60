"""Rows for a feed: what every backend looks at before it takes a batch from them."""

from __future__ import annotations

import numpy as np

from ..jit.program import Value
from .errors import DeviceError


def are_bytes(value: Value, rows: np.ndarray) -> bool:
    """Whether rows for an input are bytes that become float32, or else in its dtype. Raises DeviceError."""
    fits = rows.shape[1:] == value.shape[1:]
    if fits and rows.dtype == np.uint8 and value.dtype == np.float32:
        return True
    if fits and rows.dtype == value.dtype:
        return False
    expected, received = (f"{each.dtype}{list(each.shape[1:])}" for each in (value, rows))
    raise DeviceError(f"feed: expected rows of {expected}, received {received}")


def check_numbers(numbers: np.ndarray, rows: int) -> None:
    """Raises IndexError for what are no numbers of so many rows."""
    if numbers.dtype.kind not in "iu":
        raise IndexError(f"expected row numbers, received {numbers.dtype}")
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < rows:
        raise IndexError(f"expected row numbers from 0 to {rows - 1}, received {numbers.min()} to {numbers.max()}")


def check_count(first: int, count: int, batch: int, there: int) -> None:
    """Raises IndexError where there are too few rows, or row numbers, for the steps first .. first + count - 1."""
    if (needed := (first + count) * batch) > there:
        raise IndexError(f"expected {needed} row numbers for {first + count} steps, received {there}")
