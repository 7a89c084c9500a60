"""Layers and models, written in Tensor operations only: a new layer never touches a backend.

`functional` has the formulas, `layers` gives them weights, `Module` finds and names these, and a `Model` can be
trained, saved and drawn.
"""

from ..scopes import name_scope
from . import functional, regularizers  # first: the losses that models train with are written in it
from .layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Maxout,
    MaxPooling2D,
    Reshape,
)
from .model import Model, load_model
from .module import Module, training_mode
from .sequential import Sequential

__all__ = [
    "Activation",
    "AveragePooling2D",
    "BatchNormalization",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "MaxPooling2D",
    "Maxout",
    "Model",
    "Module",
    "Reshape",
    "Sequential",
    "functional",
    "load_model",
    "name_scope",
    "regularizers",
    "training_mode",
]
