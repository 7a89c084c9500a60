"""What the mathematical functions are made of: polynomials and limits, as expressions.

No multiply-add and no estimates of reciprocals: +, -, *, /, comparisons and operations on bits are fixed by IEEE 754,
so every engine and every processor gives the same bits (those within a NaN apart).
"""

from __future__ import annotations

from collections.abc import Sequence

from ..assembler import Expr, const


def polynomial(x: Expr, coefficients: Sequence[float]) -> Expr:
    """c[0] + c[1] x + c[2] x^2 + ... by Horner's rule; x is a local, since it is written once a coefficient."""
    result = const(x.type, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        result = result * x + coefficient
    return result


def limited(x: Expr, low: float, high: float) -> Expr:
    """x between two numbers; NaN stays NaN.

    pmin and pmax are one instruction on every processor, min and max six on x86 for their rules of NaN and -0.
    """
    return x.apply("pmin", high).apply("pmax", low)
