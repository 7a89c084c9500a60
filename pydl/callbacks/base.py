"""Callback: what happens beside training, at its beginning, its end, and around every epoch and batch.

The hooks are Keras's. `observing` attaches a callback to every `fit` inside of it, which is how the command line and
the page's worker watch a lesson that knows nothing of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

Logs = dict[str, float]
EpochLogs = dict[str, list[float]]  # the logs of several epochs, in order


class Callback:
    """Base class: override the hooks that you need.

    self.model:  the model that is trained
    self.params: {"epochs", "steps" (batches per epoch), "batch_size", "samples", "device" (where the steps run: the
                 one that was chosen, or where it goes on after a failure), "adapter" (its processor or engine),
                 "trial" (milliseconds per step of the devices tried for that, if any were), "operations" (about how
                 many a step takes), "metrics" (the names that an epoch's logs will hold)}; when the training ends also
                 "steps_per_second" and "gflops", as in the History

    adds_logs: names that `on_epoch_end` writes into the logs; such a callback is called before the others, so that the
               History has them, too
    runs_last: True for a callback that must see what all others have done
    endures_nonfinite: True for a callback that deals with a loss that is not a number: `fit` then raises no error
    every_batch: False for a callback whose hooks of batches are content with some of them: steps then run many at a
               time, and only the last one of each time is told of. A loss that is not finite is always such a last one
    """

    model: Any = None
    params: dict[str, Any] = {}
    adds_logs: Sequence[str] = ()
    runs_last: bool = False
    endures_nonfinite: bool = False
    every_batch: bool = True

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

    def on_epochs_end(self, first_epoch: int, logs: EpochLogs) -> None:
        """After several epochs of one batch each, instead of the hooks of these epochs and batches: where overridden.

        first_epoch: the number of the first of them. logs: {"loss": [...]}, a list with a number for each, in order

        A callback that overrides other hooks of epochs and not this one has `fit` go epoch by epoch, which takes some
        ten times as long for a tiny network.
        """

    def next_epoch(self, epoch: int) -> int:
        """The first epoch, from this one on, at whose end this callback must be called.

        Where overridden, epochs of one batch before it are run together with it, and `on_epoch_end` is called for this
        last one only, or `on_epochs_end` for all of them.
        """
        return epoch

    def next_batch(self, batch: int) -> int:
        """The first batch of this epoch, from this one on, after which this callback must be called.

        Where overridden by a callback that is content with some batches, steps that run together end with that one.
        """
        return batch

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

    params:       what the callbacks see as theirs
    every_batch:  whether one of them must be told of every batch
    takes_epochs: whether all of them can do with being told of several epochs at once, by `epochs_end`
    """

    def __init__(self, callbacks: Sequence[Callback], model: Any, params: dict[str, Any]) -> None:
        self.params = params
        self.callbacks = sorted(callbacks, key=lambda each: bool(each.runs_last) - bool(each.adds_logs))
        for callback in self.callbacks:
            callback.model, callback.params = model, params
            callback.check_fit()
        self._hooks = {
            hook: [getattr(callback, hook) for callback in self.callbacks if _overrides(callback, hook)]
            for hook in HOOKS
        }
        at_batches = [each for each in self.callbacks if any(_overrides(each, hook) for hook in _BATCH_HOOKS)]
        self.every_batch = any(each.every_batch for each in at_batches)
        # By what each of them is told of several epochs: all at once, or of the last one as if it were the only one.
        self._at_once = [each for each in self.callbacks if _takes_epochs(each)]
        singly = [each for each in self.callbacks if each not in self._at_once]
        self._choosy = [each for each in self.callbacks if _overrides(each, "next_epoch")]
        self._counting = [each for each in at_batches if _overrides(each, "next_batch")]
        self.takes_epochs = not any(
            _overrides(each, "on_epoch_begin")
            or (_overrides(each, "on_epoch_end") and each not in self._choosy)
            or (each in at_batches and each.every_batch)
            for each in singly
        )

    def __call__(self, hook: str, *args: Any) -> None:
        for function in self._hooks[hook]:
            function(*args)

    def listeners(self, hook: str) -> list[Callable[..., Any]]:
        """The functions that a hook calls, for a loop in which every microsecond counts."""
        return self._hooks[hook]

    def next_epoch(self, epoch: int, last: int) -> int:
        """The first epoch, from `epoch` on, after whose end one of them must be called, and at most `last`."""
        return max(epoch, min([last, *(callback.next_epoch(epoch) for callback in self._choosy)]))

    def next_batch(self, batch: int, last: int) -> int:
        """The first batch, from `batch` on, after which one of them must be called, and at most `last`."""
        if self.every_batch:
            return batch
        return max(batch, min([last, *(callback.next_batch(batch) for callback in self._counting)]))

    def epochs_end(self, first_epoch: int, logs: EpochLogs) -> None:
        """Tells all of several epochs of one batch each; first_epoch and logs as for `Callback.on_epochs_end`."""
        last = first_epoch + len(logs["loss"]) - 1
        of_last = {name: values[-1] for name, values in logs.items()}
        for callback in self.callbacks:
            if callback in self._at_once:
                callback.on_epochs_end(first_epoch, logs)
                continue
            if _overrides(callback, "on_train_batch_end"):
                callback.on_train_batch_end(0, of_last)
            if _overrides(callback, "on_epoch_end") and callback.next_epoch(last) == last:
                callback.on_epoch_end(last, of_last)


_BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end")
_EPOCH_HOOKS = ("on_epoch_begin", "on_epoch_end", *_BATCH_HOOKS)


def _overrides(callback: Callback, hook: str) -> bool:
    return getattr(getattr(callback, hook), "__func__", None) is not getattr(Callback, hook)


def _takes_epochs(callback: Callback) -> bool:
    """Whether `on_epochs_end` stands for a callback's other hooks: not where a subclass has overridden one of them."""

    def defined(hook: str) -> int:  # how far up; 0: by the object itself
        places = [vars(callback), *map(vars, type(callback).__mro__)]
        return next(place for place, names in enumerate(places) if hook in names)

    return _overrides(callback, "on_epochs_end") and all(defined("on_epochs_end") <= defined(h) for h in _EPOCH_HOOKS)


class History(Callback):
    """What `fit` returns.

    history: each name ("loss", "val_accuracy", ...) with its value after every epoch
    epoch:   the numbers of these epochs, from 0
    probes:  each probe's name with its records, in the order in which they were made
    device:  where the steps were run, at the end; adapter: the processor or engine that it is, in its own words
    trial:   milliseconds per step of the devices that were tried before device="auto" chose one; empty without a trial
    notices: what happened to devices meanwhile, a sentence each: where the training went on when one had failed
    steps_per_second: on that device, without the first steps; None where there were no others
    gflops:  billions of operations per second in these steps
    """

    def __init__(self) -> None:
        self.device: str | None = None
        self.adapter = ""
        self.notices: list[str] = []
        self.steps_per_second: float | None = None
        self.gflops: float | None = None
        self.trial: dict[str, float] = {}
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}
        self.probes: dict[str, list[dict[str, Any]]] = {}

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        self.epoch.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)

    def on_epochs_end(self, first_epoch: int, logs: EpochLogs) -> None:
        self.epoch.extend(range(first_epoch, first_epoch + len(logs["loss"])))
        for name, values in logs.items():
            self.history.setdefault(name, []).extend(values)

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
