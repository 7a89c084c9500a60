"""The catalog: every lesson with its texts in both languages, its options and its pictures, ready for JSON; and what
holds for every lesson when it is run."""

import json
import re

import pytest

from pydl import callbacks, lessons
from pydl.lessons import LessonError, figures
from pydl.lessons.catalog import COMMON, WITHOUT_TRAINING
from pydl.train import TrainingStopped, control
from tests.support.lessons import SMALL

LANGUAGES = {"en", "ko"}
KINDS = {"decision_surface", "outputs", "digits", "random_digit", "plot", "table"}
# Every experiment in the order in which a learner meets it.
LADDER = [
    "tensors_and_variables", "linear_regression", "cost_curve", "multiple_regression", "csv_in_out",
    "logistic_regression", "logic_gates", "softmax_regression",
    "xor", "xor_deep", "activations",
    "mnist_relu", "mnist_softmax_vs_relu", "mnist_dnn", "mnist_keras", "mnist_dropout", "mnist_cnn", "mnist_ensemble",
]  # fmt: skip
EVERY_ENTRY = pytest.mark.parametrize("entry", lessons.catalog(), ids=lambda entry: entry["name"])
EVERY_TRAINING = pytest.mark.parametrize("name", [name for name in lessons.NAMES if name not in WITHOUT_TRAINING])


def hangul(text):
    return re.search("[\uac00-\ud7a3]", text)


def test_lessons_come_in_the_order_in_which_a_learner_meets_them():
    assert [entry["name"] for entry in lessons.catalog()] == lessons.NAMES
    assert [name for name in LADDER if name in lessons.NAMES] == lessons.NAMES


def test_a_chapter_is_one_stretch_of_the_ladder():
    chapters = [entry["chapter"]["en"] for entry in lessons.catalog()]
    first_seen = list(dict.fromkeys(chapters))
    assert first_seen == ["First steps", "Classification", "Deep networks", "Handwritten digits"]
    assert chapters == sorted(chapters, key=first_seen.index)


def pairs_of(tree, place=""):
    """Every {"en", "ko"} in a tree, with its place."""
    if isinstance(tree, dict) and set(tree) & LANGUAGES:
        yield place, tree
    elif isinstance(tree, dict):
        for key, part in tree.items():
            yield from pairs_of(part, f"{place}.{key}")
    elif isinstance(tree, list):
        for part in tree:
            yield from pairs_of(part, place)


@EVERY_ENTRY
def test_every_text_is_there_in_both_languages(entry):
    found = dict(pairs_of(entry))
    assert {".title", ".shows", ".look", ".try", ".chapter"} <= set(found)
    for place, text in found.items():
        assert set(text) == LANGUAGES, place
        assert hangul(text["ko"]), f"{place} is not in Korean: {text['ko']}"
        assert text["en"].strip() and not hangul(text["en"]), f"{place} is not in English: {text['en']}"


@EVERY_ENTRY
def test_a_title_is_short_enough_for_a_list(entry):
    assert all(len(title.split(":")[0]) <= 24 for title in entry["title"].values())


@EVERY_ENTRY
def test_every_option_says_what_a_page_needs(entry):
    for option in entry["options"]:
        assert {"name", "type", "default", "minimum", "maximum", "choices", "optional", "label", "help"} <= set(option)
        assert option["type"] in ("int", "float", "choice", "ints", "bool", "text")
        assert set(option["choice_texts"]) <= set(option["choices"])
        if option["type"] == "choice":
            assert option["default"] in option["choices"]
        elif option["type"] in ("int", "float", "ints"):
            assert option["minimum"] < option["maximum"]


@EVERY_ENTRY
def test_a_lesson_that_trains_has_the_common_options_and_the_others_have_no_epochs(entry):
    names = {option["name"] for option in entry["options"]}
    assert entry["trains"] == (entry["name"] not in WITHOUT_TRAINING)
    if entry["trains"]:
        assert set(COMMON) <= names
        assert set(entry["curves"]) <= {"loss", "accuracy"}
    else:
        assert "epochs" not in names
        assert not entry["curves"]


@EVERY_ENTRY
def test_every_figure_that_needs_words_has_them(entry):
    for figure in entry["figures"]:
        kind, _, name = figure.partition(":")
        assert kind in KINDS
        assert name or kind not in ("plot", "table"), f"{figure} needs a name"
        if name:
            assert {"title", "caption"} <= set(entry["figure_texts"][name]), figure
    named = {figure.partition(":")[2] or figure for figure in entry["figures"]}
    assert set(entry["figure_texts"]) <= named, "words of figures that are never shown"


def test_the_catalog_is_json():
    catalog = lessons.catalog()
    again = json.loads(json.dumps(catalog, allow_nan=False))
    assert [entry["name"] for entry in again] == lessons.NAMES
    layers = next(option for option in lessons.describe("xor")["options"] if option["name"] == "layers")
    assert layers["default"] == (8,)


