"""Samples: the data of a training or an evaluation, checked before the first step and cut into batches.

All that can be wrong with data is found here, so that the loop needs to look at nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from ..ops import ShapeError
from ..rules import FLOAT32
from ..tensor import as_input


class Samples(NamedTuple):
    """Inputs and labels as arrays, checked.

    x:       inputs (samples, ...)
    y:       labels (samples, ...), in a dtype that a step takes
    weights: float32 (samples,): how much each counts in the loss; None: 1 each
    floats:  the dtype of the model's weights, in which it computes whatever dtype its data have, as in Keras: float64
             is NumPy's default, takes twice the time and is not there on a GPU
    """

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None = None
    floats: np.dtype = FLOAT32

    def batch(self, start: int, stop: int, order: np.ndarray | None) -> list[np.ndarray]:
        """What a step takes: inputs as floats, labels, and weights where there are any; rows as `order` has them."""
        rows = slice(start, stop) if order is None else order[start:stop]
        x, y = self.x[rows], self.y[rows]
        # bytes of images, for instance, are converted a batch at a time
        x = x.astype(self.floats, copy=False)
        y = y.astype(self.floats, copy=False) if y.dtype.kind == "f" else y
        return [x, y] if self.weights is None else [x, y, self.weights[rows]]

    def rows(self) -> list[np.ndarray]:
        """All that steps take, to be cut into batches where they run: as `batch` gives it, but bytes remain bytes.

        Not so for a model of doubles: a feed makes float32 of bytes.
        """
        x = self.x.view(np.uint8) if self.x.dtype == np.bool_ else self.x
        x = x if x.dtype == np.uint8 and self.floats == FLOAT32 else x.astype(self.floats, copy=False)
        y = self.y.astype(self.floats, copy=False) if self.y.dtype.kind == "f" else self.y
        return [x, y] if self.weights is None else [x, y, self.weights]

    def split(self, share: float) -> tuple[Samples, Samples]:
        """All but the last `share` of the samples, and these: for training and for validation. As in Keras."""
        count = len(self.x)
        at = math.floor(count * (1 - share)) if isinstance(share, Real) and 0 < share < 1 else 0
        if not 0 < at < count:
            raise ValueError(
                f"validation_split: expected a share that leaves some of the {count} samples on both sides, "
                f"received {share!r}"
            )
        weights = (None, None) if self.weights is None else (self.weights[:at], self.weights[at:])
        first = self._replace(x=self.x[:at], y=self.y[:at], weights=weights[0])
        return first, self._replace(x=self.x[at:], y=self.y[at:], weights=weights[1])


def samples_from(where: str, x: Any, y: Any, sample_weight: Any = None) -> Samples:
    """The data as arrays; `where` begins the message when something is wrong with it."""
    x, y = numbers(where, "x", x), numbers(where, "y", y)
    if not x.shape or not y.shape or len(x) != len(y) or not len(x):
        raise ShapeError(
            f"{where}: expected as many labels as samples, and at least one; "
            f"received x of shape {x.shape} and y of shape {y.shape}"
        )
    weights = None
    if sample_weight is not None:
        weights = numbers(where, "sample_weight", sample_weight)
        if weights.shape != (len(x),):
            raise ShapeError(
                f"{where}: expected a sample_weight for each of the {len(x)} samples, received shape {weights.shape}"
            )
        weights = _weights(f"{where}: sample_weight", weights)
    return Samples(x, as_input(y)._array(), weights)


def class_weights(class_weight: Mapping[int, float], y: np.ndarray, output_shape: tuple[int, ...]) -> np.ndarray:
    """A weight for each sample, (samples,), from one for each class; a class that is not named counts 1.

    y: class numbers, one-hot rows, or 0 and 1 for a single output.
    """
    if not isinstance(class_weight, Mapping):
        raise TypeError(f"class_weight: expected a dict of class numbers and weights, received {class_weight!r}")
    one_hot = y[:1].size > 1
    if y.ndim > 2 or len(output_shape) != 1:
        raise ShapeError(f"class_weight: expected one class for each sample, received labels of shape {y.shape}")
    labels = y.argmax(-1) if one_hot else np.rint(y.reshape(-1))
    classes = max(2, output_shape[-1])
    weights = np.ones(len(y))
    for number, weight in class_weight.items():
        if not isinstance(number, (int, np.integer)) or not 0 <= number < classes:
            raise ValueError(f"class_weight: expected class numbers from 0 to {classes - 1}, received {number!r}")
        weights[labels == number] = _weights("class_weight", np.asarray(weight))
    return weights.astype(np.float32)


def _weights(where: str, weights: np.ndarray) -> np.ndarray:
    if weights.dtype.kind not in "fiub" or not np.isfinite(weights).all() or (weights < 0).any():
        wrong = weights[~(np.isfinite(weights) & (weights >= 0))] if weights.dtype.kind in "fiub" else weights
        raise ValueError(f"{where}: expected finite numbers of 0 or more, received {wrong.reshape(-1)[0]}")
    return weights.astype(np.float32)


def numbers(where: str, name: str, data: Any) -> np.ndarray:
    """Data as an array, of numbers; `where` and `name` say in the message what they were given as. Raises TypeError."""
    try:
        array = np.asarray(data)
    except ValueError:
        raise TypeError(f"{where}: expected {name} as rows of one length, received rows of different ones") from None
    if array.dtype.kind not in "fiub":
        texts = array.dtype.kind in "US"
        received = f"{'texts' if texts else array.dtype} of shape {array.shape}" if array.shape else type(data).__name__
        hint = "; np.unique(y, return_inverse=True)[1] numbers classes" if texts and name == "y" else ""
        raise TypeError(f"{where}: expected {name} as numbers, received {received}{hint}")
    if array.dtype == np.float64 and not hasattr(data, "dtype"):  # of Python numbers: float32, as in a Tensor
        array = array.astype(np.float32)
    return array
