"""Stochastic gradient descent, with momentum where it is asked for.

The plainest of the optimizers, and the one that the first lessons write out by hand.
"""

from __future__ import annotations

from ..tensor import Tensor
from ..variable import Parameter, Variable
from .optimizer import Optimizer, below_one
from .schedules import LearningRateSchedule


class SGD(Optimizer):
    """Gradient descent, a step down the slope: w <- w - learning_rate * g.

    With momentum: v <- momentum * v - learning_rate * g,  w <- w + v
    With Nesterov's: w <- w + momentum * v - learning_rate * g, with the new v

    momentum: 0 (none) to below 1, how much of the last step is made again
    nesterov: True to look ahead by the momentum
    options:  learning_rate, clipnorm, clipvalue, global_clipnorm as in Optimizer

    Defaults as in Keras. Sources: B. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964;
    I. Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, clipnorm, clipvalue, global_clipnorm)
        self.momentum, self.nesterov = below_one("momentum", momentum), nesterov
        self.slots = ("velocity",) if momentum else ()

    def update(self, parameter: Parameter, gradient: Tensor, rate: Tensor, velocity: Variable | None = None) -> None:
        step = gradient * rate
        if velocity is None:
            parameter.assign(parameter - step)
            return
        velocity.assign(velocity * self.momentum - step)
        parameter.assign(parameter + (velocity * self.momentum - step if self.nesterov else velocity))
