"""Tensor: an array with a gradient.

A Tensor holds a NumPy array, or, while a function is being traced (`pydl.jit`), a value of the Program under
construction. Its operators put in what primitives ask for (one dtype, one shape: conversion and broadcasting) and
hand over to `apply`, the one door through which every operation goes: evaluated at once, or recorded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from numbers import Number
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from . import autograd, ops
from .autograd import Node, modes
from .indexing import basic_index
from .ops import Primitive, ShapeError
from .ops.reduction import kept
from .rules import FLOAT32, broadcast_shapes, common_dtype, dtype_beside, filled_shape, normalized_axes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

    # what stands beside a Tensor: another, an array, a number, nested lists
    Operand: TypeAlias = "Tensor | ArrayLike"
    Axes: TypeAlias = int | Sequence[int] | None


class TracedValueError(TypeError):
    """A value was asked for that is not known while a function is traced."""


def apply(primitive: Primitive, *inputs: Tensor, **params: Any) -> Tensor:
    """Applies a primitive to Tensors: evaluates it now, or records it in the trace under way."""
    recorder = modes.recorder
    if recorder is None:
        value = primitive(*[tensor._array() for tensor in inputs], **params)
        if primitive.view and inputs[0]._is_state:
            value = value.copy()  # a later assign changes the variable in place; this result must not change with it
    else:
        value = recorder.record(primitive, inputs, params)
    node = None
    if (
        modes.grad_enabled
        and value.dtype.kind == "f"
        and any(tensor.requires_grad and primitive.derivative(position) for position, tensor in enumerate(inputs))
    ):
        node = Node(primitive, inputs, params, value)
    return Tensor._wrap(value, node)


class Tensor:
    """An array that remembers how it was computed.

    data:          anything NumPy makes an array of. Arrays of float32 and float64 stay what they are; Python numbers
                   (in lists, too), integers and booleans become float32, unless `dtype` says otherwise
    requires_grad: True to have `backward()` fill in `.grad`
    """

    __slots__ = ("__weakref__", "_grad", "_node", "_value", "requires_grad")
    _is_state = False  # True for a Variable, whose value a step may change
    _version = 0  # counts the assignments of a Variable
    __array_priority__ = 1000  # array + tensor is a Tensor

    def __init__(self, data: Operand, requires_grad: bool = False, dtype: DTypeLike | None = None) -> None:
        self._value = _as_array(data, dtype)
        self._grad: Tensor | None = None
        self._node: Node | None = None
        self.requires_grad = bool(requires_grad)
        if requires_grad and self.dtype.kind != "f":
            raise TypeError(f"requires_grad: expected a float dtype, received {self.dtype}")

    @classmethod
    def _wrap(cls, value: Any, node: Node | None = None) -> Tensor:
        tensor = Tensor.__new__(Tensor)
        tensor._value = value
        tensor._grad = None
        tensor._node = node
        tensor.requires_grad = node is not None
        return tensor

    def _array(self) -> np.ndarray:
        if not isinstance(self._value, np.ndarray):
            raise TracedValueError(
                f"{self!r} has no value while its function is traced by jit: it stands for every value that the "
                "compiled function will be given. Compute with Tensor operations (pydl.where for a choice), let "
                "Python's if and range go by shapes or by arguments that are strings or booleans, which are fixed, or "
                "return it and look at the result"
            )
        return self._value

    # ---- what it is

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of every axis."""
        return self._value.shape

    @property
    def dtype(self) -> np.dtype:
        """The NumPy dtype of the elements."""
        return self._value.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a Tensor with no axes")
        return self.shape[0]

    def __repr__(self) -> str:
        if not isinstance(self._value, np.ndarray):
            return f"Tensor(traced, shape={self.shape}, dtype={self.dtype})"
        text = np.array2string(self._value, separator=", ", prefix="Tensor(", threshold=100)
        return f"Tensor({text}, dtype={self.dtype}{', requires_grad=True' if self.requires_grad else ''})"

    # ---- its value

    @property
    def data(self) -> np.ndarray:
        """The array itself (not a copy)."""
        return self._array()

    @data.setter
    def data(self, value: Operand) -> None:
        array = _as_array(value, self.dtype)
        self._array()  # a traced Tensor has no array to replace
        if array.shape != self.shape:
            raise ShapeError(f"data: expected shape {self.shape}, received {array.shape}")
        self._value = array

    def numpy(self) -> np.ndarray:
        """A copy of the value as a NumPy array."""
        return self._array().copy()

    def item(self) -> float:
        """The value of a Tensor with one element, as a Python number."""
        return cast(float, self._array().item())

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._array(), dtype=dtype)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        return bool(self.item())

    def __index__(self) -> int:
        array = self._array()
        if array.dtype.kind not in "iu" or array.shape:
            raise TypeError(f"expected a whole number, received {self!r}")
        return int(array)

    # ---- its gradient

    @property
    def grad(self) -> Any:  # Tensor | None: typed so, `w.grad * rate` after backward() would need an assert
        """The gradient that `backward()` has summed up here, or None."""
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if modes.recorder is not None:
            modes.recorder.keep_gradient(self)
        self._grad = value

    def backward(self, gradient: Operand | None = None) -> None:
        """Adds d self / d leaf to `.grad` of every leaf that requires it.

        gradient: d loss / d self to start from; 1 for a single number, required otherwise.
        """
        if not self.requires_grad:
            raise RuntimeError("backward(): this Tensor depends on nothing that has requires_grad=True")
        if gradient is None:
            if self.size != 1:
                raise ShapeError(
                    f"backward(): expected a single number (a loss), received shape {self.shape}; "
                    "reduce it with sum() or mean(), or pass its gradient"
                )
            gradient = Tensor(np.ones(self.shape, self.dtype))
        gradient = as_tensor(gradient, self.dtype)
        if gradient.shape != self.shape:
            raise ShapeError(f"backward(): expected a gradient of shape {self.shape}, received {gradient.shape}")
        for leaf, part in autograd.gradients(self, gradient):
            if leaf.grad is not None and modes.recorder is not None:
                modes.recorder.check_gradient(leaf)
            leaf.grad = part if leaf.grad is None else leaf.grad + part

    def detach(self) -> Tensor:
        """The same value, without its history."""
        if modes.recorder is not None:
            return Tensor._wrap(modes.recorder.read(self))
        return Tensor._wrap(self.numpy() if self._is_state else self._array())

    # ---- arithmetic

    def __neg__(self) -> Tensor:
        return apply(ops.elementwise.neg, self)

    def __add__(self, other: Operand) -> Tensor:
        return _binary(ops.elementwise.add, self, other)

    __radd__ = __add__

    def __sub__(self, other: Operand) -> Tensor:
        return _binary(ops.elementwise.sub, self, other)

    def __rsub__(self, other: Operand) -> Tensor:
        return _binary(ops.elementwise.sub, other, self)

    def __mul__(self, other: Operand) -> Tensor:
        return _binary(ops.elementwise.mul, self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Operand) -> Tensor:
        return _binary(ops.elementwise.div, self, other, floats=True)

    def __rtruediv__(self, other: Operand) -> Tensor:
        return _binary(ops.elementwise.div, other, self, floats=True)

    def __pow__(self, other: Operand) -> Tensor:
        if isinstance(other, Number) and other == 2:
            return self * self  # exact, and its derivative has no logarithm
        return _binary(ops.elementwise.pow, self, other, floats=True)

    def __rpow__(self, other: Operand) -> Tensor:
        return _binary(ops.elementwise.pow, other, self, floats=True)

    def __abs__(self) -> Tensor:
        return self.abs()

    def __matmul__(self, other: Operand) -> Tensor:
        return matmul(self, other)

    def __rmatmul__(self, other: Operand) -> Tensor:
        return matmul(other, self)

    # ---- comparisons: Tensors of booleans

    def __gt__(self, other: Operand) -> Tensor:
        return _binary(ops.elementwise.greater, self, other)

    def __lt__(self, other: Operand) -> Tensor:
        return _binary(ops.elementwise.greater, other, self)

    def __ge__(self, other: Operand) -> Tensor:
        return _binary(ops.elementwise.greater_equal, self, other)

    def __le__(self, other: Operand) -> Tensor:
        return _binary(ops.elementwise.greater_equal, other, self)

    def __eq__(self, other: Operand) -> Tensor:  # type: ignore[override]
        return _binary(ops.elementwise.equal, self, other)

    def __ne__(self, other: Operand) -> Tensor:  # type: ignore[override]
        return (self == other).where(False, True)

    __hash__ = object.__hash__

    # ---- functions

    def exp(self) -> Tensor:
        """e^x of every element x."""
        return apply(ops.elementwise.exp, floating(self))

    def log(self) -> Tensor:
        """The natural logarithm of every element: -inf at 0, NaN below."""
        return apply(ops.elementwise.log, floating(self))

    def sqrt(self) -> Tensor:
        """The square root of every element: NaN below 0."""
        return apply(ops.elementwise.sqrt, floating(self))

    def tanh(self) -> Tensor:
        """(e^x - e^-x) / (e^x + e^-x) of every element x."""
        return apply(ops.elementwise.tanh, floating(self))

    def sigmoid(self) -> Tensor:
        """1 / (1 + e^-x) of every element x."""
        return apply(ops.elementwise.sigmoid, floating(self))

    def erf(self) -> Tensor:
        """2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x, of every element x."""
        return apply(ops.special.erf, floating(self))

    def relu(self) -> Tensor:
        """max(x, 0) of every element x; its slope at 0 is 0."""
        return self.maximum(0)

    def abs(self) -> Tensor:
        """|x| of every element x; its slope at 0 is 0."""
        return self.relu() + (-self).relu()  # not maximum(x, -x): so its slope at 0 is 0

    def maximum(self, other: Operand) -> Tensor:
        """The larger of two, element by element, as NumPy broadcasts; of equals `other` has the gradient."""
        return _binary(ops.elementwise.maximum, self, other)

    def minimum(self, other: Operand) -> Tensor:
        """The smaller of two, element by element, as NumPy broadcasts; of equals `other` has the gradient."""
        return -(-self).maximum(-as_tensor(other, self.dtype))

    def clip(self, low: Operand, high: Operand) -> Tensor:
        """min(max(x, low), high), element by element: between low and high the slope is 1, elsewhere 0."""
        return self.maximum(low).minimum(high)

    def where(self, a: Operand, b: Operand) -> Tensor:
        """Elements of a where this Tensor of booleans is true, elements of b elsewhere."""
        a, b = _one_dtype(a, b)
        shape = broadcast_shapes("where", self.shape, a.shape, b.shape)
        parts = [t.broadcast_to(shape) for t in (self, a, b)]
        return apply(ops.elementwise.where, *parts)

    def astype(self, dtype: DTypeLike) -> Tensor:
        """The same numbers in another dtype; what an integer cannot hold of a float is cut off."""
        dtype = np.dtype(dtype)
        return self if dtype == self.dtype else apply(ops.elementwise.cast, self, dtype=dtype)

    # ---- reductions

    def sum(self, axis: Axes = None, keepdims: bool = False) -> Tensor:
        """The sum of all elements, or along `axis`: one or several. Raises ShapeError.

        keepdims: True to leave the axes that are summed along, with a length of 1
        """
        # small integers and booleans are counted in int32, not in their own few bits
        x = self.astype(np.int32) if self.dtype.kind in "biu" and self.dtype.itemsize < 4 else self
        return x._reduce(ops.reduction.sum, axis, keepdims)

    def max(self, axis: Axes = None, keepdims: bool = False) -> Tensor:
        """The largest element; axis, keepdims as for `sum`. Where several are largest they share the gradient."""
        return self._reduce(ops.reduction.max, axis, keepdims)

    def min(self, axis: Axes = None, keepdims: bool = False) -> Tensor:
        """The smallest element; axis, keepdims as for `sum`. Where several are smallest they share the gradient."""
        return -(-self).max(axis, keepdims)

    def mean(self, axis: Axes = None, keepdims: bool = False) -> Tensor:
        """sum / n; axis, keepdims as for `sum`. Raises ShapeError where there is no element."""
        x = floating(self)
        count = math.prod(x.shape[a] for a in normalized_axes(axis, x.ndim))
        if count == 0:
            raise ShapeError(f"mean: expected at least one element, received shape {x.shape}")
        return x.sum(axis, keepdims) / count

    def argmax(self, axis: int | None = None) -> Tensor:
        """The place of the largest element along an axis, of all where none is given: int32, of equals the first."""
        if axis is None:
            return self.reshape((-1,)).argmax(0)
        return apply(ops.reduction.argmax, self, axis=normalized_axes(axis, self.ndim)[0])

    def _reduce(self, primitive: Primitive, axis: Axes, keepdims: bool) -> Tensor:
        axes = normalized_axes(axis, self.ndim)
        result = apply(primitive, self, axes=axes) if axes else self
        return result.reshape(kept(self.shape, axes)) if keepdims else result

    # ---- movement

    def reshape(self, *shape: int | Sequence[int]) -> Tensor:
        """In another shape, `reshape(2, 3)` or `reshape((2, 3))`; one -1 stands for what the others leave."""
        wanted = filled_shape(tuple(int(n) for n in _spread(shape)), self.size)
        if wanted == self.shape and not self._is_state:  # of a variable also this is its value now, not itself
            return self
        return apply(ops.movement.reshape, self, shape=wanted)

    def transpose(self, *axes: int | Sequence[int]) -> Tensor:
        """The axes in another order, `transpose(1, 0, 2)` or `transpose((1, 0, 2))`; reversed unless given."""
        order = tuple(normalized_axes(a, self.ndim)[0] for a in _spread(axes)) or tuple(reversed(range(self.ndim)))
        return apply(ops.movement.transpose, self, axes=order)

    @property
    def T(self) -> Tensor:
        """The axes in reversed order: the transpose of a matrix."""
        return self.transpose()

    def swapaxes(self, a: int, b: int) -> Tensor:
        """Axes a and b in each other's place."""
        order = list(range(self.ndim))
        order[a], order[b] = order[b], order[a]
        return self.transpose(order)

    def broadcast_to(self, shape: Sequence[int]) -> Tensor:
        """Repeated along axes of length 1, and new ones in front, until it has this shape. Raises ShapeError."""
        shape = tuple(shape)
        return self if shape == self.shape else apply(ops.movement.broadcast, self, shape=shape)

    def pad(self, before: Sequence[int], after: Sequence[int], interior: Sequence[int] | None = None) -> Tensor:
        """Zeros before, after and between (`interior`) the elements of every axis."""
        between = (0,) * self.ndim if interior is None else tuple(interior)
        return apply(ops.movement.pad, self, before=tuple(before), after=tuple(after), interior=between)

    def unfold(self, window: tuple[int, int], strides: tuple[int, int]) -> Tensor:
        """The windows of images (n, h, w, c) that lie wholly inside, strides apart: (n, rows, columns, *window, c)."""
        return apply(ops.windows.unfold, self, window=tuple(window), strides=tuple(strides))

    def fold(self, size: tuple[int, int], strides: tuple[int, int]) -> Tensor:
        """Windows (n, rows, columns, h, w, c), strides apart, added up into images (n, *size, c)."""
        return apply(ops.windows.fold, self, size=tuple(size), strides=tuple(strides))

    def __getitem__(self, index: Any) -> Tensor:
        """Numbers, slices with positive steps, `...` and None; or one array of row numbers."""
        if isinstance(index, (Tensor, np.ndarray, list)):
            return self.gather(index)
        start, stop, step, shape = basic_index(self.shape, index)
        whole = start == (0,) * self.ndim and stop == self.shape and step == (1,) * self.ndim
        part = self if whole else apply(ops.movement.slice, self, start=start, stop=stop, step=step)
        return part.reshape(shape)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[row] for row in range(len(self)))

    def gather(self, indices: Operand) -> Tensor:
        """The rows (...) with the numbers `indices` (n,), in that order: (n, ...); negative ones count from the end."""
        return apply(ops.indexing.gather, self, as_input(indices))

    def one_hot(self, depth: int, dtype: DTypeLike = FLOAT32) -> Tensor:
        """Class numbers (...) as rows with a single one (..., depth); floats, which Tensor([0, 2]) has, are cut off."""
        numbers = self.astype(np.int32) if self.dtype.kind == "f" else self
        return apply(ops.indexing.one_hot, numbers, depth=depth, dtype=np.dtype(dtype))


