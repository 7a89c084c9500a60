"""Whether the right class is among the best few: what accuracy is for k = 1.

The metrics count with it, and so do lessons that follow TensorFlow's way of measuring.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...ops import ShapeError
from ...tensor import Tensor, as_input, as_tensor
from ..arguments import whole

if TYPE_CHECKING:
    from ...tensor import Operand


def in_top_k(targets: Operand, predictions: Operand, k: int) -> Tensor:
    """True where fewer than k classes have a larger prediction than the target's.

    Classes that tie at the border all count as in. False where the target is no class, or where a prediction of the
    sample is infinite or NaN, which says nothing about an order. As in TensorFlow.

    targets: (...) class numbers. predictions: (..., classes), logits or probabilities. Returns (...) bool.
    """
    targets, predictions = as_input(targets), as_tensor(predictions)
    if predictions.ndim == 0 or targets.shape != predictions.shape[:-1]:
        raise ShapeError(
            f"in_top_k: expected predictions (..., classes) and targets of shape {predictions.shape[:-1]}, "
            f"received predictions {predictions.shape} and targets {targets.shape}"
        )
    k = whole("in_top_k", "k", k)
    classes = predictions.shape[-1]
    chosen = targets.one_hot(classes, predictions.dtype) > 0
    its_own = chosen.where(predictions, 0).sum(-1, keepdims=True)
    larger = (predictions > its_own).sum(-1)
    finite = (predictions.abs() <= float(np.finfo(predictions.dtype).max)).sum(-1)
    # One of the classes is the target's and all are finite, or it is as far behind as k.
    return ((chosen.sum(-1) + finite) == classes + 1).where(larger, k) < k
