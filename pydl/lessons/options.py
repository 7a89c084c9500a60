"""Options of a lesson: the signature of its `run` is the table.

Every parameter has a default and a type that says what it may be: `Annotated[int, Range(1, 100)]`, one of the names
below, `bool`, or `str` for a free text such as a file's name. The page turns them into controls, the command line into
flags; both hand over texts or values, and `accept` makes of them what the lesson gets, or says in one line what is
wrong.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

Number = TypeVar("Number", int, float)
Outcome = dict[str, dict[str, Any]]  # what a lesson returns: {"history": as in `fit`, "result": plain numbers}


class LessonError(ValueError):
    """A lesson, an option or a value that does not exist; the message lists what does."""


@dataclass(frozen=True)
class Range:
    """Numbers from minimum to maximum, both included."""

    minimum: float
    maximum: float


@dataclass(frozen=True)
class OneOf:
    """One of a few words."""

    choices: tuple[str, ...]

    def __init__(self, *choices: str) -> None:
        object.__setattr__(self, "choices", choices)


Layers = Annotated[tuple[int, ...], Range(1, 4096)]  # units of the hidden layers, first to last
Activation = Annotated[
    str, OneOf("sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "softplus", "swish")
]
LearningRate = Annotated[float, Range(1e-6, 100.0)]
Epochs = Annotated[int, Range(1, 1_000_000)]
BatchSize = Annotated[int, Range(1, 60_000)]
Seed = Annotated[int, Range(0, 2**32 - 1)]
Device = Annotated[str, OneOf("auto", "numpy", "wasm", "webgpu")]
MAX_LAYERS = 64
MAX_TEXT = 10_000
MAX_SHOWN = 100  # letters of a wrong value in a message
WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}

EXPECTED = {
    "int": {"en": "a whole number from {low} to {high}", "ko": "{low} 이상 {high} 이하의 정수"},
    "float": {"en": "a number from {low} to {high}", "ko": "{low} 이상 {high} 이하의 수"},
    "ints": {
        "en": f"1 to {MAX_LAYERS} numbers from {{low}} to {{high}}, as in 256,256",
        "ko": f"{{low}} 이상 {{high}} 이하의 정수 1~{MAX_LAYERS}개(예: 256,256)",
    },
    "choice": {"en": "one of {choices}", "ko": "다음 중 하나: {choices}"},
    "bool": {"en": "true or false", "ko": "true 또는 false"},
    "text": {"en": f"a text of at most {MAX_TEXT:,} characters", "ko": f"{MAX_TEXT:,}자 이하의 텍스트"},
}


@dataclass(frozen=True)
class Option:
    """One option: `type` is "int", "float", "choice", "ints", "bool" or "text"; `optional` where None has a meaning."""

    name: str
    type: str
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False

    def accept(self, value: Any) -> Any:
        """The value as the lesson gets it, from text or from a value; raises LessonError."""
        if value is None and self.optional:
            return None
        try:
            return _ACCEPT[self.type](self, value)
        except (TypeError, ValueError, KeyError, OverflowError):
            received = text if len(text := repr(value)) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
            raise LessonError(f"option {self.name}: expected {self.expected()}, received {received}") from None

    def expected(self, language: str = "en") -> str:
        """What it takes, in words, for messages and for the help."""
        low, high = (f"{bound or 0:,.10g}" for bound in (self.minimum, self.maximum))
        return EXPECTED[self.type][language].format(choices=", ".join(self.choices), low=low, high=high)


def _within(option: Option, number: Number) -> Number:
    assert option.minimum is not None and option.maximum is not None
    if not option.minimum <= number <= option.maximum:
        raise ValueError
    return number


def _int(option: Option, value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError
    return _within(option, int(value.strip().replace("_", "") if isinstance(value, str) else value))


def _float(option: Option, value: Any) -> float:
    if isinstance(value, bool) or not math.isfinite(number := float(value)):
        raise ValueError
    return _within(option, number)


def _choice(option: Option, value: Any) -> str:
    if value not in option.choices:
        raise ValueError
    return str(value)


def _ints(option: Option, value: Any) -> tuple[int, ...]:
    parts = value.replace("-", ",").split(",") if isinstance(value, str) else value
    if isinstance(parts, (int, float)):
        parts = [parts]
    numbers = tuple(_int(option, part) for part in parts)
    if not 1 <= len(numbers) <= MAX_LAYERS:
        raise ValueError
    return numbers


def _bool(option: Option, value: Any) -> bool:
    return WORDS[str(value).strip().lower()]


def _text(option: Option, value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise ValueError
    if not all(letter.isprintable() or letter in "\n\t" for letter in value):
        raise ValueError
    return value


_ACCEPT: dict[str, Callable[[Option, Any], Any]] = {
    "int": _int,
    "float": _float,
    "choice": _choice,
    "ints": _ints,
    "bool": _bool,
    "text": _text,
}


def options_of(run: Callable[..., Outcome]) -> dict[str, Option]:
    """The options of a lesson, read from the signature of its `run`."""
    hints = get_type_hints(run, include_extras=True)
    return {
        name: _option(name, hints[name], parameter.default)
        for name, parameter in inspect.signature(run).parameters.items()
    }


def _option(name: str, hint: Any, default: Any) -> Option:
    # Annotated[...] | None: None is a value of its own, "as it suits the place"
    optional = type(None) in get_args(hint)
    if optional:
        hint = next(part for part in get_args(hint) if part is not type(None))
    if hint in (bool, str):
        return Option(name, "bool" if hint is bool else "text", default, optional=optional)
    kind, rule = get_args(hint)
    if isinstance(rule, OneOf):
        return Option(name, "choice", default, choices=rule.choices, optional=optional)
    number = "ints" if get_origin(kind) is tuple else kind.__name__
    return Option(name, number, default, rule.minimum, rule.maximum, optional=optional)
