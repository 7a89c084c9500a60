"""Figures: how a lesson shows a picture without knowing who looks.

`show` hands the data of a picture to whoever listens: the page's worker, the command line, a test. Nobody listening,
it does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Listener = Callable[[str, dict[str, Any]], None]

_listeners: list[Listener] = []


def show(kind: str, **data: Any) -> None:
    """Shows a picture of a kind ("decision_surface", "digits", ...) from its data: numbers, lists and arrays."""
    for listener in list(_listeners):
        listener(kind, data)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Has `listener(kind, data)` called for every figure shown inside of this `with`."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
