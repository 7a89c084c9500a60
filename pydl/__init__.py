"""pydl: a deep-learning laboratory.

A small framework in Python and NumPy, made to be read: primitives (`ops`), Tensors with gradients (`tensor`,
`autograd`), functions traced into Programs (`jit`) and run by a backend (`backends`); layers, losses and optimizers
written in Tensor operations; and the lessons that they were made for.
"""

__version__ = "0.1.0"

from . import nn  # isort: skip  (first: the models bring in everything that they train with)
from . import callbacks, data, init, lessons, losses, metrics, optim, random, train
from .autograd import no_grad
from .backends import DeviceError, devices
from .functions import concatenate, grad, where
from .jit import jit
from .ops import ShapeError
from .random import seed
from .tensor import Tensor, matmul
from .variable import Parameter, Variable

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
    "grad",
    "init",
    "jit",
    "lessons",
    "losses",
    "matmul",
    "metrics",
    "nn",
    "no_grad",
    "optim",
    "random",
    "seed",
    "train",
    "where",
]
