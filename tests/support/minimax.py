"""Polynomials with the smallest greatest error: the coefficients in `pydl.backends.wasm.mathematics`."""

import numpy as np


def error(coefficients, function, powers, low, high, weight=None):
    """The greatest error of sum(c * x**power) over an interval, times weight(x) (relative unless given)."""
    x, wanted, weights = _samples(function, low, high, weight)
    return np.max(np.abs(sum(c * x**power for c, power in zip(coefficients, powers, strict=True)) - wanted) * weights)


def fit(function, powers, low, high, weight=None, fixed=(), rounds=200):
    """Coefficients of x**powers, after those in `fixed`, that make `error` smallest.

    Lawson's way: least squares again and again, each sample weighted by its errors so far (C. L. Lawson, 1961).
    """
    x, wanted, weights = _samples(function, low, high, weight)
    rest = wanted - sum((c * x**power for c, power in zip(fixed, powers)), np.zeros_like(x))
    columns = np.stack([x**power for power in powers[len(fixed) :]], axis=1)
    shares, best, smallest = np.full(x.size, 1 / x.size), None, np.inf
    for _ in range(rounds):
        scale = np.sqrt(shares) * weights
        matrix = columns * scale[:, None]
        size = np.abs(matrix).max(axis=0)
        found = np.linalg.lstsq(matrix / size, rest * scale, rcond=None)[0] / size
        errors = np.abs(columns @ found - rest) * weights
        if errors.max() < smallest:
            best, smallest = found, errors.max()
        shares *= errors
        shares /= shares.sum()
    return [*fixed, *best.tolist()]


def _samples(function, low, high, weight):
    x = low + (high - low) * (1 - np.cos(np.linspace(0, np.pi, 4000))) / 2
    wanted = function(x)
    return x, wanted, 1 / np.abs(wanted) if weight is None else weight(x)
