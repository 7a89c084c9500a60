"""Layers and models, written in Tensor operations only: a new layer never touches a backend."""

from ..scopes import name_scope
from . import functional  # first: the losses that models train with are written in it
from .layers import Activation, Dense
from .model import Model, load_model
from .module import Module, training_mode
from .sequential import Sequential

__all__ = [
    "Activation",
    "Dense",
    "Model",
    "Module",
    "Sequential",
    "functional",
    "load_model",
    "name_scope",
    "training_mode",
]
