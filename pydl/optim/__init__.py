"""Optimizers: how a gradient changes a weight. Written in Tensor operations, so a whole step is one Program."""

from ..registry import resolve
from .adam import Adam
from .optimizer import Optimizer
from .sgd import SGD

OPTIMIZERS = {"sgd": SGD, "adam": Adam}


def get(optimizer) -> Optimizer:
    """An optimizer by name or as it is."""
    if isinstance(optimizer, Optimizer):
        return optimizer
    return resolve("optimizer", OPTIMIZERS, optimizer)()


__all__ = ["OPTIMIZERS", "SGD", "Adam", "Optimizer", "get"]
