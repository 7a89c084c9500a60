"""Name scopes: the path that a weight or an operation belongs to, `hidden1/kernel`.

Modules open a scope of their name around their call; functions that make weights by hand open one by `name_scope`.
Weights made inside carry it in their names, operations traced inside carry it into the model graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .autograd import modes


@contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Inside, names begin with `name/`; scopes within scopes make paths. An empty name changes nothing."""
    before = modes.scope
    if name:
        modes.scope = (*before, name)
    try:
        yield
    finally:
        modes.scope = before


def scoped(name: str) -> str:
    """A name with the scopes around it."""
    return "/".join((*modes.scope, name) if name else modes.scope)
