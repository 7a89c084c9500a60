"""Initialisers: the numbers that a layer's weights begin with. Always drawn on the CPU, in float32.

An initialiser is called with a shape and a `pydl.random.Generator` and gives an array. Names and defaults are Keras's.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import random
from .configurable import Configurable
from .ops import ShapeError
from .random import Generator
from .registry import named, resolve

TRUNCATED_DEVIATION = 0.87962566103423978  # of a standard normal cut off at +-2


def fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """How many inputs feed one output, and how many outputs one input feeds, for a kernel of shape (..., in, out)."""
    if len(shape) < 2:
        return float(max(1, math.prod(shape))), float(max(1, math.prod(shape)))
    field = math.prod(shape[:-2])
    return float(shape[-2] * field), float(shape[-1] * field)


class Initializer(Configurable):
    """Base class; a subclass defines `values`.

    seed: None to draw from the generator handed in, so that two draws differ; a number for a generator of its own,
          so that every draw of one shape gives the same numbers, as in Keras
    """

    seed: int | None = None

    def __call__(self, shape: tuple[int, ...], generator: Generator | None = None) -> np.ndarray:
        """float32 numbers of this shape, from the default generator unless another is given."""
        return self.values(shape, (generator or random.default) if self.seed is None else Generator(self.seed))

    def values(self, shape: tuple[int, ...], generator: Generator) -> np.ndarray:
        """float32 numbers of this shape, drawn from the generator."""
        raise NotImplementedError(f"{type(self).__name__} must define values(shape, generator)")


@dataclass(frozen=True, repr=False)
class Constant(Initializer):
    """Every element `value`."""

    value: float = 0.0

    def values(self, shape: tuple[int, ...], generator: Generator) -> np.ndarray:
        return np.full(shape, self.value, np.float32)


class Zeros(Constant):
    """Every element 0."""

    def __init__(self) -> None:
        super().__init__(0.0)


class Ones(Constant):
    """Every element 1."""

    def __init__(self) -> None:
        super().__init__(1.0)


@dataclass(frozen=True, repr=False)
class RandomNormal(Initializer):
    """Normally distributed around `mean` with deviation `stddev`."""

    mean: float = 0.0
    stddev: float = 0.05
    seed: int | None = None

    def __post_init__(self) -> None:
        _check_deviation(self)

    def values(self, shape: tuple[int, ...], generator: Generator) -> np.ndarray:
        return generator.normal(shape, self.mean, self.stddev)


@dataclass(frozen=True, repr=False)
class RandomUniform(Initializer):
    """Even over [minval, maxval): deviation (maxval - minval) / sqrt(12)."""

    minval: float = -0.05
    maxval: float = 0.05
    seed: int | None = None

    def __post_init__(self) -> None:
        if not self.minval <= self.maxval:
            raise ValueError(f"RandomUniform: expected minval <= maxval, received {self.minval} and {self.maxval}")

    def values(self, shape: tuple[int, ...], generator: Generator) -> np.ndarray:
        return generator.uniform(shape, self.minval, self.maxval)


@dataclass(frozen=True, repr=False)
class TruncatedNormal(Initializer):
    """Normally distributed around `mean`, drawn again beyond two deviations.

    stddev: the deviation of the normal distribution before it is cut off, as in Keras and TensorFlow; that of the
            numbers drawn is 0.8796 stddev
    """

    mean: float = 0.0
    stddev: float = 0.05
    seed: int | None = None

    def __post_init__(self) -> None:
        _check_deviation(self)

    def values(self, shape: tuple[int, ...], generator: Generator) -> np.ndarray:
        return generator.truncated_normal(shape, self.mean, self.stddev)


_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")


@dataclass(frozen=True, repr=False)
class VarianceScaling(Initializer):
    """Variance scale / n, so that signals keep their size from layer to layer.

    mode:         what n is: "fan_in", "fan_out" or "fan_avg", their mean
    distribution: "truncated_normal" (its deviation corrected for the truncation), "untruncated_normal" or "uniform"
                  over [-l, l) with l = sqrt(3 scale / n)
    """

    scale: float = 1.0
    mode: str = "fan_in"
    distribution: str = "truncated_normal"
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.distribution == "normal":
            object.__setattr__(self, "distribution", "truncated_normal")  # Keras's other name for it
        if not self.scale > 0:
            raise ValueError(f"VarianceScaling: expected a scale above 0, received {self.scale}")
        for name, known in (("mode", _MODES), ("distribution", _DISTRIBUTIONS)):
            if (value := getattr(self, name)) not in known:
                raise ValueError(f"VarianceScaling: expected {name} as one of {', '.join(known)}, received {value!r}")

    def values(self, shape: tuple[int, ...], generator: Generator) -> np.ndarray:
        fan_in, fan_out = fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / n
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return generator.uniform(shape, -limit, limit)
        if self.distribution == "untruncated_normal":
            return generator.normal(shape, 0.0, math.sqrt(variance))
        return generator.truncated_normal(shape, 0.0, math.sqrt(variance) / TRUNCATED_DEVIATION)


class GlorotUniform(VarianceScaling):
    """Even over [-l, l) with l = sqrt(6 / (fan_in + fan_out)).

    Source: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed)


