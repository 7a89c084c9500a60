"""Probes: what `fit(probes=[...])` looks at while a network learns.

A probe is a second Program, traced from the same forward and backward pass as the training step, with statistics as its
outputs. It sees the very batch, weights and dropout masks that the step is about to use, and writes no state: a run
with probes learns exactly what it would have learned without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import grad_mode, gradients, no_grad
from ..jit import Jitted, jit
from ..nn.module import tapping, training_mode
from ..tensor import Tensor
from .statistics import Statistics, is_described, record, statistics

if TYPE_CHECKING:
    from ..train.trainer import Trainer


class Probe:
    """Base class; a subclass defines `watched`.

    every:     steps between two looks; the first is before the first step
    histogram: bins of a histogram of each layer's numbers; 0: none
    name:      the key in `History.probes`; that of the class in small letters unless given

    Each look adds {"step", "epoch", "layers"} to `history.probes[name]`: how many steps and epochs are done, and for
    each path {"mean", "std", "norm", "dead"}, with `histogram` also "histogram": {"counts", "edges"}. "dead" is the
    share of units that give 0 for the whole batch.
    """

    def __init__(self, every: int = 100, histogram: int = 0, name: str = "") -> None:
        for what, number, least in (("every", every, 1), ("histogram", histogram, 0)):
            if not isinstance(number, int) or number < least:
                raise ValueError(f"{type(self).__name__}: expected {what} >= {least}, received {number!r}")
        self.every = every
        self.histogram = histogram
        self.name = name or type(self).__name__.lower()
        self._compiled: tuple[Any, Jitted] | None = None  # for which model and device, the function

    def watched(
        self, trainer: Trainer, x: Tensor, y: Tensor, weights: Tensor | None = None
    ) -> list[tuple[str, Tensor]]:
        """(path, Tensor) of all that is described: traced, in training mode.

        trainer: the model. x, y, weights: a batch as its step takes it, (batch, ...) each, weights (batch,)
        """
        raise NotImplementedError(f"{type(self).__name__} must define watched(trainer, x, y, weights)")

    def look(self, trainer: Trainer, batch: Sequence[np.ndarray], device: str) -> dict[str, Any]:
        """The statistics of the trainer's layers, by path, as a batch goes through on a device. Changes nothing."""
        found: dict[str, dict[str, Tensor]] = self._function(trainer, device)(*batch)
        return {path: record(values) for path, values in found.items()}

    def _function(self, trainer: Trainer, device: str) -> Jitted:
        step = trainer.compiled("train", device)
        made_for = step, device  # it is made anew where the training step is
        if self._compiled is None or self._compiled[0] != made_for:

            def probe(*batch: Tensor) -> dict[str, Statistics]:
                with training_mode(True):
                    watched = self.watched(trainer, *batch)
                    return {path: statistics(x, self.histogram) for path, x in _named_apart(watched) if is_described(x)}

            self._compiled = made_for, jit(probe, device=device, updates=False)
            self._compiled[1].follow(step)
        return self._compiled[1]


class Activations(Probe):
    """What every layer gives, by the layer's path: do signals grow or fade on their way, do units die?"""

    def watched(
        self, trainer: Trainer, x: Tensor, y: Tensor, weights: Tensor | None = None
    ) -> list[tuple[str, Tensor]]:
        with no_grad(), tapping() as outputs:
            trainer(x)
        return _layers(outputs)


class Gradients(Probe):
    """The loss's gradient by what every layer gives, by the layer's path, and by every trained weight, by its path.

    It shows what of an error arrives where: through nine sigmoid layers in a row almost nothing does.
    """

    def watched(
        self, trainer: Trainer, x: Tensor, y: Tensor, weights: Tensor | None = None
    ) -> list[tuple[str, Tensor]]:
        with grad_mode(True), tapping() as outputs:
            loss, _ = trainer.objective(x, y, weights)
        trained = set(map(id, trainer.trainable_weights))
        ends = _layers(outputs) + [(path, w) for path, w in trainer.named_weights().items() if id(w) in trained]
        start = Tensor(np.ones(loss.shape, loss.dtype))
        found = gradients(loss, start, [tensor for _, tensor in ends])
        return [(path, gradient) for (path, _), gradient in zip(ends, found) if gradient is not None]


class Weights(Probe):
    """The weights themselves, by their paths: parameters, and other state such as moving averages."""

    def watched(
        self, trainer: Trainer, x: Tensor, y: Tensor, weights: Tensor | None = None
    ) -> list[tuple[str, Tensor]]:
        return list(trainer.named_weights().items())


def _layers(outputs: list[tuple[str, Tensor]]) -> list[tuple[str, Tensor]]:
    """All but the model itself, whose output is that of its last layer."""
    return [(path, output) for path, output in outputs if path]


def _named_apart(watched: list[tuple[str, Tensor]]) -> list[tuple[str, Tensor]]:
    """A layer that is called twice has two outputs: dense, dense:2."""
    seen: dict[str, int] = {}
    apart = []
    for path, tensor in watched:
        seen[path] = seen.get(path, 0) + 1
        apart.append((path if seen[path] == 1 else f"{path}:{seen[path]}", tensor))
    return apart
