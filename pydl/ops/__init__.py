"""The primitives, about thirty: for each its name, shape rule, NumPy evaluation and derivative, side by side.

This is the bottom of the house: `pydl.ops` imports NumPy and nothing of pydl. Derivatives are written with the
operators of the Tensors that they are handed.
"""

from . import elementwise, indexing, linalg, movement, random, reduction, special, windows
from .primitive import REGISTRY, Primitive, ShapeError, Spec, short_name, spec_of

__all__ = [
    "REGISTRY",
    "Primitive",
    "ShapeError",
    "Spec",
    "elementwise",
    "indexing",
    "linalg",
    "movement",
    "random",
    "reduction",
    "short_name",
    "spec_of",
    "special",
    "windows",
]
