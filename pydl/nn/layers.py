"""Layers, by Keras's names and with Keras's defaults."""

from __future__ import annotations

from .. import init
from ..ops import ShapeError
from ..registry import resolve
from ..variable import Parameter
from .functional import ACTIVATIONS
from .module import Module, Shape


class Dense(Module):
    """activation(x @ kernel + bias): every output sees every input.

    x: (batch, in). kernel: (in, units). bias: (units,). Returns (batch, units).
    """

    def __init__(
        self,
        units: int,
        activation=None,
        use_bias: bool = True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        name: str = "",
    ) -> None:
        if not isinstance(units, int) or units < 1:
            raise ValueError(f"Dense: expected units as an integer above 0, received {units!r}")
        self.units = units
        self.activation = resolve("activation", ACTIVATIONS, activation or "linear")
        self.use_bias = use_bias
        self.kernel_initializer = resolve("initializer", init.INITIALIZERS, kernel_initializer)
        self.bias_initializer = resolve("initializer", init.INITIALIZERS, bias_initializer)
        self.name = name or "dense"

    def build(self, shape: Shape) -> None:
        if len(shape) != 1:
            raise ShapeError(
                f"{self.name}: expected samples of one axis (batch, in), received samples of shape {shape}; "
                "reshape images to one row each first"
            )
        kernel = init.draw(self.kernel_initializer, (shape[0], self.units))
        self.kernel = Parameter(kernel, name=f"{self.name}/kernel")
        if self.use_bias:
            self.bias = Parameter(init.draw(self.bias_initializer, (self.units,)), name=f"{self.name}/bias")

    def output_shape(self, shape: Shape) -> Shape:
        return (self.units,)

    def call(self, x):
        if x.shape[1:] != self.kernel.shape[:1]:
            raise ShapeError(
                f"{self.name}: expected (batch, {self.kernel.shape[0]}), received {x.shape}"
            )
        y = x @ self.kernel
        return self.activation(y + self.bias if self.use_bias else y)


class Activation(Module):
    """A function of every element (softmax: of every row), by name or as a function."""

    def __init__(self, activation, name: str = "") -> None:
        self.activation = resolve("activation", ACTIVATIONS, activation)
        self.name = name or "activation"

    def call(self, x):
        return self.activation(x)
