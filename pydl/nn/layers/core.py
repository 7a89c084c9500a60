"""The layers of plain networks: products with a kernel, activations, and samples seen in another shape.

They take samples as rows, or make rows of them; what looks at images stands in `convolution`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import init
from ...ops import ShapeError
from ...rules import filled_shape
from ...tensor import Tensor
from ..arguments import whole
from ..functional import maxout
from ..module import Module, Shape
from ..regularizers import Penalty
from .weighted import Function, Weighted, activation_of


class Dense(Weighted):
    """activation(x @ kernel + bias): every output sees every input.

    x: (batch, in). kernel: (in, units). bias: (units,). Returns (batch, units).

    units:      how many outputs
    activation: a name ("relu"), a function of a Tensor, or None for none
    use_bias:   False for no bias
    kernel_initializer, bias_initializer: a name ("he_normal") or one of `pydl.init`
    kernel_regularizer, bias_regularizer: a name ("l2"), one of `nn.regularizers`, or None

    Source: F. Rosenblatt, "The Perceptron: A Probabilistic Model for Information Storage and Organization in the
    Brain", 1958.
    """

    def __init__(
        self,
        units: int,
        activation: str | Function | None = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: str | Penalty | None = None,
        bias_regularizer: str | Penalty | None = None,
        name: str = "",
    ) -> None:
        super().__init__(use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, name)
        self.units = whole("Dense", "units", units)
        self.activation = activation_of(activation)

    def build(self, shape: Shape) -> None:
        inputs = _row(self, shape)
        self.make_weights(init.draw(self.kernel_initializer, (inputs, self.units)), (self.units,))

    def output_shape(self, shape: Shape) -> Shape:
        _row(self, shape)
        return (self.units,)

    def call(self, x: Tensor) -> Tensor:
        _check_batch(self, x)
        return self.activation(self.with_bias(x @ self.kernel))


class Maxout(Weighted):
    """max over j of (x @ kernel_j + bias_j): each output is the largest of `pieces` linear functions, learned ones.

    x: (batch, in). kernel: (in, units * pieces), the pieces of an output side by side. bias: (units * pieces,).
    Returns (batch, units). It is what Dense(units * pieces) would be with `functional.maxout` after it.

    units:  how many outputs
    pieces: of each
    use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer: as for Dense

    Source: I. Goodfellow et al., "Maxout Networks", 2013.
    """

    def __init__(
        self,
        units: int,
        pieces: int = 2,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: str | Penalty | None = None,
        bias_regularizer: str | Penalty | None = None,
        name: str = "",
    ) -> None:
        super().__init__(use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, name)
        self.units = whole("Maxout", "units", units)
        self.pieces = whole("Maxout", "pieces", pieces)

    def build(self, shape: Shape) -> None:
        inputs = _row(self, shape)
        outputs = self.units * self.pieces
        self.make_weights(init.draw(self.kernel_initializer, (inputs, outputs)), (outputs,))

    def output_shape(self, shape: Shape) -> Shape:
        _row(self, shape)
        return (self.units,)

    def call(self, x: Tensor) -> Tensor:
        _check_batch(self, x)
        return maxout(self.with_bias(x @ self.kernel), self.pieces)


class Activation(Module):
    """activation(x), element by element (softmax: row by row): (batch, ...) keeps its shape.

    activation: a name ("relu") or a function of a Tensor
    """

    def __init__(self, activation: str | Function, name: str = "") -> None:
        super().__init__(name)
        self.activation = activation_of(activation)

    def build(self, shape: Shape) -> None:
        pass

    def call(self, x: Tensor) -> Tensor:
        return self.activation(x)


class Flatten(Module):
    """Samples as rows: (batch, height, width, channels) becomes (batch, height * width * channels)."""

    def output_shape(self, shape: Shape) -> Shape:
        return (math.prod(shape),)

    def build(self, shape: Shape) -> None:
        pass

    def call(self, x: Tensor) -> Tensor:
        return x.reshape((len(x), *self.output_shape(x.shape[1:])))


class Reshape(Module):
    """Samples in another shape: (batch, 784) becomes (batch, 28, 28, 1) by Reshape((28, 28, 1)).

    target_shape: of one sample; one of its numbers may be -1, which stands for what the others leave
    """

    def __init__(self, target_shape: Sequence[int], name: str = "") -> None:
        super().__init__(name)
        numbers = target_shape if isinstance(target_shape, (tuple, list)) else [None]
        known = [n for n in numbers if isinstance(n, (int, np.integer)) and (n > 0 or n == -1)]
        if len(known) != len(numbers) or known.count(-1) > 1:
            raise ValueError(
                "Reshape: expected target_shape as the shape of one sample, integers above 0 and at most one -1, "
                f"received {target_shape!r}"
            )
        self.target_shape = tuple(map(int, known))

    def build(self, shape: Shape) -> None:
        self.output_shape(shape)

    def output_shape(self, shape: Shape) -> Shape:
        wanted = filled_shape(self.target_shape, math.prod(shape))
        if -1 in wanted or math.prod(wanted) != math.prod(shape):
            raise ShapeError(
                f"{self.name}: cannot see samples of shape {shape} ({math.prod(shape)} numbers) as {self.target_shape}"
            )
        return wanted

    def call(self, x: Tensor) -> Tensor:
        return x.reshape((len(x), *self.output_shape(x.shape[1:])))


def _row(layer: Module, shape: Shape) -> int:
    """How many numbers a sample has, which must be a row of them."""
    if len(shape) != 1:
        hint = "add Flatten() first" if shape else "a single sample is x[None], samples of one number are x[:, None]"
        raise ShapeError(
            f"{layer.name}: expected samples of one axis (batch, in), received samples of shape {shape}; {hint}"
        )
    return shape[0]


def _check_batch(layer: Weighted, x: Tensor) -> None:
    if x.shape[1:] != layer.kernel.shape[:1]:
        single = "; a single sample is x[None]" if x.shape == layer.kernel.shape[:1] else ""
        raise ShapeError(f"{layer.name}: expected (batch, {layer.kernel.shape[0]}), received {x.shape}{single}")
