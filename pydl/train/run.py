"""Run: one `fit` under way. Where it stands, and the loop that takes it further."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from .. import random
from ..callbacks import Callback, CallbackList, History
from . import control
from .averages import Averages
from .diagnosis import NonFiniteError, explain_nonfinite
from .samples import Samples

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
        self._endures = any(callback.endures_nonfinite for callback in self.notify.callbacks)
        self._steps: dict[int, Callable[..., list[np.ndarray]]] = {}  # the compiled step, by the size of a batch

    def run(self, restore: Callable[[Run], None] | None = None) -> History:
        """Trains until the last epoch, or until a callback sets `model.stop_training`.

        restore: puts a run that was interrupted back to where it stood. It is called again after the hooks that begin
        something: what they did to the weights, the random numbers or themselves belongs to the first run.
        """
        if restore:
            restore(self)
        self.notify("on_train_begin", {})
        if restore:
            restore(self)
        logs: dict[str, float] = {}
        while self.epoch < self.epochs and (self.batch or not self.trainer.stop_training):
            self.notify("on_epoch_begin", self.epoch, {})
            if self.batch and restore:
                restore(self)
            elif self.shuffle:
                self.order = random.default.permutation(len(self.samples.x))
            self._train()
            logs = self.averages.logs()
            if self.validation is not None:
                values = self.trainer.measured(self.validation, self.device)
                logs.update({f"val_{name}": value for name, value in values.items()})
            epoch, self.epoch, self.batch = self.epoch, self.epoch + 1, 0
            self.averages.reset()
            self.notify("on_epoch_end", epoch, logs)
        self.notify("on_train_end", logs)
        return self.history

    def _train(self) -> None:
        """The batches of an epoch. Tiny networks spend a good part of their time here: no work without need."""
        begins, ends = map(self.notify.listeners, ("on_train_batch_begin", "on_train_batch_end"))
        trainer, averages, size = self.trainer, self.averages, self.batch_size
        while self.batch < self.steps and not trainer.stop_training:
            control.boundary(self.history.history)
            batch = self.batch
            for hook in begins:
                hook(batch, {})
            arrays = self.samples.batch(batch * size, (batch + 1) * size, self.order)
            if self.probes:
                self._look(arrays)
            first, *counts = self._step(arrays)
            loss = float(first)
            if not (math.isfinite(loss) or self._endures):
                where = f"epoch {self.epoch + 1}, step {batch + 1} of {self.steps}"
                raise NonFiniteError(explain_nonfinite(trainer, loss, where, arrays[0], arrays[1], averages.logs()))
            averages.add(loss, counts, len(arrays[0]))
            self.batch += 1
            if ends:
                logs = averages.logs()
                for hook in ends:
                    hook(batch, logs)

    def _step(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        size = len(arrays[0])
        if size not in self._steps:
            self._steps[size] = self.trainer.compiled("train", self.device).prepared(*arrays)
        return self._steps[size](*arrays)

    def _look(self, arrays: list[np.ndarray]) -> None:
        step = self.epoch * self.steps + self.batch
        for probe in self.probes:
            if step % probe.every == 0:
                layers = probe.look(self.trainer, arrays, self.device)
                self.notify("on_probe", probe.name, {"step": step, "epoch": self.epoch, "layers": layers})
