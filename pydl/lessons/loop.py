"""Loop: the epochs of a training that a lesson writes by hand, watched and stopped like those of `fit`.

    loop = Loop(epochs, samples=len(x), step=step)
    for epoch in loop:
        cost = step(x, y)
        loop.log(loss=cost)

Whoever observes a `fit` (the page's curves, the command line's progress) observes this loop as well, and a request to
stop ends it before the next step.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from pydl.callbacks import CallbackList, History, observers
from pydl.jit import Jitted
from pydl.train import NonFiniteError, control

Batch = TypeVar("Batch")


class Loop:
    """Iterates over the epochs 0, 1, 2, ...; each ends with `log`.

    samples, batch_size: as in `fit`, for whoever watches. batch_size is all samples unless given.
    step:    the jitted step, which knows where it runs when it has been called. device: as in `fit`, where there are
             several steps, or none
    history: what was logged, as `fit` returns it, {"loss": [...], ...}.
    """

    def __init__(
        self,
        epochs: int,
        samples: int = 1,
        batch_size: int | None = None,
        device: str = "auto",
        step: Jitted | None = None,
    ) -> None:
        self.epochs = epochs
        self._history = History()
        params = {
            "epochs": epochs,
            "steps": -(-samples // (batch_size or samples)),
            "batch_size": batch_size or samples,
            "samples": samples,
            "device": device,
            "trial": {},
        }
        self._runs = step
        self._notify = CallbackList([self._history, *observers()], None, params)
        self._epoch = 0
        self._batch = 0

    @property
    def history(self) -> dict[str, list[float]]:
        """What was logged so far, {"loss": [...], ...}."""
        return self._history.history

    def __iter__(self) -> Iterator[int]:
        self._notify("on_train_begin", {})
        try:
            for epoch in range(self.epochs):
                control.boundary(self.history)
                self._epoch, self._batch = epoch, 0
                self._notify("on_epoch_begin", epoch, {})
                yield epoch
        finally:
            self._notify("on_train_end", {})

    def batches(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Passes the batches of an epoch on, each a point at which the training can be stopped."""
        for batch in batches:
            control.boundary(self.history)
            yield batch
            self._step({})

    def log(self, **values: Any) -> None:
        """Ends the epoch with its numbers, loss=..., accuracy=...: Tensors of one element, or Python's own.

        Raises NonFiniteError, as `fit` does, where one of them is NaN or infinite.
        """
        logs = {name: float(value) for name, value in values.items()}
        for name, value in logs.items():
            if not math.isfinite(value):
                raise NonFiniteError(
                    f"the {name} became {value} at epoch {self._epoch + 1}. Likely cause: the learning rate is too "
                    "large, so that each step overshoots. Try a tenth of it."
                )
        if not self._batch:
            self._step(logs)  # the epoch was one step
        self._notify("on_epoch_end", self._epoch, logs)

    def _step(self, logs: dict[str, float]) -> None:
        if self._runs is not None and self._runs.device is not None:
            self._notify.params.update(device=self._runs.device, trial=self._runs.trial)
            self._runs = None
        self._notify("on_train_batch_end", self._batch, logs)
        self._batch += 1
