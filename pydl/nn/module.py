"""Module: something with parameters that maps a Tensor to a Tensor. Layers and models are Modules."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..autograd import modes
from ..tensor import Tensor
from ..variable import Parameter

Shape = tuple[int, ...]


class Module:
    """Base class. A subclass defines `call(x)` and, where it has parameters, `build(shape)`.

    Shapes are those of one sample, without the batch axis: a Dense layer over images of 784 numbers is built with
    (784,). A Module that was not built is built by its first input.
    """

    name = ""
    built = False

    def build(self, shape: Shape) -> None:
        """Makes the parameters for samples of this shape."""

    def output_shape(self, shape: Shape) -> Shape:
        """The shape of a result for a sample of this shape."""
        return shape

    def call(self, x: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} must define call(x)")

    def ensure_built(self, shape: Shape) -> None:
        if not self.built:
            # Initial weights are drawn at once and on the CPU, even where a first call is being traced.
            recorder, modes.recorder = modes.recorder, None
            try:
                self.build(shape)
            finally:
                modes.recorder = recorder
            self.built = True

    def __call__(self, x) -> Tensor:
        x = x if isinstance(x, Tensor) else Tensor(np.asarray(x))
        self.ensure_built(x.shape[1:])
        return self.call(x)

    def parameters(self) -> list[Parameter]:
        """All parameters of this Module and those in it, in the order in which they were made, each once."""
        return list({id(parameter): parameter for parameter in _parameters(vars(self).values())}.values())

    def count_parameters(self) -> int:
        return sum(parameter.size for parameter in self.parameters())


def _parameters(things) -> Iterator[Parameter]:
    for thing in things:
        if isinstance(thing, Parameter):
            yield thing
        elif isinstance(thing, Module):
            yield from thing.parameters()
        elif isinstance(thing, (list, tuple)):
            yield from _parameters(thing)
