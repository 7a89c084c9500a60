"""Convolution and pooling: the same small window at every place of an image.

Images are (batch, height, width, channels). "valid" places windows wholly inside the image; "same" goes on beyond its
edges, so that with strides of 1 the result is as large as the image.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ... import init
from ...ops import ShapeError
from ...ops.windows import positions
from ...tensor import Tensor
from ..arguments import choice, pair, whole
from ..functional import avg_pool2d, conv2d, max_pool2d
from ..module import Module, Shape
from ..regularizers import Penalty
from .weighted import Function, Weighted, activation_of

Pair = tuple[int, int]
PADDINGS = ("valid", "same")


class Conv2D(Weighted):
    """activation(conv2d(x, kernel) + bias): each filter looks for one pattern, everywhere in the image.

    y[b, i, j, f] = sum over m, n, c of x[b, i * strides + m, j * strides + n, c] * kernel[m, n, c, f]

    x: (batch, height, width, channels). kernel: (kernel height, kernel width, channels, filters). bias: (filters,).
    Returns (batch, rows, columns, filters): (height - kernel height) // strides + 1 rows for "valid",
    height / strides, rounded up, for "same"; columns alike.

    filters:     how many patterns
    kernel_size: of the window, an integer or (height, width). strides: from one window to the next, alike
    padding:     "valid" or "same"
    activation:  a name ("relu"), a function of a Tensor, or None for none
    use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer: as for Dense

    Source: Y. LeCun et al., "Backpropagation Applied to Handwritten Zip Code Recognition", 1989.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Pair,
        strides: int | Pair = 1,
        padding: str = "valid",
        activation: str | Function | None = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: str | Penalty | None = None,
        bias_regularizer: str | Penalty | None = None,
        name: str = "",
    ) -> None:
        super().__init__(use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, name)
        self.filters = whole("Conv2D", "filters", filters)
        self.kernel_size = pair("Conv2D", "kernel_size", kernel_size)
        self.strides = pair("Conv2D", "strides", strides)
        self.padding = choice("Conv2D", "padding", padding, PADDINGS)
        self.activation = activation_of(activation)

    def build(self, shape: Shape) -> None:
        self.output_shape(shape)
        kernel = init.draw(self.kernel_initializer, (*self.kernel_size, shape[2], self.filters))
        self.make_weights(kernel, (self.filters,))

    def output_shape(self, shape: Shape) -> Shape:
        return (*_places(self, shape, self.kernel_size, self.strides, self.padding), self.filters)

    def call(self, x: Tensor) -> Tensor:
        shape = x.shape[1:]
        self.output_shape(shape)
        if shape[2] != self.kernel.shape[2]:
            raise ShapeError(f"{self.name}: expected images with {self.kernel.shape[2]} channels, received {x.shape}")
        return self.activation(self.with_bias(conv2d(x, self.kernel, self.strides, self.padding)))


class _Pooling2D(Module):
    """Base class: one number for each window and channel. A subclass names the function."""

    _pool: ClassVar[Callable[..., Tensor]]

    def __init__(
        self, pool_size: int | Pair = 2, strides: int | Pair | None = None, padding: str = "valid", name: str = ""
    ) -> None:
        super().__init__(name)
        owner = type(self).__name__
        self.pool_size = pair(owner, "pool_size", pool_size)
        self.strides = self.pool_size if strides is None else pair(owner, "strides", strides)
        self.padding = choice(owner, "padding", padding, PADDINGS)

    def build(self, shape: Shape) -> None:
        self.output_shape(shape)

    def output_shape(self, shape: Shape) -> Shape:
        return (*_places(self, shape, self.pool_size, self.strides, self.padding), shape[2])

    def call(self, x: Tensor) -> Tensor:
        self.output_shape(x.shape[1:])
        return type(self)._pool(x, self.pool_size, self.strides, self.padding)


class MaxPooling2D(_Pooling2D):
    """The largest number of each window, channel by channel: where a pattern is exactly no longer matters.

    x: (batch, height, width, channels). Returns (batch, rows, columns, channels), as many as Conv2D has.

    pool_size: of the window, an integer or (height, width)
    strides:   from one window to the next; unless given, pool_size: windows side by side
    padding:   "valid" or "same"

    Source: K. Yamaguchi et al., "A Neural Network for Speaker-Independent Isolated Word Recognition", 1990.
    """

    _pool = staticmethod(max_pool2d)


class AveragePooling2D(_Pooling2D):
    """The mean of each window, channel by channel; beyond the edges ("same") there is nothing, and nothing is counted.

    x: (batch, height, width, channels). Returns (batch, rows, columns, channels), as many as Conv2D has.

    pool_size: of the window, an integer or (height, width)
    strides:   from one window to the next; unless given, pool_size: windows side by side
    padding:   "valid" or "same"

    Source: Y. LeCun et al., "Handwritten Digit Recognition with a Back-Propagation Network", 1989.
    """

    _pool = staticmethod(avg_pool2d)


def _places(layer: Module, shape: Shape, window: Pair, strides: Pair, padding: str) -> Pair:
    """How many windows there are in height and width of images of this shape."""
    if len(shape) != 3:
        hint = f"add Reshape(({_side(shape)}, {_side(shape)}, 1)) first" if len(shape) == 1 and _side(shape) else ""
        hint = f"add Reshape(({shape[0]}, {shape[1]}, 1)) first" if len(shape) == 2 else hint
        raise ShapeError(
            f"{layer.name}: expected images (height, width, channels), received samples of shape {shape}"
            f"{'; ' + hint if hint else ''}"
        )
    (height, width), (down, right) = shape[:2], strides
    if padding == "same":
        return -(-height // down), -(-width // right)
    if height < window[0] or width < window[1]:
        raise ShapeError(
            f"{layer.name}: a window of {window[0]} x {window[1]} does not fit into images of {height} x {width}; "
            'use a smaller one, or padding="same"'
        )
    return positions(height, window[0], down), positions(width, window[1], right)


def _side(shape: Shape) -> int:
    """The side of a square of as many numbers as a row has, or 0 where there is none."""
    side = int(shape[0] ** 0.5 + 0.5)
    return side if side * side == shape[0] else 0
