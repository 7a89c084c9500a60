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
import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from pydl.backends import notices
from pydl.callbacks import CallbackList, History, observers
from pydl.jit import Jitted
from pydl.train import NonFiniteError, control
from pydl.train.pace import Pace

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
            "adapter": "",
            "trial": {},
            "operations": 0,
        }
        self._runs = step
        self._pace = Pace(self._history, params)
        self._begun = 0.0  # the step under way
        self._notify = CallbackList([self._history, *observers()], None, params)
        self._epoch = 0
        self._batch = 0

    @property
    def history(self) -> dict[str, list[float]]:
        """What was logged so far, {"loss": [...], ...}."""
        return self._history.history

    def __iter__(self) -> Iterator[int]:
        self._notify("on_train_begin", {})
        with notices.kept_in(self._history.notices):
            try:
                for epoch in range(self.epochs):
                    control.boundary(self.history)
                    self._epoch, self._batch = epoch, 0
                    self._notify("on_epoch_begin", epoch, {})
                    self._begun = time.perf_counter()
                    yield epoch
            finally:
                self._pace.tell()
                self._notify("on_train_end", {})

    def batches(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Passes the batches of an epoch on, each a point at which the training can be stopped."""
        for batch in batches:
            control.boundary(self.history)
            self._begun = time.perf_counter()
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
        if self._runs is not None and (prepared := self._runs.last):
            self._pace.add(prepared, 1, time.perf_counter() - self._begun)
        self._notify("on_train_batch_end", self._batch, logs)
        self._batch += 1
