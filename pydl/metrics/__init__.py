"""Metrics: what a person wants to know beside the loss. They are counted inside of the step, in Tensor operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import losses
from ..nn.functional import in_top_k
from ..registry import named, resolve
from ..tensor import Tensor
from .accuracy import (
    BinaryAccuracy,
    CategoricalAccuracy,
    FittingAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from .counting import F1Score, Precision, Recall, confusion_matrix, f1_score, precision, recall
from .metric import FunctionMetric, Metric

# Each function of one batch with the Metric that is exact over many.
_FUNCTIONS: dict[Callable[..., Tensor], type[Metric]] = {
    binary_accuracy: BinaryAccuracy,
    categorical_accuracy: CategoricalAccuracy,
    sparse_categorical_accuracy: SparseCategoricalAccuracy,
    top_k_categorical_accuracy: TopKCategoricalAccuracy,
    sparse_top_k_categorical_accuracy: SparseTopKCategoricalAccuracy,
    precision: Precision,
    recall: Recall,
    f1_score: F1Score,
}
METRICS: dict[str, Any] = named(
    {
        **{metric.name: metric for metric in _FUNCTIONS.values()},
        **{name: losses.LOSSES[name] for name in ("mean_squared_error", "mse", "mean_absolute_error", "mae")},
    }
)
named({function.__name__: function for function in (accuracy, *_FUNCTIONS)})


def get(metric: Any, loss: losses.Loss) -> Metric:
    """A metric by name, by class, by a function (y_true, y_pred) -> Tensor, or as it is.

    "accuracy" is the one that fits the loss. What is asked for by name or class takes outputs for logits where the
    loss does. A function of one's own is averaged over the samples; a loss is a function, too.
    """
    if metric is accuracy or isinstance(metric, str) and metric in ("accuracy", "acc"):
        return FittingAccuracy(loss)
    found = resolve("metric", METRICS, metric)
    if isinstance(found, Metric):
        return found
    found = _FUNCTIONS.get(found, found)
    if isinstance(found, type) and issubclass(found, Metric):
        return found.for_loss(loss)
    if isinstance(found, type):
        found = found()
    return FunctionMetric(found, metric if isinstance(metric, str) else None)


__all__ = [
    "METRICS",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "F1Score",
    "FittingAccuracy",
    "FunctionMetric",
    "Metric",
    "Precision",
    "Recall",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "accuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "confusion_matrix",
    "f1_score",
    "get",
    "in_top_k",
    "precision",
    "recall",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]
