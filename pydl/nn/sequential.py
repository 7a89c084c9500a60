"""Sequential: layers one after the other, with Keras's compile, fit, evaluate and predict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..train.trainer import Trainer
from .module import Module, Shape


class Sequential(Trainer):
    """A stack of layers.

    layers:      Modules, first to last
    input_shape: of one sample; without it the model is built by the first data it sees
    """

    def __init__(self, layers: Iterable[Module] = (), input_shape: Shape | None = None, name: str = "sequential"):
        super().__init__()
        self.name = name
        self.layers: list[Module] = []
        for layer in layers:
            self.add(layer)
        if input_shape is not None:
            self.ensure_built(tuple(input_shape))

    def add(self, layer: Module) -> None:
        """Appends a layer. Two layers of one name become name and name_1, so that every parameter has a path."""
        if not isinstance(layer, Module):
            raise TypeError(f"Sequential: expected a layer, received {layer!r}")
        if self.built:
            raise RuntimeError("Sequential: the model is built already; add all layers before its first use")
        taken = Counter(other.name.rstrip("0123456789").rstrip("_") for other in self.layers)
        if any(other.name == layer.name and other is not layer for other in self.layers):
            layer.name = f"{layer.name}_{taken[layer.name]}"
        self.layers.append(layer)

    def build(self, shape: Shape) -> None:
        if not self.layers:
            raise RuntimeError("Sequential: expected at least one layer, the model has none")
        self.input_shape = shape
        for layer in self.layers:
            layer.ensure_built(shape)
            shape = layer.output_shape(shape)

    def output_shape(self, shape: Shape) -> Shape:
        for layer in self.layers:
            shape = layer.output_shape(shape)
        return shape

    def call(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def summary(self, print_fn=print) -> None:
        """Prints a line per layer: name, output shape, number of parameters; and the total."""
        if not self.built:
            print_fn(f"{self.name}: {len(self.layers)} layers, not built yet: pass input_shape, or fit first")
            return
        rows = [("Layer (type)", "Output shape", "Parameters")]
        shape = self.input_shape
        for layer in self.layers:
            shape = layer.output_shape(shape)
            size = f"{layer.count_parameters():,}"
            rows.append((f"{layer.name} ({type(layer).__name__})", f"(batch, {', '.join(map(str, shape))})", size))
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        rule = "-" * (sum(widths) + 4)
        print_fn(f"Model: {self.name}")
        for index, (layer_name, output, size) in enumerate(rows):
            print_fn(f"{layer_name:<{widths[0]}}  {output:<{widths[1]}}  {size:>{widths[2]}}")
            if index in (0, len(rows) - 1):
                print_fn(rule)
        print_fn(f"Total parameters: {self.count_parameters():,}")