def matmul(a: Operand, b: Operand) -> Tensor:
    """The matrix product of a (..., m, k) and b (..., k, n); a vector counts as one row (or column), as in NumPy."""
    a, b = _one_dtype(a, b, floats=True)
    if not a.shape or not b.shape or a.shape[-1] != b.shape[max(b.ndim - 2, 0)]:
        raise ShapeError(
            f"matmul: expected (..., m, k) and (..., k, n), received {a.shape} and {b.shape}: "
            f"the last axis of the first and the last but one of the second differ"
        )
    left = a.reshape((1, -1)) if a.ndim == 1 else a
    right = b.reshape((-1, 1)) if b.ndim == 1 else b
    batch = broadcast_shapes("matmul", left.shape[:-2], right.shape[:-2])
    left, right = (t.broadcast_to((*batch, *t.shape[-2:])) for t in (left, right))
    y = apply(ops.linalg.matmul, left, right)
    rows = () if a.ndim == 1 else (y.shape[-2],)
    columns = () if b.ndim == 1 else (y.shape[-1],)
    return y.reshape((*batch, *rows, *columns))


# ---- what the operators put in


def _spread(numbers: tuple[int | Sequence[int], ...]) -> Sequence[Any]:
    """(2, 3) for what was written as f(2, 3) and for f((2, 3))."""
    return numbers[0] if len(numbers) == 1 and not isinstance(numbers[0], int) else numbers


