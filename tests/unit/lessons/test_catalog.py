"""The catalog: every lesson with its texts in both languages and its options, ready for JSON; and how one is run."""

import json
import re

import pytest

from pydl import lessons
from pydl.lessons import LessonError, figures

LANGUAGES = {"en", "ko"}


def test_lessons_come_in_the_order_in_which_a_learner_meets_them():
    assert [entry["name"] for entry in lessons.catalog()] == lessons.NAMES == ["xor", "mnist_relu"]


@pytest.mark.parametrize("entry", lessons.catalog(), ids=lambda entry: entry["name"])
def test_every_text_is_there_in_both_languages(entry):
    texts = {key: entry[key] for key in ("title", "shows", "look", "try")}
    for option in entry["options"]:
        texts |= {f"{option['name']}.{key}": option[key] for key in ("label", "help")}
    for place, text in texts.items():
        assert set(text) == LANGUAGES, place
        assert all(words.strip() for words in text.values()), place
        assert re.search("[\uac00-\ud7a3]", text["ko"]), f"{place} is not in Korean: {text['ko']}"
        assert not re.search("[\uac00-\ud7a3]", text["en"]), f"{place} is not in English: {text['en']}"


@pytest.mark.parametrize("entry", lessons.catalog(), ids=lambda entry: entry["name"])
def test_every_option_says_what_a_page_needs(entry):
    for option in entry["options"]:
        assert {"name", "type", "default", "minimum", "maximum", "choices", "optional"} <= set(option)
        assert option["type"] in ("int", "float", "choice", "ints")
        if option["type"] == "choice":
            assert option["default"] in option["choices"]
        else:
            assert option["minimum"] < option["maximum"]


def test_the_catalog_is_json():
    catalog = lessons.catalog()
    again = json.loads(json.dumps(catalog, allow_nan=False))
    assert [entry["name"] for entry in again] == lessons.NAMES
    assert again[0]["options"][0]["default"] == [8]


def test_what_is_done_to_a_catalog_does_not_change_the_next():
    first = lessons.catalog()
    first[0]["options"].clear()
    first[0]["name"] = "spoilt"
    assert lessons.catalog()[0]["name"] == "xor"
    assert lessons.catalog()[0]["options"]


def test_an_unknown_lesson_lists_the_lessons():
    for ask in (lessons.run, lessons.options_for):
        with pytest.raises(LessonError, match="unknown lesson 'nor': the lessons are xor, mnist_relu"):
            ask("nor")


@pytest.mark.parametrize("name", ["options", "catalog", "../xor", "", "figures"])
def test_a_module_beside_the_lessons_is_not_a_lesson(name):
    with pytest.raises(LessonError, match="unknown lesson"):
        lessons.run(name)


def test_unknown_options_list_the_options():
    with pytest.raises(LessonError, match="lesson xor has no option depth, width: its options are layers, activation"):
        lessons.run("xor", width=3, depth=2)


def test_a_bad_value_is_refused_before_anything_runs():
    shown = []
    with lessons.listening(lambda kind, data: shown.append(kind)), pytest.raises(LessonError, match="option epochs"):
        lessons.run("xor", epochs="many")
    assert not shown


def test_lesson_errors_are_value_errors():
    assert issubclass(LessonError, ValueError)


# ---- figures


def test_listeners_get_what_is_shown_while_they_listen():
    shown = []
    figures.show("before", x=1)
    with lessons.listening(lambda kind, data: shown.append((kind, data))):
        figures.show("kind", x=1, y=[2])
        with lessons.listening(lambda kind, data: shown.append("inner")):
            figures.show("both")
    figures.show("after")
    assert shown == [("kind", {"x": 1, "y": [2]}), ("both", {}), "inner"]


def test_a_listener_goes_when_its_block_fails():
    shown = []
    with pytest.raises(ZeroDivisionError), lessons.listening(lambda kind, data: shown.append(kind)):
        raise ZeroDivisionError
    figures.show("after")
    assert not shown
