"""Reverse-mode differentiation: how a result's gradient finds its way back to the leaves.

Every operation on Tensors that need a gradient leaves a `Node`: the primitive, its inputs and its result. `backward`
walks these nodes once, from the result to the leaves, and asks each primitive for its derivative. The derivatives are
Tensor operations themselves, so the walk can be traced into a Program, and its result differentiated again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from .ops import Primitive


class _Modes(threading.local):
    """What holds for the operations of this thread right now."""

    grad_enabled = True
    recorder: Any = None  # the trace that operations are recorded in, or None: each is evaluated at once
    training = False  # whether layers act as they do while a model learns
    frozen = False  # whether the Module under way, or one around it, is not trainable
    scope: tuple[str, ...] = ()  # the name scopes around the operations
    tap: list[tuple[str, Any]] | None = None  # collects the output of every Module that is called


modes = _Modes()


def no_grad() -> AbstractContextManager[None]:
    """Operations inside leave no nodes: nothing computed here can be differentiated."""
    return grad_mode(False)


@contextmanager
def grad_mode(enabled: bool) -> Iterator[None]:
    """Operations inside leave nodes, or leave none."""
    before = modes.grad_enabled
    modes.grad_enabled = enabled
    try:
        yield
    finally:
        modes.grad_enabled = before


class Node:
    """One application of a primitive, kept for the way back.

    It holds the result's value, not the result's Tensor, which holds the node: so no cycle keeps memory alive.
    """

    __slots__ = ("inputs", "params", "primitive", "value", "versions")

    def __init__(self, primitive: Primitive, inputs: tuple[Any, ...], params: dict[str, Any], value: Any) -> None:
        self.primitive = primitive
        self.inputs = inputs
        self.params = params
        self.value = value
        self.versions = tuple(tensor._version for tensor in inputs)

    def check_versions(self) -> None:
        """A Variable that was assigned since would give the gradient of another function."""
        for tensor, version in zip(self.inputs, self.versions):
            if tensor._version != version:
                raise RuntimeError(
                    f"{tensor!r} was assigned after '{self.primitive.name}' had used it, and before backward(): "
                    "call backward() first, then change variables"
                )


def _topological_order(root: Node) -> list[Node]:
    """Nodes from the root to the leaves, each before the nodes that its inputs come from."""
    order: list[Node] = []
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:  # depth first without recursion: a network may be deeper than Python's stack
        node, expanded = stack.pop()
        if expanded:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((t._node, False) for t in node.inputs if t._node is not None)
    order.reverse()
    return order


def _ways_to(ends: set[int], order: list[Node]) -> set[int]:
    """The ids of `ends` and of all nodes from which one of them is reached: a gradient elsewhere is of no use."""
    ways = set(ends)
    for node in reversed(order):
        if any(id(tensor._node or tensor) in ways for tensor in node.inputs):
            ways.add(id(node))
    return ways


def gradients(
    result: Any, gradient: Any, wanted: Sequence[Any] | None = None, create_graph: bool = False
) -> list[Any]:
    """The way back from `result` to what it was computed from.

    gradient:     the gradient of `result` itself to start from, a Tensor of its shape
    wanted:       Tensors; the result is then the list of their gradients, None where there is no way.
                  Without it: (leaf, gradient) for every leaf that requires one
    create_graph: True to be able to differentiate the gradients again
    """
    found: dict[int, tuple[Any, Any]] = {}  # by the id of the node, or of the leaf: (Tensor, its gradient so far)

    def add(tensor: Any, part: Any) -> None:
        key = id(tensor._node or tensor)
        found[key] = (tensor, found[key][1] + part if key in found else part)

    order = _topological_order(result._node) if result._node else []
    ends = {id(tensor._node or tensor) for tensor in wanted or ()}
    ways = None if wanted is None else _ways_to(ends, order)
    with grad_mode(create_graph):
        add(result, gradient)
        for node in order:
            if id(node) not in found:
                continue
            _, g = found[id(node)] if id(node) in ends else found.pop(id(node))  # the rest is not kept in memory
            y = result._wrap(node.value, node)
            for position, tensor in enumerate(node.inputs):
                if not tensor.requires_grad or (ways is not None and id(tensor._node or tensor) not in ways):
                    continue
                node.check_versions()
                derivative = node.primitive.derivative(position)
                part = derivative(g, y, *node.inputs, **node.params) if derivative else None
                if part is not None:
                    add(tensor, part)
    if wanted is None:
        return [pair for pair in found.values() if pair[0]._node is None]
    return [found.get(id(tensor._node or tensor), (None, None))[1] for tensor in wanted]
