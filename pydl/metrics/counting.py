"""Precision, recall and F1, and the confusion matrix: what a classifier gets wrong, and in which direction.

All of them follow from three counts per class, which add up over batches: the outputs that are right (hits), those
that name the class (predicted), and the labels that do (actual).
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from ..functions import concatenate
from ..losses import BinaryCrossentropy, Loss
from ..ops import ShapeError
from ..tensor import Tensor
from .accuracy import class_numbers, cut_of
from .metric import Metric


class _PerClass(Metric):
    """What the three share: one number per class from its counts, and the mean over the classes ("macro")."""

    def __init__(self, threshold: float | None = None, from_logits: bool = False, name: str | None = None) -> None:
        super().__init__(name)
        self.threshold, self.from_logits = threshold, from_logits
        self._cut = cut_of(0.5 if threshold is None else threshold, from_logits)

    @classmethod
    def for_loss(cls, loss: Loss) -> Self:
        return cls(threshold=0.5 if isinstance(loss, BinaryCrossentropy) else None, from_logits=loss.from_logits)

    def counts(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Hits, predicted and actual: (3, classes); a single output has one class, that of the ones."""
        labels, outputs = (t.astype(y_pred.dtype) for t in self._memberships(y_true, y_pred))
        return concatenate([part.sum(0, keepdims=True) for part in (labels * outputs, outputs, labels)])

    def _memberships(self, y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
        """Who belongs to which class by the labels, and who by the outputs: (batch, classes) each."""
        if y_pred.ndim == 1:
            y_pred = y_pred.reshape((-1, 1))
        classes = y_pred.shape[-1]
        if self.threshold is None and classes > 1:
            if y_true.shape == y_pred.shape:
                labels = y_true.argmax(-1)
            else:
                labels = class_numbers(self.name, y_true, y_pred)
            return labels.one_hot(classes), y_pred.argmax(-1).one_hot(classes)
        if y_true.size != y_pred.size:
            raise ShapeError(f"{self.name}: expected labels for outputs {y_pred.shape}, received {y_true.shape}")
        return y_true.reshape(y_pred.shape).astype(y_pred.dtype) > 0.5, y_pred > self._cut

    def result(self, counts: Tensor, samples: int) -> Tensor:
        hits, predicted, actual = counts
        occurs = (predicted + actual > 0).astype(counts.dtype)
        return (self.share(hits, predicted, actual) * occurs).sum() / occurs.sum().maximum(1)

    def share(self, hits: Tensor, predicted: Tensor, actual: Tensor) -> Tensor:
        """The metric of every class (classes,) from its counts."""
        raise NotImplementedError(f"{type(self).__name__} must define share(hits, predicted, actual)")


class Precision(_PerClass):
    """hits / predicted: how many of those that are said to be of a class are of it; the mean over the classes.

    threshold:   None: a single output is above one half or not, of several the largest is the predicted class. A
                 number: every output is judged by itself (several labels for one sample), labels have y_pred's shape
    from_logits: True where an output x that is judged by itself stands for the probability sigmoid(x)

    Labels are 0 or 1 for a single output (batch, 1), class numbers (batch,) or one-hot rows (batch, classes) for
    several. A single output has one class, that of the ones. A class that is neither labelled nor predicted is left
    out of the mean ("macro" in scikit-learn); a share of nothing is 0.
    """

    name = "precision"

    def share(self, hits: Tensor, predicted: Tensor, actual: Tensor) -> Tensor:
        return hits / predicted.maximum(1)


class Recall(_PerClass):
    """hits / actual: how many of those that are of a class are found; the mean over the classes.

    Arguments and shapes as for Precision.
    """

    name = "recall"

    def share(self, hits: Tensor, predicted: Tensor, actual: Tensor) -> Tensor:
        return hits / actual.maximum(1)


class F1Score(_PerClass):
    """2 hits / (predicted + actual), the harmonic mean of precision and recall; the mean over the classes.

    Arguments and shapes as for Precision.
    """

    name = "f1_score"

    def share(self, hits: Tensor, predicted: Tensor, actual: Tensor) -> Tensor:
        return hits * 2 / (predicted + actual).maximum(1)


def precision(y_true: Any, y_pred: Any, threshold: float | None = None) -> Tensor:
    """The precision of one batch (y_true, y_pred); shapes and threshold as for Precision."""
    return Precision(threshold)(y_true, y_pred)


def recall(y_true: Any, y_pred: Any, threshold: float | None = None) -> Tensor:
    """The recall of one batch (y_true, y_pred); shapes and threshold as for Precision."""
    return Recall(threshold)(y_true, y_pred)


def f1_score(y_true: Any, y_pred: Any, threshold: float | None = None) -> Tensor:
    """The F1 score of one batch (y_true, y_pred); shapes and threshold as for Precision."""
    return F1Score(threshold)(y_true, y_pred)


def confusion_matrix(y_true: Any, y_pred: Any, num_classes: int | None = None) -> np.ndarray:
    """How often each true class (row) was taken for each class (column): (classes, classes) of int64.

    y_true, y_pred: class numbers (n,) or (n, 1); or rows (n, classes), of which the largest number is the class:
                    one-hot labels, a model's outputs
    num_classes:    by default as many as the rows have columns, or the largest class number asks for

    Computed at once, in NumPy: it is no step's business. Raises ShapeError for what cannot be classes. As
    `confusion_matrix` in tf.math and scikit-learn.
    """
    true, true_classes = _classes("y_true", y_true)
    predicted, predicted_classes = _classes("y_pred", y_pred)
    if len(true) != len(predicted):
        raise ShapeError(
            f"confusion_matrix: expected as many labels as predictions, received {len(true)} and {len(predicted)}"
        )
    needed = max(true_classes, predicted_classes)
    classes = needed if num_classes is None else num_classes
    if classes < 1 or classes < needed:
        raise ShapeError(
            f"confusion_matrix: expected num_classes of at least {max(needed, 1)} for these classes, received {classes}"
        )
    return np.bincount(true * classes + predicted, minlength=classes**2).astype(np.int64).reshape(classes, classes)


def _classes(which: str, values: Any) -> tuple[np.ndarray, int]:
    """Class numbers (n,) as int64, and how many classes there must be."""
    array = np.asarray(values)
    if array.ndim == 2 and array.shape[1] > 1:
        return array.argmax(-1), array.shape[1]
    if array.ndim not in (1, 2) or array.dtype.kind not in "biuf":
        raise ShapeError(
            f"confusion_matrix: expected {which} as class numbers (n,) or rows (n, classes), "
            f"received {array.dtype} of shape {array.shape}"
        )
    numbers = array.reshape(-1)
    wrong = ~((numbers >= 0) & (numbers < 2**31) & (numbers == np.floor(numbers)))  # NaN, too
    if wrong.any():
        raise ShapeError(
            f"confusion_matrix: expected {which} as class numbers from 0 on, received {numbers[wrong][0]}; "
            "give probabilities of a single output as (p > 0.5)"
        )
    whole = numbers.astype(np.int64)  # bytes, as MNIST's labels are, have no -1
    return whole, int(whole.max(initial=-1)) + 1
