"""Functions of Tensors: the activations, and the cross-entropies written so that no logit is too large.

Names as in TensorFlow's `nn`. Each takes Tensors or arrays and is composed of primitives, so it can be traced.
"""

from __future__ import annotations

from ..tensor import ShapeError, Tensor, as_input


def _tensor(x) -> Tensor:
    return x if isinstance(x, Tensor) else Tensor(x)


def relu(x) -> Tensor:
    """max(x, 0); its slope at 0 is taken as 0."""
    return _tensor(x).relu()


def sigmoid(x) -> Tensor:
    """1 / (1 + exp(-x))"""
    return _tensor(x).sigmoid()


def tanh(x) -> Tensor:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x))"""
    return _tensor(x).tanh()


def linear(x) -> Tensor:
    """x itself: no activation."""
    return _tensor(x)


def softmax(x, axis: int = -1) -> Tensor:
    """exp(x) / sum(exp(x)) along an axis: positive numbers that sum to 1."""
    powers = _shifted(_tensor(x), axis).exp()
    return powers / powers.sum(axis, keepdims=True)


def log_softmax(x, axis: int = -1) -> Tensor:
    """log(softmax(x)), without ever computing the softmax."""
    shifted = _shifted(_tensor(x), axis)
    return shifted - shifted.exp().sum(axis, keepdims=True).log()


def _shifted(x: Tensor, axis: int) -> Tensor:
    # Softmax does not change when a constant is subtracted; with the maximum subtracted exp cannot overflow.
    return x - x.detach().max(axis, keepdims=True)


def softmax_cross_entropy_with_logits(labels, logits) -> Tensor:
    """-sum(labels * log_softmax(logits)) over the classes.

    labels: (..., classes) probabilities, one-hot rows for instance. logits: (..., classes). Returns (...).
    """
    labels, logits = _tensor(labels), _tensor(logits)
    if labels.shape != logits.shape:
        raise ShapeError(
            f"softmax_cross_entropy: expected labels of the logits' shape {logits.shape} (one-hot rows), "
            f"received {labels.shape}"
        )
    return -(labels * log_softmax(logits)).sum(-1)


def sparse_softmax_cross_entropy_with_logits(labels, logits) -> Tensor:
    """-log_softmax(logits)[label]

    labels: (...) class numbers, integers. logits: (..., classes). Returns (...).
    """
    labels, logits = as_input(labels), _tensor(logits)
    if labels.shape != logits.shape[:-1] or labels.dtype.kind not in "iu":
        raise ShapeError(
            f"sparse_softmax_cross_entropy: expected integer class numbers of shape {logits.shape[:-1]}, "
            f"received {labels.dtype} of shape {labels.shape}"
        )
    return softmax_cross_entropy_with_logits(labels.one_hot(logits.shape[-1], logits.dtype), logits)


def sigmoid_cross_entropy_with_logits(labels, logits) -> Tensor:
    """-labels * log(sigmoid(x)) - (1 - labels) * log(1 - sigmoid(x)) for logits x, elementwise.

    Computed as max(x, 0) - x * labels + log(1 + exp(-|x|)), which neither overflows nor takes the log of 0.
    """
    labels, x = _tensor(labels), _tensor(logits)
    if labels.shape != x.shape:
        raise ShapeError(
            f"sigmoid_cross_entropy: expected labels of the logits' shape {x.shape}, received {labels.shape}"
        )
    return x.relu() - x * labels + ((-x.abs()).exp() + 1).log()


ACTIVATIONS = {"linear": linear, "relu": relu, "sigmoid": sigmoid, "tanh": tanh, "softmax": softmax}