def _as_array(data: Operand, dtype: DTypeLike | None = None) -> np.ndarray:
    """The rule of dtypes: arrays of floats keep theirs, everything else becomes float32 unless `dtype` is given."""
    if isinstance(data, Tensor):
        array = data.numpy() if data._is_state else data._array()
    else:
        try:
            array = np.asarray(data)
        except ValueError as error:  # lists of different lengths
            raise ShapeError(f"Tensor: expected rows of one length ({error})") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"Tensor: expected numbers, received {type(data).__name__} of dtype {array.dtype}")
    if dtype is None:
        keeps = array.dtype in (np.float32, np.float64) and hasattr(data, "dtype")
        dtype = array.dtype if keeps else FLOAT32
    return array.astype(dtype, copy=False)


def as_input(data: Operand) -> Tensor:
    """An array as a Tensor that keeps its integer or boolean dtype; 64-bit integers become int32, as GPUs have it."""
    if isinstance(data, Tensor):
        return data
    array = np.asarray(data)
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        limits = np.iinfo(np.int32)
        if array.size and (array.max() > limits.max or array.min() < limits.min):
            raise TypeError(f"expected integers within 32 bits, received values up to {array.max()}")
        array = array.astype(np.int32)
    return Tensor(array, dtype=array.dtype) if array.dtype.kind in "iub" else Tensor(data)


