"""`window.pydl`, the page as scripts and headless tests drive it."""

import pytest

import pydl
from tests.support.lab import PageError
from tests.support.lessons import LONG


def test_version_and_devices_are_the_packages(lab):
    assert lab.call("pydl.version") == pydl.__version__
    assert "numpy" in lab.call("pydl.devices()")


def test_xor_run_by_script_reaches_accuracy_one(lab):
    answer = lab.run("xor")
    assert set(answer) >= {"history", "result", "device", "seconds", "stopped"}
    assert answer["result"]["accuracy"] == 1.0
    assert answer["stopped"] is False and answer["device"] == "wasm" and answer["seconds"] > 0
    losses = answer["history"]["loss"]
    assert losses[-1] < losses[0]


def test_the_page_computes_the_numbers_the_desktop_computes(lab):
    options = {"epochs": 3, "seed": 7}
    here, there = pydl.lessons.run("xor", **options), lab.run("xor", **options)
    assert there["history"]["loss"] == pytest.approx(here["history"]["loss"], rel=1e-5)


def test_the_same_seed_gives_the_same_run_and_another_seed_another(lab):
    first, second, other = (lab.run("xor", epochs=3, seed=seed)["history"]["loss"] for seed in (1, 1, 2))
    assert first == second != other


def test_an_unknown_lesson_is_refused_with_the_list_of_known_ones(lab):
    with pytest.raises(PageError, match="mnist_relu") as refusal:
        lab.run("no_such_lesson")
    assert "no_such_lesson" in str(refusal.value) and "xor" in str(refusal.value)
    assert "Traceback" not in str(refusal.value)


def test_an_unknown_option_is_refused_with_the_list_of_known_ones(lab):
    with pytest.raises(PageError, match="learning_rate") as refusal:
        lab.run("xor", no_such_option=1)
    assert "no_such_option" in str(refusal.value)


def test_a_malformed_option_value_is_refused_and_names_the_option(lab):
    with pytest.raises(PageError, match="epochs"):
        lab.run("xor", epochs="many")


def test_a_call_while_another_runs_is_refused_with_a_busy_error(lab):
    running = lab.start(f"pydl.run('xor', {LONG})")
    with pytest.raises(PageError) as refusal:
        lab.run("xor")
    assert refusal.value.name == "BusyError"
    lab.call("pydl.stop()")
    running.result()


def test_exec_returns_the_last_expression_and_what_was_printed(lab):
    assert lab.exec("print('one')\nprint('two')\n[1, 2.5, 'three', None]") == {
        "value": [1, 2.5, "three", None],
        "stdout": "one\ntwo\n",
        "error": None,
    }


def test_names_live_on_from_one_exec_to_the_next(lab):
    lab.exec("import numpy as np\nkept = np.arange(6).reshape(2, 3)")
    assert lab.exec("int(kept.sum())")["value"] == 15


def test_a_value_without_json_comes_as_its_repr(lab):
    assert lab.exec("{1, }")["value"] == "{1}"


def test_an_exception_in_exec_comes_as_a_traceback(lab):
    answer = lab.exec("def divide(a, b):\n    return a / b\n\ndivide(1, 0)")
    assert answer["value"] is None
    assert "ZeroDivisionError: division by zero" in answer["error"] and "line 2" in answer["error"]
    assert lab.text("#traceback") == answer["error"], "the page shows it, too"


def test_a_syntax_error_in_exec_names_its_line(lab):
    assert "SyntaxError" in lab.exec("x = 1\nfor in x:")["error"]


def test_nan_and_infinity_arrive_as_null_beside_a_flag(lab):
    answer = lab.exec("[1.0, float('nan'), float('inf')]")
    assert answer["value"] == [1.0, None, None] and answer["nonfinite"] is True


def test_events_tell_of_epochs_and_of_the_end(lab):
    lab.call("""(() => { window.heard = {}; window.unsubscribe = ["status", "epoch", "batch", "done"].map((name) =>
                pydl.on(name, (data) => (window.heard[name] ??= []).push(data))); })()""")
    lab.run("xor", epochs=50)
    heard = lab.call("window.heard")
    assert heard["epoch"] and heard["epoch"][-1]["epoch"] in (49, 50), heard["epoch"][-1]
    assert len(heard["done"]) == 1
    assert len(heard["epoch"]) <= 50


def test_an_unknown_event_is_refused_with_the_list_of_known_ones(lab):
    with pytest.raises(PageError, match="epoch.*done"):
        lab.call("pydl.on('no_such_event', () => {})")


def test_calls_before_ready_wait(new_lab):
    lab = new_lab().open(wait=False)
    lab.wait("window.pydl !== undefined")
    assert lab.exec("1 + 1")["value"] == 2
