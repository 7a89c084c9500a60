"""Movement: primitives that rearrange elements and compute nothing.

Reshape, transpose, broadcast and slice are views in NumPy: they cost no copy there, and a backend may fold them into
the strides of whatever reads them. Pad and concatenate write new memory. Each one's derivative is its counterpart.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from .primitive import Derivative, Primitive, ShapeError, Spec

Ints = tuple[int, ...]


def _reshape_shape(x: Spec, shape: Ints) -> Spec:
    result = Spec(shape, x.dtype)
    if min(shape, default=0) < 0 or result.size != x.size:
        raise ShapeError(f"reshape: cannot see {x} ({x.size} elements) as {list(shape)} ({result.size})")
    return result


reshape = Primitive(
    "reshape",
    shape_rule=_reshape_shape,
    evaluate=lambda x, shape: x.reshape(shape),
    derivatives=(lambda g, y, x, shape: g.reshape(x.shape),),
    view=True,
)


def _transpose_shape(x: Spec, axes: Ints) -> Spec:
    if sorted(axes) != list(range(len(x.shape))):
        raise ShapeError(f"transpose: expected an order of the axes 0..{len(x.shape) - 1}, received {axes}")
    return Spec(tuple(x.shape[axis] for axis in axes), x.dtype)


transpose = Primitive(
    "transpose",
    shape_rule=_transpose_shape,
    evaluate=lambda x, axes: x.transpose(axes),
    derivatives=(lambda g, y, x, axes: g.transpose(tuple(np.argsort(axes).tolist())),),
    view=True,
)


def _broadcast_shape(x: Spec, shape: Ints) -> Spec:
    tail = shape[len(shape) - len(x.shape) :] if x.shape else ()
    if len(shape) < len(x.shape) or any(a not in (1, b) for a, b in zip(x.shape, tail)):
        raise ShapeError(f"broadcast: cannot stretch {x} to shape {list(shape)}")
    return Spec(shape, x.dtype)


def _broadcast_back(g: Any, y: Any, x: Any, shape: Ints) -> Any:
    new = len(shape) - len(x.shape)
    axes = tuple(a for a, length in enumerate(shape) if a < new or (x.shape[a - new] == 1 and length != 1))
    return g.sum(axis=axes).reshape(x.shape)


broadcast = Primitive(
    "broadcast",
    shape_rule=_broadcast_shape,
    evaluate=lambda x, shape: np.broadcast_to(x, shape),
    derivatives=(_broadcast_back,),
    view=True,
)


def _slice_shape(x: Spec, start: Ints, stop: Ints, step: Ints) -> Spec:
    if not len(start) == len(stop) == len(step) == len(x.shape):
        raise ShapeError(f"slice: expected a start, stop and step per axis of {x}, received {start} {stop} {step}")
    for length, a, b, s in zip(x.shape, start, stop, step):
        if not (0 <= a <= b <= length and s >= 1):
            raise ShapeError(f"slice: {a}:{b}:{s} does not lie in an axis of length {length}")
    return Spec(tuple(-(-(b - a) // s) for a, b, s in zip(start, stop, step)), x.dtype)


def _slice_back(g: Any, y: Any, x: Any, start: Ints, stop: Ints, step: Ints) -> Any:
    # Put zeros back where elements were left out: between them (interior), before and after.
    before = start
    interior = tuple(s - 1 for s in step)
    spread = tuple(n + builtins.max(n - 1, 0) * i for n, i in zip(g.shape, interior))
    after = tuple(length - a - n for length, a, n in zip(x.shape, before, spread))
    return g.pad(before, after, interior)


slice = Primitive(
    "slice",
    shape_rule=_slice_shape,
    evaluate=lambda x, start, stop, step: x[tuple(map(builtins.slice, start, stop, step))],
    derivatives=(_slice_back,),
    view=True,
)


def _pad_shape(x: Spec, before: Ints, after: Ints, interior: Ints) -> Spec:
    if not len(before) == len(after) == len(interior) == len(x.shape) or min((*before, *after, *interior, 0)) < 0:
        raise ShapeError(f"pad: expected widths >= 0 per axis of {x}, received {before} {after} {interior}")
    lengths = zip(x.shape, before, after, interior)
    return Spec(tuple(b + n + builtins.max(n - 1, 0) * i + a for n, b, a, i in lengths), x.dtype)


def _inner(shape: Ints, before: Ints, after: Ints, interior: Ints) -> tuple[builtins.slice, ...]:
    """Where the elements of the input lie in the padded result."""
    return tuple(builtins.slice(b, n - a, i + 1) for n, b, a, i in zip(shape, before, after, interior))


def _pad(x: np.ndarray, out: np.ndarray, before: Ints, after: Ints, interior: Ints) -> None:
    out.fill(0)
    out[_inner(out.shape, before, after, interior)] = x


def _pad_back(g: Any, y: Any, x: Any, before: Ints, after: Ints, interior: Ints) -> Any:
    return g[_inner(g.shape, before, after, interior)]


# Zeros around and, with `interior`, between the elements: also the derivative of a slice with steps.
pad = Primitive("pad", shape_rule=_pad_shape, evaluate=_pad, derivatives=(_pad_back,))


def _concatenate_shape(*specs: Spec, axis: int) -> Spec:
    first = specs[0]
    for other in specs[1:]:
        fits = len(other.shape) == len(first.shape) and other.dtype == first.dtype
        if not fits or any(a != b for i, (a, b) in enumerate(zip(first.shape, other.shape)) if i != axis):
            raise ShapeError(f"concatenate: expected {first} but for axis {axis}, received {other}")
    total = builtins.sum(s.shape[axis] for s in specs)
    return Spec((*first.shape[:axis], total, *first.shape[axis + 1 :]), first.dtype)


def _concatenate_back(position: int) -> Derivative:
    """The derivative for the input at `position`: its own slice of the gradient."""

    def derivative(g: Any, y: Any, *inputs: Any, axis: int) -> Any:
        start = builtins.sum(t.shape[axis] for t in inputs[:position])
        index = [builtins.slice(None)] * len(g.shape)
        index[axis] = builtins.slice(start, start + inputs[position].shape[axis])
        return g[tuple(index)]

    return derivative


concatenate = Primitive(
    "concatenate",
    shape_rule=_concatenate_shape,
    evaluate=lambda *arrays, out, axis: np.concatenate(arrays, axis=axis, out=out),
    derivatives=_concatenate_back,
)
