"""Labels as networks want them: class numbers into rows with a single one.

Such rows are what `categorical_crossentropy` wants; its sparse sister takes the numbers as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import DataError

Part = tuple[np.ndarray, np.ndarray]  # of a data set: samples and their labels


def one_hot(labels: Any, num_classes: int | None = None) -> np.ndarray:
    """float32 rows of zeros with a one at the label's place: shape `labels.shape + (num_classes,)`.

    labels: whole numbers from 0, also as the floats that a CSV file gives; a last axis of length 1 is dropped, as
            Keras does.
    num_classes: the largest label plus one unless given.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iuf":
        raise DataError(f"one_hot: expected whole numbers as labels, received {labels.dtype}")
    broken = labels[labels % 1 != 0]
    if broken.size:
        raise DataError(f"one_hot: expected whole numbers as labels, received {broken[0]}")
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
