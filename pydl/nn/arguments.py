"""Checks of what layers, regularisers and functions over windows are given; an error says what was expected.

They are made when a layer is made, so that a mistake shows in the line that holds it, and not in the first step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops import ShapeError


def whole(owner: str, name: str, value: Any) -> int:
    """An integer above 0."""
    if not _is_whole(value):
        raise ValueError(f"{owner}: expected {name} as an integer above 0, received {value!r}")
    return int(value)


def pair(owner: str, name: str, value: Any) -> tuple[int, int]:
    """Two integers above 0, for height and width; one stands for both."""
    both = (value, value) if _is_whole(value) else value
    if not isinstance(both, (tuple, list)) or len(both) != 2 or not all(map(_is_whole, both)):
        raise ValueError(f"{owner}: expected {name} as an integer above 0, or two of them, received {value!r}")
    return int(both[0]), int(both[1])


def sample_shape(owner: str, shape: Any) -> tuple[int, ...]:
    """The shape of one sample. Raises ShapeError, for Keras's and TensorFlow's None in place of the batch axis, too."""
    if not isinstance(shape, (tuple, list)) or not all(isinstance(n, (int, np.integer)) and n >= 0 for n in shape):
        raise ShapeError(
            f"{owner}: expected the shape of one sample, without the batch axis, as (784,), received {shape!r}"
        )
    return tuple(map(int, shape))


def choice(owner: str, name: str, value: Any, known: tuple[str, ...]) -> str:
    """One of the known words."""
    if value not in known:
        raise ValueError(f"{owner}: expected {name} as one of {', '.join(known)}, received {value!r}")
    return str(value)


def number(owner: str, name: str, value: Any, fits: Callable[[float], bool], which: str) -> float:
    """A number that fits; `which` says in words what fits."""
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not is_number or not fits(value):
        raise ValueError(f"{owner}: expected {name} as a number {which}, received {value!r}")
    return float(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and int(value) > 0
