"""The choice of lessons: a field with its two buttons, or a list where there is room for one."""

from pydl import lessons
from tests.support.lessons import LONG

WIDE = {"width": 1920, "height": 1080}


def test_the_field_holds_every_lesson_in_its_chapter(lab):
    chapters = lab.page.eval_on_selector_all(
        "#lesson-select optgroup", "all => all.map(({label, children}) => [label, [...children].map(o => o.value)])")
    assert chapters == [[title["en"], list(names)] for title, names in lessons.CHAPTERS]
    assert lab.page.is_hidden("#lesson-list")


def test_the_buttons_beside_it_go_from_lesson_to_lesson(lab):
    lab.choose(lessons.NAMES[0])
    assert lab.page.is_disabled("#lesson-before")
    lab.click("#lesson-after")
    assert lab.chosen() == lessons.NAMES[1]
    lab.click("#lesson-before")
    assert lab.chosen() == lessons.NAMES[0]
    lab.choose(lessons.NAMES[-1])
    assert lab.page.is_disabled("#lesson-after")


def test_the_keyboard_alone_chooses_in_the_list(new_lab):
    lab = new_lab(viewport=WIDE).open()
    assert lab.page.is_hidden("#lesson-select")
    first, second = (lab.page.locator(f'[data-lesson="{name}"]') for name in lessons.NAMES[:2])
    first.press("Enter")
    assert first.get_attribute("aria-current") == "true", "the focus stays on what was chosen"
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Space")
    assert second.get_attribute("aria-current") == "true" and first.get_attribute("aria-current") is None
    lab.page.keyboard.press("Shift+Tab")
    assert first.evaluate("(element) => element === document.activeElement")


def test_a_lesson_that_runs_keeps_its_place(lab):
    running = lab.start(f"pydl.run('xor', {LONG})")
    lab.wait("document.querySelector('#status').dataset.phase === 'training'")
    for selector in ("#lesson-select", "#lesson-before", "#lesson-after"):
        assert lab.page.is_disabled(selector), selector
    lab.call("pydl.stop()", limit=10)
    running.result(limit=10)
    assert lab.page.is_enabled("#lesson-select")


def test_on_a_laptop_the_button_to_start_is_in_sight_in_every_lesson(lab):
    lab.page.set_viewport_size({"width": 1366, "height": 768})
    for name in lessons.NAMES:
        lab.choose(name)
        bottom = lab.call("document.querySelector('#train').getBoundingClientRect().bottom")
        assert bottom <= 768, f"{name}: {bottom}"
    lab.page.set_viewport_size({"width": 1280, "height": 800})
