"""Batch normalisation: every feature brought to mean 0 and deviation 1, then to what training finds best.

It is the one layer whose output, while it learns, depends on the rest of the batch.
"""

from __future__ import annotations

import math
from typing import Any

from ... import init
from ...autograd import modes
from ...ops import ShapeError
from ...registry import resolve
from ...tensor import Tensor, floating
from ...variable import Parameter, Variable
from .. import regularizers
from ..arguments import number
from ..module import Module, Shape
from ..regularizers import Penalty


class BatchNormalization(Module):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, for every feature along `axis` by itself.

    While training, mean and variance (the mean of squared differences) are those of the batch, over all axes but
    `axis`: of images over batch, height and width. Then the moving averages follow them:
    moving = momentum * moving + (1 - momentum) * batch. At other times, and where the layer is frozen
    (`trainable = False`), the moving averages stand in their place, and do not move.

    x: (batch, ..., features). gamma, beta, moving_mean, moving_variance: (features,). Returns x's shape.

    axis:     of the features, counted with the batch axis: -1 is the last
    momentum: how slowly the moving averages follow, from 0 (at once) to 1 (never)
    epsilon:  keeps a feature without variance finite
    center:   whether there is a beta. scale: whether there is a gamma
    beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: a name or one of
              `pydl.init`. beta_regularizer, gamma_regularizer: a name, one of `nn.regularizers`, or None

    Source: S. Ioffe, C. Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal
    Covariate Shift", 2015, algorithm 1. As in Keras, the moving variance follows the batch's own variance, without
    the paper's factor m / (m - 1).
    """

    gamma: Parameter
    beta: Parameter
    moving_mean: Variable
    moving_variance: Variable

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: str | Penalty | None = None,
        gamma_regularizer: str | Penalty | None = None,
        name: str = "",
    ) -> None:
        super().__init__(name)
        if isinstance(axis, bool) or not isinstance(axis, int) or axis == 0:
            raise ValueError(
                "BatchNormalization: expected axis as the number of the features' axis, -1 for the last "
                f"(0 is the batch), received {axis!r}"
            )
        self.axis = axis
        owner = type(self).__name__
        self.momentum = number(owner, "momentum", momentum, lambda share: 0 <= share <= 1, "from 0 to 1")
        self.epsilon = number(owner, "epsilon", epsilon, lambda small: 0 < small < math.inf, "above 0")
        self.center = bool(center)
        self.scale = bool(scale)
        self.beta_initializer = resolve("initializer", init.INITIALIZERS, beta_initializer)
        self.gamma_initializer = resolve("initializer", init.INITIALIZERS, gamma_initializer)
        self.moving_mean_initializer = resolve("initializer", init.INITIALIZERS, moving_mean_initializer)
        self.moving_variance_initializer = resolve("initializer", init.INITIALIZERS, moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)

    def build(self, shape: Shape) -> None:
        features = (shape[self._feature_axis(shape) - 1],)
        if self.scale:
            self.gamma = Parameter(init.draw(self.gamma_initializer, features), name="gamma")
        if self.center:
            self.beta = Parameter(init.draw(self.beta_initializer, features), name="beta")
        self.moving_mean = Variable(init.draw(self.moving_mean_initializer, features), name="moving_mean")
        self.moving_variance = Variable(init.draw(self.moving_variance_initializer, features), name="moving_variance")

    def output_shape(self, shape: Shape) -> Shape:
        self._feature_axis(shape)
        return shape

    def _feature_axis(self, shape: Shape) -> int:
        """Where the features of samples of this shape are, counted with the batch axis, from the front."""
        axis = self.axis if self.axis > 0 else len(shape) + 1 + self.axis
        if not 1 <= axis <= len(shape):
            raise ShapeError(
                f"{self.name}: expected features in axis {self.axis}, counted with the batch axis, "
                f"received samples of shape {shape}"
            )
        return axis

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        x = floating(x)
        axis = self._feature_axis(x.shape[1:])
        if (x.shape[axis],) != self.moving_mean.shape:
            raise ShapeError(
                f"{self.name}: expected {self.moving_mean.size} features in axis {axis}, received {x.shape}"
            )
        wide = (*[1] * axis, x.shape[axis], *[1] * (x.ndim - axis - 1))  # a number per feature, to be stretched over x
        if training and not modes.frozen:
            centred, variance = self._measured(x, axis, wide)
        else:
            centred, variance = x - self.moving_mean.reshape(wide), self.moving_variance
        factor = 1 / (variance + self.epsilon).sqrt()
        y = centred * (factor * self.gamma if self.scale else factor).reshape(wide)
        return y + self.beta.reshape(wide) if self.center else y

    def _measured(self, x: Tensor, axis: int, wide: Shape) -> tuple[Tensor, Tensor]:
        """x without the batch's means, and the batch's variances; the moving averages follow both."""
        if not x.size:
            raise ShapeError(f"{self.name}: expected at least one sample to train on, received shape {x.shape}")
        others = tuple(a for a in range(x.ndim) if a != axis)
        mean = x.mean(others)
        centred = x - mean.reshape(wide)
        variance = (centred * centred).mean(others)
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + batch.detach() * (1 - self.momentum))
        return centred, variance

    def penalties(self) -> list[Tensor]:
        terms = [self.gamma_regularizer(self.gamma)] if self.scale and self.gamma_regularizer else []
        if self.center and self.beta_regularizer:
            terms.append(self.beta_regularizer(self.beta))
        return terms
