"""Functions of Tensors that are nobody's method: a choice, a joining, and the gradient of a function.

They are the part of the API that stands beside Tensor's own methods: `pydl.where`, `pydl.concatenate`, `pydl.grad`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import autograd, ops
from .ops import ShapeError
from .rules import FLOAT32, normalized_axes
from .tensor import Tensor, apply, as_input, as_tensor, floating

if TYPE_CHECKING:
    from .tensor import Operand


def where(condition: Operand, a: Operand, b: Operand) -> Tensor:
    """Elements of a where the condition is true, elements of b elsewhere."""
    return as_input(condition).where(a, b)


def concatenate(tensors: Sequence[Operand], axis: int = 0) -> Tensor:
    """Tensors one after the other along an axis."""
    parts = [as_tensor(t) for t in tensors]
    if not parts:
        raise ShapeError("concatenate: expected at least one Tensor, received none")
    return apply(ops.movement.concatenate, *parts, axis=normalized_axes(axis, parts[0].ndim)[0])


def grad(function: Callable[..., Tensor], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """The gradient of a function of Tensors that gives a single number, as a function of the same arguments.

    argnums: which arguments to differentiate by. A tuple gives a tuple of gradients. Gradients can be differentiated
    again: grad(grad(f)).
    """
    if not callable(function):
        raise TypeError(f"grad: expected a function, received {function!r}")

    def gradient(*given: Any) -> Tensor | tuple[Tensor, ...]:
        numbers = (argnums,) if isinstance(argnums, int) else argnums
        args = list(given)
        with autograd.grad_mode(True):
            for number in numbers:
                # Adding 0 gives each argument a node of its own, still linked to what it was computed from.
                value = as_input(args[number])
                args[number] = floating(value) + Tensor(np.zeros((), FLOAT32), requires_grad=True)
            result = function(*args)
        if result.size != 1:
            raise ShapeError(f"grad: expected a function that gives a single number, received shape {result.shape}")
        chosen = [args[number] for number in numbers]
        # What was asked for inside of no_grad() cannot be differentiated again.
        again = autograd.modes.grad_enabled
        parts = autograd.gradients(result, Tensor(np.ones(result.shape, result.dtype)), chosen, create_graph=again)
        parts = [Tensor(np.zeros(t.shape, t.dtype)) if part is None else part for t, part in zip(chosen, parts)]
        return parts[0] if isinstance(argnums, int) else tuple(parts)

    return gradient
