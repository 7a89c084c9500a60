"""What our estimators share: scikit-learn's way of naming parameters, and the checks of data that comes from outside.

scikit-learn asks little of an estimator: a constructor that only stores, `get_params` and `set_params`, and a `fit`
that writes what it has learned into names that end in an underscore. An estimator here is a dataclass, whose fields are
its parameters; scikit-learn itself is never imported unless it is scikit-learn that asks.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, Field, fields
from importlib import import_module
from typing import Any, ClassVar, Self

import numpy as np

from .. import random
from ..data import DataError
from ..tensor import Tensor


class NotFittedError(ValueError, AttributeError):
    """An estimator was asked before it had learned anything. Its bases are those of scikit-learn's own."""


class Estimator:
    """Base class of classifiers: a dataclass with `fit(X, y)` and `predict(X)`; a subclass's fields are its parameters.

    classes_: the labels, sorted; known once fitted
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    classes_: np.ndarray

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments by name, as they were given."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def set_params(self, **params: Any) -> Self:
        """Changes parameters; they act at the next `fit`. Raises ValueError for a name that is none."""
        known = self.get_params(deep=False)
        for name in params:
            if name not in known:
                raise ValueError(f"{type(self).__name__}: unknown parameter {name!r}; known are {', '.join(known)}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        given = [
            f"{field.name}={value!r}"
            for field in fields(self)
            if field.default is MISSING or repr(value := getattr(self, field.name)) != repr(field.default)
        ]
        return f"{type(self).__name__}({', '.join(given)})"

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of every class: (n, classes), columns in the order of `classes_`, rows that sum to 1."""
        raise NotImplementedError(f"{type(self).__name__} must define predict_proba(X)")

    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of every sample, (n,)."""
        best = self.predict_proba(X).argmax(axis=1)  # first: it knows whether anything was learned
        labels: np.ndarray = self.classes_[best]
        return labels

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy: the share of samples whose label is predicted, each counted with its weight."""
        right = self.predict(X) == np.ravel(np.asarray(y))
        return float(np.average(right, weights=sample_weight))

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn (1.6 and later) wants to know of an estimator: this is a classifier."""
        tags = import_module("sklearn.utils")
        return tags.Tags(
            estimator_type="classifier",
            target_tags=tags.TargetTags(required=True),
            classifier_tags=tags.ClassifierTags(),
            input_tags=tags.InputTags(),
        )


# ---- data from outside


def samples_of(X: Any, where: str, features: int | None = None) -> np.ndarray:
    """X as an array (n, features) of finite numbers: uint8 as it is, everything else as float32. Raises DataError."""
    if hasattr(X, "toarray"):
        raise DataError(f"{where}: expected X as an array, received a sparse {type(X).__name__}; pass X.toarray()")
    array = np.asarray(X)
    if array.dtype.kind not in "fiub":
        try:  # numbers may come as objects; complex ones would lose a half
            array = array.astype(np.float64, casting="same_kind" if array.dtype.kind == "c" else "unsafe")
        except (TypeError, ValueError):
            raise DataError(f"{where}: expected X as numbers, received {array.dtype}") from None
    if array.ndim != 2 or not array.size:
        hint = ". Reshape your data to a row for each sample: X.reshape(len(X), -1)" if array.ndim != 2 else ""
        raise DataError(f"{where}: expected X of shape (samples, features), received {array.shape}{hint}")
    if features is not None and array.shape[1] != features:
        raise DataError(f"{where}: expected {features} features as in fit, received X of shape {array.shape}")
    if array.dtype == np.uint8:
        return array
    with np.errstate(over="ignore"):
        numbers: np.ndarray = array.astype(np.float32)
    wrong = np.argwhere(~np.isfinite(numbers))
    if len(wrong):
        row, column = wrong[0]
        raise DataError(
            f"{where}: expected numbers that float32 can hold, no NaN and no inf; "
            f"received {array[row, column]} in row {row}, column {column} of X"
        )
    return numbers


def labels_of(y: Any, where: str, samples: int) -> np.ndarray:
    """y as an array (n,) of labels, one for each sample. Raises DataError."""
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        hint = "; for one-hot rows: y.argmax(axis=1)" if labels.ndim == 2 else ""
        raise DataError(f"{where}: expected y of shape ({samples},), received {labels.shape}{hint}")
    if len(labels) != samples:
        raise DataError(f"{where}: expected as many labels as samples, received {len(labels)} and {samples}")
    if labels.dtype.kind == "f" and (wrong := labels[~np.isfinite(labels) | (labels != np.floor(labels))]).size:
        raise DataError(f"{where}: expected y as class labels, received the number {wrong[0]}")
    return labels


def class_numbers(y: np.ndarray, where: str, n_classes: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(the classes, the number of each label's class); with `n_classes` labels are class numbers already."""
    try:
        classes, numbers = np.unique(y, return_inverse=True)
    except TypeError:
        raise DataError(f"{where}: expected labels of one kind, received several (numbers and texts?)") from None
    if len(classes) < 2:
        raise DataError(f"{where}: expected labels of at least two classes, received one class, {classes[0]}")
    if n_classes is None:
        return classes, numbers
    if y.dtype.kind not in "iuf" or classes[0] < 0 or classes[-1] >= n_classes:
        raise DataError(
            f"{where}: with n_classes={n_classes} labels must be integers from 0 to {n_classes - 1}, "
            f"received {classes[0]} to {classes[-1]}"
        )
    return np.arange(n_classes), y.astype(np.int64)


# ---- random numbers

_turns = threading.RLock()  # a process has one default generator: trainings in several threads take turns


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Inside, what draws from the default generator draws from this seed; afterwards it goes on as if never asked.

    seed: None draws from the default generator as it stands.
    """
    with _turns:
        generator = random.default
        before = generator.key.numpy(), generator.counter.numpy()
        if seed is not None:
            generator.seed(seed)
        try:
            yield
        finally:
            if seed is not None:
                generator.key.assign(Tensor(before[0], dtype=before[0].dtype))
                generator.counter.assign(Tensor(before[1], dtype=before[1].dtype))
