"""Activations: what a unit makes of its sum, and what that does to a gradient ten layers deep.

On its way back through a layer a gradient is multiplied by the weights and by the slope of the activation. The
sigmoid's slope is at most one quarter: ten of them in a row leave next to nothing, and the first layers do not learn.
ReLU's slope is 1 wherever a unit is active, and with He's initialisation the gradient arrives as large as it set out.
"""

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np

import pydl
from pydl import Tensor, concatenate, grad, init, random
from pydl.nn import functional as F

from .figures import plot, table
from .options import OneOf, Outcome, Range, Seed

FIGURES = [
    "plot:saturating",
    "plot:saturating_slopes",
    "plot:rectifiers",
    "plot:rectifiers_slopes",
    "plot:gradients",
    "table:gradients",
]

# Those that level off on both sides, and those that grow on.
SATURATING = {"step": F.step, "sigmoid": F.sigmoid, "tanh": F.tanh, "softmax": F.softmax}
RECTIFIERS = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "softplus": F.softplus,
    "swish": F.swish,
    "maxout": F.maxout,
}
BATCH = 32


def run(
    depth: Annotated[int, Range(2, 100)] = 10,
    width: Annotated[int, Range(2, 512)] = 64,
    initializer: Annotated[str, OneOf("he_normal", "glorot_normal", "lecun_normal")] = "he_normal",
    seed: Seed = 777,
) -> Outcome:
    # Curves, and their slopes by autograd: d/dx of the sum of all values gives every value's own slope.
    x = Tensor(np.linspace(-4, 4, 161))
    for name, family in (("saturating", SATURATING), ("rectifiers", RECTIFIERS)):
        curves = {activation: of_one_number(activation, function) for activation, function in family.items()}
        plot(name, x, {activation: curve(x) for activation, curve in curves.items()})
        slopes = {activation: grad(lambda x, curve=curve: curve(x).sum())(x) for activation, curve in curves.items()}
        plot(f"{name}_slopes", x, slopes)

    # And what `depth` layers of each do to a gradient of length 1 on its way from the last to the first.
    norms = {}
    for activation, function in (SATURATING | RECTIFIERS).items():
        pydl.seed(seed)
        norms[activation] = gradient_norms(function, depth, width, 2 if activation == "maxout" else 1, initializer)
    plot("gradients", range(1, depth + 1), norms, log=True)
    rows = [[name, lengths[-1], lengths[0], factor(lengths)] for name, lengths in norms.items()]
    table("gradients", ["activation", "last", "first", "factor"], rows)
    return {"history": {}, "result": {f"{name}_gradient": lengths[0] for name, lengths in norms.items()}}


def gradient_norms(
    activation: Callable[[Tensor], Tensor], depth: int, width: int, pieces: int, initializer: Any
) -> list[float]:
    """The length of the gradient at the sums of every layer, first to last, where it is 1 behind the last."""
    x = Tensor(random.default.normal((BATCH, width)))
    kernels = [init.draw(initializer, (width, width * pieces)) for _ in range(depth)]
    direction = random.default.normal((BATCH, width))
    direction /= np.linalg.norm(direction)

    def network(*offsets: Tensor) -> Tensor:
        h = x
        for kernel, offset in zip(kernels, offsets):
            h = activation(h @ kernel + offset)
        return (h * direction).sum()

    # An offset of 0 changes no sum, and its gradient is the gradient at the sum.
    offsets = [np.zeros((BATCH, width * pieces), np.float32)] * depth
    gradients = grad(network, tuple(range(depth)))(*offsets)
    return [float(np.linalg.norm(gradient)) for gradient in gradients]


def factor(lengths: list[float]) -> float:
    """What one layer multiplies the gradient by, in the geometric mean."""
    return (lengths[0] / lengths[-1]) ** (1 / (len(lengths) - 1)) if lengths[-1] else 0.0


# ---- the pictures


def of_one_number(activation: str, function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """An activation as a curve. Softmax and maxout need company: the logits x, 0, 0, and the larger of x and -x / 2."""

    def curve(x: Tensor) -> Tensor:
        column = x.reshape(-1, 1)
        if activation == "softmax":
            return function(concatenate([column, column * 0, column * 0], axis=1))[:, 0]
        if activation == "maxout":
            return function(concatenate([column, column * -0.5], axis=1)).reshape(-1)
        return function(column).reshape(-1)

    return curve
