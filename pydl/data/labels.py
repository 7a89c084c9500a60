"""Labels as networks want them: class numbers into rows with a single one."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import DataError

Part = tuple[np.ndarray, np.ndarray]  # of a data set: samples and their labels


def one_hot(labels: Any, num_classes: int | None = None) -> np.ndarray:
    """float32 rows of zeros with a one at the label's place: shape `labels.shape + (num_classes,)`.

    labels: integers from 0; a last axis of length 1 is dropped, as Keras does.
    num_classes: the largest label plus one unless given.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise DataError(f"one_hot: expected integer labels, received {labels.dtype}")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.size == 0 and num_classes is None:
        raise DataError("one_hot: expected num_classes or at least one label, received neither")
    if num_classes is None:
        num_classes = max(int(labels.max()) + 1, 1)
    if not isinstance(num_classes, (int, np.integer)) or num_classes < 1:
        raise DataError(f"one_hot: expected num_classes from 1, received {num_classes!r}")
    wrong = labels[(labels < 0) | (labels >= num_classes)]
    if wrong.size:
        raise DataError(f"one_hot: expected labels from 0 to {num_classes - 1}, received {wrong[0]}")
    rows: np.ndarray = (labels[..., None] == np.arange(num_classes)).astype(np.float32)
    return rows


to_categorical = one_hot
