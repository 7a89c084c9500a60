"""Losses: one number for how far predictions are from what was wanted. They take (y_true, y_pred), as in Keras.

A loss object is called with a batch and gives the mean over it. `check` looks at whole arrays before training starts,
so that a label without a class is an error and not a silent zero.
"""

from __future__ import annotations

import numpy as np

from .nn import functional as F
from .registry import resolve
from .tensor import ShapeError, Tensor, as_input

EPSILON = 1e-7  # Keras's: probabilities are kept this far from 0 and 1 before a logarithm


class Loss:
    """Base class: `call(y_true, y_pred)` gives a loss per sample or element; calling the object takes the mean."""

    name = "loss"
    from_logits = False

    def __call__(self, y_true, y_pred: Tensor) -> Tensor:
        return self.call(as_input(y_true), y_pred).mean()

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} must define call(y_true, y_pred)")

    def check(self, y_true: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Raises ShapeError where labels cannot belong to a model with outputs of (batch, *output_shape)."""
        if y_true[:1].size != int(np.prod(output_shape)):
            raise ShapeError(
                f"{self.name}: the model gives {output_shape} numbers per sample, "
                f"the labels have {y_true.shape[1:]} (shape {y_true.shape})"
            )


def _matched(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Labels (n,) for outputs (n, 1) are seen as (n, 1)."""
    return y_true.astype(y_pred.dtype).reshape(y_pred.shape)


class MeanSquaredError(Loss):
    """mean((y_true - y_pred)^2)"""

    name = "mean_squared_error"

    def call(self, y_true, y_pred):
        return (y_pred - _matched(y_true, y_pred)) ** 2


class _Crossentropy(Loss):
    """What the cross-entropies share: outputs are probabilities, or the logits that they come from."""

    def __init__(self, from_logits: bool = False) -> None:
        self.from_logits = from_logits


class BinaryCrossentropy(_Crossentropy):
    """-mean(y log p + (1 - y) log(1 - p))

    from_logits: True where the model gives x with p = sigmoid(x): exact for every x.
    """

    name = "binary_crossentropy"

    def call(self, y_true, y_pred):
        y = _matched(y_true, y_pred)
        if self.from_logits:
            return F.sigmoid_cross_entropy_with_logits(y, y_pred)
        p = y_pred.clip(EPSILON, 1 - EPSILON)
        return -(y * p.log() + (1 - y) * (1 - p).log())

    def check(self, y_true, output_shape):
        super().check(y_true, output_shape)
        if y_true.size and (y_true.min() < 0 or y_true.max() > 1):
            raise ShapeError(
                f"{self.name}: expected labels from 0 to 1, received {y_true.min()} to {y_true.max()}"
            )


class CategoricalCrossentropy(_Crossentropy):
    """-sum(y log p) over the classes; y one-hot (batch, classes).

    from_logits: True where the model gives x with p = softmax(x): exact for every x.
    """

    name = "categorical_crossentropy"

    def call(self, y_true, y_pred):
        if self.from_logits:
            return F.softmax_cross_entropy_with_logits(y_true, y_pred)
        return -(y_true * y_pred.clip(EPSILON, 1 - EPSILON).log()).sum(-1)

    def check(self, y_true, output_shape):
        if y_true.shape[1:] != output_shape:
            raise ShapeError(
                f"{self.name}: expected one-hot labels of shape (n, {output_shape[-1]}), received {y_true.shape}; "
                "for class numbers use sparse_categorical_crossentropy"
            )


class SparseCategoricalCrossentropy(_Crossentropy):
    """-log p[y]; y class numbers (batch,).

    from_logits: True where the model gives x with p = softmax(x): exact for every x.
    """

    name = "sparse_categorical_crossentropy"

    def call(self, y_true, y_pred):
        y = y_true.reshape(y_pred.shape[:-1])
        if self.from_logits:
            return F.sparse_softmax_cross_entropy_with_logits(y, y_pred)
        p = y_pred.clip(EPSILON, 1 - EPSILON)
        return -(y.one_hot(p.shape[-1], p.dtype) * p.log()).sum(-1)

    def check(self, y_true, output_shape):
        classes = output_shape[-1]
        if y_true.dtype.kind not in "iu" or y_true.size != len(y_true):
            raise ShapeError(
                f"{self.name}: expected integer class numbers of shape (n,), "
                f"received {y_true.dtype} of shape {y_true.shape}; for one-hot rows use categorical_crossentropy"
            )
        if y_true.size and (y_true.min() < 0 or y_true.max() >= classes):
            raise ShapeError(
                f"{self.name}: the model has {classes} outputs, so labels must be 0 to {classes - 1}; "
                f"received {y_true.min()} to {y_true.max()}"
            )


LOSSES = {
    loss.name: loss
    for loss in (MeanSquaredError, BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy)
}
LOSSES["mse"] = MeanSquaredError


class _FunctionLoss(Loss):
    """A function (y_true, y_pred) -> losses as a Loss."""

    def __init__(self, function) -> None:
        self._function = function
        self.name = getattr(function, "__name__", "loss")

    def call(self, y_true, y_pred):
        return self._function(y_true, y_pred)

    def check(self, y_true, output_shape):
        """Only the function knows what belongs together."""


def get(loss) -> Loss:
    """A loss by name, by a function, or as it is."""
    found = resolve("loss", LOSSES, loss)
    if isinstance(found, type):
        return found()
    return found if isinstance(found, Loss) else _FunctionLoss(found)
