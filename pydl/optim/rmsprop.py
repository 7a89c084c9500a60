"""RMSprop: steps divided by the running root mean square of the gradient.

Unlike Adagrad's sum, the mean forgets, so steps do not come to rest.
"""

from __future__ import annotations

from ..tensor import Tensor
from ..variable import Parameter, Variable
from .optimizer import Optimizer, below_one, from_zero_on
from .schedules import LearningRateSchedule


class RMSprop(Optimizer):
    """Steps divided by the root of a running mean of squares.

    s <- rho s + (1 - rho) g^2,  w <- w - learning_rate * g / sqrt(s + epsilon)
    Centered: a <- rho a + (1 - rho) g, and sqrt(s - a^2 + epsilon) instead.
    With momentum: v <- momentum * v + (the step above),  w <- w - v

    rho:      how much of the running means is kept
    momentum: 0 (none) to below 1
    centered: True to divide by the gradient's running deviation instead of its root mean square
    options:  learning_rate, clipnorm, clipvalue, global_clipnorm as in Optimizer

    Defaults as in Keras. Sources: T. Tieleman, G. Hinton, "Lecture 6.5 - rmsprop", COURSERA: Neural Networks for
    Machine Learning, 2012; centered: A. Graves, "Generating Sequences With Recurrent Neural Networks", 2013.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, clipnorm, clipvalue, global_clipnorm)
        self.rho, self.momentum = below_one("rho", rho), below_one("momentum", momentum)
        self.epsilon, self.centered = from_zero_on("epsilon", epsilon), centered
        self.slots = ("mean_square", *(("mean",) if centered else ()), *(("velocity",) if momentum else ()))

    def update(
        self,
        parameter: Parameter,
        gradient: Tensor,
        rate: Tensor,
        mean_square: Variable,
        mean: Variable | None = None,
        velocity: Variable | None = None,
    ) -> None:
        mean_square.assign(mean_square * self.rho + gradient * gradient * (1 - self.rho))
        variance: Tensor = mean_square
        if mean is not None:
            mean.assign(mean * self.rho + gradient * (1 - self.rho))
            variance = (mean_square - mean * mean).maximum(0)  # equal gradients leave rounding errors, of either sign
        step = gradient * rate / (variance + self.epsilon).sqrt()
        if velocity is None:
            parameter.assign(parameter - step)
        else:
            velocity.assign(velocity * self.momentum + step)
            parameter.assign(parameter - velocity)
