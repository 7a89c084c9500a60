"""Cross-entropies of logits: the loss and the last activation in one formula, so that no logit is too large.

Names as in TensorFlow's `nn`. Each gives one number per sample (or per element); the losses take their mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ops import ShapeError
from ...tensor import Tensor, as_input, as_tensor
from .activations import above_relu, log_softmax

if TYPE_CHECKING:
    from ...tensor import Operand


def softmax_cross_entropy_with_logits(labels: Operand, logits: Operand) -> Tensor:
    """-sum(labels * log_softmax(logits)) over the classes.

    labels: (..., classes) probabilities, one-hot rows for instance. logits: (..., classes). Returns (...).
    """
    labels, logits = as_tensor(labels), as_tensor(logits)
    if labels.shape != logits.shape:
        raise ShapeError(
            f"softmax_cross_entropy: expected labels of the logits' shape {logits.shape} (one-hot rows), "
            f"received {labels.shape}"
        )
    return -(labels * log_softmax(logits)).sum(-1)


def sparse_softmax_cross_entropy_with_logits(labels: Operand, logits: Operand) -> Tensor:
    """-log_softmax(logits)[label]

    labels: (...) class numbers, integers. logits: (..., classes). Returns (...).
    """
    labels, logits = as_input(labels), as_tensor(logits)
    if labels.shape != logits.shape[:-1] or labels.dtype.kind not in "iu":
        raise ShapeError(
            f"sparse_softmax_cross_entropy: expected integer class numbers of shape {logits.shape[:-1]}, "
            f"received {labels.dtype} of shape {labels.shape}"
        )
    return softmax_cross_entropy_with_logits(labels.one_hot(logits.shape[-1], logits.dtype), logits)


def sigmoid_cross_entropy_with_logits(labels: Operand, logits: Operand) -> Tensor:
    """-labels * log(sigmoid(x)) - (1 - labels) * log(1 - sigmoid(x)) for logits x, elementwise.

    Computed as max(x, 0) - x * labels + log(1 + exp(-|x|)), which neither overflows nor takes the log of 0.
    """
    labels, x = as_tensor(labels), as_tensor(logits)
    if labels.shape != x.shape:
        raise ShapeError(
            f"sigmoid_cross_entropy: expected labels of the logits' shape {x.shape}, received {labels.shape}"
        )
    return x.relu() - x * labels + above_relu(x)
