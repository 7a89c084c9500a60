"""Adam: a step size of its own for every weight, from running means of the gradient and of its square."""

from __future__ import annotations

from .optimizer import Optimizer


class Adam(Optimizer):
    """m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2,
    w <- w - learning_rate * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + epsilon)  at step t = 1, 2, ...

    Defaults as in Keras. Source: D. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", 2015 (the variant
    before its section 2.1, with epsilon beside sqrt(v)).
    """

    slots = ("mean", "mean_square")

    def __init__(
        self, learning_rate: float = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7
    ) -> None:
        super().__init__(learning_rate)
        for name, beta in (("beta_1", beta_1), ("beta_2", beta_2)):
            if not 0 <= beta < 1:
                raise ValueError(f"{name}: expected a number from 0 to below 1, received {beta}")
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def factor(self, dtype):
        t = self.iterations.astype(dtype)
        unbias = (1 - self.beta_2**t).sqrt() / (1 - self.beta_1**t)
        return self.learning_rate.astype(dtype) * unbias

    def update(self, parameter, gradient, rate, mean, mean_square):
        mean.assign(mean * self.beta_1 + gradient * (1 - self.beta_1))
        mean_square.assign(mean_square * self.beta_2 + gradient * gradient * (1 - self.beta_2))
        parameter.assign(parameter - mean * rate / (mean_square.sqrt() + self.epsilon))
