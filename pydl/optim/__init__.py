"""Optimizers: how a gradient changes a weight. Written in Tensor operations, so a whole step is one Program."""

from __future__ import annotations

from typing import Any

from ..registry import named, resolve
from . import schedules
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .schedules import LearningRateSchedule
from .sgd import SGD

OPTIMIZERS: dict[str, type[Optimizer]] = named(
    {"sgd": SGD, "adagrad": Adagrad, "rmsprop": RMSprop, "adam": Adam, "adamw": AdamW}
)


def get(optimizer: Any) -> Optimizer:
    """An optimizer by name, with its defaults, or as it is."""
    if isinstance(optimizer, Optimizer):
        return optimizer
    found: Optimizer = resolve("optimizer", OPTIMIZERS, optimizer)()
    return found


__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "LearningRateSchedule",
    "Optimizer",
    "RMSprop",
    "get",
    "schedules",
]
