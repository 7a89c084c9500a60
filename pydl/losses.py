"""Losses: one number for how far predictions are from what was wanted. They take (y_true, y_pred), as in Keras.

A loss object is called with a batch and gives the mean over it. `check` looks at whole arrays before training starts,
so that a label without a class is an error and not a silent zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .configurable import Configurable
from .nn import functional as F
from .ops import ShapeError
from .registry import named, resolve
from .tensor import Tensor, as_input

EPSILON = 1e-7  # Keras's: probabilities are kept this far from 0 and 1 before a logarithm


class Loss(Configurable):
    """Base class: `call(y_true, y_pred)` gives a loss per sample or element; calling the object takes the mean."""

    name: str = "loss"
    from_logits: bool = False

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """sum(weight * loss) / n over the n losses per sample or element: a single number.

        sample_weight: (batch,), how much each sample counts; None: 1 each. As in Keras ("sum_over_batch_size") the
        sum is divided by n, not by the sum of the weights. Raises ShapeError for an empty batch.
        """
        y_pred = y_pred if isinstance(y_pred, Tensor) else Tensor(y_pred)
        if not y_pred.size:
            raise ShapeError(f"{self.name}: expected at least one sample, received outputs of shape {y_pred.shape}")
        if not isinstance(y_true, Tensor) and y_pred.ndim:  # labels whose values are known here and now
            self.check(np.asarray(y_true), y_pred.shape[1:])
        each = self.call(as_input(y_true), y_pred)
        return (each if sample_weight is None else self._weighted(each, as_input(sample_weight))).mean()

    def _weighted(self, each: Tensor, weight: Tensor) -> Tensor:
        if not each.shape:
            raise ShapeError(f"{self.name}: one number for the whole batch cannot be weighted by sample")
        if weight.size != each.shape[0]:
            raise ShapeError(
                f"{self.name}: expected a sample_weight for each of the {each.shape[0]} samples, "
                f"received weights of shape {weight.shape}"
            )
        return each * weight.astype(each.dtype).reshape((-1, *(1,) * (each.ndim - 1)))

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The loss per sample or element, in Tensor operations."""
        raise NotImplementedError(f"{type(self).__name__} must define call(y_true, y_pred)")

    def check(self, y_true: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Raises ShapeError where labels cannot belong to a model with outputs of (batch, *output_shape)."""
        self._check_samples(y_true)
        if y_true[:1].size != math.prod(output_shape):
            numbers = y_true.dtype.kind in "iu" and y_true.size == len(y_true)
            raise ShapeError(
                f"{self.name}: expected labels of shape (n, {', '.join(map(str, output_shape))}) like the outputs, "
                f"received {y_true.shape}{'; to_categorical makes such rows of class numbers' if numbers else ''}"
            )

    def _matched(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Labels in the outputs' shape and dtype: (n,) for outputs (n, 1) are seen as (n, 1)."""
        if y_true.size != y_pred.size or y_true.shape[:1] != y_pred.shape[:1]:
            raise ShapeError(f"{self.name}: expected labels for outputs {y_pred.shape}, received {y_true.shape}")
        return y_true.astype(y_pred.dtype).reshape(y_pred.shape)

    def _check_samples(self, y_true: np.ndarray) -> None:
        if not y_true.ndim or not y_true.size:
            raise ShapeError(f"{self.name}: expected at least one sample, received labels of shape {y_true.shape}")

    def _check_probabilities(self, y_true: np.ndarray) -> None:
        if not (y_true.min() >= 0 and y_true.max() <= 1):  # NaN is neither
            raise ShapeError(f"{self.name}: expected labels from 0 to 1, received {y_true.min()} to {y_true.max()}")


class MeanSquaredError(Loss):
    """mean((y_true - y_pred)^2); both of one shape, (batch, ...), or y_true (batch,) for y_pred (batch, 1).

    Source: A.-M. Legendre, "Nouvelles méthodes pour la détermination des orbites des comètes", 1805.
    """

    name = "mean_squared_error"

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return (y_pred - self._matched(y_true, y_pred)) ** 2


class MeanAbsoluteError(Loss):
    """mean(|y_true - y_pred|), with slope 0 where both are equal; shapes as for MeanSquaredError."""

    name = "mean_absolute_error"

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return (y_pred - self._matched(y_true, y_pred)).abs()


class KLDivergence(Loss):
    """sum(y log(y / p)) over the classes: how far a distribution p = y_pred is from y = y_true, both (batch, classes).

    Both are kept between 1e-7 and 1, as in Keras.
    Source: S. Kullback, R. Leibler, "On Information and Sufficiency", 1951.
    """

    name = "kl_divergence"

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        y = self._matched(y_true, y_pred).clip(EPSILON, 1)
        return (y * (y / y_pred.clip(EPSILON, 1)).log()).sum(-1)

    def check(self, y_true: np.ndarray, output_shape: tuple[int, ...]) -> None:
        super().check(y_true, output_shape)
        self._check_probabilities(y_true)


class _Crossentropy(Loss):
    """What the cross-entropies share: outputs are probabilities, or the logits that they come from."""

    def __init__(self, from_logits: bool = False) -> None:
        self.from_logits = from_logits


class BinaryCrossentropy(_Crossentropy):
    """-mean(y log p + (1 - y) log(1 - p)) with p = y_pred, kept within 1e-7 of 0 and 1 as in Keras.

    y_true: labels from 0 to 1, of y_pred's shape, or (batch,) for y_pred (batch, 1).
    from_logits: True where the model gives x with p = sigmoid(x): exact for every x.
    Source: I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", 2016, section 6.2.2.
    """

    name = "binary_crossentropy"

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        y = self._matched(y_true, y_pred)
        if self.from_logits:
            return F.sigmoid_cross_entropy_with_logits(y, y_pred)
        p = y_pred.clip(EPSILON, 1 - EPSILON)
        return -(y * p.log() + (1 - y) * (1 - p).log())

    def check(self, y_true: np.ndarray, output_shape: tuple[int, ...]) -> None:
        super().check(y_true, output_shape)
        self._check_probabilities(y_true)


class CategoricalCrossentropy(_Crossentropy):
    """-sum(y log p) over the classes; y_true = y one-hot rows, y_pred = p, both (batch, classes).

    from_logits: True where the model gives x with p = softmax(x): exact for every x.
    Source: J. Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs", 1990.
    """

    name = "categorical_crossentropy"

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        y = self._matched(y_true, y_pred)
        if self.from_logits:
            return F.softmax_cross_entropy_with_logits(y, y_pred)
        return -(y * y_pred.clip(EPSILON, 1 - EPSILON).log()).sum(-1)

    def check(self, y_true: np.ndarray, output_shape: tuple[int, ...]) -> None:
        self._check_samples(y_true)
        if y_true.shape[1:] != output_shape:
            raise ShapeError(
                f"{self.name}: expected one-hot labels of shape (n, {output_shape[-1]}), received {y_true.shape}; "
                "for class numbers use sparse_categorical_crossentropy"
            )
        self._check_probabilities(y_true)


class SparseCategoricalCrossentropy(_Crossentropy):
    """-log p[y]; y_true = y class numbers (batch,), integers, y_pred = p (batch, classes).

    from_logits: True where the model gives x with p = softmax(x): exact for every x.
    Source: as for CategoricalCrossentropy, of which it is the one-hot case.
    """

    name = "sparse_categorical_crossentropy"

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        if y_true.size != math.prod(y_pred.shape[:-1]):
            raise ShapeError(
                f"{self.name}: expected class numbers of shape {y_pred.shape[:-1]}, received {y_true.shape}"
            )
        y = y_true.reshape(y_pred.shape[:-1])
        if self.from_logits:
            return F.sparse_softmax_cross_entropy_with_logits(y, y_pred)
        p = y_pred.clip(EPSILON, 1 - EPSILON)
        return -(y.one_hot(p.shape[-1], p.dtype) * p.log()).sum(-1)

    def check(self, y_true: np.ndarray, output_shape: tuple[int, ...]) -> None:
        classes = output_shape[-1]
        self._check_samples(y_true)
        if y_true.dtype.kind not in "iuf" or y_true.size != len(y_true):
            raise ShapeError(
                f"{self.name}: expected class numbers of shape (n,), "
                f"received {y_true.dtype} of shape {y_true.shape}; for one-hot rows use categorical_crossentropy"
            )
        if y_true.dtype.kind == "f" and (broken := y_true[y_true % 1 != 0]).size:
            raise ShapeError(f"{self.name}: expected whole numbers as labels, received {broken.reshape(-1)[0]}")
        if y_true.min() < 0 or y_true.max() >= classes:
            single = "; for a single output use binary_crossentropy" if classes == 1 else ""
            raise ShapeError(
                f"{self.name}: the model has {classes} outputs, so labels must be 0 to {classes - 1}; "
                f"received {y_true.min():g} to {y_true.max():g}{single}"
            )


LOSSES: dict[str, type[Loss]] = {
    loss.name: loss
    for loss in (
        MeanSquaredError,
        MeanAbsoluteError,
        KLDivergence,
        BinaryCrossentropy,
        CategoricalCrossentropy,
        SparseCategoricalCrossentropy,
    )
}
LOSSES.update(mse=MeanSquaredError, mae=MeanAbsoluteError, kld=KLDivergence)
named(LOSSES)


class FunctionLoss(Loss):
    """A function (y_true, y_pred) -> losses per sample or element as a Loss."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.function = function
        self.name = str(getattr(function, "__name__", "loss"))

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return self.function(y_true, y_pred)

    def check(self, y_true: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Only the function knows what belongs together."""


def get(loss: Any) -> Loss:
    """A loss by name, by a function, or as it is."""
    found = resolve("loss", LOSSES, loss)
    if isinstance(found, type):
        found = found()
    return found if isinstance(found, Loss) else FunctionLoss(found)
