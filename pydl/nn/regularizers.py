"""Regularisers: a price on large weights, added to the loss, so that a network prefers small ones.

A layer takes one for its kernel and one for its bias; `Module.regularization()` sums what they all ask for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ..configurable import Configurable
from ..registry import resolve
from ..tensor import Tensor
from .arguments import number

# Anything that gives the penalty of a Tensor of weights, a Tensor with a single number.
Penalty = Callable[[Tensor], Tensor]


class Regularizer(Configurable):
    """Base class. A subclass defines `__call__(weights)`: the penalty, a Tensor with a single number."""

    def __call__(self, weights: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(weights)")


def _check_price(regularizer: Regularizer, name: str) -> None:
    price = getattr(regularizer, name)
    number(type(regularizer).__name__, name, price, lambda price: 0 <= price < math.inf, "from 0 upward")


@dataclass(frozen=True)
class L1(Regularizer):
    """l1 * sum(|w|): many weights become exactly unimportant, few stay large.

    Source: R. Tibshirani, "Regression Shrinkage and Selection via the Lasso", 1996.
    """

    l1: float = 0.01

    def __post_init__(self) -> None:
        _check_price(self, "l1")

    def __call__(self, weights: Tensor) -> Tensor:
        return weights.abs().sum() * self.l1


@dataclass(frozen=True)
class L2(Regularizer):
    """l2 * sum(w^2): all weights become smaller, the largest most of all (ridge regression, weight decay).

    Source: A. Hoerl, R. Kennard, "Ridge Regression", 1970; A. Krogh, J. Hertz, "A Simple Weight Decay Can Improve
    Generalization", 1991.
    """

    l2: float = 0.01

    def __post_init__(self) -> None:
        _check_price(self, "l2")

    def __call__(self, weights: Tensor) -> Tensor:
        return (weights * weights).sum() * self.l2


@dataclass(frozen=True)
class L1L2(Regularizer):
    """l1 * sum(|w|) + l2 * sum(w^2), the elastic net. As in Keras both are 0 unless given; by name they are 0.01.

    Source: H. Zou, T. Hastie, "Regularization and Variable Selection via the Elastic Net", 2005.
    """

    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        _check_price(self, "l1")
        _check_price(self, "l2")

    def __call__(self, weights: Tensor) -> Tensor:
        return weights.abs().sum() * self.l1 + (weights * weights).sum() * self.l2


REGULARIZERS: dict[str, Regularizer] = {"l1": L1(), "l2": L2(), "l1_l2": L1L2(0.01, 0.01)}


def get(wanted: str | Penalty | None) -> Penalty | None:
    """The regulariser that is wanted: by name, as it is, or None for none."""
    return None if wanted is None else resolve("regularizer", REGULARIZERS, wanted)