class GlorotNormal(VarianceScaling):
    """Truncated normal with deviation sqrt(2 / (fan_in + fan_out)). Source: see GlorotUniform."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed)


class HeUniform(VarianceScaling):
    """Even over [-l, l) with l = sqrt(6 / fan_in): for ReLU, which lets half of the variance through.

    Source: K. He et al., "Delving Deep into Rectifiers", 2015.
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed)


class HeNormal(VarianceScaling):
    """Truncated normal with deviation sqrt(2 / fan_in). Source: see HeUniform."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed)


class LecunUniform(VarianceScaling):
    """Even over [-l, l) with l = sqrt(3 / fan_in). Source: Y. LeCun et al., "Efficient BackProp", 1998."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed)


class LecunNormal(VarianceScaling):
    """Truncated normal with deviation sqrt(1 / fan_in): for SELU. Source: see LecunUniform."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed)


def _check_deviation(initializer: RandomNormal | TruncatedNormal) -> None:
    if not initializer.stddev >= 0:
        raise ValueError(f"{type(initializer).__name__}: expected stddev from 0 on, received {initializer.stddev}")


INITIALIZERS: dict[str, Initializer] = named({
    "zeros": Zeros(),
    "ones": Ones(),
    "random_normal": RandomNormal(),
    "random_uniform": RandomUniform(),
    "truncated_normal": TruncatedNormal(),
    "glorot_uniform": GlorotUniform(),
    "glorot_normal": GlorotNormal(),
    "he_uniform": HeUniform(),
    "he_normal": HeNormal(),
    "lecun_uniform": LecunUniform(),
    "lecun_normal": LecunNormal(),
})  # fmt: skip


def get(initializer: Any) -> Callable[..., np.ndarray]:
    """An initialiser by name, by class, or as it is: an Initializer or a function (shape[, generator]) -> array."""
    found = resolve("initializer", INITIALIZERS, initializer)
    made: Callable[..., np.ndarray] = found() if isinstance(found, type) else found
    if getattr(getattr(made, "__code__", None), "co_argcount", 2) == 1:
        return lambda shape, generator=None: made(shape)
    return made


def draw(initializer: Any, shape: tuple[int, ...], generator: Generator | None = None) -> np.ndarray:
    """float32 numbers of this shape by an initializer or its name, from the default generator unless one is given.

    A function of one's own may give float64. Raises ShapeError where it gives another shape.
    """
    wanted = get(initializer)
    if _blank.numbers is None:
        drawn = np.asarray(wanted(tuple(shape), generator or random.default))
        if drawn.shape != tuple(shape):
            raise ShapeError(f"initializer: expected numbers of shape {tuple(shape)}, received {drawn.shape}")
        return drawn
    if math.prod(shape) > _blank.numbers:
        raise ValueError(f"expected {_blank.numbers} more numbers at most, received weights of shape {tuple(shape)}")
    _blank.numbers -= math.prod(shape)
    return np.zeros(shape, np.float32)


class _Blank(threading.local):
    numbers: int | None = None  # how many may still be asked for; None: weights are drawn as ever


_blank = _Blank()


@contextmanager
def blank(numbers: int) -> Iterator[None]:
    """Inside, `draw` gives zeros and leaves the generators alone: for weights that are about to be read from a file.

    numbers: how many there may be in all; ValueError where more are asked for, before the memory is taken
    """
    before, _blank.numbers = _blank.numbers, numbers
    try:
        yield
    finally:
        _blank.numbers = before
