"""Initialisers: the numbers that a layer's weights begin with. Always drawn on the CPU, in float32.

An initialiser is called with a shape and a `pydl.random.Generator` and gives an array. Names and defaults are Keras's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from . import random
from .random import Generator
from .registry import resolve


def fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """How many inputs feed one output, and how many outputs one input feeds, for a kernel (..., in, out)."""
    if len(shape) < 2:
        return float(max(1, math.prod(shape))), float(max(1, math.prod(shape)))
    field = math.prod(shape[:-2])
    return float(shape[-2] * field), float(shape[-1] * field)


@dataclass(frozen=True)
class Constant:
    """Every element the same."""

    value: float = 0.0

    def __call__(self, shape: tuple[int, ...], generator: Generator) -> np.ndarray:
        return np.full(shape, self.value, np.float32)


@dataclass(frozen=True)
class RandomNormal:
    """Normally distributed around `mean` with deviation `stddev`."""

    mean: float = 0.0
    stddev: float = 0.05

    def __call__(self, shape: tuple[int, ...], generator: Generator) -> np.ndarray:
        return generator.normal(shape, self.mean, self.stddev)


@dataclass(frozen=True)
class RandomUniform:
    """Even over [minval, maxval)."""

    minval: float = -0.05
    maxval: float = 0.05

    def __call__(self, shape: tuple[int, ...], generator: Generator) -> np.ndarray:
        return generator.uniform(shape, self.minval, self.maxval)


@dataclass(frozen=True)
class TruncatedNormal:
    """Normally distributed, drawn again beyond two deviations."""

    mean: float = 0.0
    stddev: float = 0.05

    def __call__(self, shape: tuple[int, ...], generator: Generator) -> np.ndarray:
        return generator.truncated_normal(shape, self.mean, self.stddev)


_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "uniform")


@dataclass(frozen=True)
class VarianceScaling:
    """Variance scale / n, so that signals keep their size from layer to layer.

    mode:         what n is: "fan_in", "fan_out" or "fan_avg"
    distribution: "truncated_normal" (its deviation corrected for the truncation) or "uniform" over [-l, l) with
                  l = sqrt(3 scale / n)
    """

    scale: float = 1.0
    mode: str = "fan_in"
    distribution: str = "truncated_normal"

    def __post_init__(self) -> None:
        for name, known in (("mode", _MODES), ("distribution", _DISTRIBUTIONS)):
            if (value := getattr(self, name)) not in known:
                raise ValueError(f"VarianceScaling: expected {name} as one of {', '.join(known)}, received {value!r}")

    def __call__(self, shape: tuple[int, ...], generator: Generator) -> np.ndarray:
        fan_in, fan_out = fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / n
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return generator.uniform(shape, -limit, limit)
        return generator.truncated_normal(shape, 0.0, math.sqrt(variance) / _TRUNCATED_DEVIATION)


_TRUNCATED_DEVIATION = 0.87962566103423978  # of a standard normal cut off at +-2

INITIALIZERS = {
    "zeros": Constant(0.0),
    "ones": Constant(1.0),
    "random_normal": RandomNormal(),
    "random_uniform": RandomUniform(),
    "truncated_normal": TruncatedNormal(),
    # X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010
    "glorot_uniform": VarianceScaling(1.0, "fan_avg", "uniform"),
    "glorot_normal": VarianceScaling(1.0, "fan_avg", "truncated_normal"),
    # K. He et al., "Delving Deep into Rectifiers", 2015
    "he_uniform": VarianceScaling(2.0, "fan_in", "uniform"),
    "he_normal": VarianceScaling(2.0, "fan_in", "truncated_normal"),
    # Y. LeCun et al., "Efficient BackProp", 1998
    "lecun_uniform": VarianceScaling(1.0, "fan_in", "uniform"),
    "lecun_normal": VarianceScaling(1.0, "fan_in", "truncated_normal"),
}


def draw(initializer, shape: tuple[int, ...], generator: Generator | None = None) -> np.ndarray:
    """Initial values by name or initialiser, from the default generator unless another is given."""
    return resolve("initializer", INITIALIZERS, initializer)(tuple(shape), generator or random.default)
