"""What is known of the numbers in a random Program before they exist: between what they lie, whether they are exact,
and how far two correct evaluations of them may be apart. Random Programs (programs.py) are drawn by these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

LARGEST = 1e4  # magnitudes: nothing comes near to an overflow, even squared
EPSILON = {"float32": 2.0**-23, "float64": 2.0**-52}
ULPS = 4  # what exp, log and their like may be off, as a multiple of EPSILON of the result


@dataclass(frozen=True)
class Range:
    """The numbers of a value.

    low, high: between which they lie
    grain:     a power of two of which all of them are multiples, so that sums and products have no rounding whatever
               their order; 0 where they are rounded, and so must not decide anything: no comparison, no index
    error:     how far two correct evaluations may be apart
    """

    low: float
    high: float
    grain: float = 0.0
    error: float = 0.0

    @property
    def size(self) -> float:
        return max(abs(self.low), abs(self.high))

    def exact(self) -> bool:
        return self.grain > 0

    def rounded(self, dtype: np.dtype) -> Range | None:
        """As an operation's result in this dtype: exact, or with a rounding error, or None where it is too large."""
        if dtype.kind != "f":
            return self
        if self.size > LARGEST and not (self.grain and self.size <= 2**24):
            return None
        digits = 24 if dtype.itemsize == 4 else 53
        if self.grain and self.size / self.grain <= 2.0**digits:
            return self
        error = self.error + EPSILON[dtype.name] * self.size
        return replace(self, grain=0.0, error=error) if error <= 1e-3 * max(1.0, self.size) else None


def negated(a: Range) -> Range:
    return replace(a, low=-a.high, high=-a.low)


def added(a: Range, b: Range) -> Range:
    return Range(a.low + b.low, a.high + b.high, min(a.grain, b.grain), a.error + b.error)


def multiplied(a: Range, b: Range) -> Range:
    ends = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    return Range(min(ends), max(ends), a.grain * b.grain, a.error * b.size + b.error * a.size + a.error * b.error)


def divided(a: Range, b: Range) -> Range | None:
    smallest = min(abs(b.low), abs(b.high))
    if b.low <= 0 <= b.high or smallest < 0.1:
        return None
    inverse = Range(1 / b.high, 1 / b.low, 0.0, b.error / smallest**2)
    return multiplied(replace(a, grain=0.0), inverse)


def summed(a: Range, count: int) -> Range:
    if count == 0:
        return Range(0.0, 0.0, a.grain)
    low, high = count * a.low, count * a.high
    exact = a.grain and count * a.size / a.grain <= 2.0**24
    # Each addition rounds, up or down as it comes, or always the same way where the numbers are all the same.
    walk = max(math.sqrt(count), count / 8)
    rounding = 0.0 if exact else walk * count * a.size * EPSILON["float32"]
    return Range(low, high, a.grain, count * a.error + rounding)


def joined(*ranges: Range) -> Range:
    """What holds for each of them holds for all."""
    return Range(
        min(r.low for r in ranges),
        max(r.high for r in ranges),
        min(r.grain for r in ranges),
        max(r.error for r in ranges),
    )


ZERO = Range(0.0, 0.0, 2.0**20)  # of padding: a multiple of every grain


def rising(function, slope) -> object:
    """The rule of a function that grows, with the largest slope that it has between two numbers."""

    def rule(a: Range) -> Range:
        low, high = function(a.low), function(a.high)
        return Range(
            low, high, 0.0, a.error * slope(a.low, a.high) + ULPS * EPSILON["float32"] * max(abs(low), abs(high))
        )

    return rule


FUNCTIONS = {  # name: what its argument may be, and the range of its result
    "exp": (lambda a: a.size <= 4, rising(math.exp, lambda low, high: math.exp(high))),
    "log": (lambda a: a.low >= 0.1, rising(math.log, lambda low, high: 1 / low)),
    "sqrt": (lambda a: a.low >= 0.05 or (a.low >= 0 and a.exact()), rising(math.sqrt, lambda low, high: 5.0)),
    "tanh": (lambda a: True, rising(math.tanh, lambda low, high: 1.0)),
    "sigmoid": (lambda a: a.low > -80, rising(lambda x: 1 / (1 + math.exp(-x)), lambda low, high: 0.25)),
    "erf": (lambda a: True, rising(math.erf, lambda low, high: 1.13)),
}


def powered(a: Range, b: Range) -> Range | None:
    if a.low < 0.1 or a.high > 8 or b.size > 3:
        return None
    ends = [x**y for x in (a.low, a.high) for y in (b.low, b.high)]
    high = max(ends)
    slope = b.size * high / a.low
    error = a.error * slope + b.error * high * 2.4 + ULPS * EPSILON["float32"] * high
    return Range(min(ends), high, 0.0, error)
