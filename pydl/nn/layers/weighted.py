"""What Dense, Conv2D and Maxout have in common: a kernel and a bias, how these begin, and what they add to the loss.

The layers above it say what shape the kernel has and what is done with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import init
from ...registry import resolve
from ...tensor import Tensor
from ...variable import Parameter
from .. import regularizers
from ..functional import ACTIVATIONS
from ..module import Module, Shape
from ..regularizers import Penalty

Function = Callable[[Tensor], Tensor]


class Weighted(Module):
    """Base class of layers with a kernel and, where `use_bias`, a bias."""

    kernel: Parameter
    bias: Parameter

    def __init__(
        self,
        use_bias: bool,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: str | Penalty | None,
        bias_regularizer: str | Penalty | None,
        name: str,
    ) -> None:
        super().__init__(name)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = resolve("initializer", init.INITIALIZERS, kernel_initializer)
        self.bias_initializer = resolve("initializer", init.INITIALIZERS, bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)

    def make_weights(self, kernel: np.ndarray, bias_shape: Shape) -> None:
        """The weights as they begin, for `build`."""
        self.kernel = Parameter(kernel, name="kernel")
        if self.use_bias:
            self.bias = Parameter(init.draw(self.bias_initializer, bias_shape), name="bias")

    def with_bias(self, y: Tensor) -> Tensor:
        """y + bias, or y where there is none."""
        return y + self.bias if self.use_bias else y

    def penalties(self) -> list[Tensor]:
        terms = [self.kernel_regularizer(self.kernel)] if self.kernel_regularizer else []
        if self.use_bias and self.bias_regularizer:
            terms.append(self.bias_regularizer(self.bias))
        return terms


def activation_of(wanted: str | Function | None) -> Function:
    """An activation by name, a function as it is, None for none."""
    function: Function = resolve("activation", ACTIVATIONS, "linear" if wanted is None else wanted)
    return function
