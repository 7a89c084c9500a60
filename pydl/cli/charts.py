"""Curves and tables drawn with characters, for a terminal; Hangul counts as the two columns that it takes there.

It knows nothing of lessons: numbers come in, lines of text go out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

WIDTH, HEIGHT = 60, 15
MARKS = "*+x#=%@&$~^:"
POINT = "o"


def chart(
    x: Any,
    lines: Mapping[str, Any],
    points: Any = (),
    log: bool = False,
    axes: tuple[str, str] = ("", ""),
) -> str:
    """Curves over one x, and points, in a frame that fits them all.

    x: (n,). lines: values (n,) by the words of the legend; NaN leaves a gap. points: (m, 2). log: a logarithmic y
    axis. axes: the words of x and y.
    """
    dots = np.array(points, np.float64).reshape(-1, 2)
    x = np.asarray(x, np.float64)
    heights = {name: _scaled(np.asarray(values, np.float64), log) for name, values in lines.items()}
    dots_y = _scaled(dots[:, 1], log)
    low_x, high_x = _range(np.concatenate([x, dots[:, 0]]))
    low_y, high_y = _range(np.concatenate([*heights.values(), dots_y]))
    canvas = np.full((HEIGHT, WIDTH), " ")

    def put(across: np.ndarray, up: np.ndarray, mark: str) -> None:
        seen = np.isfinite(up)
        columns = np.round((across[seen] - low_x) / (high_x - low_x) * (WIDTH - 1)).astype(int)
        rows = np.round((high_y - up[seen]) / (high_y - low_y) * (HEIGHT - 1)).astype(int)
        canvas[rows, columns] = mark

    grid = np.linspace(low_x, high_x, WIDTH)
    for mark, height in zip(MARKS, heights.values()):
        put(grid, np.interp(grid, x, height, left=np.nan, right=np.nan), mark)
    put(dots[:, 0], dots_y, POINT)

    labels = [""] * HEIGHT
    for row in (0, HEIGHT // 2, HEIGHT - 1):
        value = high_y - row / (HEIGHT - 1) * (high_y - low_y)
        labels[row] = f"{10**value if log else value:.4g}"
    margin = max(map(len, labels)) + 2
    legend = "   ".join(f"{mark} {name}" for mark, name in zip(MARKS, lines))
    across, up = axes
    left, right = f"{low_x:.4g}", f"{high_x:.4g}"
    return "\n".join([
        *([" " * margin + up] if up else []),
        *(f"{label:>{margin}} |{''.join(row).rstrip()}" for label, row in zip(labels, canvas)),
        " " * margin + " +" + "-" * WIDTH,
        " " * (margin + 2) + left + right.rjust(WIDTH - len(left)) + (f"  {across}" if across else ""),
        " " * (margin + 2) + legend,
    ])  # fmt: skip


def grid(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """A table of texts under the names of the columns. right: which columns are set to the right, as numbers are."""
    widths = [max(map(_width, column)) for column in zip(columns, *rows)]

    def line(texts: Sequence[str]) -> str:
        return "  " + "  ".join(map(_padded, texts, widths, right)).rstrip()

    return "\n".join([line(columns), line(["-" * width for width in widths]), *map(line, rows)])


def number(value: float) -> str:
    """A number as a person reads it: 0.9153, 311,650, 1.2e-07."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{int(value):,}"
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e6 or not np.isfinite(value) else f"{value:.2e}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _scaled(values: np.ndarray, log: bool) -> np.ndarray:
    values = np.where(np.isfinite(values), values, np.nan)
    return np.log10(np.where(values > 0, values, np.nan)) if log else values


def _range(values: np.ndarray) -> tuple[float, float]:
    """The smallest and the largest number that is one; never the same twice."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return (low, high) if low < high else (low - 0.5, high + 0.5)
