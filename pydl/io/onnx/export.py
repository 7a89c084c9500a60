"""From a Sequential to an ONNX file, layer by layer.

What only acts in training is left out: the file is for predicting.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...configurable import ConfigError
from ...nn.module import Module, Shape
from ..content import Target, named, write
from ..errors import FileError
from .graph import Graph, Value


def export_onnx(model: Any, path: Target, input_shape: Shape | None = None) -> None:
    """Writes a model for other runtimes to predict with: opset 17, input "input", output "output", any batch size.

    model:       a Sequential of pydl's layers, with Sequentials in it as well. What acts in training only is left out
    path:        where to; or a file opened for writing bytes
    input_shape: of one sample; needed where the model is not built yet. Images stay channels-last
    Raises FileError, for a model with other Modules in it, too.
    """
    write(path, [onnx_bytes(model, input_shape, named(path))])


def onnx_bytes(model: Any, input_shape: Shape | None = None, name: str = "ONNX export") -> bytes:
    """The content of the file that `export_onnx` writes for a model and input_shape. name: what messages call it."""
    shape = model.input_shape if input_shape is None else tuple(input_shape)
    if shape is None:
        raise FileError(f"{name}: expected a model that is built; pass input_shape, the shape of one sample")
    model.ensure_built(shape)
    wide = any(weight.dtype == np.float64 for weight in model.weights)
    graph = Graph(np.dtype(np.float64 if wide else np.float32))
    x = Value("input", shape)
    return graph.serialized(model.name, x, _exported(graph, model, "", x, name))


def _exported(graph: Graph, module: Module, path: str, x: Value, name: str) -> Value:
    """The value after a Module, whose nodes are added to the graph."""
    from ...nn.sequential import Sequential  # here: models know how they are saved, and are imported after it
    from .layers import LAYERS

    if type(module).call is Sequential.call:
        for part, layer in module.children():
            x = _exported(graph, layer, f"{path}/{part}" if path else part, x, name)
        return x
    export = LAYERS.get(type(module))
    label = f"{name}: {path or module.name} ({type(module).__name__})"
    if export is None:
        known = ", ".join(layer.__name__ for layer in LAYERS)
        raise FileError(f"{label}: cannot be exported; expected a Sequential of {known}")
    graph.scope = path or module.name
    try:
        return export(graph, module, x)
    except ConfigError as error:
        raise FileError(f"{label}: {error}") from None
