"""The error function, by fixed rational functions and one exponential: NumPy has none.

erf(x) = 2 / sqrt(pi) * integral of exp(-t^2) from 0 to x: the chance that a normal number of deviation sqrt(1/2) lies
within x of its mean, with the sign of x.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .elementwise import arithmetic

# W. J. Cody, "Rational Chebyshev approximation for the error function", Mathematics of Computation 23 (1969): the
# quotients of numerator and denominator, lowest power first. erf(x) = x * CENTRE(x^2) for |x| below 0.46875, and
# 1 - erf(x) = exp(-x^2) * TAIL(x) above. Cody changes to a third quotient at 4, for the digits of erfc; erf needs none.
CENTRE = (
    (3.20937758913846947e03, 3.77485237685302021e02, 1.13864154151050156e02, 3.16112374387056560e00,
     1.85777706184603153e-1),
    (2.84423683343917062e03, 1.28261652607737228e03, 2.44024637934444173e02, 2.36012909523441209e01, 1.0),
)  # fmt: skip
TAIL = (
    (1.23033935479799725e03, 2.05107837782607147e03, 1.71204761263407058e03, 8.81952221241769090e02,
     2.98635138197400131e02, 6.61191906371416295e01, 8.88314979438837594e00, 5.64188496988670089e-1,
     2.15311535474403846e-8),
    (1.23033935480374942e03, 3.43936767414372164e03, 4.36261909014324716e03, 3.29079923573345963e03,
     1.62138957456669019e03, 5.37181101862009858e02, 1.17693950891312499e02, 1.57449261107098347e01, 1.0),
)  # fmt: skip
BORDER = 0.46875
LARGEST = 6.0  # erf(6) is 1 - 2e-17: 1 in float64


def polynomial(coefficients: Sequence[float], x: np.ndarray) -> np.ndarray:
    """c[0] + c[1] x + c[2] x^2 + ... by Horner's rule, in the dtype of x."""
    result = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        result *= x
        result += coefficient
    return result


def _erf(x: np.ndarray, out: np.ndarray) -> None:
    size = np.minimum(np.abs(x), LARGEST)
    square = size * size
    centre = polynomial(CENTRE[0], square)
    centre *= x
    centre /= polynomial(CENTRE[1], square)
    tail = polynomial(TAIL[0], size)
    tail /= polynomial(TAIL[1], size)
    tail *= np.exp(-square)
    np.subtract(1, tail, out=tail)
    np.copysign(tail, x, out=tail)
    np.copyto(out, np.where(size < BORDER, centre, tail))


# d erf / dx = 2 / sqrt(pi) * exp(-x^2)
erf = arithmetic("erf", _erf, lambda g, y, x: g * ((-(x * x)).exp() * (2 / math.sqrt(math.pi))))
