"""Sequential: layers one after the other, with Keras's compile, fit, evaluate and predict.

Each layer is built by the shape that the one before it gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..tensor import Tensor
from .arguments import sample_shape
from .model import Model
from .module import Module, Shape


class Sequential(Model):
    """A stack of layers.

    layers:      Modules, first to last
    input_shape: of one sample; without it the model is built by the first data it sees
    """

    def __init__(
        self, layers: Iterable[Module] = (), input_shape: Shape | None = None, name: str = "sequential"
    ) -> None:
        super().__init__(name)
        if not isinstance(layers, Iterable) or isinstance(layers, (str, Module)):
            raise TypeError(f"Sequential: expected a list of layers, Sequential([...]), received {layers!r}")
        self.layers: list[Module] = []
        for layer in layers:
            self.add(layer)
        if input_shape is not None:
            self.ensure_built(input_shape)

    def add(self, layer: Module) -> None:
        """Appends a layer. Two layers of one name become name and name_1, so that every weight has a path."""
        if not isinstance(layer, Module):
            raise TypeError(f"Sequential: expected a layer, received {layer!r}")
        if self.built:
            raise RuntimeError("Sequential: the model is built already; add all layers before its first use")
        taken = {other.name for other in self.layers if other is not layer}
        name, number = layer.name, 0
        while layer.name in taken:
            number += 1
            layer.name = f"{name}_{number}"
        self.layers.append(layer)

    def children(self) -> Iterator[tuple[str, Module]]:
        yield from ((layer.name, layer) for layer in self.layers)

    def build(self, shape: Shape) -> None:
        if not self.layers:
            raise RuntimeError("Sequential: expected at least one layer, the model has none")
        self.input_shape = shape = sample_shape(self.name, shape)
        for layer in self.layers:
            layer.ensure_built(shape)
            shape = layer.output_shape(shape)
        self.built = True  # also where this was called by hand, as in Keras

    def output_shape(self, shape: Shape) -> Shape:
        for layer in self.layers:
            shape = layer.output_shape(shape)
        return shape

    def call(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x
