"""Reductions: sum, max and argmax over a tuple of axes. Mean, minimum, softmax and the rest are composed of them.

`axes` is a sorted tuple of non-negative axes (the Tensor above normalises what the caller wrote); the reduced axes
disappear from the shape.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .primitive import Primitive, ShapeError, Spec

Axes = tuple[int, ...]


def _reduced(name: str, x: Spec, axes: Axes) -> tuple[int, ...]:
    if any(not 0 <= axis < len(x.shape) for axis in axes) or list(axes) != sorted(set(axes)):
        raise ShapeError(f"{name}: expected sorted axes of an array with {len(x.shape)} axes, received {axes}")
    return tuple(length for axis, length in enumerate(x.shape) if axis not in axes)


def kept(shape: tuple[int, ...], axes: Axes) -> tuple[int, ...]:
    """The shape with the reduced axes kept at length 1, which broadcasts back against the input."""
    return tuple(1 if axis in axes else length for axis, length in enumerate(shape))


def _max_shape(name: str) -> Callable[[Spec, Axes], Spec]:
    def rule(x: Spec, axes: Axes) -> Spec:
        shape = _reduced(name, x, axes)
        if any(x.shape[axis] == 0 for axis in axes):
            raise ShapeError(f"{name}: expected at least one element along axes {axes}, received {x}")
        return Spec(shape, x.dtype)

    return rule


def _sum_back(g: Any, y: Any, x: Any, axes: Axes) -> Any:
    return g.reshape(kept(x.shape, axes)).broadcast_to(x.shape)


def _max_back(g: Any, y: Any, x: Any, axes: Axes) -> Any:
    # Equal maxima share the gradient, which keeps its sum.
    shape = kept(x.shape, axes)
    hit = (x == y.reshape(shape).broadcast_to(x.shape)).astype(x.dtype)
    share = g.reshape(shape) / hit.sum(axis=axes, keepdims=True)
    return hit * share


def _reduction(ufunc: np.ufunc) -> Callable[..., None]:
    """Evaluates a reduction; one over a few elements each, as over the windows of pooling, slice by slice.

    NumPy's own loop would start anew for each of these few: maxima of 2 x 2 windows of (100, 26, 26, 32) take it 2.0
    ms, three maxima of whole slices 0.4; maxima of (10000, 10) over the last axis 0.38 and 0.03 (2026-11).
    """

    def evaluate(x: np.ndarray, out: np.ndarray, axes: Axes) -> None:
        count = math.prod(x.shape[axis] for axis in axes)
        if not (1 < count <= 16 and axes[0] > 0 and out.size >= 64 * count):
            ufunc.reduce(x, axis=axes, out=out)
            return
        index: list[int | slice] = [slice(None)] * x.ndim
        slices = []
        for place in itertools.product(*(range(x.shape[axis]) for axis in axes)):
            for axis, number in zip(axes, place):
                index[axis] = number
            slices.append(x[tuple(index)])
        ufunc(slices[0], slices[1], out=out)
        for part in slices[2:]:
            ufunc(out, part, out=out)

    return evaluate


sum = Primitive(
    "sum",
    shape_rule=lambda x, axes: Spec(_reduced("sum", x, axes), x.dtype),
    evaluate=_reduction(np.add),
    derivatives=(_sum_back,),
)

max = Primitive(
    "max",
    shape_rule=_max_shape("max"),
    evaluate=_reduction(np.maximum),
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
