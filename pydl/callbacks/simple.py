"""Two small callbacks: functions as hooks, and a quiet end where the loss is no longer a number.

Neither keeps any state, so a resumed run needs nothing from them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .base import HOOKS, Callback, Logs


class LambdaCallback(Callback):
    """Functions as hooks: `LambdaCallback(on_epoch_end=lambda epoch, logs: print(logs["loss"]))`. As in Keras."""

    def __init__(self, **hooks: Callable[..., Any] | None) -> None:
        if unknown := sorted(set(hooks) - set(HOOKS)):
            raise TypeError(f"LambdaCallback: unknown hook {', '.join(unknown)}; there are {', '.join(HOOKS)}")
        for name, function in hooks.items():
            if function is not None and not callable(function):
                raise TypeError(f"LambdaCallback: expected {name} as a function, received {function!r}")
            if function is not None:
                setattr(self, name, function)


class TerminateOnNaN(Callback):
    """Ends training after the step in which the loss became NaN or infinite, without an error. As in Keras.

    The history then ends with that epoch, whose loss is not a number either. Without this callback `fit` raises
    NonFiniteError, which names the step and the likely cause.
    """

    endures_nonfinite = True
    every_batch = False  # steps that run together end with one whose loss is not finite

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        if not math.isfinite(logs["loss"]):
            print(f"batch {batch + 1}: the loss is {logs['loss']}, training ends")
            self.model.stop_training = True
