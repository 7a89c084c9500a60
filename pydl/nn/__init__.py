"""Layers and models, written in Tensor operations only: a new layer never touches a backend."""

from . import functional  # first: the losses that models train with are written in it
from .layers import Activation, Dense
from .module import Module
from .sequential import Sequential

__all__ = ["Activation", "Dense", "Module", "Sequential", "functional"]
