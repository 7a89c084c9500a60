"""The lessons by name, with their options and their texts in English and Korean, and the one way to run them.

A lesson is a module of this folder with `run(**options)` and FIGURES, the pictures that it shows; where it fills other
curves than `loss` and `accuracy`, it says so in CURVES. It stands in CHAPTERS, in the order in which a learner meets
it, and has a file of its name under `texts/`.
"""

from __future__ import annotations

import importlib
import json
from functools import cache
from importlib.resources import files
from types import ModuleType
from typing import Any

from .options import LessonError, Option, Outcome, options_of

CHAPTERS: list[tuple[dict[str, str], list[str]]] = [
    (
        {"en": "First steps", "ko": "첫걸음"},
        ["tensors_and_variables", "linear_regression", "cost_curve", "multiple_regression", "csv_in_out"],
    ),
    ({"en": "Classification", "ko": "분류"}, ["logistic_regression", "logic_gates", "softmax_regression"]),
    ({"en": "Deep networks", "ko": "심층 신경망"}, ["xor", "xor_deep", "activations"]),
    (
        {"en": "Handwritten digits", "ko": "손글씨 숫자"},
        [
            "mnist_relu",
            "mnist_softmax_vs_relu",
            "mnist_dnn",
            "mnist_keras",
            "mnist_dropout",
            "mnist_cnn",
            "mnist_ensemble",
        ],
    ),
]
NAMES = [name for _, names in CHAPTERS for name in names]
# Every lesson trains, and then has the COMMON options, but these:
WITHOUT_TRAINING = {"tensors_and_variables", "activations"}
COMMON = ("device", "seed", "epochs", "dataset", "subset")


def run(name: str, **options: Any) -> Outcome:
    """Runs a lesson by its name; options that are not given take their defaults.

    Returns {"history": as in `fit`, "result": plain numbers}. Raises LessonError before anything is run where the
    lesson, an option or a value does not exist.
    """
    known = options_for(name)
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise LessonError(f"lesson {name} has no option {', '.join(unknown)}: its options are {', '.join(known)}")
    accepted = {option: known[option].accept(value) for option, value in options.items()}
    outcome: Outcome = _module(name).run(**accepted)
    return outcome


def options_for(name: str) -> dict[str, Option]:
    """The options of a lesson by name."""
    return options_of(_module(name).run)


def texts(name: str) -> dict[str, Any]:
    """The texts of a lesson by its name, each {"en", "ko"}: title, shows, look, try; and its pictures' `figures`."""
    _module(name)
    return _texts(name)


def catalog() -> list[dict[str, Any]]:
    """Everything that a page needs to offer the lessons, ready for JSON."""
    return [describe(name) for name in NAMES]


def describe(name: str) -> dict[str, Any]:
    """The entry of the lesson of this name in the catalog."""
    module, words = _module(name), texts(name)
    trains = name not in WITHOUT_TRAINING
    chapter = next(title for title, names in CHAPTERS if name in names)
    return {
        "name": name,
        "chapter": dict(chapter),
        **{part: words[part] for part in ("title", "shows", "look", "try")},
        "options": [_described(option, words) for option in options_for(name).values()],
        "trains": trains,
        "curves": list(getattr(module, "CURVES", ["loss", "accuracy"] if trains else [])),
        "figures": list(module.FIGURES),
        "figure_texts": words.get("figures", {}),
    }


def _described(option: Option, lesson: dict[str, Any]) -> dict[str, Any]:
    """An option with its words: those of all lessons, or the lesson's own where it means something of its own."""
    words = _texts("options").get(option.name, {}) | lesson.get("options", {}).get(option.name, {})
    return {
        "name": option.name,
        "type": option.type,
        "default": option.default,
        "minimum": option.minimum,
        "maximum": option.maximum,
        "choices": list(option.choices),
        "optional": option.optional,
        "label": words["label"],
        "help": words["help"],
        "choice_texts": words.get("choices", {}),
    }


def _module(name: str) -> ModuleType:
    if name not in NAMES:
        raise LessonError(f"unknown lesson {name!r}: the lessons are {', '.join(NAMES)}")
    return importlib.import_module(f"{__package__}.{name}")


@cache
def _texts(name: str) -> dict[str, Any]:
    words: dict[str, Any] = json.loads(files(__package__).joinpath("texts", f"{name}.json").read_text(encoding="utf-8"))
    return words