def test_a_lessons_own_words_for_an_option_come_before_those_of_all():
    def label(lesson):
        options = lessons.describe(lesson)["options"]
        return next(option["label"]["en"] for option in options if option["name"] == "dataset")

    assert label("xor") == "Data"
    assert label("logic_gates") == "Gate"


def test_what_is_done_to_a_catalog_does_not_change_the_next():
    first = lessons.catalog()
    name = first[0]["name"]
    first[0]["options"].clear()
    first[0]["name"] = "spoilt"
    assert lessons.catalog()[0]["name"] == name
    assert lessons.catalog()[0]["options"]


def test_an_unknown_lesson_lists_the_lessons():
    for ask in (lessons.run, lessons.options_for, lessons.describe, lessons.texts):
        with pytest.raises(LessonError, match=f"unknown lesson 'nor': the lessons are {', '.join(lessons.NAMES)}"):
            ask("nor")


@pytest.mark.parametrize("name", ["options", "catalog", "../xor", "", "figures", "digits", "loop"])
def test_a_module_beside_the_lessons_is_not_a_lesson(name):
    with pytest.raises(LessonError, match="unknown lesson"):
        lessons.run(name)


def test_unknown_options_list_the_options():
    with pytest.raises(LessonError, match="lesson xor has no option depth, width: its options are layers, activation"):
        lessons.run("xor", width=3, depth=2)


def test_a_bad_value_is_refused_before_anything_runs(watch):
    shown = []
    with lessons.listening(lambda kind, data: shown.append(kind)), pytest.raises(LessonError, match="option epochs"):
        lessons.run("xor", epochs="many")
    assert not shown


def test_lesson_errors_are_value_errors():
    assert issubclass(LessonError, ValueError)


# ---- every lesson, run with small options


@pytest.mark.parametrize("name", lessons.NAMES)
def test_a_lesson_gives_plain_numbers_and_shows_the_figures_that_it_names(name, watch):
    outcome, shown = watch(name, **SMALL[name])
    assert set(outcome) == {"history", "result"}
    assert json.loads(json.dumps(outcome, allow_nan=False)) == outcome
    assert all(isinstance(value, (int, float, list, type(None))) for value in outcome["result"].values())
    assert list(dict.fromkeys(shown)), "a lesson without a picture"
    assert set(shown) <= set(lessons.describe(name)["figures"])
    for figure, data in shown.items():
        check_figure(figure.split(":")[0], data[-1], lessons.describe(name)["figure_texts"])


def check_figure(kind, data, texts):
    """A plot or a table fits together, and its words are of lines, columns and cells that it has."""
    if kind == "plot":
        assert data["values"].shape == (len(data["lines"]), len(data["x"]))
        assert all(len(point) == 2 for point in data.get("points", ()))
        assert set(texts[data["name"]].get("lines", {})) <= set(data["lines"])
    if kind == "table":
        assert all(len(row) == len(data["columns"]) for row in data["rows"])
        assert set(data["percent"]) <= set(data["columns"])
        json.dumps(data["rows"], allow_nan=False)


@EVERY_TRAINING
def test_a_lesson_that_trains_is_watched_and_can_be_stopped(name):
    class StopAtTheFirstEpoch(callbacks.Callback):
        begun = 0

        def on_train_begin(self, logs):
            assert {"epochs", "steps", "batch_size", "samples", "device"} <= set(self.params)
            self.begun += 1

        def on_epoch_end(self, epoch, logs):
            assert "loss" in logs
            control.request_stop()

    options = dict(SMALL[name], epochs=2)
    with callbacks.observing(StopAtTheFirstEpoch()) as observer, pytest.raises(TrainingStopped):
        lessons.run(name, **options)
    assert observer.begun == 1


@EVERY_TRAINING
def test_the_curves_that_a_lesson_names_are_in_its_history(name):
    history = lessons.run(name, **SMALL[name])["history"]
    assert set(lessons.describe(name)["curves"]) <= set(history)
    assert all(isinstance(values, list) and values for values in history.values())


def test_every_lesson_has_small_options():
    assert set(SMALL) == set(lessons.NAMES)
    for name, options in SMALL.items():
        assert set(options) <= set(lessons.options_for(name))


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


def test_a_plot_is_arrays_and_plain_lists():
    shown = []
    with lessons.listening(lambda kind, data: shown.append((kind, data))):
        lessons.plot("cost", range(3), {"a": [1, 2, 3], "b": [0, float("nan"), 1]}, points=[(1, 2)], walk=True)
    (kind, data), = shown
    assert kind == "plot"
    assert data["lines"] == ["a", "b"]
    assert data["points"] == [[1.0, 2.0]]
    assert (data["name"], data["walk"], data["log"], data["ordered"]) == ("cost", True, False, False)
    assert data["values"].tolist()[0] == [1, 2, 3]
    assert data["x"].dtype == data["values"].dtype == "float32"
