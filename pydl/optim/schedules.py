"""Learning rate schedules: the rate as a function of the number of steps made so far, 0 at the first update.

Each is written in Tensor operations of the optimizer's step count, so it acts inside of a compiled step. Names,
arguments and formulas are Keras's; rates are computed in float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

from ..configurable import Configurable
from ..tensor import Tensor, as_input


class LearningRateSchedule(Configurable):
    """Base class: a subclass defines `rate(t)`. Called with a number of steps it gives the rate of the next one."""

    def __call__(self, step: Any) -> Tensor:
        return self.rate(as_input(step).astype("float64"))

    def rate(self, t: Tensor) -> Tensor:
        """The learning rate after t steps, t a Tensor with a float64 number, in Tensor operations."""
        raise NotImplementedError(f"{type(self).__name__} must define rate(t)")


class ExponentialDecay(LearningRateSchedule):
    """initial_learning_rate * decay_rate^(t / decay_steps), after t steps.

    staircase: True to round t / decay_steps down, so that the rate falls once in decay_steps steps.
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
    ) -> None:
        _positive(initial_learning_rate=initial_learning_rate, decay_steps=decay_steps, decay_rate=decay_rate)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase

    def rate(self, t: Tensor) -> Tensor:
        power = t / self.decay_steps
        if self.staircase:
            power = power.astype("int32").astype("float64")  # cut off, which rounds down: it is not negative
        return self.initial_learning_rate * self.decay_rate**power


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] while t <= boundaries[0], values[1] while t <= boundaries[1], ..., the last value after all of them.

    boundaries: numbers of steps, ascending. values: learning rates, one more than boundaries.
    """

    def __init__(self, boundaries: Sequence[int], values: Sequence[float]) -> None:
        self.boundaries, self.values = list(boundaries), list(values)
        if len(self.values) != len(self.boundaries) + 1:
            raise ValueError(
                f"PiecewiseConstantDecay: expected one value more than boundaries, "
                f"received {len(self.values)} values and {len(self.boundaries)} boundaries"
            )
        if any(a >= b for a, b in zip(self.boundaries, self.boundaries[1:])):
            raise ValueError(f"PiecewiseConstantDecay: expected ascending boundaries, received {self.boundaries}")
        if not all(0 <= value < math.inf for value in self.values):
            raise ValueError(f"PiecewiseConstantDecay: expected rates from 0 on, received {self.values}")

    def rate(self, t: Tensor) -> Tensor:
        rate = Tensor(self.values[0], dtype="float64")
        for boundary, value in zip(self.boundaries, self.values[1:]):
            rate = (t > boundary).where(value, rate)
        return rate


class CosineDecay(LearningRateSchedule):
    """initial_learning_rate * ((1 - alpha) * (1 + cos(pi u)) / 2 + alpha) with u = min(t / decay_steps, 1).

    alpha:         the share of the rate that is left in the end
    warmup_target: None, or the rate that the first warmup_steps steps climb to in a straight line from
                   initial_learning_rate; the cosine then starts from there, and t counts from there

    Source: I. Loshchilov, F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        _positive(decay_steps=decay_steps)
        if warmup_target is None:
            _positive(initial_learning_rate=initial_learning_rate)
            if warmup_steps:
                raise ValueError("CosineDecay: warmup_steps need a warmup_target, the rate to climb to")
        elif initial_learning_rate < 0:
            raise ValueError(f"initial_learning_rate: expected a number from 0 on, received {initial_learning_rate}")
        else:
            _positive(warmup_target=warmup_target, warmup_steps=warmup_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def rate(self, t: Tensor) -> Tensor:
        if self.warmup_target is None:
            return self._decayed(t, self.initial_learning_rate)
        slope = (self.warmup_target - self.initial_learning_rate) / self.warmup_steps
        decayed = self._decayed((t - self.warmup_steps).maximum(0), self.warmup_target)
        return (t < self.warmup_steps).where(self.initial_learning_rate + slope * t, decayed)

    def _decayed(self, t: Tensor, start: float) -> Tensor:
        share = ((1 + _cos_pi(t.minimum(self.decay_steps) / self.decay_steps)) / 2).maximum(0)  # the series: -2e-14
        return start * ((1 - self.alpha) * share + self.alpha)


def _cos_pi(u: Tensor) -> Tensor:
    """cos(pi u) for 0 <= u <= 1, error below 1e-13 in float64: no primitive, so that every backend has it.

    It is -sin(x) at x = pi (u - 1/2), |x| <= pi / 2, by its series to x^17: the next term is below 5e-14.
    """
    x = (u - 0.5) * math.pi
    square = x * x
    series = square / math.factorial(17) - 1 / math.factorial(15)
    for k in range(13, 0, -2):
        series = series * square + (-1) ** (k // 2) / math.factorial(k)
    return x * -series


def _positive(**numbers: float) -> None:
    for name, number in numbers.items():
        if not isinstance(number, Real) or not 0 < number < math.inf:
            raise ValueError(f"{name}: expected a number above 0, received {number!r}")
