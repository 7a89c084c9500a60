"""The figures of a lesson, drawn with characters: the last of each, when the lesson has ended.

The page draws the same figures as they come; a terminal shows what is left of them when all is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import charts

Words = dict[str, Any]  # a figure's texts in one language: title, x, y, and lines, columns and cells by key

WORDS = {
    "output": {"en": "output {output:.4f}", "ko": "출력 {output:.4f}"},
    "random_digit": {
        "en": "a random test digit: label {label}, prediction {prediction}",
        "ko": "무작위로 고른 테스트 숫자: 정답 {label}, 예측 {prediction}",
    },
}

_SHADES = np.array(list(" .:-=+*#%@"))


class Keeper:
    """A listener of `pydl.lessons.listening` that keeps the last of each figure.

    texts: the words of the lesson's figures by name, {"cost": {"title": {"en": ..., "ko": ...}, ...}}.
    """

    def __init__(self, texts: dict[str, Any] | None = None, language: str = "en") -> None:
        self._own = _in(language, WORDS)
        self._texts = {name: _in(language, words) for name, words in (texts or {}).items()}
        self._figures: dict[tuple[str, str], dict[str, Any]] = {}

    def __call__(self, kind: str, data: dict[str, Any]) -> None:
        self._figures[kind, data.get("name", "")] = data

    def print(self) -> None:
        """Prints what can be drawn."""
        for (kind, name), data in self._figures.items():
            if kind in _DRAW:
                words = self._own | self._texts.get(name, {})
                title = words.get("title", name)
                print(f"\n{title}" if title else "")
                print(_DRAW[kind](data, words))


def _in(language: str, words: Any) -> Any:
    """A tree of texts with each {"en", "ko"} replaced by the one of them."""
    if not isinstance(words, dict):
        return words
    return words[language] if language in words else {key: _in(language, part) for key, part in words.items()}


def _decision_surface(data: dict[str, Any], _: Words) -> str:
    surface = np.asarray(data["values"]).reshape(data["size"], data["size"])[::-4, ::2]  # a letter is twice as high
    rows = _SHADES[np.round(surface * (len(_SHADES) - 1)).astype(int)]
    return "\n".join(f"  {''.join(np.repeat(row, 2))}".rstrip() for row in rows)


def _outputs(data: dict[str, Any], words: Words) -> str:
    rows = zip(data["inputs"], data["targets"], data["outputs"])
    said = words["output"]
    return "\n".join(f"  {a:g}, {b:g} -> {target:g}   {said.format(output=output)}" for (a, b), target, output in rows)


def _random_digit(data: dict[str, Any], words: Words) -> str:
    image = data["image"].astype(int)
    rows = _SHADES[image * (len(_SHADES) - 1) // 255]
    picture = "\n".join("  " + "".join(np.repeat(row, 2)).rstrip() for row in rows if (row != " ").any())
    return f"{picture}\n  {words['random_digit'].format(label=data['label'], prediction=data['prediction'])}"


def _plot(data: dict[str, Any], words: Words) -> str:
    legend = words.get("lines", {})
    lines = {legend.get(key, key): values for key, values in zip(data["lines"], data["values"])}
    axes = words.get("x", ""), words.get("y", "")
    return charts.chart(data["x"], lines, data.get("points", ()), data.get("log", False), axes)


def _table(data: dict[str, Any], words: Words) -> str:
    columns, cells = words.get("columns", {}), words.get("cells", {})
    shares = data.get("percent", ())

    def text(column: str, value: Any) -> str:
        if value is None or isinstance(value, str):
            return str(cells.get(value, value or ""))
        return f"{value:.2%}" if column in shares else charts.number(value)

    rows = [list(map(text, data["columns"], row)) for row in data["rows"]]
    numbers = [not any(isinstance(value, str) for value in column) for column in zip(*data["rows"])]
    return charts.grid([columns.get(key, key) for key in data["columns"]], rows, numbers)


_DRAW: dict[str, Callable[[dict[str, Any], Words], str]] = {
    "decision_surface": _decision_surface,
    "outputs": _outputs,
    "random_digit": _random_digit,
    "plot": _plot,
    "table": _table,
}
