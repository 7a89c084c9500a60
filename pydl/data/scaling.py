"""Scaling: columns brought to the same size, by numbers learned from the training data alone.

Gradient descent wants this: where one column is a thousand times larger than another, no learning rate suits both.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from .errors import DataError


class _Scaler:
    """scaled = (x - offset_) / scale_, column by column; a subclass finds both in `_learn`.

    Data are (n, ...), every place of a sample is a column of its own; float64 stays, everything else becomes float32.
    """

    offset_: np.ndarray  # (...), float64
    scale_: np.ndarray  # (...), float64; never 0

    def _learn(self, x: np.ndarray) -> None:
        raise NotImplementedError(f"{type(self).__name__} must define _learn(x)")

    def fit(self, x: Any, y: Any = None) -> Self:
        """Learns offset_ and scale_ from x (n, ...). Raises DataError for data without rows, NaN or infinity.

        y: not looked at; scikit-learn's Pipeline passes the labels to every step.
        """
        numbers = self._checked(x, None)
        if not len(numbers):
            raise DataError(f"{type(self).__name__}: expected at least one row, received shape {numbers.shape}")
        self._learn(numbers)
        return self

    def transform(self, x: Any) -> np.ndarray:
        """(x - offset_) / scale_, column by column."""
        return _like(x, (self._fitted(x) - self.offset_) / self.scale_)

    def inverse_transform(self, x: Any) -> np.ndarray:
        """x * scale_ + offset_: back from what `transform` gave."""
        return _like(x, self._fitted(x) * self.scale_ + self.offset_)

    def fit_transform(self, x: Any, y: Any = None) -> np.ndarray:
        """transform(x) by what is learned from x itself; y as in `fit`."""
        return self.fit(x).transform(x)

    def _fitted(self, x: Any) -> np.ndarray:
        if not hasattr(self, "scale_"):
            raise DataError(f"{type(self).__name__}: expected fit(x) first; this one was not fitted yet")
        return self._checked(x, self.scale_.shape)

    def _checked(self, x: Any, shape: tuple[int, ...] | None) -> np.ndarray:
        """x as float64."""
        try:
            x = np.asarray(x)
        except ValueError:
            raise DataError(f"{type(self).__name__}: expected rows of one length, received different ones") from None
        if x.dtype.kind not in "fiub" or not x.ndim or shape not in (None, x.shape[1:]):
            wanted = "(n, ...)" if shape is None else f"(n, {', '.join(map(str, shape))})" if shape else "(n,)"
            raise DataError(
                f"{type(self).__name__}: expected numbers of shape {wanted}, received {x.dtype} of shape {x.shape}"
            )
        numbers: np.ndarray = x.astype(np.float64)
        wrong = np.argwhere(~np.isfinite(numbers))
        if len(wrong):
            raise DataError(
                f"{type(self).__name__}: expected finite numbers, received {numbers[tuple(wrong[0])]} "
                f"at {tuple(wrong[0].tolist())}"
            )
        return numbers


class StandardScaler(_Scaler):
    """(x - mean) / deviation of x (n, ...): every column with mean 0 and deviation 1.

    A constant column becomes 0: its scale_ is 1. offset_ is also called mean_. Source: scikit-learn's class.
    """

    def _learn(self, x: np.ndarray) -> None:
        self.offset_, self.scale_ = x.mean(axis=0), _no_zeros(x.std(axis=0), x)

    @property
    def mean_(self) -> np.ndarray:
        """offset_, by the name that scikit-learn gives it."""
        return self.offset_


class MinMaxScaler(_Scaler):
    """low + (x - min) / (max - min) * (high - low) of x (n, ...): every column from low to high.

    feature_range: (low, high). A constant column becomes low: as if its max were min + 1. Source: scikit-learn's class.
    """

    def __init__(self, feature_range: tuple[float, float] = (0.0, 1.0)) -> None:
        if len(feature_range) != 2 or not feature_range[0] < feature_range[1]:
            raise DataError(
                f"MinMaxScaler: expected feature_range as (low, high), low < high, received {feature_range}"
            )
        self.feature_range = feature_range

    def _learn(self, x: np.ndarray) -> None:
        low, high = self.feature_range
        self.scale_ = _no_zeros(x.max(axis=0) - x.min(axis=0), x) / (high - low)
        self.offset_ = x.min(axis=0) - low * self.scale_


def _no_zeros(scale: np.ndarray, x: np.ndarray) -> np.ndarray:
    """1 instead of the scale of each constant column, which rounding may leave a little above 0."""
    constant = x.max(axis=0) == x.min(axis=0)
    result: np.ndarray = np.where(constant | (scale == 0), 1.0, scale)
    return result


def _like(x: Any, result: np.ndarray) -> np.ndarray:
    """The result as float64 where x is, else as float32."""
    return result if np.asarray(x).dtype == np.float64 else result.astype(np.float32)
