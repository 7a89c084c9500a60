"""pydl: a deep-learning laboratory.

A small framework in Python and NumPy, made to be read: primitives (`ops`), Tensors with gradients (`tensor`,
`autograd`), functions traced into Programs (`jit`) and run by a backend (`backends`); layers, losses and optimizers
written in Tensor operations; and the lessons that they were made for.
"""

__version__ = "0.1.0"

from typing import TYPE_CHECKING, Any

from . import nn  # isort: skip  (first: the models bring in everything that they train with)
from . import callbacks, init, losses, metrics, optim, probes, random, train
from .autograd import no_grad
from .backends import DeviceError, devices
from .functions import concatenate, grad, where
from .jit import jit
from .ops import ShapeError
from .random import seed
from .tensor import Tensor, matmul
from .variable import Parameter, Variable

if TYPE_CHECKING:
    from . import data, estimators, graph, io, lessons

# Rooms that many who import pydl never enter are opened at the first knock: they bring in what takes time to load
# (urllib, csv, concurrent.futures, ...), 25 of 75 ms (2026-11).
_LATER = ("data", "estimators", "graph", "io", "lessons")


def __getattr__(name: str) -> Any:
    if name in _LATER:
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "DeviceError",
    "Parameter",
    "ShapeError",
    "Tensor",
    "Variable",
    "callbacks",
    "concatenate",
    "data",
    "devices",
    "estimators",
    "grad",
    "graph",
    "init",
    "io",
    "jit",
    "lessons",
    "losses",
    "matmul",
    "metrics",
    "nn",
    "no_grad",
    "optim",
    "probes",
    "random",
    "seed",
    "train",
    "where",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
