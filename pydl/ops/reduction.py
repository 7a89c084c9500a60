"""Reductions: sum, max and argmax over a tuple of axes. Mean, minimum, softmax and the rest are composed of them.

`axes` is a sorted tuple of non-negative axes (the Tensor above normalises what the caller wrote); the reduced axes
disappear from the shape.
"""

from __future__ import annotations

import numpy as np

from .primitive import Primitive, ShapeError, Spec


def _reduced(name: str, x: Spec, axes: tuple[int, ...]) -> tuple[int, ...]:
    if any(not 0 <= axis < len(x.shape) for axis in axes) or list(axes) != sorted(set(axes)):
        raise ShapeError(f"{name}: expected sorted axes of an array with {len(x.shape)} axes, received {axes}")
    return tuple(length for axis, length in enumerate(x.shape) if axis not in axes)


def kept(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with the reduced axes kept at length 1, which broadcasts back against the input."""
    return tuple(1 if axis in axes else length for axis, length in enumerate(shape))


def _max_shape(name: str):
    def rule(x: Spec, axes: tuple[int, ...]) -> Spec:
        shape = _reduced(name, x, axes)
        if any(x.shape[axis] == 0 for axis in axes):
            raise ShapeError(f"{name}: expected at least one element along axes {axes}, received {x}")
        return Spec(shape, x.dtype)

    return rule


def _sum_back(g, y, x, axes):
    return g.reshape(kept(x.shape, axes)).broadcast_to(x.shape)


def _max_back(g, y, x, axes):
    # Equal maxima share the gradient, which keeps its sum.
    shape = kept(x.shape, axes)
    hit = (x == y.reshape(shape).broadcast_to(x.shape)).astype(x.dtype)
    share = g.reshape(shape) / hit.sum(axis=axes, keepdims=True)
    return hit * share


sum = Primitive(
    "sum",
    shape_rule=lambda x, axes: Spec(_reduced("sum", x, axes), x.dtype),
    evaluate=lambda x, out, axes: np.add.reduce(x, axis=axes, out=out),
    derivatives=(_sum_back,),
)

max = Primitive(
    "max",
    shape_rule=_max_shape("max"),
    evaluate=lambda x, out, axes: np.maximum.reduce(x, axis=axes, out=out),
    derivatives=(_max_back,),
)


def _argmax_shape(x: Spec, axis: int) -> Spec:
    return Spec(_max_shape("argmax")(x, (axis,)).shape, np.dtype(np.int32))


argmax = Primitive(
    "argmax",
    shape_rule=_argmax_shape,
    evaluate=lambda x, out, axis: np.copyto(out, np.argmax(x, axis=axis), casting="unsafe"),
    derivatives=(None,),
)
