"""Windows over images: unfold sees every window of a batch of images, fold adds windows back into images.

Convolution is unfold and a matrix product, pooling is unfold and a maximum or a mean. Each of the two is linear and the
other's transpose, and so the other's derivative.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .primitive import Primitive, ShapeError, Spec

Pair = tuple[int, int]


def positions(length: int, window: int, stride: int) -> int:
    """How many windows lie in an axis, each `stride` after the one before."""
    return (length - window) // stride + 1


def _unfold_shape(x: Spec, window: Pair, strides: Pair) -> Spec:
    if len(x.shape) != 4 or min(*window, *strides) < 1:
        raise ShapeError(
            f"unfold: expected (batch, height, width, channels) and a window and strides of at least 1, "
            f"received {x}, window {window}, strides {strides}"
        )
    n, h, w, c = x.shape
    if window[0] > h or window[1] > w:
        raise ShapeError(f"unfold: a window of {window[0]} x {window[1]} does not fit into images of {h} x {w} ({x})")
    rows, columns = map(positions, (h, w), window, strides)
    return Spec((n, rows, columns, *window, c), x.dtype)


def _windows(x: np.ndarray, window: Pair, strides: Pair, writeable: bool = False) -> np.ndarray:
    """The windows of x as a view: their elements overlap in memory where the strides are smaller than the window."""
    n, h, w, c = x.shape
    rows, columns = map(positions, (h, w), window, strides)
    batch, down, right, channel = x.strides
    return np.lib.stride_tricks.as_strided(
        x,
        (n, rows, columns, *window, c),
        (batch, down * strides[0], right * strides[1], down, right, channel),
        writeable=writeable,
    )


def _unfold_back(g: Any, y: Any, x: Any, window: Pair, strides: Pair) -> Any:
    return g.fold(x.shape[1:3], strides)


# (n, h, w, c) -> (n, rows, columns, *window, c): every window that lies wholly in the image.
unfold = Primitive(
    "unfold",
    shape_rule=_unfold_shape,
    evaluate=_windows,
    derivatives=(_unfold_back,),
    view=True,
)


def _fold_shape(x: Spec, size: Pair, strides: Pair) -> Spec:
    if len(x.shape) != 6:
        raise ShapeError(f"fold: expected (batch, rows, columns, height, width, channels) of windows, received {x}")
    images = Spec((x.shape[0], *size, x.shape[5]), x.dtype)
    windows = _unfold_shape(images, (x.shape[3], x.shape[4]), strides)
    if windows != x:
        raise ShapeError(f"fold: images of {size[0]} x {size[1]} have windows {windows}, received {x}")
    return images


def _fold(x: np.ndarray, out: np.ndarray, size: Pair, strides: Pair) -> None:
    window = (x.shape[3], x.shape[4])
    out.fill(0)
    if window[0] <= strides[0] and window[1] <= strides[1]:  # no two windows meet: one copy
        _windows(out, window, strides, writeable=True)[...] = x
        return
    # One strided addition for each place in the window: 9 additions for a window of 3 x 3, however many windows.
    inner = _windows(out, window, strides, writeable=True)
    for i in range(window[0]):
        for j in range(window[1]):
            inner[:, :, :, i, j] += x[:, :, :, i, j]


# (n, rows, columns, *window, c) -> (n, *size, c): where windows overlap their elements are added.
fold = Primitive(
    "fold",
    shape_rule=_fold_shape,
    evaluate=_fold,
    derivatives=(lambda g, y, x, size, strides: g.unfold(x.shape[3:5], strides),),
)
