"""Options: what each type takes from text and from values, and the one line that says what it does not take."""

from typing import Annotated

import numpy as np
import pytest

from pydl import lessons
from pydl.lessons.options import MAX_LAYERS, MAX_TEXT, LessonError, OneOf, Option, Range, options_of
from pydl.nn.functional import ACTIVATIONS

WHOLE = Option("epochs", "int", 5, 1, 100)
NUMBER = Option("learning_rate", "float", 0.1, 1e-6, 100.0)
WORD = Option("activation", "choice", "relu", choices=("relu", "tanh"))
NUMBERS = Option("layers", "ints", (8,), 1, 4096)
MAYBE = Option("subset", "int", None, 0, 50_000, optional=True)
SWITCH = Option("scaling", "bool", True)
TEXT = Option("file", "text", "")

GOOD = [
    (WHOLE, 1, 1), (WHOLE, "100", 100), (WHOLE, " 7 ", 7), (WHOLE, "1_0", 10), (WHOLE, 3.0, 3), (WHOLE, np.int64(4), 4),
    (NUMBER, "0.5", 0.5), (NUMBER, "1e-3", 0.001), (NUMBER, 2, 2.0), (NUMBER, "1e-6", 1e-6), (NUMBER, 100, 100.0),
    (WORD, "relu", "relu"),
    (NUMBERS, "256,128", (256, 128)), (NUMBERS, "256-128", (256, 128)), (NUMBERS, " 5, 6 ", (5, 6)),
    (NUMBERS, "8", (8,)), (NUMBERS, [1, 4096], (1, 4096)),
    (NUMBERS, (3,), (3,)), (NUMBERS, 7, (7,)), (NUMBERS, ["5", 6], (5, 6)),
    (NUMBERS, [5] * MAX_LAYERS, (5,) * MAX_LAYERS),
    (MAYBE, None, None), (MAYBE, 0, 0), (MAYBE, "50000", 50000),
    (SWITCH, True, True), (SWITCH, False, False), (SWITCH, "true", True), (SWITCH, " No ", False), (SWITCH, 0, False),
    (SWITCH, "1", True), (SWITCH, "OFF", False), (SWITCH, "yes", True), (SWITCH, "on", True), (SWITCH, "false", False),
    (TEXT, "", ""), (TEXT, "점수.csv", "점수.csv"), (TEXT, "a,b\n1,2\n\t3", "a,b\n1,2\n\t3"),
    (TEXT, "x" * MAX_TEXT, "x" * MAX_TEXT),
]  # fmt: skip


@pytest.mark.parametrize("option, value, expected", GOOD, ids=lambda x: getattr(x, "name", repr(x)))
def test_good_values_are_taken(option, value, expected):
    received = option.accept(value)
    assert received == expected
    assert type(received) is type(expected)


BAD = {
    WHOLE: [0, 101, "", "x", "1.5", 1.5, "-1", None, True, [1], "nan", float("inf"), 10**400],
    NUMBER: [0, "0", -1, 101, "nan", "inf", "-inf", "", "a", None, False, [0.1], "1,5", "1e999"],
    WORD: ["Relu", "", "rel", None, 1, ["relu"]],
    NUMBERS: ["", ",", "5,", "5,,5", "-5", "5;5", "a", "0", "4097", "5,0", [], None, [1.5], True, [[5]], {"a": 1},
              [5] * (MAX_LAYERS + 1)],
    MAYBE: [-1, "none", "", 50_001],
    SWITCH: ["", "maybe", 2, None, [True], "tru"],
    TEXT: [None, 3, True, ["a"], "a\0b", "\x1b[31m", b"bytes", "a\rb"],
}  # fmt: skip
EACH_BAD = [(option, value) for option, values in BAD.items() for value in values]


@pytest.mark.parametrize("option, value", EACH_BAD, ids=lambda x: getattr(x, "name", repr(x)[:30]))
def test_bad_values_are_refused_in_one_line_that_says_what_is_expected(option, value):
    with pytest.raises(LessonError) as error:
        option.accept(value)
    received = repr(value) if len(repr(value)) <= 100 else f"{value!r:.100}..."
    assert str(error.value) == f"option {option.name}: expected {option.expected()}, received {received}"
    assert error.value.__cause__ is None


def test_what_is_expected_is_said_in_words():
    assert WHOLE.expected() == "a whole number from 1 to 100"
    assert NUMBER.expected() == "a number from 1e-06 to 100"
    assert WORD.expected() == "one of relu, tanh"
    assert NUMBERS.expected() == "1 to 64 numbers from 1 to 4,096, as in 256,256"
    assert SWITCH.expected() == "true or false"
    assert TEXT.expected() == "a text of at most 10,000 characters"


def test_what_an_option_takes_is_said_in_korean_too():
    assert WHOLE.expected("ko") == "1 이상 100 이하의 정수"
    assert NUMBER.expected("ko") == "1e-06 이상 100 이하의 수"
    assert WORD.expected("ko") == "다음 중 하나: relu, tanh"
    assert NUMBERS.expected("ko") == "1 이상 4,096 이하의 정수 1~64개(예: 256,256)"
    assert SWITCH.expected("ko") == "true 또는 false"
    assert TEXT.expected("ko") == "10,000자 이하의 텍스트"


def test_a_long_wrong_text_is_cut_in_the_message():
    with pytest.raises(LessonError) as error:
        TEXT.accept("x" * (MAX_TEXT + 1))
    assert len(str(error.value)) < 200
    assert str(error.value).endswith("xxx...")


def test_every_activation_of_the_lessons_is_one_of_the_package():
    activation = lessons.options_for("xor")["activation"]
    assert set(activation.choices) <= set(ACTIVATIONS)
    assert {"sigmoid", "tanh", "relu", "leaky_relu", "elu"} <= set(activation.choices)


def test_options_are_read_from_the_signature():
    def run(
        layers: Annotated[tuple[int, ...], Range(1, 9)] = (4,),
        rate: Annotated[float, Range(0, 1)] = 0.5,
        how: Annotated[str, OneOf("a", "b")] = "a",
        subset: Annotated[int, Range(0, 10)] | None = None,
        fast: bool = False,
        file: str = "",
    ):
        """A lesson."""

    assert options_of(run) == {
        "layers": Option("layers", "ints", (4,), 1, 9),
        "rate": Option("rate", "float", 0.5, 0, 1),
        "how": Option("how", "choice", "a", choices=("a", "b")),
        "subset": Option("subset", "int", None, 0, 10, optional=True),
        "fast": Option("fast", "bool", False),
        "file": Option("file", "text", ""),
    }


@pytest.mark.parametrize("name", lessons.NAMES)
def test_every_default_is_a_value_that_its_option_takes(name):
    for option in lessons.options_for(name).values():
        assert option.accept(option.default) == option.default
