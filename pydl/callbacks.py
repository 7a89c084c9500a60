"""Callbacks: what happens beside training, at its beginning, its end, and around every epoch and batch.

The hooks are Keras's. `observing` attaches a callback to every `fit` inside of it, which is how the command line and
the page's worker watch a lesson that knows nothing of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

Logs = dict[str, float]


class Callback:
    """Base class: override the hooks that you need.

    self.model:  the model that is trained
    self.params: {"epochs", "steps" (batches per epoch), "batch_size", "samples", "device"}
    """

    model: Any = None
    params: dict[str, Any] = {}

    def on_train_begin(self, logs: Logs) -> None: ...
    def on_train_end(self, logs: Logs) -> None: ...
    def on_epoch_begin(self, epoch: int, logs: Logs) -> None: ...
    def on_epoch_end(self, epoch: int, logs: Logs) -> None: ...
    def on_train_batch_begin(self, batch: int, logs: Logs) -> None: ...
    def on_train_batch_end(self, batch: int, logs: Logs) -> None: ...


HOOKS = [name for name in vars(Callback) if name.startswith("on_")]


class CallbackList:
    """Several callbacks as one; hooks that none of them overrides cost nothing."""

    def __init__(self, callbacks: Sequence[Callback], model, params: dict[str, Any]) -> None:
        self._hooks: dict[str, list[Callable]] = {name: [] for name in HOOKS}
        for callback in callbacks:
            callback.model, callback.params = model, params
            for name in HOOKS:
                if getattr(type(callback), name, None) is not getattr(Callback, name):
                    self._hooks[name].append(getattr(callback, name))

    def __call__(self, hook: str, *args) -> None:
        for function in self._hooks[hook]:
            function(*args)


class History(Callback):
    """What `fit` returns: `history` maps each name ("loss", "val_accuracy", ...) to its value after every epoch."""

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        self.epoch.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)


_observers: list[Callback] = []


@contextmanager
def observing(callback: Callback) -> Iterator[Callback]:
    """Every `fit` inside of this `with` gets the callback, too."""
    _observers.append(callback)
    try:
        yield callback
    finally:
        _observers.remove(callback)


def observers() -> list[Callback]:
    """The callbacks attached by `observing` right now."""
    return list(_observers)
