"""LearningRateScheduler: the learning rate as a function of the epoch.

The rate is the optimizer's state, so that a compiled step sees it without being traced anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .base import Callback, Logs
from .monitor import check_no_schedule


class LearningRateScheduler(Callback):
    """Sets the learning rate before every epoch, and logs it as "learning_rate". As in Keras.

    schedule: a function of the epoch (from 0), or of the epoch and the learning rate so far; gives the new one
    verbose:  1 to print it
    """

    adds_logs = ("learning_rate",)

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        if not callable(schedule):
            raise TypeError(f"LearningRateScheduler: expected a function of the epoch, received {schedule!r}")
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = _takes_two(schedule)

    def check_fit(self) -> None:
        check_no_schedule(self)

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        rate = self.model.optimizer.learning_rate
        received = self.schedule(epoch, rate.item()) if self._takes_rate else self.schedule(epoch)
        rate.assign(_positive(received, epoch))
        if self.verbose:
            print(f"epoch {epoch + 1}: the learning rate is {rate.item():g}")

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        logs["learning_rate"] = self.model.optimizer.learning_rate.item()


def _takes_two(function: Callable[..., Any]) -> bool:
    import inspect

    try:
        inspect.signature(function).bind(0, 0.1)
    except TypeError:
        return False
    except ValueError:  # something built in that does not say what it takes
        return True
    return True


def _positive(rate: Any, epoch: int) -> float:
    try:
        number = float(rate)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number < math.inf:
        raise ValueError(
            f"LearningRateScheduler: expected the schedule to give a learning rate of 0 or more, received {rate!r} "
            f"for epoch {epoch}"
        )
    return number
