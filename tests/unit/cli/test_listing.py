"""What the command line says of lessons and their results."""

import pytest

from pydl import lessons
from pydl.cli import listing


def test_a_result_is_a_line_for_each_number():
    result = {"loss": 0.25, "tiny": 1.5e-9, "parameters": 311650, "right": True, "W": [1.5, -2.0], "name": "relu",
              "missing": None, "relu": {"accuracy": 0.975, "seeds": {"0": 1}}}  # fmt: skip
    assert listing.outcome(result, "en").splitlines() == [
        "",
        "Result",
        "loss           0.2500",
        "tiny           1.500e-09",
        "parameters     311,650",
        "right          yes",
        "W              1.5000, -2.0000",
        "name           relu",
        "missing        -",
        "relu.accuracy  0.9750",
        "relu.seeds.0   1",
    ]


def test_a_result_without_numbers_is_said_too():
    assert listing.outcome({}, "ko").strip() == "결과"


def test_the_cost_is_drawn_where_there_is_a_curve():
    drawn = listing.cost_chart({"loss": [3.0, 2.0, 1.0], "val_loss": [4.0, 2.0, 2.0], "accuracy": [0, 0, 1]}, "en")
    assert "* training   + validation" in drawn
    assert "epochs" in drawn
    for history in ({}, {"loss": [1.0]}, {"accuracy": [1.0, 1.0]}):
        assert listing.cost_chart(history, "en") == ""


@pytest.mark.parametrize("settings, language", [
    ({}, "en"), ({"LANG": "ko_KR.UTF-8"}, "ko"), ({"LANG": "de_DE.UTF-8"}, "en"), ({"LANG": "ko"}, "ko"),
    ({"LANG": "ko_KR", "LC_ALL": "C"}, "en"), ({"LANG": "C", "LC_MESSAGES": "ko_KR.UTF-8"}, "ko"),
    ({"LANG": "ko_KR", "LC_ALL": ""}, "ko"),
])  # fmt: skip
def test_the_language_is_that_of_the_locale(monkeypatch, settings, language):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert listing.language_here() == language


def test_every_word_is_there_in_both_languages():
    assert all(set(words) == set(listing.LANGUAGES) for words in listing.WORDS.values())


@pytest.mark.parametrize("name", lessons.NAMES)
@pytest.mark.parametrize("language", listing.LANGUAGES)
def test_every_lesson_explains_itself(name, language):
    text = listing.explanation(name, language)
    assert text.startswith(lessons.texts(name)["title"][language])
    assert all(f"--{option} " in text for option in lessons.options_for(name))
