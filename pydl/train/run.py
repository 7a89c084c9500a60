"""Run: one `fit` under way. Where it stands, and the loop that takes it further.

Steps are run in chunks (`batches.py`); between two of them there is time for a stop, a pause, callbacks and probes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from .. import random
from ..backends import notices
from ..callbacks import Callback, CallbackList, History
from . import control
from .averages import Averages
from .batches import Batches
from .diagnosis import NonFiniteError, explain_nonfinite
from .pace import Pace
from .samples import Samples

EVALUATION_BATCH = 500  # rows at a time where nothing is learned: less overhead, and activations still fit the cache

if TYPE_CHECKING:
    from .trainer import Trainer


@runtime_checkable
class Probe(Protocol):
    """What `fit(probes=[...])` takes: see `pydl.probes`."""

    name: str
    every: int

    def look(self, trainer: Trainer, batch: Sequence[np.ndarray], device: str) -> dict[str, Any]:
        """What there is to see in the layers, by path, as the batch goes through them. Changes nothing."""


class Run:
    """A `fit` under way: what it works with, and where it stands.

    epoch, batch: the epoch under way, and how many of its batches are done
    order:        in which its samples are taken; None: as they come
    averages:     of the batches done
    """

    def __init__(
        self,
        trainer: Trainer,
        samples: Samples,
        validation: Samples | None,
        batch_size: int,
        epochs: int,
        initial_epoch: int,
        shuffle: bool,
        device: str,
        probes: Sequence[Probe],
        callbacks: Sequence[Callback],
        params: dict[str, Any],
    ) -> None:
        self.trainer, self.samples, self.validation = trainer, samples, validation
        self.batch_size, self.epochs, self.steps, self.device = batch_size, epochs, params["steps"], device
        self.shuffle = shuffle and self.steps > 1  # the order within a single batch makes no difference
        self.probes = list(probes)
        if len({probe.name for probe in probes}) < len(self.probes):
            raise ValueError("probes: two of them have the same name; give one another, as in Gradients(name='early')")
        self.history = History()
        self.averages = Averages(trainer.metrics)
        self.epoch, self.batch = initial_epoch, 0
        self.order: np.ndarray | None = None
        self.notify = CallbackList([self.history, *callbacks], trainer, params)
        self._pace = Pace(self.history, params)
        self._endures = any(callback.endures_nonfinite for callback in self.notify.callbacks)
        self._batches: Batches | None = None
        self._measured: Batches | None = None  # the validation's

    def run(self, restore: Callable[[Run], None] | None = None) -> History:
        """Trains until the last epoch, or until a callback sets `model.stop_training`.

        restore: puts a run that was interrupted back to where it stood. It is called again after the hooks that begin
        something: what they did to the weights, the random numbers or themselves belongs to the first run.
        """
        with notices.kept_in(self.history.notices):
            self._pace.place(self._prepare().prepared)  # what is wrong with the step is found before anything begins
            try:
                return self._run(restore)
            finally:
                self._pace.tell()
                for batches in (self._batches, self._measured):
                    if batches:
                        batches.close()
                self._batches = self._measured = None

    def _run(self, restore: Callable[[Run], None] | None) -> History:
        if restore:
            restore(self)
        self.notify("on_train_begin", {})
        if restore:
            restore(self)
        at_once = self.steps == 1 and self.validation is None and self.notify.takes_epochs
        logs: dict[str, float] = {}
        while self.epoch < self.epochs and (self.batch or not self.trainer.stop_training):
            if at_once and not self.batch:
                logs = self._train_epochs(self._prepare())
                continue
            self.notify("on_epoch_begin", self.epoch, {})
            if self.batch and restore:
                restore(self)
            elif self.shuffle:
                self.order = random.default.permutation(len(self.samples.x))
            self._train(self._prepare())  # again: a callback may have frozen a layer
            logs = self.averages.logs()
            if self.validation is not None:
                logs.update({f"val_{name}": value for name, value in self._validate(self.validation).items()})
            epoch, self.epoch, self.batch = self.epoch, self.epoch + 1, 0
            self.averages.reset()
            self.notify("on_epoch_end", epoch, logs)
        self._pace.tell()
        self.notify("on_train_end", logs)
        return self.history

    def _prepare(self) -> Batches:
        """The samples with the step that they are run by: traced, compiled, its device chosen."""
        step = self.trainer.compiled("train", self.device)
        if self._batches is None or self._batches.step is not step:
            if self._batches is not None:  # others are trained than at the beginning
                self._batches.close()
                self.trainer._build_optimizer()
                step = self.trainer.compiled("train", self.device)
            self._batches = Batches(step, self.samples, self.batch_size, pace=self._pace)
        return self._batches

    def _train(self, batches: Batches) -> None:
        """The batches of an epoch."""
        begins, ends = map(self.notify.listeners, ("on_train_batch_begin", "on_train_batch_end"))
        trainer, averages = self.trainer, self.averages
        while self.batch < self.steps and not trainer.stop_training:
            control.boundary(self.history.history)
            first = self.batch
            limit = self.notify.next_batch(first, self.steps - 1) + 1 - first
            for hook in begins:
                hook(first, {})
            if self.probes:
                limit = min(limit, self._look(batches))
            losses, *counts = batches.run(first, limit, self.order)
            fine = self._fine(losses)
            averages.add_all(losses[:fine], [count[:fine] for count in counts], batches.size_of(first))
            if fine < len(losses):
                raise self._nonfinite(batches, self.epoch, first + fine, losses[fine])
            self.batch += fine
            if ends:
                logs = averages.logs()
                for hook in ends:
                    hook(self.batch - 1, logs)

    def _train_epochs(self, batches: Batches) -> dict[str, float]:
        """Some epochs of one batch each, of which there may be hundreds of thousands: no work for each of them here.

        Returns the logs of the last one.
        """
        control.boundary(self.history.history)
        first = self.epoch
        limit = self.notify.next_epoch(first, self.epochs - 1) + 1 - first
        if self.probes:
            limit = min(limit, self._look(batches))
        losses, *counts = batches.repeat(limit)
        fine = self._fine(losses)
        start = time.perf_counter()
        logs = self.averages.logs_of_each(losses[:fine], [count[:fine] for count in counts], batches.size)
        batches.slow_down(fine, time.perf_counter() - start)
        self.epoch += fine
        if fine:
            self.notify.epochs_end(first, logs)
        if fine < len(losses):
            raise self._nonfinite(batches, first + fine, 0, losses[fine])
        return {name: values[-1] for name, values in logs.items()}

    def _validate(self, samples: Samples) -> dict[str, float]:
        step = self.trainer.compiled("evaluate", self.device)
        if self._measured is None or self._measured.step is not step:
            self._measured = Batches(step, samples, EVALUATION_BATCH)
        return measure(self.trainer, self._measured)

    def _fine(self, losses: np.ndarray) -> int:
        """How many of the losses come before one for which the training has to end."""
        if self._endures or (len(losses) == 1 and math.isfinite(losses[0])):
            return len(losses)
        wrong = np.flatnonzero(~np.isfinite(losses))
        return int(wrong[0]) if len(wrong) else len(losses)

    def _nonfinite(self, batches: Batches, epoch: int, step: int, loss: float) -> NonFiniteError:
        where = f"epoch {epoch + 1}, step {step + 1} of {self.steps}"
        x, y, *_ = batches.arrays(step, self.order)
        return NonFiniteError(explain_nonfinite(self.trainer, float(loss), where, x, y, self.averages.logs()))

    def _look(self, batches: Batches) -> int:
        """Has the probes look whose turn it is before this step. Returns how many steps there are to the next look."""
        step = self.epoch * self.steps + self.batch
        due = [probe for probe in self.probes if step % probe.every == 0]
        arrays = batches.arrays(self.batch, self.order) if due else []
        for probe in due:
            layers = probe.look(self.trainer, arrays, self.device)
            self.notify("on_probe", probe.name, {"step": step, "epoch": self.epoch, "layers": layers})
        return int(min(probe.every - step % probe.every for probe in self.probes))


def measure(trainer: Trainer, batches: Batches) -> dict[str, float]:
    """The loss and the metrics over all samples, by name; the batches are those of the evaluation's step."""
    averages, done = Averages(trainer.metrics), 0
    while done < batches.steps:
        control.boundary(trainer.history.history)
        losses, *counts = batches.run(done, batches.steps - done)
        averages.add_all(losses, counts, batches.size_of(done))
        done += len(losses)
    return averages.logs()
