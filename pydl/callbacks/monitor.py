"""Callbacks that follow one number from epoch to epoch: to stop when it no longer improves, or to slow down.

`Monitor` is what they share: which number, which direction is better, and what counts as an improvement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .base import Callback, Logs, check_kinds

_MODES = ("auto", "min", "max")
_LARGER_IS_BETTER = ("acc", "precision", "recall", "f1", "auc", "top_k")
_SMALLER_IS_BETTER = ("loss", "error", "entropy", "divergence", "mse", "mae")


class Monitor(Callback):
    """What they share: the name they follow, and what counts as an improvement of it.

    monitor:   a name in the logs: "val_loss", "accuracy", ...
    mode:      "min", "max", or "auto": by the name
    min_delta: a change by less is no improvement
    """

    best: float | None = None  # the best value so far

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        if mode not in _MODES:
            raise ValueError(f"{type(self).__name__}: expected mode 'auto', 'min' or 'max', received {mode!r}")
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.sign = {"min": -1, "max": 1}.get(mode) or _direction(monitor)

    def check_fit(self) -> None:
        known = self.params["metrics"]
        if self.monitor not in known:
            raise ValueError(
                f"{type(self).__name__}: unknown monitor {self.monitor!r}: this fit logs {', '.join(known)}"
                + _missing_validation(self.monitor, known)
            )
        if not self.sign:
            raise ValueError(
                f"{type(self).__name__}: whether {self.monitor!r} should fall or rise cannot be told from its name: "
                "pass mode='min' or mode='max'"
            )

    def check_state(self, state: Mapping[str, Any]) -> None:
        super().check_state(state)
        check_kinds(state, best=int | float | None)

    def improves(self, value: float, reference: float | None) -> bool:
        """Whether a value is better than a reference, if there is one, by more than min_delta; NaN never is."""
        if math.isnan(value):
            return False
        return reference is None or self.sign * (value - reference) > self.min_delta


def _direction(name: str) -> int:
    name = name.removeprefix("val_")
    if any(part in name for part in _LARGER_IS_BETTER):
        return 1
    return -1 if any(part in name for part in _SMALLER_IS_BETTER) else 0


def _missing_validation(name: str, known: list[str]) -> str:
    if name.removeprefix("val_") in known:
        return f"; for {name!r} pass validation_data or validation_split to fit"
    return ""


class EarlyStopping(Monitor):
    """Ends training when a number has not improved for `patience` epochs. As in Keras.

    monitor, mode, min_delta: see Monitor
    patience:             epochs without an improvement until training ends
    verbose:              1 to say so
    baseline:             a value that must be beaten for an epoch to count as an improvement
    restore_best_weights: True to go back to the weights of the best epoch when training ends
    start_from_epoch:     epochs at the beginning that are not looked at
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = check_epochs(self, "patience", patience)
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = check_epochs(self, "start_from_epoch", start_from_epoch)
        self._forget()

    def _forget(self) -> None:
        self.best: float | None = None
        self.best_epoch = self.wait = self.stopped_epoch = 0
        self.best_weights: list[np.ndarray] | None = None

    def on_train_begin(self, logs: Logs) -> None:
        self._forget()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if epoch < self.start_from_epoch:
            return
        value = logs[self.monitor]
        if self.restore_best_weights and self.best_weights is None:
            self._keep(epoch)  # even where no epoch improves: a baseline may be out of reach
        self.wait += 1
        if self.improves(value, self.best):
            self.best = value
            self._keep(epoch)
            if self.baseline is None or self.improves(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep(self, epoch: int) -> None:
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()

    def on_train_end(self, logs: Logs) -> None:
        if self.stopped_epoch and self.verbose:
            print(f"epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                print(f"the weights of epoch {self.best_epoch + 1}, the best, are restored")
            self.model.set_weights(self.best_weights)

    def state(self) -> dict[str, Any]:
        names = ("best", "best_epoch", "wait", "stopped_epoch", "best_weights")
        return {name: getattr(self, name) for name in names}

    def check_state(self, state: Mapping[str, Any]) -> None:
        super().check_state(state)
        check_kinds(state, best_epoch=int, wait=int, stopped_epoch=int, best_weights=list | None)
        if state["best_weights"] is not None:
            own, kept = self.model.get_weights(), state["best_weights"]
            if [(w.shape, w.dtype) for w in own] != [(np.shape(w), getattr(w, "dtype", None)) for w in kept]:
                raise ValueError("its best_weights are not those of this model")

    def load_state(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state)


class ReduceLROnPlateau(Monitor):
    """Multiplies the learning rate by `factor` when a number has not improved for `patience` epochs. As in Keras.

    monitor, mode, min_delta: see Monitor
    factor:   what the learning rate is multiplied with, below 1
    patience: epochs without an improvement until then
    verbose:  1 to say so
    cooldown: epochs after a reduction in which none are counted
    min_lr:   the learning rate is not taken below this
    """

    adds_logs = ("learning_rate",)

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 0.0001,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        if not 0 < factor < 1:
            raise ValueError(f"ReduceLROnPlateau: expected a factor between 0 and 1, received {factor}")
        self.factor, self.patience, self.verbose = factor, check_epochs(self, "patience", patience), verbose
        self.cooldown, self.min_lr = check_epochs(self, "cooldown", cooldown), min_lr
        self._forget()

    def _forget(self) -> None:
        self.best: float | None = None
        self.wait = self.cooldown_counter = 0

    def check_fit(self) -> None:
        super().check_fit()
        check_no_schedule(self)

    def on_train_begin(self, logs: Logs) -> None:
        self._forget()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        rate = self.model.optimizer.learning_rate.item()
        logs["learning_rate"] = rate
        value = logs[self.monitor]
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(value, self.best):
            self.best, self.wait = value, 0
        elif not self.cooldown_counter:
            self.wait += 1
            if self.wait >= self.patience and rate > self.min_lr:
                self.model.optimizer.learning_rate.assign(max(rate * self.factor, self.min_lr))
                self.cooldown_counter, self.wait = self.cooldown, 0
                if self.verbose:
                    print(f"epoch {epoch + 1}: the learning rate becomes {self.model.optimizer.learning_rate.item():g}")

    def state(self) -> dict[str, Any]:
        return {"best": self.best, "wait": self.wait, "cooldown_counter": self.cooldown_counter}

    def check_state(self, state: Mapping[str, Any]) -> None:
        super().check_state(state)
        check_kinds(state, wait=int, cooldown_counter=int)

    def load_state(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state)


def check_epochs(callback: Callback, name: str, value: Any) -> int:
    """A number of epochs, from 0."""
    if not isinstance(value, (int, np.integer)) or value < 0:
        raise ValueError(f"{type(callback).__name__}: expected {name} as a number of epochs from 0, received {value!r}")
    return int(value)


def check_no_schedule(callback: Callback) -> None:
    """A callback that sets the learning rate has no say beside a schedule, which sets it at every step."""
    if getattr(callback.model.optimizer, "schedule", None) is not None:
        raise ValueError(
            f"{type(callback).__name__}: this optimizer's learning rate follows a schedule already; "
            "give it a number as learning_rate, or leave out the callback"
        )
