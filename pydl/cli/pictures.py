"""The figures of a lesson, drawn with characters: the last of each kind, when the lesson has ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_SHADES = np.array(list(" .:-=+*#%@"))


class Keeper:
    """A listener of `pydl.lessons.listening` that keeps the last figure of each kind."""

    def __init__(self) -> None:
        self._figures: dict[str, dict[str, Any]] = {}

    def __call__(self, kind: str, data: dict[str, Any]) -> None:
        self._figures[kind] = data

    def print(self) -> None:
        for kind, data in self._figures.items():
            if kind in _DRAW:
                print(_DRAW[kind](data))


def _outputs(data: dict[str, Any]) -> str:
    rows = zip(data["inputs"], data["targets"], data["outputs"])
    return "\n".join(f"  {a:.0f} xor {b:.0f} = {target:.0f}   output {output:.4f}" for (a, b), target, output in rows)


def _random_digit(data: dict[str, Any]) -> str:
    image = data["image"].astype(int)
    rows = _SHADES[image * (len(_SHADES) - 1) // 255]
    picture = "\n".join("  " + "".join(np.repeat(row, 2)).rstrip() for row in rows if (row != " ").any())
    return f"{picture}\n  a random test digit: label {data['label']}, prediction {data['prediction']}"


_DRAW: dict[str, Callable[[dict[str, Any]], str]] = {"outputs": _outputs, "random_digit": _random_digit}
