"""What a primitive is: the smallest operation that pydl knows, complete in one place.

A `Primitive` carries its name, its shape rule, its NumPy evaluation and its derivative. Everything above it
(layers, losses, optimizers, the backward pass itself) is composed of primitives, so a backend that can run the
thirty of them can run every model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Derivative = Callable[..., Any]  # (g, y, *inputs, **params) -> Tensor or None; Tensors are not known down here


class ShapeError(ValueError):
    """Shapes or dtypes that do not fit an operation."""


@dataclass(frozen=True)
class Spec:
    """What is known of an array before it exists: its shape and dtype."""

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def size(self) -> int:
        """The number of elements."""
        size = 1
        for length in self.shape:
            size *= length
        return size

    @property
    def nbytes(self) -> int:
        """The bytes that the elements take."""
        return self.size * self.dtype.itemsize

    def __str__(self) -> str:
        return f"{short_name(self.dtype)}[{','.join(map(str, self.shape))}]"


def short_name(dtype: np.dtype) -> str:
    """float32 is written f32, uint8 u8, bool bool: the names that Programs are printed with."""
    return "bool" if dtype == np.bool_ else f"{dtype.kind}{dtype.itemsize * 8}"


class Primitive:
    """One operation.

    name:        as it is printed in a Program
    shape_rule:  (*specs, **params) -> Spec of the result; raises ShapeError
    evaluate:    (*arrays, out, **params): writes the result into `out`.
                 For a view primitive: (array, **params) -> a NumPy view, no copy
    derivatives: one function per input, (g, y, *inputs, **params) -> gradient for that input, where g is the
                 gradient of the result y. It is written with Tensor operations, so that it can be traced and
                 differentiated again. None for an input without a derivative. A primitive with any number of
                 inputs gives a function from an input's position to its derivative instead
    elementwise: the result's element i depends on the inputs' elements i only, so `out` may be an input's memory
    view:        the result is the input's memory, seen differently
    """

    def __init__(
        self,
        name: str,
        *,
        shape_rule: Callable[..., Spec],
        evaluate: Callable[..., Any],
        derivatives: tuple[Derivative | None, ...] | Callable[[int], Derivative],
        elementwise: bool = False,
        view: bool = False,
    ) -> None:
        self.name = name
        self.shape_rule = shape_rule
        self.evaluate = evaluate
        self.derivatives = derivatives
        self.elementwise = elementwise
        self.view = view
        REGISTRY[name] = self

    def derivative(self, position: int) -> Derivative | None:
        """The derivative for the input at `position`, or None where there is none."""
        if callable(self.derivatives):
            return self.derivatives(position)
        return self.derivatives[position]

    def __call__(self, *arrays: np.ndarray, **params: Any) -> np.ndarray:
        """Evaluates on NumPy arrays into new memory (a view primitive: into the same memory)."""
        spec = self.shape_rule(*map(spec_of, arrays), **params)
        if self.view:
            view: np.ndarray = self.evaluate(*arrays, **params)
            return view
        out = np.empty(spec.shape, spec.dtype)
        with np.errstate(all="ignore"):  # infinities and NaN are values here; `fit` looks out for them
            self.evaluate(*arrays, out=out, **params)
        return out

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


REGISTRY: dict[str, Primitive] = {}  # every primitive by its name; filled as the modules of this folder load


def spec_of(array: np.ndarray) -> Spec:
    """What an array is."""
    return Spec(array.shape, array.dtype)
