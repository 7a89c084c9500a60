"""Cross-entropies of logits: the loss and the last activation in one formula, so that no logit is too large.

Names as in TensorFlow's `nn`. Each gives one number per sample (or per element); the losses take their mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...ops import ShapeError
from ...tensor import Tensor, as_input, as_tensor
from .activations import above_relu, log_softmax

if TYPE_CHECKING:
    from ...tensor import Operand


def softmax_cross_entropy_with_logits(labels: Operand, logits: Operand) -> Tensor:
    """-sum(labels * log_softmax(logits)) over the classes.

    labels: (..., classes) probabilities, one-hot rows for instance. logits: (..., classes). Returns (...).
    Raises ShapeError.
    """
    labels, logits = as_tensor(labels), as_tensor(logits)
    if labels.shape != logits.shape:
        raise ShapeError(
            f"softmax_cross_entropy: expected labels of the logits' shape {logits.shape} (one-hot rows), "
            f"received {labels.shape}"
        )
    return -(labels * log_softmax(logits)).sum(-1)


def sparse_softmax_cross_entropy_with_logits(labels: Operand, logits: Operand) -> Tensor:
    """-log_softmax(logits)[label], the cross-entropy of class numbers.

    labels: (...) class numbers; floats are cut off to whole ones. logits: (..., classes). Returns (...).
    Raises ShapeError, also for a label that is no class, where labels are arrays; in a Tensor it costs 0.
    """
    known = None if isinstance(labels, Tensor) else np.asarray(labels)
    labels, logits = as_input(labels), as_tensor(logits)
    if not logits.ndim or labels.shape != logits.shape[:-1]:
        raise ShapeError(
            f"sparse_softmax_cross_entropy: expected logits (..., classes) and class numbers (...), "
            f"received {logits.shape} and {labels.shape}"
        )
    if known is not None and known.size and not 0 <= known.min() <= known.max() < logits.shape[-1]:
        raise ShapeError(
            f"sparse_softmax_cross_entropy: expected labels from 0 to {logits.shape[-1] - 1}, "
            f"received {known.min():g} to {known.max():g}"
        )
    return softmax_cross_entropy_with_logits(labels.one_hot(logits.shape[-1], logits.dtype), logits)


def sigmoid_cross_entropy_with_logits(labels: Operand, logits: Operand) -> Tensor:
    """-labels * log(sigmoid(x)) - (1 - labels) * log(1 - sigmoid(x)) for logits x, elementwise.

    labels: (...) probabilities. logits: (...). Returns (...). Raises ShapeError.
    Computed as max(x, 0) - x * labels + log(1 + exp(-|x|)), which neither overflows nor takes the log of 0.
    """
    labels, x = as_tensor(labels), as_tensor(logits)
    if labels.shape != x.shape:
        raise ShapeError(
            f"sigmoid_cross_entropy: expected labels of the logits' shape {x.shape}, received {labels.shape}"
        )
    return x.relu() - x * labels + above_relu(x)
