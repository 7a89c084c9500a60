"""What the command line says of lessons, in English or Korean: the list, a lesson's texts and options, its result.

All words come from the lessons' texts, or from the table here; nothing is printed, lines are returned.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping
from typing import Any

from pydl import lessons
from pydl.lessons.options import Option

from . import charts

LANGUAGES = ("en", "ko")
WORDS = {
    "more": {
        "en": "`python -m pydl run LESSON --help` tells more of a lesson, and what can be chosen.",
        "ko": "`python -m pydl run LESSON --help`를 실행하면 각 실험의 설명과 옵션이 나옵니다.",
    },
    "usage": {
        "en": "usage: python -m pydl run LESSON --option value ...",
        "ko": "사용법: python -m pydl run LESSON --option value ...",
    },
    "look": {"en": "What to look for", "ko": "눈여겨볼 점"},
    "try": {"en": "Try this", "ko": "해 보기"},
    "options": {"en": "Options", "ko": "옵션"},
    "default": {"en": "default", "ko": "기본값"},
    "suits": {"en": "as it suits the place", "ko": "환경에 맞게 정함"},
    "empty": {"en": "empty", "ko": "비어 있음"},
    "cost": {"en": "The cost after every epoch", "ko": "에포크별 비용"},
    "epoch": {"en": "epochs", "ko": "에포크"},
    "loss": {"en": "training", "ko": "학습"},
    "val_loss": {"en": "validation", "ko": "검증"},
    "result": {"en": "Result", "ko": "결과"},
}


def language_here() -> str:
    """The language of the terminal by its locale: Korean, or else English."""
    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "ko" if locale.lower().startswith("ko") else "en"


def ladder(language: str) -> str:
    """All lessons, chapter by chapter."""
    width = max(map(len, lessons.NAMES))
    lines = []
    for chapter, names in lessons.CHAPTERS:
        lines.append(chapter[language])
        lines += [f"  {name:<{width}}  {lessons.texts(name)['title'][language]}" for name in names]
        lines.append("")
    return "\n".join([*lines, WORDS["more"][language]])


def explanation(name: str, language: str) -> str:
    """A lesson's texts, and its options with what each takes."""
    words = lessons.texts(name)
    described = {option["name"]: option for option in lessons.describe(name)["options"]}
    lines = [words["title"][language], "", _wrapped(words["shows"][language], language), ""]
    for part in ("look", "try"):
        lines += [f"{WORDS[part][language]}:", _wrapped(words[part][language], language, "  "), ""]
    lines.append(f"{WORDS['options'][language]}:")
    for option in lessons.options_for(name).values():
        lines += [f"  {usage(option, language)}", f"      {described[option.name]['help'][language]}"]
    return "\n".join(lines)


def usage(option: Option, language: str) -> str:
    """An option as it is typed, what it takes, and its default."""
    default = WORDS["suits"][language] if option.default is None else _plain(option.default)
    default = default or WORDS["empty"][language]
    return f"--{option.name:<14} {option.expected(language)} ({WORDS['default'][language]} {default})"


def cost_chart(history: Mapping[str, list[float]], language: str) -> str:
    """The curves of the loss, as the page shows them; nothing where there are too few epochs for a curve."""
    costs = {WORDS[key][language]: values for key in ("loss", "val_loss") if len(values := history.get(key, [])) > 1}
    if not costs:
        return ""
    epochs = range(1, 1 + max(map(len, costs.values())))
    axes = (WORDS["epoch"][language], "")
    return f"\n{WORDS['cost'][language]}\n{charts.chart(epochs, costs, axes=axes)}"


def outcome(result: Mapping[str, Any], language: str) -> str:
    """The result, a line for each of its numbers."""
    rows = dict(_flat(result))
    width = max(map(len, rows), default=0) + 2
    return "\n".join([f"\n{WORDS['result'][language]}", *(f"{key:<{width}}{value}" for key, value in rows.items())])


def _flat(result: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Names and texts of a result; what is nested gets a path, as in relu.accuracy."""
    rows = []
    for key, value in result.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", _shown(value)))
    return rows


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_shown, value))
    if isinstance(value, float):
        return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e6 else f"{value:.3e}"
    return charts.number(value) if isinstance(value, int) else "-" if value is None else str(value)


def _plain(value: Any) -> str:
    """A default as it would be typed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"{value.splitlines()[0]} ..." if "\n" in value else value
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _wrapped(text: str, language: str, indent: str = "") -> str:
    width = 52 if language == "ko" else 100  # letters in a line: Hangul is twice as wide
    return textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent)
