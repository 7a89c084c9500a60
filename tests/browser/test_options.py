"""Checkboxes and texts among a lesson's options: what the learner sets is what Python gets, and it is kept."""

import pytest

RECORD = """
from pydl.lessons import multiple_regression
kept, seen = multiple_regression.run, []
def run(**options):
    seen.append(options)
    return kept(**options | {"epochs": 5, "file": ""})
run.__signature__, run.__annotations__ = __import__("inspect").signature(kept), kept.__annotations__
multiple_regression.run = run
"""


@pytest.fixture
def recorded(lab):
    """Presses Train in the lesson and gives the options that its function received."""
    lab.choose("multiple_regression")
    lab.exec(RECORD)

    def train():
        lab.click("#train")
        lab.wait("!document.querySelector('#train').disabled && document.querySelector('#stop').disabled")
        return lab.exec("seen[-1]")["value"]

    yield train
    lab.exec("multiple_regression.run = kept")
    lab.click("#reset")


def scaling(lab):
    return lab.page.locator('[data-option="scaling"]')


@pytest.mark.parametrize("checked", [True, False])
def test_a_checkbox_reaches_the_lesson_as_true_or_false(lab, recorded, checked):
    lab.option("scaling", checked)
    assert recorded()["scaling"] is checked


def test_a_text_reaches_the_lesson_as_it_was_written(lab, recorded):
    text = "<b>my scores</b>, 점수.csv"
    lab.option("file", text)
    assert recorded()["file"] == text


def test_a_text_of_several_lines_reaches_the_lesson_whole(lab):
    lab.choose("csv_in_out")
    lab.option("csv", "hours;grade\n1;2\n2;4\n3;6\n")
    lab.option("epochs", "5")
    lab.click("#train")
    lab.wait("document.querySelector('#results').innerText.includes('Done')")
    written = lab.page.locator('[data-figure="table:read"]')
    written.locator("tbody tr").nth(2).wait_for()
    assert written.locator("tbody tr").count() == 3
    assert "hours" in written.inner_text()
    lab.click("#reset")


def test_the_label_of_a_checkbox_and_the_space_bar_switch_it(lab):
    lab.choose("multiple_regression")
    lab.click("label[for=option-scaling]")
    assert not scaling(lab).is_checked()
    scaling(lab).press("Space")
    assert scaling(lab).is_checked()


def test_a_reload_keeps_checkboxes_and_texts_and_reset_brings_back_the_defaults(new_lab):
    lab = new_lab().open()
    lab.choose("csv_in_out")
    default = lab.page.input_value('[data-option="csv"]')
    lab.option("csv", "a;b\n1;2\n")
    lab.choose("multiple_regression")
    lab.option("scaling", False)
    lab.option("file", "mine.csv")
    lab.page.reload()
    lab.ready()
    lab.wait("document.querySelector('#lesson-select').value === 'multiple_regression'")
    assert not scaling(lab).is_checked() and lab.page.input_value('[data-option="file"]') == "mine.csv"
    lab.click("#reset")
    assert scaling(lab).is_checked() and lab.page.input_value('[data-option="file"]') == ""
    lab.choose("csv_in_out")
    assert lab.page.input_value('[data-option="csv"]') == "a;b\n1;2\n"
    lab.click("#reset")
    assert lab.page.input_value('[data-option="csv"]') == default


def test_the_options_of_a_low_screen_scroll_and_the_one_in_focus_is_in_sight(new_lab):
    lab = new_lab(viewport={"width": 1366, "height": 768}).open()
    lab.choose("csv_in_out")
    seed = lab.page.locator('[data-option="seed"]')
    seed.focus()
    assert seed.bounding_box()["y"] + seed.bounding_box()["height"] <= lab.page.locator(".actions").bounding_box()["y"]


def test_a_picture_that_the_options_leave_out_waits_before_a_run_and_is_gone_after_it(lab):
    lab.choose("xor_deep")
    seeds = lab.page.locator('[data-figure="table:seeds"]')
    assert seeds.is_visible()
    lab.run("xor_deep", epochs=10)
    lab.wait("document.querySelector('#results').innerText.includes('Done')")
    assert not seeds.is_visible()
    lab.run("xor_deep", epochs=10, seeds=2)
    assert seeds.is_visible()
