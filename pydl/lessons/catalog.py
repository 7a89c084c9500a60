"""The lessons by name, with their options and their texts in English and Korean, and the one way to run them.

A lesson is a module of this folder with `run(**options)`, listed in NAMES in the order in which a learner meets them,
and a file of the same name under `texts/`.
"""

from __future__ import annotations

import importlib
import json
from functools import cache
from importlib.resources import files
from typing import Any

from .options import LessonError, options_of

NAMES = ["xor", "mnist_relu"]


def run(name: str, **options: Any) -> dict[str, dict[str, Any]]:
    """Runs a lesson; options that are not given take their defaults.

    Returns {"history": as in `fit`, "result": plain numbers}. Raises LessonError before anything is run where the
    lesson, an option or a value does not exist.
    """
    known = options_for(name)
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise LessonError(f"lesson {name} has no option {', '.join(unknown)}: its options are {', '.join(known)}")
    accepted = {option: known[option].accept(value) for option, value in options.items()}
    return _module(name).run(**accepted)


def options_for(name: str) -> dict:
    """The options of a lesson by name."""
    return options_of(_module(name).run)


def texts(name: str) -> dict[str, Any]:
    """The texts of a lesson: title, shows, look, try, each {"en", "ko"}."""
    return _texts(name)


def catalog() -> list[dict[str, Any]]:
    """Everything that a page needs to offer the lessons, ready for JSON."""
    return [_entry(name) for name in NAMES]


def _entry(name: str) -> dict[str, Any]:
    words = _texts("options")
    options = [
        {
            "name": option.name,
            "type": option.type,
            "default": option.default,
            "minimum": option.minimum,
            "maximum": option.maximum,
            "choices": list(option.choices),
            "optional": option.optional,
            **words[option.name],
        }
        for option in options_for(name).values()
    ]
    return {"name": name, **_texts(name), "options": options}


def _module(name: str):
    if name not in NAMES:
        raise LessonError(f"unknown lesson {name!r}: the lessons are {', '.join(NAMES)}")
    return importlib.import_module(f"{__package__}.{name}")


@cache
def _texts(name: str) -> dict[str, Any]:
    return json.loads(files(__package__).joinpath("texts", f"{name}.json").read_text(encoding="utf-8"))
