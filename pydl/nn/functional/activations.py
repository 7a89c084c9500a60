"""Activations: what a layer does to each of its sums, and what its gradient is multiplied by on the way back.

All keep the shape of what they are given but `maxout`. None overflows, neither in its value nor in its gradient: where
a formula would need a power that is too large, it is given a number that it can take, whose result is not used.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...ops import ShapeError
from ...tensor import Tensor, as_tensor, floating
from ..arguments import whole

if TYPE_CHECKING:
    from ...tensor import Operand

# The fixed point of mean 0 and deviation 1: G. Klambauer et al., "Self-Normalizing Neural Networks", 2017, appendix.
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def _floats(x: Operand) -> Tensor:
    return floating(as_tensor(x))


def linear(x: Operand) -> Tensor:
    """x itself: no activation."""
    return as_tensor(x)


def step(x: Operand) -> Tensor:
    """1 where x > 0, else 0: the neuron that fires or does not.

    Its slope is 0 wherever there is one, so no gradient passes it and nothing before it learns.
    Source: W. McCulloch, W. Pitts, "A Logical Calculus of the Ideas Immanent in Nervous Activity", 1943.
    """
    x = _floats(x)
    return (x > 0).astype(x.dtype)


def sigmoid(x: Operand) -> Tensor:
    """1 / (1 + exp(-x)), between 0 and 1; its slope is at most 1/4.

    Source: D. Rumelhart, G. Hinton, R. Williams, "Learning representations by back-propagating errors", 1986.
    """
    return as_tensor(x).sigmoid()


def tanh(x: Operand) -> Tensor:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)), between -1 and 1; its slope is at most 1.

    Source: Y. LeCun et al., "Efficient BackProp", 1998, which recommends it over the sigmoid.
    """
    return as_tensor(x).tanh()


def relu(x: Operand) -> Tensor:
    """max(x, 0); its slope at 0 is taken as 0.

    Source: V. Nair, G. Hinton, "Rectified Linear Units Improve Restricted Boltzmann Machines", 2010.
    """
    return as_tensor(x).relu()


def leaky_relu(x: Operand, negative_slope: float = 0.2) -> Tensor:
    """x where x > 0, else negative_slope * x: no unit is ever without a gradient.

    Source: A. Maas, A. Hannun, A. Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013.
    """
    x = _floats(x)
    return (x > 0).where(x, x * negative_slope)


def elu(x: Operand, alpha: float = 1.0) -> Tensor:
    """x where x >= 0, else alpha * (exp(x) - 1).

    Source: D. Clevert et al., "Fast and Accurate Deep Network Learning by Exponential Linear Units (ELUs)", 2015.
    """
    x = _floats(x)
    return (x >= 0).where(x, (x.minimum(0).exp() - 1) * alpha)


def selu(x: Operand) -> Tensor:
    """1.0507 * elu(x, alpha=1.6733): keeps mean 0 and deviation 1 from layer to layer, with LeCun's initial weights.

    Source: G. Klambauer et al., "Self-Normalizing Neural Networks", 2017.
    """
    return elu(x, SELU_ALPHA) * SELU_SCALE


def gelu(x: Operand, approximate: bool = False) -> Tensor:
    """x * P(normal number < x) = x / 2 * (1 + erf(x / sqrt(2))).

    approximate: True for x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), off by at most 0.0005.
    Source: D. Hendrycks, K. Gimpel, "Gaussian Error Linear Units (GELUs)", 2016.
    """
    x = _floats(x)
    if approximate:
        # Beyond 10 tanh is 1 to the last digit; x^3 must not become infinite, whose gradient would be 0 * infinity.
        t = x.clip(-10, 10)
        return x * 0.5 * (((t + t * t * t * 0.044715) * math.sqrt(2 / math.pi)).tanh() + 1)
    return x * 0.5 * ((x * math.sqrt(0.5)).erf() + 1)


def softplus(x: Operand) -> Tensor:
    """log(1 + exp(x)), a smooth relu; computed as max(x, 0) + log(1 + exp(-|x|)), which cannot overflow.

    Source: C. Dugas et al., "Incorporating Second-Order Functional Knowledge for Better Option Pricing", 2000.
    """
    x = _floats(x)
    return x.relu() + above_relu(x)


def above_relu(x: Tensor) -> Tensor:
    """softplus(x) - relu(x) = log(1 + exp(-|x|)), small where |x| is large."""
    # Not x.abs(): at 0 the slope of relu is taken as 0, so that all of softplus's 1/2 must come from here, and
    # maximum(x, -x) has slope -1 there.
    return ((-x.maximum(-x)).exp() + 1).log()


def swish(x: Operand) -> Tensor:
    """x * sigmoid(x), also known as SiLU.

    Sources: S. Elfwing et al., "Sigmoid-Weighted Linear Units for Neural Network Function Approximation in
    Reinforcement Learning", 2017; P. Ramachandran et al., "Searching for Activation Functions", 2017.
    """
    x = _floats(x)
    return x * x.sigmoid()


silu = swish


def softmax(x: Operand, axis: int = -1) -> Tensor:
    """exp(x) / sum(exp(x)) along an axis: positive numbers that sum to 1.

    Source: J. Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs", 1990.
    """
    powers = _shifted(x, axis, "softmax").exp()
    return powers / powers.sum(axis, keepdims=True)


def log_softmax(x: Operand, axis: int = -1) -> Tensor:
    """log(softmax(x)) along an axis, without ever computing the softmax, whose small numbers would be 0.

    Source: as for softmax.
    """
    shifted = _shifted(x, axis, "log_softmax")
    return shifted - shifted.exp().sum(axis, keepdims=True).log()


def _shifted(x: Operand, axis: int, name: str) -> Tensor:
    # Softmax does not change when a constant is subtracted; with the maximum subtracted exp cannot overflow.
    x = _floats(x)
    if x.ndim == 0 or x.shape[axis] == 0:
        raise ShapeError(f"{name}: expected at least one class along axis {axis}, received shape {x.shape}")
    return x - x.detach().max(axis, keepdims=True)


def maxout(x: Operand, pieces: int = 2) -> Tensor:
    """The largest of each `pieces` neighbours along the last axis of x: (..., units * pieces) -> (..., units).

    With the weights before it, each unit learns a convex function of `pieces` straight parts.
    Source: I. Goodfellow et al., "Maxout Networks", 2013.
    """
    x, pieces = as_tensor(x), whole("maxout", "pieces", pieces)
    if x.ndim == 0 or x.shape[-1] % pieces:
        raise ShapeError(
            f"maxout: expected a last axis of units * pieces with pieces={pieces}, received shape {x.shape}; "
            "give the layer before it `pieces` times as many units"
        )
    return x.reshape((*x.shape[:-1], x.shape[-1] // pieces, pieces)).max(-1)
