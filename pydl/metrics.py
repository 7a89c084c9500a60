"""Metrics: what a person wants to know beside the loss. They are computed inside of the step, in Tensor operations."""

from __future__ import annotations

from collections.abc import Callable

from . import losses
from .registry import resolve
from .tensor import Tensor, as_input

Metric = Callable[[Tensor, Tensor], Tensor]


def binary_accuracy(y_true, y_pred: Tensor, threshold: float = 0.5) -> Tensor:
    """The share of outputs on the right side of the threshold. y_true 0 or 1, of y_pred's size."""
    y_true = as_input(y_true).reshape(y_pred.shape).astype(y_pred.dtype)
    return ((y_pred > threshold) == (y_true > 0.5)).astype(y_pred.dtype).mean()


def categorical_accuracy(y_true, y_pred: Tensor) -> Tensor:
    """The share of rows whose largest output is at the place of the largest label. Both (batch, classes)."""
    return (as_input(y_true).argmax(-1) == y_pred.argmax(-1)).astype(y_pred.dtype).mean()


def sparse_categorical_accuracy(y_true, y_pred: Tensor) -> Tensor:
    """The share of rows whose largest output is at the labelled class. y_true (batch,), y_pred (batch, classes)."""
    best = y_pred.argmax(-1)
    return (best == as_input(y_true).reshape(best.shape).astype(best.dtype)).astype(y_pred.dtype).mean()


METRICS: dict[str, Metric] = {
    "binary_accuracy": binary_accuracy,
    "categorical_accuracy": categorical_accuracy,
    "sparse_categorical_accuracy": sparse_categorical_accuracy,
}


def get(metric, loss: losses.Loss) -> tuple[str, Metric]:
    """A metric's name and function; "accuracy" is the one that fits the loss."""
    if metric in ("accuracy", "acc"):
        return "accuracy", _accuracy_for(loss)
    function = resolve("metric", METRICS, metric)
    return getattr(function, "__name__", "metric"), function


def _accuracy_for(loss: losses.Loss) -> Metric:
    if isinstance(loss, losses.SparseCategoricalCrossentropy):
        return sparse_categorical_accuracy

    def accuracy(y_true, y_pred: Tensor) -> Tensor:
        # A single output is on one side of a threshold or on the other, whatever the loss: it has no largest place.
        if isinstance(loss, losses.BinaryCrossentropy) or y_pred.shape[-1] == 1:
            # a logit is on the side of 1 where it is positive: sigmoid(0) = 0.5
            return binary_accuracy(y_true, y_pred, threshold=0.0 if loss.from_logits else 0.5)
        return categorical_accuracy(y_true, y_pred)

    return accuracy
