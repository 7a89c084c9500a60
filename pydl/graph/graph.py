"""From a traced Program to a graph: operations are gathered by the name scopes in which they were written.

A model's layers are scopes, so a depth of 1 shows its layers, a larger one what is in them, and None every operation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..autograd import no_grad
from ..jit import Instruction, Program, Trace, Value
from ..jit.passes import remove_dead_code
from ..ops import Spec
from ..rules import FLOAT32

if TYPE_CHECKING:
    from ..nn.module import Module


@dataclass
class Node:
    """A place of the graph.

    id:         the path of its scopes, or of its weight; unique
    kind:       "input", "output", "module" (operations of one scope), "operation" or "weight"
    label:      what to call it: the last part of its path, or the operation's name
    type:       of a module: its class
    scope:      the path around it
    shape:      of what it gives, the batch axis first ("batch" in a model's graph)
    parameters: how many numbers its weights hold
    """

    id: str
    kind: str
    label: str
    type: str = ""
    scope: str = ""
    shape: list[int | str] = field(default_factory=list)
    parameters: int = 0


class Edge(NamedTuple):
    """Something flows from a source to a target, both the id of a node."""

    source: str
    target: str


@dataclass
class Graph:
    """Nodes in the order of the computation, and what flows between them.

    name:  of the model or of the traced function
    nodes: each a Node
    edges: (source, target), by the nodes' ids
    """

    name: str
    nodes: list[Node]
    edges: list[Edge]

    def to_json(self) -> dict[str, Any]:
        """The graph in the types that JSON knows: {"name", "nodes": [{...}], "edges": [[source, target], ...]}."""
        nodes = [asdict(node) for node in self.nodes]
        return {"name": self.name, "nodes": nodes, "edges": [list(edge) for edge in self.edges]}

    def to_svg(self) -> str:
        """The graph as a drawing: an SVG document with its own light and dark colours."""
        from .svg import draw  # here: most who import pydl draw nothing

        return draw(self)

    def _repr_svg_(self) -> str:
        return self.to_svg()


def model_graph(model: Module, input_shape: tuple[int, ...] | None = None, depth: int | None = 1) -> Graph:
    """The graph of a model's forward pass.

    input_shape: of one sample; the model's own unless given
    depth:       how many name scopes deep: 1 for the layers, None for every operation
    Raises ValueError where the shape is not known, or depth is none.
    """
    if depth is not None and (not isinstance(depth, int) or depth < 1):
        raise ValueError(f"graph: expected depth as an integer above 0, or None for everything, received {depth!r}")
    shape = input_shape or getattr(model, "input_shape", None)
    if shape is None:
        raise ValueError(f"{model.name}: not built yet, so its graph is not known: pass input_shape, or fit first")
    model.ensure_built(tuple(shape))
    model.name_weights()
    with no_grad(), Trace(model.name) as trace:
        x = trace.input(Spec((_BATCH, *shape), FLOAT32))
        program = remove_dead_code(trace.finish([model(x, training=False)]))
    modules = {path: (type(module).__name__, module.count_parameters()) for path, module in model.modules() if path}
    graph = program_graph(program, depth, modules)
    for node in graph.nodes:
        node.shape = [_batch(n) for n in node.shape]
    return graph


_BATCH = 99991  # stands for the batch axis while tracing: a prime that no other axis has


def _batch(length: int | str) -> int | str:
    """The batch axis by its name; several rows to a sample, as a convolution's windows are, as "batch x 676"."""
    if not isinstance(length, int) or length == 0 or length % _BATCH:
        return length
    return "batch" if length == _BATCH else f"batch x {length // _BATCH}"


def program_graph(
    program: Program, depth: int | None = 1, modules: Mapping[str, tuple[str, int]] | None = None
) -> Graph:
    """The graph of a Program, such as `jit(f).program(x)`.

    depth:   how many name scopes deep: 1 for the layers, None for every operation
    modules: for the scopes that are Modules, by path: their class, and how many numbers their weights hold
    """
    builder = _Builder(modules or {}, depth)
    for position, value in enumerate(program.inputs):
        label = "input" if len(program.inputs) == 1 else f"input {position}"
        builder.place(value, Node(label, "input", label, shape=list(value.shape)))
    weights = {value: variable.name for variable, value in program.state}
    for number, instruction in enumerate(program.instructions):
        builder.add(number, instruction, weights)
    for position, value in enumerate(program.outputs):
        label = "output" if len(program.outputs) == 1 else f"output {position}"
        builder.finish(value, Node(label, "output", label, shape=list(value.shape)))
    return Graph(program.name, list(builder.nodes.values()), list(builder.edges))


class _Builder:
    def __init__(self, modules: Mapping[str, tuple[str, int]], depth: int | None) -> None:
        self.modules, self.depth = modules, depth
        self.nodes: dict[str, Node] = {}
        self.edges: dict[Edge, None] = {}  # in order, each once
        self._source: dict[Value, str] = {}  # the node that a value comes from
        self._stretched: dict[Value, Value] = {}  # what a broadcast value was

    def place(self, value: Value, node: Node) -> None:
        self.nodes[node.id] = node
        self._source[value] = node.id

    def add(self, number: int, instruction: Instruction, weights: dict[Value, str]) -> None:
        inputs = [self._stretched.get(value, value) for value in instruction.inputs]
        if instruction.primitive.name == "broadcast":  # only fits shapes to each other: not worth a node
            self._stretched[instruction.result] = inputs[0]
            return
        node = self._node(number, instruction)
        self._source[instruction.result] = node.id
        node.shape = list(instruction.result.shape)  # of a module: what its last operation gives
        for value in inputs:
            if value in self._source or value not in weights:
                continue
            name, size = weights[value], math.prod(value.shape)
            if node.kind == "module":  # its weight, whatever else reads it
                self._source[value] = node.id
                node.parameters += 0 if node.id in self.modules else size
            else:
                scope, _, label = name.rpartition("/")
                self.place(value, Node(name, "weight", label, scope=scope, shape=list(value.shape), parameters=size))
        for value in inputs:
            if value in self._source:
                self._connect(self._source[value], node.id)

    def finish(self, value: Value, node: Node) -> None:
        self.nodes[node.id] = node
        if value in self._source:
            self._connect(self._source[value], node.id)

    def _connect(self, source: str, target: str) -> None:
        if source != target:
            self.edges[Edge(source, target)] = None

    def _node(self, number: int, instruction: Instruction) -> Node:
        """The node that an operation belongs to: its scope's, down to the depth wanted, or one of its own."""
        scopes = instruction.scope.split("/") if instruction.scope else []
        if self.depth is None or not scopes:
            name = f"{instruction.primitive.name}_{number}"
            node = Node("/".join([*scopes, name]), "operation", instruction.primitive.name, scope=instruction.scope)
            return self.nodes.setdefault(node.id, node)
        path = "/".join(scopes[: self.depth])
        if path not in self.nodes:
            kind, parameters = self.modules.get(path, ("", 0))
            around, _, label = path.rpartition("/")
            self.nodes[path] = Node(path, "module", label, kind, around, parameters=parameters)
        return self.nodes[path]
