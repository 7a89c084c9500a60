"""Clipping: gradients made shorter before a step, so that one steep place does not throw the weights far away.

Every optimizer can do it, in Tensor operations, between the backward pass and its own formula.
"""

from __future__ import annotations

from numbers import Real

from ..tensor import Tensor


class Clipping:
    """What is done to the gradients of a step: nothing, or one of three. See Optimizer for what they mean."""

    def __init__(self, clipnorm: float | None, clipvalue: float | None, global_clipnorm: float | None) -> None:
        limits = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        for name, limit in given.items():
            if not isinstance(limit, Real) or not limit > 0:
                raise ValueError(f"{name}: expected a number above 0 or None, received {limit!r}")
        if len(given) > 1:
            raise ValueError(f"expected at most one of {', '.join(limits)}, received {' and '.join(given)}")
        self._kind, self._limit = next(iter(given.items()), ("", 0.0))

    def __call__(self, gradients: list[Tensor]) -> list[Tensor]:
        if self._kind == "clipvalue":
            return [gradient.clip(-self._limit, self._limit) for gradient in gradients]
        squares = [(gradient * gradient).sum() for gradient in gradients] if self._kind else []
        if self._kind == "clipnorm":
            return [gradient * self._scale(square) for gradient, square in zip(gradients, squares)]
        if squares:
            total = squares[0]
            for square in squares[1:]:
                total = total + square  # float64 where one of them is
            scale = self._scale(total)
            return [gradient * scale.astype(gradient.dtype) for gradient in gradients]
        return gradients

    def _scale(self, square: Tensor) -> Tensor:
        """limit / max(norm, limit): 1 where the norm is within the limit."""
        return self._limit / square.sqrt().maximum(self._limit)
