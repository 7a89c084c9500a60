"""Indexing by data: gather picks rows by number, one_hot writes a number as a row of a single one.

The derivative of gather adds back to the rows what was read from them, by the matrix that one_hot gives.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .primitive import Primitive, ShapeError, Spec


def _integer(name: str, indices: Spec) -> None:
    if indices.dtype.kind not in "iu":
        raise ShapeError(f"{name}: expected integer indices, received {indices}")


def _gather_shape(x: Spec, indices: Spec) -> Spec:
    _integer("gather", indices)
    if not x.shape:
        raise ShapeError("gather: expected an array with rows, received a single number")
    return Spec((*indices.shape, *x.shape[1:]), x.dtype)


def _gather_back(g: Any, y: Any, x: Any, indices: Any) -> Any:
    # Rows that were read several times add up: one_hot(indices)^T @ g does just that.
    rows = x.shape[0]
    if indices.dtype.kind == "i":
        indices = (indices >= 0).where(indices, indices + rows)  # -1 reads the last row, as in NumPy
    picked = indices.reshape((-1,)).one_hot(rows, dtype=g.dtype)
    return (picked.T @ g.reshape((picked.shape[0], math.prod(x.shape[1:])))).reshape(x.shape)


# Rows of x by number, negative ones from the end; an index out of range is an IndexError.
gather = Primitive(
    "gather",
    shape_rule=_gather_shape,
    evaluate=lambda x, indices, out: np.take(x, indices, axis=0, out=out),
    derivatives=(_gather_back, None),
)


def _one_hot_shape(indices: Spec, depth: int, dtype: np.dtype) -> Spec:
    _integer("one_hot", indices)
    return Spec((*indices.shape, depth), np.dtype(dtype))


# An index outside 0..depth-1 gives a row of zeros, as in TensorFlow and JAX.
one_hot = Primitive(
    "one_hot",
    shape_rule=_one_hot_shape,
    evaluate=lambda indices, out, depth, dtype: np.equal(
        indices[..., None], np.arange(depth), out=out, casting="unsafe"
    ),
    derivatives=(None,),
)
