"""Model: what every model has beside its training: a summary, a graph, and a file to be kept in.

Drawing and files are imported where they are used: importing pydl should take no longer for those who need neither.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..autograd import modes, no_grad
from ..jit import Trace
from ..ops import Spec
from ..rules import FLOAT32
from ..train.trainer import Trainer
from .arguments import sample_shape
from .module import Shape, tapping

if TYPE_CHECKING:
    from ..graph import Graph

Row = tuple[str, str, str]


class Model(Trainer):
    """Base class of models. `Sequential` is one; a subclass of your own defines `call(x)`, and may hold any Modules.

    x: (batch, ...) and so are the outputs: for a classifier (batch, classes).

    name: of the model; unless given, that of its class
    """

    input_shape: Shape | None = None  # of one sample; known once the model is built

    def ensure_built(self, shape: Shape) -> None:
        if not self.built:
            super().ensure_built(sample_shape(self.name, shape))
            self.input_shape = tuple(shape)

    # ---- what it looks like

    def summary(self, print_fn: Callable[[str], Any] = print) -> None:
        """Prints, with print_fn, a line per layer: name, output shape, number of parameters; and the totals."""
        if not self.built:
            print_fn(self._unbuilt())
            return
        rows = self._rows()
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        rule = "-" * (sum(widths) + 4)
        print_fn(f"Model: {self.name}")
        for index, (layer_name, output, size) in enumerate(rows):
            print_fn(f"{layer_name:<{widths[0]}}  {output:<{widths[1]}}  {size:>{widths[2]}}")
            if index in (0, len(rows) - 1):
                print_fn(rule)
        for line in self._totals():
            print_fn(line)

    def _repr_html_(self) -> str:
        """The summary as a table, for notebooks."""
        from html import escape

        if not self.built:
            return f"<p>{escape(self._unbuilt())}</p>"
        head, *rows = (tuple(map(escape, row)) for row in self._rows())
        number = ' style="text-align: right"'
        lines = [f"<tr><td>{name}</td><td>{output}</td><td{number}>{size}</td></tr>" for name, output, size in rows]
        return (
            f"<table><caption>{escape(self.name)}: {'; '.join(self._totals())}</caption>"
            f"<thead><tr>{''.join(f'<th>{cell}</th>' for cell in head)}</tr></thead>"
            f"<tbody>{''.join(lines)}</tbody></table>"
        )

    def __repr__(self) -> str:
        size = f"{self.count_parameters():,} parameters" if self.built else "not built"
        return f"<{type(self).__name__} '{self.name}', {size}>"

    def graph(self, depth: int | None = 1) -> Graph:
        """What flows where: `.to_json()` for programs, `.to_svg()` to look at.

        depth: how many name scopes deep: 1 for the layers, None for every operation
        """
        from ..graph import model_graph

        return model_graph(self, depth=depth)

    def _unbuilt(self) -> str:
        layers = sum(1 for _ in self.children())
        return f"{self.name}: {layers} layers, not built yet: pass input_shape, or fit first"

    def _rows(self) -> list[Row]:
        rows = [("Layer (type)", "Output shape", "Parameters")]
        shapes = self._output_shapes()
        for name, layer in self.children():
            known = shapes.get(layer.scope)
            output = "not called" if known is None else f"({', '.join(('batch', *map(str, known)))})"
            rows.append((f"{name} ({type(layer).__name__})", output, f"{layer.count_parameters():,}"))
        return rows

    def _output_shapes(self) -> dict[str, Shape]:
        """The shape of a sample after each Module, by path: from a call that is traced, and computes nothing."""
        assert self.input_shape is not None
        scope, modes.scope = modes.scope, ()
        try:
            with tapping() as outputs, no_grad(), Trace(self.name) as trace:
                self(trace.input(Spec((1, *self.input_shape), FLOAT32)), training=False)
        finally:
            modes.scope = scope
        return {path: output.shape[1:] for path, output in outputs}

    def _totals(self) -> list[str]:
        frozen = sum(weight.size for weight in self.non_trainable_weights)
        lines = [f"Total parameters: {self.count_parameters():,}"]
        if frozen:
            lines += [f"Trainable: {self.count_parameters() - frozen:,}", f"Not trainable: {frozen:,}"]
        return lines

    # ---- files

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the model, all of it, to a file: structure, weights, how it is trained, its history.

        path: ends in .npz or .safetensors. Raises FileError. `nn.load_model` opens it again.
        """
        from ..io import save_model

        save_model(self, path)

    def save_weights(self, path: str | os.PathLike[str]) -> None:
        """Writes the weights by their paths, to a .npz or .safetensors file."""
        from ..io import save_weights

        save_weights(self, path)

    def load_weights(self, path: str | os.PathLike[str]) -> None:
        """Reads weights by their paths; a file that does not fit is a FileError, and changes nothing."""
        from ..io import load_weights

        load_weights(self, path)


def load_model(path: str | os.PathLike[str]) -> Any:
    """The model that `model.save(path)` has written, ready to predict and to be trained on. Raises FileError."""
    from ..io import load_model as load

    return load(path)
