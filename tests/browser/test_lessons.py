"""Every lesson in the page: it starts and ends with small options, and shows the pictures that it announces."""

import json

import pytest

from pydl import lessons
from tests.support.lessons import SMALL

RUN_AND_WATCH = """(async () => {
    const figures = new Set();
    const off = pydl.on("figure", ({kind, name}) => figures.add(name ? `${kind}:${name}` : kind));
    try {
        const {history, result, stopped, seconds} = await pydl.run(%s, %s);
        return {history, result, stopped, seconds, figures: [...figures].sort()};
    } finally {
        off();
    }
})()"""


@pytest.mark.parametrize("lesson", lessons.NAMES)
def test_a_lesson_starts_and_ends_and_shows_what_it_announces(lab, artifacts, lesson):
    assert lesson in SMALL, f"tests/support/lessons.py has no small options for {lesson}"
    answer = lab.call(RUN_AND_WATCH % (json.dumps(lesson), json.dumps(SMALL[lesson])), limit=60)
    announced = lessons.describe(lesson)
    print(f"{lesson}: {answer['seconds']:.1f} s")
    assert answer["stopped"] is False
    assert set(answer["figures"]) <= set(announced["figures"]), "which of them is a matter of options"
    assert answer["figures"] or not announced["figures"]
    assert {"loss", "accuracy"} & set(answer["history"]) == set(announced["curves"])
    lab.wait("document.querySelector('#results').innerText.includes('Done')")
    assert lab.chosen() == lesson
    shown = lab.page.eval_on_selector_all("[data-figure]", "all => all.map(({dataset}) => dataset.figure)")
    assert shown == announced["figures"]
    lab.page.wait_for_timeout(100)  # two frames
    lab.page.screenshot(path=artifacts / f"lesson-{lesson}.png", animations="disabled", full_page=True)


def test_a_lesson_without_a_training_is_run_and_has_no_curves(lab):
    lab.choose(next(name for name in lessons.NAMES if not lessons.describe(name)["trains"]))
    assert lab.text("#train") == "Run"
    assert lab.page.is_hidden("#chart-cost") and lab.page.is_hidden("#chart-accuracy")
    lab.click("#train")
    lab.wait("document.querySelector('#results').innerText.includes('Done')")
    assert "Epoch" not in lab.text("#results")
