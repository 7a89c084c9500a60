"""Adagrad: every weight's steps shrink with all the gradients that it has seen.

Weights that are seldom moved keep long steps, which is what sparse features need.
"""

from __future__ import annotations

from ..tensor import Tensor
from ..variable import Parameter, Variable
from .optimizer import Optimizer, from_zero_on
from .schedules import LearningRateSchedule


class Adagrad(Optimizer):
    """Steps that shrink with all gradients so far: a <- a + g^2,  w <- w - learning_rate * g / sqrt(a + epsilon).

    initial_accumulator_value: what a begins with, at least 0
    options:                   learning_rate, clipnorm, clipvalue, global_clipnorm as in Optimizer

    Defaults as in Keras. Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive Subgradient Methods for Online Learning and
    Stochastic Optimization", 2011.
    """

    slots = ("accumulator",)

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, clipnorm, clipvalue, global_clipnorm)
        self.initial_accumulator_value = from_zero_on("initial_accumulator_value", initial_accumulator_value)
        self.epsilon = from_zero_on("epsilon", epsilon)

    def start(self, slot: str) -> float:
        return self.initial_accumulator_value

    def update(self, parameter: Parameter, gradient: Tensor, rate: Tensor, accumulator: Variable) -> None:
        accumulator.assign(accumulator + gradient * gradient)
        parameter.assign(parameter - gradient * rate / (accumulator + self.epsilon).sqrt())
