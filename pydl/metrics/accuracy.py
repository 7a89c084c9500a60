"""The accuracy family: shares of outputs that are right, each counted as hits over samples.

Every metric is there as a class, for `compile`, and as a function of one batch. Names and defaults are Keras's.
"""

from __future__ import annotations

import math
from typing import Any, Self

from ..losses import BinaryCrossentropy, Loss, SparseCategoricalCrossentropy
from ..nn import functional as F
from ..ops import ShapeError
from ..tensor import Tensor, as_input
from .metric import Metric


def cut_of(threshold: float, from_logits: bool) -> float:
    """The output from which on a probability is above the threshold: of logits log(t / (1 - t)), 0 for one half."""
    if not from_logits:
        return threshold
    if not 0 < threshold < 1:
        raise ValueError(f"threshold: expected a probability between 0 and 1 beside logits, received {threshold}")
    return math.log(threshold / (1 - threshold))


def class_numbers(name: str, y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Labels (batch,) or (batch, 1) for outputs (batch, classes) as int32 numbers (batch,)."""
    if y_true.size != math.prod(y_pred.shape[:-1]):
        raise ShapeError(
            f"{name}: expected class numbers of shape {y_pred.shape[:-1]}, received labels of shape {y_true.shape}"
        )
    return y_true.reshape(y_pred.shape[:-1]).astype("int32")


def one_hot_rows(name: str, y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Labels of the outputs' own shape (batch, classes), as they are."""
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            f"{name}: expected one-hot labels of the outputs' shape {y_pred.shape}, received {y_true.shape}"
        )
    return y_true


class _Share(Metric):
    """The share of hits; a sample with several outputs counts with the share of its own that are right."""

    def hits(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Tensor of booleans, (batch,) or (batch, outputs)."""
        raise NotImplementedError(f"{type(self).__name__} must define hits(y_true, y_pred)")

    def counts(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        hits = self.hits(y_true, y_pred)
        total = hits.astype(y_pred.dtype).sum()
        each = math.prod(hits.shape[1:])
        return total if each == 1 else total / each


class BinaryAccuracy(_Share):
    """The share of outputs on the right side of the threshold; y_true 0 or 1, y_pred (batch,) or (batch, outputs).

    threshold: of the probability. from_logits: True where outputs are x with p = sigmoid(x).
    """

    name = "binary_accuracy"

    def __init__(self, threshold: float = 0.5, from_logits: bool = False, name: str | None = None) -> None:
        super().__init__(name)
        self.threshold, self.from_logits = threshold, from_logits
        self._cut = cut_of(threshold, from_logits)

    @classmethod
    def for_loss(cls, loss: Loss) -> Self:
        return cls(from_logits=loss.from_logits)

    def hits(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        if y_true.size != y_pred.size:
            raise ShapeError(f"{self.name}: expected labels for outputs {y_pred.shape}, received {y_true.shape}")
        return (y_pred > self._cut) == (y_true.reshape(y_pred.shape).astype(y_pred.dtype) > 0.5)


class CategoricalAccuracy(_Share):
    """The share of rows whose largest output is at the place of the largest label; y_true, y_pred (batch, classes)."""

    name = "categorical_accuracy"

    def hits(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return one_hot_rows(self.name, y_true, y_pred).argmax(-1) == y_pred.argmax(-1)


class SparseCategoricalAccuracy(_Share):
    """The share of rows whose largest output is at the labelled class. y_true (batch,), y_pred (batch, classes)."""

    name = "sparse_categorical_accuracy"

    def hits(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return class_numbers(self.name, y_true, y_pred) == y_pred.argmax(-1)


class _TopK(_Share):
    """What both forms share: k."""

    def __init__(self, k: int = 5, name: str | None = None) -> None:
        super().__init__(name)
        if k < 1:
            raise ValueError(f"{self.name}: expected k of at least 1, received {k}")
        self.k = k


class TopKCategoricalAccuracy(_TopK):
    """The share of rows whose labelled class is among the k largest outputs; y_true, y_pred (batch, classes)."""

    name = "top_k_categorical_accuracy"

    def hits(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return F.in_top_k(one_hot_rows(self.name, y_true, y_pred).argmax(-1), y_pred, self.k)


class SparseTopKCategoricalAccuracy(_TopK):
    """The share of rows whose class y_true (batch,) is among the k largest outputs of y_pred (batch, classes)."""

    name = "sparse_top_k_categorical_accuracy"

    def hits(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return F.in_top_k(class_numbers(self.name, y_true, y_pred), y_pred, self.k)


class FittingAccuracy(_Share):
    """The accuracy that fits a loss and a model's outputs: what "accuracy" means in `compile`."""

    name = "accuracy"

    def __init__(self, loss: Loss, name: str | None = None) -> None:
        super().__init__(name)
        self.loss = loss

    def hits(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return self._fitting(y_pred.shape[-1]).hits(y_true, y_pred)

    def _fitting(self, outputs: int) -> _Share:
        if isinstance(self.loss, SparseCategoricalCrossentropy):
            return SparseCategoricalAccuracy()
        # A single output is on one side of a threshold or on the other, whatever the loss: it has no largest place.
        if isinstance(self.loss, BinaryCrossentropy) or outputs == 1:
            return BinaryAccuracy.for_loss(self.loss)
        return CategoricalAccuracy()


def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """The share that is right, counted by the accuracy that fits the shapes, as "accuracy" in `compile` fits the loss.

    y_pred (batch,) or (batch, 1): binary_accuracy; integers: class numbers, right where they are y_true's.
    y_pred (batch, classes): categorical_accuracy for y_true (batch, classes), sparse for class numbers (batch,).
    Raises ShapeError.
    """
    y_true, y_pred = as_input(y_true), as_input(y_pred)
    if y_pred.dtype.kind in "iu":
        numbers: Tensor = y_pred.reshape((-1,)).astype("int32")
        return (class_numbers("accuracy", y_true, y_pred.reshape((-1, 1))) == numbers).astype("float32").mean()
    if y_pred.ndim < 2 or y_pred.shape[-1] == 1:
        return binary_accuracy(y_true, y_pred)
    return (categorical_accuracy if y_true.shape == y_pred.shape else sparse_categorical_accuracy)(y_true, y_pred)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """The share of outputs on the right side of the threshold; y_true 0 or 1, y_pred (batch,) or (batch, outputs)."""
    return BinaryAccuracy(threshold)(y_true, y_pred)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """The share of rows whose largest output is at the place of the largest label; y_true, y_pred (batch, classes)."""
    return CategoricalAccuracy()(y_true, y_pred)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """The share of rows whose largest output is at the labelled class. y_true (batch,), y_pred (batch, classes)."""
    return SparseCategoricalAccuracy()(y_true, y_pred)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """The share of rows whose labelled class is among the k largest outputs; y_true, y_pred (batch, classes)."""
    return TopKCategoricalAccuracy(k)(y_true, y_pred)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """The share of rows whose class y_true (batch,) is among the k largest outputs of y_pred (batch, classes)."""
    return SparseTopKCategoricalAccuracy(k)(y_true, y_pred)
