"""Eager matrix products by machine code: the kernel of compiled programs works in place on NumPy's own arrays.

NumPy in the page has no BLAS, so its float32 product takes most of what eager code takes. Where a host can run a module
on the memory in which NumPy's arrays stand, it registers this class with `pydl.ops.linalg.use`; products that are too
small to gain, or of another kind, stay with NumPy. 128 x 784 x 256 takes 0.84 ms in place and 21 ms by NumPy (Chromium
156, 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

FLOAT32 = np.dtype(np.float32)
# Multiplications (m * n * k) from which a matrix pays for the detour of 10 microseconds (Chromium 156, 2026-11).
LEAST = 40_000


class EagerMatmul:
    """Computes `out = a @ b` where it can, and says whether it did.

    run:     (m, n, k, a, a_row, a_column, b, b_row, b_column, c, c_row, scratch): addresses and strides in bytes;
             c is written row by row, its numbers side by side
    scratch: bytes that `run` may use
    """

    def __init__(self, run: Callable[..., object], scratch: int) -> None:
        self._run = run
        self._scratch = np.empty(scratch + 16, np.uint8)
        self._scratch_address = (address_of(self._scratch) + 15) // 16 * 16

    def __call__(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> bool:
        """a (..., m, k), b (..., k, n), out (..., m, n). False where `out` is left as it was."""
        (m, k), n = a.shape[-2:], b.shape[-1]
        if m * k * n < LEAST or not _fit(a, b, out):
            return False
        a_steps, b_steps, c_row = a.strides[-2:], b.strides[-2:], out.strides[-2]
        for at_a, at_b, at_c in zip(_matrices(a), _matrices(b), _matrices(out)):
            self._run(m, n, k, at_a, *a_steps, at_b, *b_steps, at_c, c_row, self._scratch_address)
        return True

    def works(self) -> bool:
        """Whether a product of small whole numbers comes out right, to the last bit."""
        a = np.arange(41 * 43, dtype=np.float32).reshape(41, 43) % 7
        b = np.arange(43 * 47, dtype=np.float32).reshape(47, 43).T % 5
        out = np.full((41, 47), np.nan, np.float32)
        return self(a, b, out) and bool((out == np.matmul(a, b)).all())


def address_of(array: np.ndarray) -> int:
    """Where an array's first element stands; `.ctypes.data` is the same number and takes longer."""
    address: int = array.__array_interface__["data"][0]
    return address


def _fit(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> bool:
    """Whether the kernel can read and write these arrays where they stand."""
    *_, c_row, c_column = out.strides
    bits = a.strides[-2] | a.strides[-1] | b.strides[-2] | b.strides[-1] | c_row  # negative if one of them is
    return (
        bits >= 0
        and not bits & 3
        and c_column == 4
        and a.dtype == b.dtype == out.dtype == FLOAT32
        and a.shape[:-2] == b.shape[:-2] == out.shape[:-2]
        and not np.may_share_memory(out, a)
        and not np.may_share_memory(out, b)
    )


def _matrices(array: np.ndarray) -> Sequence[int]:
    """The address of each matrix of a batch, in the order of the leading axes."""
    addresses = [address_of(array)]
    for length, stride in zip(array.shape[:-2], array.strides):
        addresses = [address + place * stride for address in addresses for place in range(length)]
    return addresses
