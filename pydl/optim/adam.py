"""Adam: a step size of its own for every weight, from running means of the gradient and of its square.

AdamW is Adam with weights that shrink on their own, apart from the gradient.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np

from ..configurable import ConfigError
from ..tensor import Tensor
from ..variable import Parameter, Variable
from .optimizer import Optimizer, below_one, from_zero_on
from .schedules import LearningRateSchedule


class Adam(Optimizer):
    """Steps by running means of the gradient and of its square.

    m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2,
    w <- w - learning_rate * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + epsilon)  at step t = 1, 2, ...

    beta_1, beta_2: b1 and b2, how much of the running means is kept, 0 to below 1
    epsilon: keeps weights with hardly a gradient from large steps
    amsgrad: True to divide by the largest sqrt(v) so far
    options: learning_rate, clipnorm, clipvalue, global_clipnorm as in Optimizer

    Defaults as in Keras. Sources: D. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", 2015 (the variant
    before its section 2.1, with epsilon beside sqrt(v)); S. Reddi, S. Kale, S. Kumar, "On the Convergence of Adam and
    Beyond", 2018.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, clipnorm, clipvalue, global_clipnorm)
        self.beta_1, self.beta_2 = below_one("beta_1", beta_1), below_one("beta_2", beta_2)
        self.epsilon, self.amsgrad = from_zero_on("epsilon", epsilon), amsgrad
        self.slots = ("mean", "mean_square", *(("largest_mean_square",) if amsgrad else ()))

    def factor(self, dtype: np.dtype) -> Tensor:
        t = self.iterations.astype(dtype)
        unbias = (1 - self.beta_2**t).sqrt() / (1 - self.beta_1**t)
        return self.learning_rate.astype(dtype) * unbias

    def update(
        self,
        parameter: Parameter,
        gradient: Tensor,
        rate: Tensor,
        mean: Variable,
        mean_square: Variable,
        largest_mean_square: Variable | None = None,
    ) -> None:
        mean.assign(mean * self.beta_1 + gradient * (1 - self.beta_1))
        mean_square.assign(mean_square * self.beta_2 + gradient * gradient * (1 - self.beta_2))
        divisor = mean_square
        if largest_mean_square is not None:
            largest_mean_square.assign(largest_mean_square.maximum(mean_square))
            divisor = largest_mean_square
        parameter.assign(parameter - mean * rate / (divisor.sqrt() + self.epsilon))


class AdamW(Adam):
    """Adam with decoupled weight decay: w <- w - learning_rate * weight_decay * w, then Adam's step.

    weight_decay: how fast weights shrink on their own; every parameter, unless `exclude_from_weight_decay` says
                  otherwise
    options:      as in Adam

    Defaults as in Keras. Source: I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", 2019.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, clipnorm, clipvalue, global_clipnorm)
        self.weight_decay = from_zero_on("weight_decay", weight_decay)
        self._without_decay: tuple[str, ...] = ()

    def exclude_from_weight_decay(self, var_names: Iterable[str]) -> None:
        """Leaves out the parameters whose names contain one of var_names, as ["bias"]; before training begins."""
        if self.parameters:
            raise ValueError("exclude_from_weight_decay: call it before training begins (before build)")
        self._without_decay = (var_names,) if isinstance(var_names, str) else tuple(var_names)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | ({"without_decay": list(self._without_decay)} if self._without_decay else {})

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        optimizer = super().from_config({name: value for name, value in config.items() if name != "without_decay"})
        names = config.get("without_decay", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ConfigError(f"AdamW: expected without_decay as a list of names, received {names!r}")
        optimizer.exclude_from_weight_decay(names)
        return optimizer

    def update(self, parameter: Parameter, gradient: Tensor, rate: Tensor, *args: Any, **slots: Any) -> None:
        if not any(text in parameter.name for text in self._without_decay):
            kept = 1 - self.learning_rate.astype(parameter.dtype) * self.weight_decay
            parameter.assign(parameter * kept)
        super().update(parameter, gradient, rate, *args, **slots)
