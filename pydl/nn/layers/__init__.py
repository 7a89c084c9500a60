"""Layers, by Keras's names and with Keras's defaults: each a formula in Tensor operations, and the weights it needs.

The formulas are those of `nn.functional`; a layer adds shapes that are checked and weights that are kept.
"""

from .convolution import AveragePooling2D, Conv2D, MaxPooling2D
from .core import Activation, Dense, Flatten, Maxout, Reshape
from .normalization import BatchNormalization
from .regularization import Dropout

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
    "Reshape",
]
