"""Callback: what happens beside training, at its beginning, its end, and around every epoch and batch.

The hooks are Keras's. `observing` attaches a callback to every `fit` inside of it, which is how the command line and
the page's worker watch a lesson that knows nothing of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

Logs = dict[str, float]


class Callback:
    """Base class: override the hooks that you need.

    self.model:  the model that is trained
    self.params: {"epochs", "steps" (batches per epoch), "batch_size", "samples", "device",
                 "metrics" (the names that an epoch's logs will hold)}

    adds_logs: names that `on_epoch_end` writes into the logs; such a callback is called before the others, so that the
               History has them, too
    runs_last: True for a callback that must see what all others have done
    endures_nonfinite: True for a callback that deals with a loss that is not a number: `fit` then raises no error
    """

    model: Any = None
    params: dict[str, Any] = {}
    adds_logs: Sequence[str] = ()
    runs_last: bool = False
    endures_nonfinite: bool = False

    def check_fit(self) -> None:
        """Raises an error where this callback cannot do its work: called before anything is trained."""

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of this callback: numbers, texts, None, arrays and lists of arrays by name."""
        return {}

    def check_state(self, state: Mapping[str, Any]) -> None:
        """Raises ValueError for a state from a file that `state()` cannot have given: before anything is changed."""
        expected = self.state()
        if set(state) != set(expected):
            raise ValueError(f"its state has {', '.join(state)}, expected {', '.join(expected)}")

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state()` gave: called after `on_train_begin` where a run is resumed."""

    def on_train_begin(self, logs: Logs) -> None:
        """Before the first epoch; the logs are empty."""

    def on_train_end(self, logs: Logs) -> None:
        """After the last epoch, with its logs; not where an error or a stop has ended the training."""

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        """Before an epoch, counted from 0; the logs are empty."""

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """After an epoch, with its means: {"loss": ..., "accuracy": ..., "val_loss": ...}."""

    def on_train_batch_begin(self, batch: int, logs: Logs) -> None:
        """Before a batch, counted from 0 in every epoch; the logs are empty."""

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """After a batch, with the means of the epoch so far."""

    def on_probe(self, name: str, record: dict[str, Any]) -> None:
        """A probe has looked inside (`pydl.probes`): its name, and the record that `History.probes[name]` was given."""


def check_kinds(state: Mapping[str, Any], **kinds: Any) -> None:
    """Raises ValueError for an entry of a state that is of another kind; for the `check_state` of a callback."""
    for name, kind in kinds.items():
        if not isinstance(state[name], kind):
            raise ValueError(f"its state cannot have {state[name]!r} as {name}")


HOOKS = [name for name in vars(Callback) if name.startswith("on_")]


class CallbackList:
    """Several callbacks as one, for a model and the params of its `fit`; hooks that none overrides cost nothing.

    Those that add to the logs come first, those that run last at the end; the others keep their order.
    """

    def __init__(self, callbacks: Sequence[Callback], model: Any, params: dict[str, Any]) -> None:
        self.callbacks = sorted(callbacks, key=lambda each: bool(each.runs_last) - bool(each.adds_logs))
        for callback in self.callbacks:
            callback.model, callback.params = model, params
            callback.check_fit()
        self._hooks = {
            hook: [getattr(callback, hook) for callback in self.callbacks if _overrides(callback, hook)]
            for hook in HOOKS
        }

    def __call__(self, hook: str, *args: Any) -> None:
        for function in self._hooks[hook]:
            function(*args)

    def listeners(self, hook: str) -> list[Callable[..., Any]]:
        """The functions that a hook calls, for a loop in which every microsecond counts."""
        return self._hooks[hook]


def _overrides(callback: Callback, hook: str) -> bool:
    return getattr(getattr(callback, hook), "__func__", None) is not getattr(Callback, hook)


class History(Callback):
    """What `fit` returns.

    history: each name ("loss", "val_accuracy", ...) with its value after every epoch
    epoch:   the numbers of these epochs, from 0
    probes:  each probe's name with its records, in the order in which they were made
    """

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}
        self.probes: dict[str, list[dict[str, Any]]] = {}

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        self.epoch.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)

    def on_probe(self, name: str, record: dict[str, Any]) -> None:
        self.probes.setdefault(name, []).append(record)


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
