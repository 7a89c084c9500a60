"""Functions of Tensors, named as in TensorFlow's `nn`: activations, dropout, convolution and pooling, cross-entropies.

Each takes Tensors or arrays and is composed of primitives, so it can be traced and differentiated. Layers and losses
are made of them; `ACTIVATIONS` holds those that a layer can be given by name.
"""

from ...registry import named
from .activations import (
    elu,
    gelu,
    leaky_relu,
    linear,
    log_softmax,
    maxout,
    relu,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    step,
    swish,
    tanh,
)
from .crossentropy import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
    sparse_softmax_cross_entropy_with_logits,
)
from .regularising import dropout
from .topk import in_top_k
from .windows import avg_pool2d, conv2d, max_pool2d

# Those that leave the shape as it is; the first name of a function is the one that a configuration gets.
ACTIVATIONS = named(
    {
        "linear": linear,
        "relu": relu,
        "sigmoid": sigmoid,
        "tanh": tanh,
        "leaky_relu": leaky_relu,
        "elu": elu,
        "selu": selu,
        "gelu": gelu,
        "softplus": softplus,
        "swish": swish,
        "silu": silu,
        "step": step,
        "softmax": softmax,
        "log_softmax": log_softmax,
    }
)

__all__ = [
    "ACTIVATIONS",
    "avg_pool2d",
    "conv2d",
    "dropout",
    "elu",
    "gelu",
    "in_top_k",
    "leaky_relu",
    "linear",
    "log_softmax",
    "max_pool2d",
    "maxout",
    "relu",
    "selu",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "silu",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softplus",
    "sparse_softmax_cross_entropy_with_logits",
    "step",
    "swish",
    "tanh",
]
