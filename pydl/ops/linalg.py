"""The matrix product, where nearly all the time of a training step goes.

`a (..., m, k) @ b (..., k, n) -> (..., m, n)`, the leading axes equal. Transposes are views, so A^T B and A B^T of the
backward pass need no copy: BLAS (or a kernel of ours) reads them by their strides.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from .primitive import Primitive, ShapeError, Spec


def _matmul_shape(a: Spec, b: Spec) -> Spec:
    fits = len(a.shape) == len(b.shape) >= 2 and a.shape[:-2] == b.shape[:-2] and a.shape[-1] == b.shape[-2]
    if not fits or a.dtype != b.dtype:
        raise ShapeError(f"matmul: expected (..., m, k) and (..., k, n) of one dtype, received {a} and {b}")
    return Spec((*a.shape[:-1], b.shape[-1]), a.dtype)


matmul = Primitive(
    "matmul",
    shape_rule=_matmul_shape,
    evaluate=np.matmul,
    derivatives=(
        lambda g, y, a, b: g @ b.swapaxes(-1, -2),  # dA = G B^T
        lambda g, y, a, b: a.swapaxes(-1, -2) @ g,  # dB = A^T G
    ),
)

Kernel = Callable[[np.ndarray, np.ndarray, np.ndarray], bool]


def use(kernel: Kernel | None) -> None:
    """Has matrix products computed by another kernel than NumPy's, or by NumPy's again.

    kernel: (a, b, out) -> whether it has computed `out`; where it has not, NumPy does. None for NumPy alone.
    Programs that have been compiled keep what they had.
    """
    matmul.evaluate = np.matmul if kernel is None else functools.partial(_by, kernel)


def _by(kernel: Kernel, a: np.ndarray, b: np.ndarray, *, out: np.ndarray) -> None:
    if not kernel(a, b, out):
        np.matmul(a, b, out=out)
