"""Stochastic gradient descent."""

from __future__ import annotations

from .optimizer import Optimizer


class SGD(Optimizer):
    """w <- w - learning_rate * gradient

    learning_rate: 0.01 by default, as in Keras.
    """

    def __init__(self, learning_rate: float = 0.01) -> None:
        super().__init__(learning_rate)

    def update(self, parameter, gradient, rate):
        parameter.assign(parameter - gradient * rate)
