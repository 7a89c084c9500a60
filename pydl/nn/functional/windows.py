"""Convolution and pooling: what is done to every window of an image.

Images are channels-last (batch, height, width, channels), kernels (height, width, in, out). `unfold` sees the windows
without copying them: a convolution is then one matrix product, pooling a maximum or a mean.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ...ops import ShapeError
from ...tensor import Tensor, as_tensor, floating
from ..arguments import choice, pair

if TYPE_CHECKING:
    from ...tensor import Operand

Pair = tuple[int, int]


def conv2d(x: Operand, kernel: Operand, strides: int | Pair = 1, padding: str = "valid") -> Tensor:
    """y[n, i, j, f] = sum over p, q, c of x[n, i * stride + p, j * stride + q, c] * kernel[p, q, c, f].

    x:       (batch, height, width, channels)
    kernel:  (height, width, channels, filters)
    strides: how far a window lies from the one before, down and right; a number stands for both
    padding: "valid" for windows within the image, (length - window) // stride + 1 of them along an axis; "same" for
             zeros around it, such that there are ceil(length / stride): the odd one behind, as in TensorFlow
    Returns (batch, rows, columns, filters), computed as one product (windows, elements) @ (elements, filters).
    Source: Y. LeCun et al., "Gradient-Based Learning Applied to Document Recognition", 1998; as a product: K.
    Chellapilla et al., "High Performance Convolutional Neural Networks for Document Processing", 2006.
    """
    x, kernel = _images("conv2d", x), floating(as_tensor(kernel))
    if kernel.ndim != 4 or kernel.shape[2] != x.shape[3]:
        raise ShapeError(
            f"conv2d: expected a kernel (height, width, in, out) with in={x.shape[3]}, the channels of the images "
            f"{x.shape}, received {kernel.shape}"
        )
    window, filters = (kernel.shape[0], kernel.shape[1]), kernel.shape[3]
    strides = pair("conv2d", "strides", strides)
    before, after = _margins("conv2d", x, window, strides, padding)
    windows = _padded(x, before, after).unfold(window, strides)
    rows = windows.reshape((math.prod(windows.shape[:3]), math.prod(kernel.shape[:3])))
    return (rows @ kernel.reshape((rows.shape[1], filters))).reshape((*windows.shape[:3], filters))


def max_pool2d(
    x: Operand, pool_size: int | Pair = 2, strides: int | Pair | None = None, padding: str = "valid"
) -> Tensor:
    """The largest number of each window, channel by channel; where several are largest they share the gradient.

    x: (batch, height, width, channels). strides: pool_size, unless given. padding: as for `conv2d`, and what is added
    around the image never wins. Returns (batch, rows, columns, channels).
    Source: K. Yamaguchi et al., "A Neural Network for Speaker-Independent Isolated Word Recognition", 1990.
    """
    x = _images("max_pool2d", x)
    window, strides = _pool("max_pool2d", pool_size, strides)
    before, after = _margins("max_pool2d", x, window, strides, padding)
    if any((*before, *after)):
        x = Tensor(_inside(x, before, after), dtype=bool).where(_padded(x, before, after), -math.inf)
    return x.unfold(window, strides).max((3, 4))


def avg_pool2d(
    x: Operand, pool_size: int | Pair = 2, strides: int | Pair | None = None, padding: str = "valid"
) -> Tensor:
    """The mean of each window, channel by channel.

    x: (batch, height, width, channels). strides: pool_size, unless given. padding: as for `conv2d`, and what is added
    around the image is not counted in the mean. Returns (batch, rows, columns, channels).
    Source: Y. LeCun et al., "Handwritten Digit Recognition with a Back-Propagation Network", 1989.
    """
    x = _images("avg_pool2d", x)
    window, strides = _pool("avg_pool2d", pool_size, strides)
    before, after = _margins("avg_pool2d", x, window, strides, padding)
    total = _padded(x, before, after).unfold(window, strides).sum((3, 4))
    if not any((*before, *after)):
        return total / math.prod(window)
    inside = Tensor(_inside(x, before, after), dtype=x.dtype)
    return total / inside.unfold(window, strides).sum((3, 4))


# ---- what the three share


def _images(name: str, x: Operand) -> Tensor:
    x = floating(as_tensor(x))
    if x.ndim != 4:
        single = "; a single image is x[None]" if x.ndim == 3 else ""
        raise ShapeError(f"{name}: expected images (batch, height, width, channels), received {x.shape}{single}")
    return x


def _pool(name: str, pool_size: int | Pair, strides: int | Pair | None) -> tuple[Pair, Pair]:
    window = pair(name, "pool_size", pool_size)
    return window, window if strides is None else pair(name, "strides", strides)


def _margins(name: str, x: Tensor, window: Pair, strides: Pair, padding: str) -> tuple[Pair, Pair]:
    """How many rows and columns to add (before, after) the image."""
    size = x.shape[1:3]
    if choice(name, "padding", padding, ("valid", "same")) == "valid":
        if window[0] > size[0] or window[1] > size[1]:
            raise ShapeError(
                f"{name}: a window of {window[0]} x {window[1]} does not fit into images of {size[0]} x {size[1]}; "
                "take a smaller one, or padding='same'"
            )
        return (0, 0), (0, 0)
    wanted = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(size, window, strides)]
    return (wanted[0] // 2, wanted[1] // 2), (-(-wanted[0] // 2), -(-wanted[1] // 2))


def _padded(x: Tensor, before: Pair, after: Pair) -> Tensor:
    return x.pad((0, *before, 0), (0, *after, 0)) if any((*before, *after)) else x


def _inside(x: Tensor, before: Pair, after: Pair) -> np.ndarray:
    """True at the places of the padded image that are the image's own, (1, height, width, 1)."""
    inside = np.ones((1, *x.shape[1:3], 1), bool)
    return np.pad(inside, ((0, 0), *zip(before, after), (0, 0)))