def as_tensor(value: Operand, dtype: DTypeLike | None = None) -> Tensor:
    """A Tensor as it is, anything else as a new one; a single number takes `dtype`."""
    if isinstance(value, Tensor):
        return value
    return Tensor(value, dtype=dtype if isinstance(value, (Number, bool, np.generic)) else None)


def floating(x: Tensor) -> Tensor:
    """A Tensor of floats as it is, of integers or booleans as float32."""
    return x if x.dtype.kind == "f" else x.astype(FLOAT32)


def _one_dtype(a: Operand, b: Operand, floats: bool = False) -> tuple[Tensor, Tensor]:
    """Both as Tensors of the dtype in which they meet."""
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        kind = np.dtype(bool) if isinstance(a, bool) and isinstance(b, bool) else None
        a, b = Tensor(a, dtype=kind), Tensor(b, dtype=kind)
    if isinstance(a, Number) and isinstance(b, Tensor):
        dtype = dtype_beside(a, b.dtype, floats)
    elif isinstance(b, Number) and isinstance(a, Tensor):
        dtype = dtype_beside(b, a.dtype, floats)
    else:
        a, b = as_tensor(a), as_tensor(b)
        dtype = common_dtype(a.dtype, b.dtype, floats)
    a, b = (t.astype(dtype) if isinstance(t, Tensor) else Tensor(t, dtype=dtype) for t in (a, b))
    return a, b


def _binary(primitive: Primitive, a: Operand, b: Operand, floats: bool = False) -> Tensor:
    a, b = _one_dtype(a, b, floats)
    shape = a.shape if a.shape == b.shape else broadcast_shapes(primitive.name, a.shape, b.shape)
    return apply(primitive, a.broadcast_to(shape), b.broadcast_to(shape))
