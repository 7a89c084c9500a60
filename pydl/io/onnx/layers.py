"""How each layer, and each activation, is written in ONNX's operators: two tables, and what their entries share.

A layer that is not in the tables cannot be exported: its `call` is Python, of which a file knows nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...configurable import ConfigError
from ...nn import functional
from ...nn.functional.activations import SELU_ALPHA, SELU_SCALE
from ...nn.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Maxout,
    MaxPooling2D,
    Reshape,
)
from ...registry import name_of
from .graph import Graph, Value

# ---- activations


def _gelu(graph: Graph, x: Value) -> Value:
    # As x / 2 * (1 + erf(x / sqrt(2))): an operator of its own came with opset 20 only.
    erf = graph.each("Erf", graph.each("Mul", x, graph.scalar(math.sqrt(0.5))))
    half = graph.each("Mul", x, graph.scalar(0.5))
    return graph.each("Mul", half, graph.each("Add", erf, graph.scalar(1.0)).name)


def _step(graph: Graph, x: Value) -> Value:
    above = graph.each("Greater", x, graph.scalar(0.0))
    return graph.each("Where", above, graph.scalar(1.0), graph.scalar(0.0))


def _swish(graph: Graph, x: Value) -> Value:
    return graph.each("Mul", x, graph.each("Sigmoid", x).name)


def _each(operator: str, **attributes: float) -> Callable[[Graph, Value], Value]:
    return lambda graph, x: graph.each(operator, x, **attributes)


def _rows(operator: str) -> Callable[[Graph, Value], Value]:
    return lambda graph, x: graph.each(operator, graph.channels_last(x), axis=-1)


ACTIVATIONS: dict[str, Callable[[Graph, Value], Value]] = {
    "linear": lambda graph, x: x,
    "relu": _each("Relu"),
    "leaky_relu": _each("LeakyRelu", alpha=0.2),
    "elu": _each("Elu", alpha=1.0),
    "selu": _each("Selu", alpha=SELU_ALPHA, gamma=SELU_SCALE),
    "gelu": _gelu,
    "softplus": _each("Softplus"),
    "swish": _swish,
    "sigmoid": _each("Sigmoid"),
    "tanh": _each("Tanh"),
    "step": _step,
    "softmax": _rows("Softmax"),
    "log_softmax": _rows("LogSoftmax"),
}


def activated(graph: Graph, function: Any, x: Value) -> Value:
    """x after an activation, which must be one of pydl's. Raises ConfigError."""
    known = {functional.ACTIVATIONS[name]: export for name, export in ACTIVATIONS.items()}
    if function not in known:
        name = name_of(function) or getattr(function, "__name__", repr(function))
        raise ConfigError(f"its activation {name} is not one of those that ONNX export knows: {', '.join(ACTIVATIONS)}")
    return known[function](graph, x)


# ---- layers


def _product(graph: Graph, layer: Dense | Maxout, x: Value) -> str:
    y = graph.node("MatMul", x.name, graph.weight("kernel", layer.kernel.numpy()))
    return graph.node("Add", y, graph.weight("bias", layer.bias.numpy())) if layer.use_bias else y


def _dense(graph: Graph, layer: Dense, x: Value) -> Value:
    return activated(graph, layer.activation, Value(_product(graph, layer, x), (layer.units,)))


def _maxout(graph: Graph, layer: Maxout, x: Value) -> Value:
    pieces = graph.node("Reshape", _product(graph, layer, x), graph.sizes((-1, layer.units, layer.pieces)))
    return Value(graph.node("ReduceMax", pieces, axes=(2,), keepdims=0), (layer.units,))


def _conv2d(graph: Graph, layer: Conv2D, x: Value) -> Value:
    x = graph.channels_first(x)
    inputs = [x.name, graph.weight("kernel", layer.kernel.numpy().transpose(3, 2, 0, 1))]
    if layer.use_bias:
        inputs.append(graph.weight("bias", layer.bias.numpy()))
    pads = _pads(x, layer.kernel_size, layer.strides, layer.padding)
    y = graph.node("Conv", *inputs, kernel_shape=layer.kernel_size, strides=layer.strides, pads=pads)
    return activated(graph, layer.activation, Value(y, layer.output_shape(x.shape), channels_first=True))


def _pooling(operator: str) -> Callable[[Graph, Any, Value], Value]:
    def export(graph: Graph, layer: MaxPooling2D | AveragePooling2D, x: Value) -> Value:
        x = graph.channels_first(x)
        pads = _pads(x, layer.pool_size, layer.strides, layer.padding)
        y = graph.node(operator, x.name, kernel_shape=layer.pool_size, strides=layer.strides, pads=pads)
        return Value(y, layer.output_shape(x.shape), channels_first=True)

    return export


def _pads(x: Value, window: tuple[int, int], strides: tuple[int, int], padding: str) -> list[int]:
    """How far windows reach beyond an image: before its height and width, then after them, where one more goes."""
    if padding == "valid":
        return [0, 0, 0, 0]
    pads = [
        max(0, (-(-size // stride) - 1) * stride + extent - size)
        for size, extent, stride in zip(x.shape, window, strides)
    ]
    return [pad // 2 for pad in pads] + [pad - pad // 2 for pad in pads]


def _batch_normalization(graph: Graph, layer: BatchNormalization, x: Value) -> Value:
    """As a scale and a shift, which the moving averages come down to: so the features may be in any axis."""
    mean, variance = (weight.numpy().astype(np.float64) for weight in (layer.moving_mean, layer.moving_variance))
    scale = 1 / np.sqrt(variance + layer.epsilon) * (layer.gamma.numpy() if layer.scale else 1)
    shift = (layer.beta.numpy() if layer.center else 0) - mean * scale
    axes = len(x.shape) + 1
    axis = layer.axis % axes
    if x.channels_first:
        axis = 1 if axis == axes - 1 else axis + 1
    wide = (-1, *[1] * (axes - 1 - axis))
    scaled = graph.each("Mul", x, graph.weight("scale", scale.reshape(wide)))
    return graph.each("Add", scaled, graph.weight("shift", shift.reshape(wide)))


def _reshaped(graph: Graph, layer: Flatten | Reshape, x: Value) -> Value:
    shape = layer.output_shape(x.shape)
    return Value(graph.node("Reshape", graph.channels_last(x).name, graph.sizes((-1, *shape))), shape)


LAYERS: dict[type, Callable[[Graph, Any, Value], Value]] = {
    Activation: lambda graph, layer, x: activated(graph, layer.activation, x),
    AveragePooling2D: _pooling("AveragePool"),
    BatchNormalization: _batch_normalization,
    Conv2D: _conv2d,
    Dense: _dense,
    Dropout: lambda graph, layer, x: x,
    Flatten: _reshaped,
    Maxout: _maxout,
    MaxPooling2D: _pooling("MaxPool"),
    Reshape: _reshaped,
}
