"""Metric: what is counted in every batch, and what follows from the counts of all of them.

A precision is no mean of the batches' precisions. So a metric says what a batch adds (`counts`, computed inside of the
compiled step), the counts of any number of batches are summed, and `result` makes the one number of the sums: exact
over an epoch, however it is cut into batches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from ..configurable import Configurable
from ..losses import Loss
from ..ops import ShapeError
from ..tensor import Tensor, as_input


class Metric(Configurable):
    """Base class; a subclass defines `counts`, and `result` where the metric is no mean over the samples.

    Called with one batch it gives the metric of that batch.

    name: how it is called in logs and in the history; the class's own name unless another is given
    """

    name: str = "metric"

    def __init__(self, name: str | None = None) -> None:
        self.name = name or type(self).name

    @classmethod
    def for_loss(cls, loss: Loss) -> Self:
        """The metric as it is asked for by name beside a loss, which says whether outputs are logits."""
        return cls()

    def counts(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """What a batch adds, in Tensor operations: of any shape that does not depend on the batch's size.

        y_true: labels (batch, ...). y_pred: the model's outputs (batch, ...).
        """
        raise NotImplementedError(f"{type(self).__name__} must define counts(y_true, y_pred)")

    def result(self, counts: Tensor, samples: int) -> Tensor:
        """The metric, a single number, of the summed counts of so many samples; by default their mean."""
        return counts / samples

    def __call__(self, y_true: Any, y_pred: Any) -> Tensor:
        y_pred = y_pred if isinstance(y_pred, Tensor) else Tensor(y_pred)
        if not y_pred.shape or not y_pred.shape[0]:
            raise ShapeError(f"{self.name}: expected at least one sample, received outputs of shape {y_pred.shape}")
        return self.result(self.counts(as_input(y_true), y_pred), y_pred.shape[0])


class FunctionMetric(Metric):
    """A function (y_true, y_pred) -> Tensor as a Metric: the mean over all samples of what it gives for the batches.

    name: how it is called in logs; the function's own name unless given
    """

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor], name: str | None = None) -> None:
        self.function = function
        self.name = name or str(getattr(function, "name", None) or getattr(function, "__name__", "metric"))

    def counts(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        value = self.function(y_true, y_pred)
        return (value if value.size == 1 else value.mean()).reshape(()) * y_pred.shape[0]
