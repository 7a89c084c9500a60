"""An ONNX graph under construction: nodes that read and give named values, and the constants among these.

Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), which never change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...nn.module import Shape
from . import protobuf as pb

OPSET = 17  # of 2022: it has every operator that is used here, and runtimes still in use know it
IR_VERSION = 8  # of the file's own layout, the one that came with this opset
BATCH = "batch"  # the name of the axis whose size is open

_ELEMENT_TYPES = {"float32": 1, "int64": 7, "float64": 11}
_FLOAT, _INT, _INTS = 1, 2, 7  # kinds of attributes

Attribute = float | int | Sequence[int]


class Value(NamedTuple):
    """A batch of samples in the graph.

    shape:          of one sample, as pydl sees it: channels last
    channels_first: whether the graph holds it as (batch, channels, ...), which ONNX's convolutions need
    """

    name: str
    shape: Shape
    channels_first: bool = False


class Graph:
    """The nodes and constants so far.

    dtype: of what is computed, float32 or float64
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self.scope = ""  # the path of the layer under way, after which nodes are named
        self._nodes: list[bytes] = []
        self._constants: dict[str, bytes] = {}
        self._taken: set[str] = set()

    # ---- nodes

    def node(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Adds a node; returns the name of its output."""
        name = self._free(operator)
        parts = [pb.text(1, *inputs), pb.text(2, name), pb.text(3, name), pb.text(4, operator)]
        parts += [pb.data(5, _attribute(key, value)) for key, value in attributes.items()]
        self._nodes.append(b"".join(parts))
        return name

    def each(self, operator: str, x: Value, *others: str, **attributes: Attribute) -> Value:
        """Adds a node that treats every element alike, whatever the order of the axes."""
        return x._replace(name=self.node(operator, x.name, *others, **attributes))

    def channels_first(self, x: Value) -> Value:
        """The same images with their channels in front, as ONNX convolves them."""
        if x.channels_first:
            return x
        axes = len(x.shape) + 1
        name = self.node("Transpose", x.name, perm=(0, axes - 1, *range(1, axes - 1)))
        return Value(name, x.shape, channels_first=True)

    def channels_last(self, x: Value) -> Value:
        """The same images with their channels behind, as pydl has them."""
        if not x.channels_first:
            return x
        return Value(self.node("Transpose", x.name, perm=(0, *range(2, len(x.shape) + 1), 1)), x.shape)

    # ---- constants

    def weight(self, name: str, array: np.ndarray) -> str:
        """A constant of this layer, in the graph's dtype."""
        return self._constant(name, array.astype(self.dtype))

    def scalar(self, value: float) -> str:
        """A constant number, in the graph's dtype."""
        return self._constant("constant", np.array(value, self.dtype))

    def sizes(self, values: Sequence[int]) -> str:
        """A constant shape."""
        return self._constant("shape", np.array(values, np.int64))

    def _constant(self, name: str, array: np.ndarray) -> str:
        name = self._free(name)
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        self._constants[name] = (
            pb.integer(1, *array.shape)
            + pb.integer(2, _ELEMENT_TYPES[array.dtype.name])
            + pb.text(8, name)
            + pb.data(9, little.tobytes())
        )
        return name

    def _free(self, name: str) -> str:
        name = free = f"{self.scope}/{name}" if self.scope else name
        number = 0
        while free in self._taken:
            number += 1
            free = f"{name}_{number}"
        self._taken.add(free)
        return free

    # ---- the file

    def serialized(self, name: str, x: Value, y: Value) -> bytes:
        """The content of the file for a model from x to y, which gets the name "output"."""
        y = self.channels_last(y)
        nodes = [*self._nodes, pb.text(1, y.name) + pb.text(2, "output") + pb.text(4, "Identity")]
        graph = (
            pb.messages(1, nodes)
            + pb.text(2, name)
            + pb.messages(5, self._constants.values())
            + pb.data(11, self._description(x))
            + pb.data(12, self._description(y._replace(name="output")))
        )
        operators = pb.text(1, "") + pb.integer(2, OPSET)  # "": ONNX's own
        return pb.integer(1, IR_VERSION) + pb.text(2, "pydl") + pb.data(7, graph) + pb.data(8, operators)

    def _description(self, value: Value) -> bytes:
        """Name, dtype and shape of an input or output."""
        sizes = [pb.text(2, BATCH), *(pb.integer(1, size) for size in value.shape)]
        tensor = pb.integer(1, _ELEMENT_TYPES[self.dtype.name]) + pb.data(2, pb.messages(1, sizes))
        return pb.text(1, value.name) + pb.data(2, pb.data(1, tensor))


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        content, kind = pb.real(2, value), _FLOAT
    elif isinstance(value, int):
        content, kind = pb.integer(3, value), _INT
    else:
        content, kind = pb.integer(8, *value), _INTS
    return pb.text(1, name) + content + pb.integer(20, kind)
