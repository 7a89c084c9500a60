"""XOR as a learner meets it: choose the lesson, press Train, watch, stop, change an option, reload."""

import re

import pytest

from tests.support.lessons import LONG
from tests.support.tracing import main_thread_tasks


def start(lab, lesson="xor", **options):
    """Chooses a lesson, resets its options, sets some, and presses Train."""
    lab.choose(lesson)
    lab.click("#reset")
    for name, value in options.items():
        lab.option(name, value)
    lab.click("#train")


def wait_for_the_end(lab, limit=60):
    lab.wait("!document.querySelector('#train').disabled && document.querySelector('#stop').disabled", limit)
    lab.wait("/Done|Stopped/.test(document.querySelector('#results').innerText)")  # drawn with the next frame


def figures_of(lab):
    """The strip of numbers as {label: figure}."""
    return dict(lab.page.eval_on_selector_all(
        "#results dl > div", "rows => rows.map(row => [row.querySelector('dt').innerText.trim(),"
                             " row.querySelector('dd').innerText.trim()])"))


def ink(lab, selector):
    """How many different colours a canvas shows: 1 or 2 when nothing is drawn."""
    return lab.call(f"""(() => {{
        const canvas = document.querySelector('{selector}');
        const {{data}} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
    }})()""")


def test_xor_trained_by_clicking_reaches_accuracy_one(lab):
    start(lab)
    wait_for_the_end(lab)
    assert figures_of(lab)["Training accuracy"] == "100%"
    outputs = [float(text) for text in re.findall(r"\b[01]\.\d{4}\b", lab.text("[data-figure=outputs] table"))]
    assert [round(output) for output in outputs] == [0, 1, 1, 0]


def test_the_curves_and_the_decision_surface_are_drawn(lab):
    start(lab)
    wait_for_the_end(lab)
    for chart in ("#chart-cost", "#chart-accuracy"):
        lab.wait(f"document.querySelector('{chart} canvas')")  # at the end the charts are made anew, with a frame
        assert ink(lab, f"{chart} canvas") > 5, chart
    assert ink(lab, "[data-figure=decision_surface] canvas") > 20


def test_stop_is_offered_only_while_something_runs(lab):
    assert lab.page.is_disabled("#stop") and lab.page.is_enabled("#train")
    start(lab, epochs=LONG["epochs"], layers="128,128")
    lab.wait("document.querySelector('#status').dataset.phase === 'training'")
    assert lab.page.is_enabled("#stop") and lab.page.is_disabled("#train")
    lab.click("#stop")
    wait_for_the_end(lab, limit=5)
    lab.wait("document.querySelector('#results').innerText.includes('Stopped')", limit=5)


@pytest.mark.parametrize("lesson, epochs", [("xor", 3000), ("xor_deep", 200_000)])  # the latter in about a second
def test_the_curves_of_a_quick_training_leave_the_main_thread_free(browser, lab, lesson, epochs):
    def train():
        start(lab, lesson, epochs=epochs)
        wait_for_the_end(lab)

    _, tasks = main_thread_tasks(browser, lab.page, train)
    assert len(tasks) > 100 and max(tasks) < 100
    lab.click("#reset")


@pytest.mark.parametrize("name, value", [("learning_rate", "fast"), ("epochs", "0"), ("layers", "8;8")])
def test_a_malformed_option_is_marked_and_nothing_starts(lab, name, value):
    start(lab, **{name: value})
    assert lab.page.get_attribute(f'[data-option="{name}"]', "aria-invalid") == "true"
    assert len(lab.text(f"#option-{name}-problem")) > 5
    assert lab.page.is_disabled("#stop")
    lab.click("#reset")
    assert lab.page.get_attribute(f'[data-option="{name}"]', "aria-invalid") == "false"


def test_an_option_that_was_set_is_used(lab):
    start(lab, epochs=7)
    wait_for_the_end(lab)
    assert figures_of(lab)["Epoch"] == "7 / 7"
    lab.click("#reset")


def test_the_page_watches_a_run_that_a_script_started(lab):
    lab.choose("mnist_relu")
    lab.run("xor", epochs=9)
    lab.wait("document.querySelector('#results').innerText.includes('9 / 9')")
    assert lab.chosen() == "xor"


def test_a_reload_keeps_the_lesson_and_its_options(new_lab):
    lab = new_lab().open()
    lab.choose("mnist_relu")
    lab.option("learning_rate", "0.0123")
    lab.page.reload()
    lab.ready()
    lab.wait("document.querySelector('#lesson-select').value === 'mnist_relu'")
    assert lab.page.input_value('[data-option="learning_rate"]') == "0.0123"


def test_train_pressed_before_python_is_ready_waits_for_it(new_lab):
    lab = new_lab().open(wait=False)
    lab.click("#train")
    lab.ready()
    lab.wait("document.querySelector('#results').innerText.includes('Done')")


def test_what_is_loading_and_how_far_is_said_in_the_status_line(new_lab):
    lab = new_lab()
    lab.page.add_init_script("""addEventListener("DOMContentLoaded", () => {
        window.said = new Set();
        const status = document.querySelector("#status");
        new MutationObserver(() => window.said.add(status.innerText.replace(/\\s+/g, " ").trim()))
            .observe(status, {subtree: true, childList: true, characterData: true});
    })""")
    lab.open()
    said = " | ".join(lab.call("[...window.said]"))
    assert "Loading Python" in said and "Loading NumPy" in said and "Ready" in said, said
    assert re.search(r"\d (MB|kB) of \d", said), said


def test_the_keyboard_alone_can_train(lab):
    lab.choose("xor")
    lab.option("epochs", "5")
    lab.page.locator('[data-option="epochs"]').press("Enter")
    lab.wait("document.querySelector('#results').innerText.includes('5 / 5')")
    lab.click("#reset")
