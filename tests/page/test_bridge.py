"""The bridge between Python and the page, on the desktop, with a `post` that takes notes."""

import dataclasses
import json

import numpy as np
import pytest

import pydl
from pydl.backends import notices
from pydl.train import TrainingStopped, control


class Clock:
    """A clock that a test moves, or that moves by itself at each look."""

    def __init__(self, step=0.0):
        self.now, self.step = 100.0, step

    def __call__(self):
        self.now += self.step
        return self.now


@pytest.fixture
def bridge(bridge_module, notes):
    yield bridge_module.Bridge(notes)
    control.set_pause(None)
    control.reset()


def ok(text):
    reply = json.loads(text)
    assert "error" not in reply, reply["error"]
    return reply["ok"]


def run(bridge, lesson="xor", **options):
    return json.loads(bridge.run(lesson, json.dumps(options)))


# ---- what the page is told


def test_the_description_names_versions_devices_and_lessons(bridge):
    said = json.loads(bridge.describe())
    assert (said["version"], said["numpy"]) == (pydl.__version__, np.__version__)
    assert said["devices"] == list(pydl.devices())
    assert {lesson["name"] for lesson in said["lessons"]} >= {"xor", "mnist_relu"}


def test_a_run_answers_with_history_result_device_and_seconds(bridge):
    answer = run(bridge, epochs=3, device="numpy")["ok"]
    assert len(answer["history"]["loss"]) == 3
    assert set(answer["result"]) >= {"loss", "accuracy"}
    assert answer["device"] == "numpy" and answer["seconds"] > 0 and answer["stopped"] is False
    assert answer["adapter"] == "" and answer["steps_per_second"] > 0
    assert "nonfinite" not in answer


@pytest.mark.parametrize("pace", [0.0001, 0.004, 0.07], ids=["fast", "middling", "slow"])
def test_every_epoch_is_told_of_once_and_in_order(bridge_module, notes, pace):
    answer = run(bridge_module.Bridge(notes, clock=Clock(pace)), epochs=40)["ok"]
    told = [loss for event in notes.of("epoch") for loss in event["history"]["loss"]]
    assert told == answer["history"]["loss"]
    firsts = [(event["first"], event["epoch"]) for event in notes.of("epoch")]
    assert firsts[0][0] == 0 and firsts[-1][1] == 39
    assert all(first == last + 1 for (_, last), (first, _) in zip(firsts, firsts[1:]))
    assert [event["logs"]["loss"] for event in notes.of("epoch")] == [
        event["history"]["loss"][-1] for event in notes.of("epoch")
    ]


def test_a_fit_is_announced_with_its_size(bridge, notes):
    run(bridge, epochs=5, batch_size=2, device="numpy")
    size = {"epochs": 5, "steps": 2, "batch_size": 2, "samples": 4}
    assert notes.of("fit") == [size | {"device": "numpy", "adapter": "", "trial": {}}]


def test_events_come_ten_times_a_second_and_the_last_epoch_always(bridge_module, notes):
    clock = Clock(step=0.002)  # seconds that pass between two looks at the clock
    run(bridge_module.Bridge(notes, clock=clock), epochs=200)
    events = [event for event in notes.all if event[0] in ("epoch", "batch")]
    assert len(events) <= (clock.now - 100) / bridge_module.EVENT_GAP + 2
    assert notes.of("epoch")[-1]["epoch"] == 199


def test_a_long_epoch_is_told_of_batch_by_batch_with_the_newest_means(bridge_module, notes):
    reporter = bridge_module.Reporter(notes, clock := Clock())
    reporter.params = {"epochs": 1, "steps": 4, "batch_size": 1, "samples": 4, "device": "numpy"}
    reporter.on_train_begin({})
    reporter.on_epoch_begin(0, {})
    losses = [8.0, 4.0, 2.0, 1.0]
    for batch in range(4):
        clock.now += 0.11
        reporter.on_train_batch_end(batch, {"loss": sum(losses[: batch + 1]) / (batch + 1)})
    reporter.on_epoch_end(0, {"loss": 3.75})
    assert [event["recent"]["loss"] for event in notes.of("batch")] == pytest.approx(losses)
    assert notes.of("batch")[-1]["batch"] == 3
    assert notes.of("epoch")[-1]["logs"] == {"loss": 3.75}


def test_what_follows_the_last_batch_event_is_told_at_the_epochs_end(bridge_module, notes):
    reporter = bridge_module.Reporter(notes, clock := Clock())
    reporter.params = {"epochs": 1, "steps": 3, "batch_size": 1, "samples": 3, "device": "numpy"}
    reporter.on_train_begin({})
    reporter.on_epoch_begin(0, {})
    clock.now += 0.11
    reporter.on_train_batch_end(0, {"loss": 9.0})
    reporter.on_train_batch_end(1, {"loss": 6.0})
    reporter.on_train_batch_end(2, {"loss": 5.0})
    reporter.on_epoch_end(0, {"loss": 5.0, "val_loss": 4.0})
    assert [event["recent"]["loss"] for event in notes.of("batch")] == pytest.approx([9.0, 3.0])
    assert [name for name, *_ in notes.all] == ["fit", "batch", "batch", "epoch"]


def test_epochs_that_were_run_together_are_told_of_together_and_once(bridge_module, notes):
    reporter = bridge_module.Reporter(notes, clock := Clock())
    reporter.params = {"epochs": 200_000, "steps": 1, "batch_size": 4, "samples": 4, "device": "wasm"}
    reporter.on_train_begin({})
    losses = np.random.default_rng(0).random(200_000).tolist()
    for first in range(0, 200_000, 1000):  # a chunk every 20 ms
        clock.now += 0.02
        reporter.on_epochs_end(first, {"loss": losses[first : first + 1000]})
    reporter.on_train_end({})
    events = notes.of("epoch")
    assert len(events) <= 4 / bridge_module.EVENT_GAP + 2
    assert [loss for event in events for loss in event["history"]["loss"]] == losses == reporter.history["loss"]
    assert all(event["epoch"] - event["first"] + 1 == len(event["history"]["loss"]) for event in events)
    assert (events[0]["first"], events[-1]["epoch"]) == (0, 199_999)
    assert all(event["logs"] == {"loss": event["history"]["loss"][-1]} for event in events)
    assert events[-1]["steps_per_second"] == pytest.approx(50_000)


def test_epochs_told_of_one_by_one_and_together_stay_in_order(bridge_module, notes):
    reporter = bridge_module.Reporter(notes, Clock())
    reporter.params = {"epochs": 9, "steps": 1, "batch_size": 4, "samples": 4, "device": "wasm"}
    reporter.on_train_begin({})
    reporter.on_epoch_end(0, {"loss": 0.0})
    reporter.on_epoch_end(1, {"loss": 1.0})
    reporter.on_epochs_end(2, {"loss": [2.0, 3.0]})
    reporter.on_epoch_end(4, {"loss": 4.0, "val_loss": 5.0})
    reporter.finish()
    assert [(event["first"], event["epoch"], event["history"], event["logs"]) for event in notes.of("epoch")] == [
        (0, 4, {"loss": [0.0, 1.0, 2.0, 3.0, 4.0], "val_loss": [5.0]}, {"loss": 4.0, "val_loss": 5.0})
    ]


def test_a_fit_that_tried_devices_tells_their_figures(bridge_module, notes):
    reporter = bridge_module.Reporter(notes, Clock())
    trial = {"numpy": 61.2, "wasm": 3.1}
    reporter.params = {"epochs": 1, "steps": 2, "device": "wasm", "trial": trial}
    reporter.on_train_begin({})
    assert notes.of("fit")[0]["device"] == "wasm" and notes.of("fit")[0]["trial"] == trial


GPU = {"epochs": 2, "steps": 1, "device": "webgpu", "adapter": "SwiftShader", "operations": 3e6}


def test_a_fit_tells_on_what_it_runs_and_how_fast(bridge_module, notes):
    reporter = bridge_module.Reporter(notes, clock := Clock())
    reporter.params = dict(GPU)
    reporter.on_train_begin({})
    clock.now += 0.5
    reporter.on_epochs_end(0, {"loss": [1.0] * 250})
    keys = "device", "adapter", "steps_per_second", "gflops"
    assert [[event[key] for key in keys] for event in notes.of("epoch")] == [["webgpu", "SwiftShader", 500, 1.5]]


def test_a_fit_that_goes_on_elsewhere_says_so_from_then_on(bridge_module, notes):
    reporter = bridge_module.Reporter(notes, clock := Clock())
    reporter.params = dict(GPU)
    reporter.on_train_begin({})
    for epoch, change in enumerate([{}, {"device": "wasm", "adapter": "Engine 1"}]):
        reporter.params |= change
        clock.now += 0.5
        reporter.on_epochs_end(epoch, {"loss": [1.0]})
    told = [(event["device"], event["adapter"]) for event in notes.of("fit") + notes.of("epoch")]
    assert told == [("webgpu", "SwiftShader")] * 2 + [("wasm", "Engine 1")]


def test_a_run_answers_with_the_pace_of_its_last_fit(bridge, monkeypatch):
    def trained(name):
        reporter = bridge.reporter
        for operations, told in ((3e6, 70.0), (None, None)):
            reporter.params = GPU | {"operations": operations}
            reporter.on_train_begin({})
            reporter.on_epoch_end(0, {"loss": 1.0})
            reporter.params |= {"steps_per_second": told, "gflops": told and 0.21}  # without warming up
            reporter.on_train_end({})
            seen.append(dict(reporter.pace))
        return {"history": {}, "result": {}}

    seen = []
    monkeypatch.setattr(pydl.lessons, "run", trained)
    answer = run(bridge)["ok"]
    assert seen[0] == {"steps_per_second": 70.0, "gflops": 0.21}
    assert seen[1]["gflops"] is None and seen[1]["steps_per_second"] != 70.0
    assert {name: answer[name] for name in seen[1]} == seen[1]
    assert (answer["device"], answer["adapter"]) == ("webgpu", "SwiftShader")


def test_a_failed_device_is_told_of_at_once_and_only_in_the_call_that_it_fails_in(bridge, notes, monkeypatch):
    notice = notices.Notice("lost", "webgpu (SwiftShader)", "wasm", "unplugged")
    monkeypatch.setattr(pydl.lessons, "run", lambda name: (notices.tell(notice), {"history": {}, "result": {}})[1])
    run(bridge)
    told = {"cause": "lost", "device": "webgpu (SwiftShader)", "to": "wasm", "detail": "unplugged"}
    assert notes.of("notice") == [told | {"message": str(notice), "devices": pydl.devices()}]
    notices.tell(dataclasses.replace(notice, to="numpy"), since=0)
    assert len(notes.of("notice")) == 1


def test_a_second_fit_of_a_run_begins_anew_and_nothing_of_the_first_is_lost(bridge_module, notes):
    reporter = bridge_module.Reporter(notes, Clock())
    for losses in ([3.0, 2.0], [9.0]):
        reporter.params = {"epochs": len(losses), "steps": 1, "batch_size": 4, "samples": 4, "device": "numpy"}
        reporter.on_train_begin({})
        for epoch, loss in enumerate(losses):
            reporter.on_epoch_begin(epoch, {})
            reporter.on_train_batch_end(0, {"loss": loss})
            reporter.on_epoch_end(epoch, {"loss": loss})
        if len(losses) == 1:  # a fit that is broken off says no goodbye
            reporter.on_train_end({})
    reporter.finish()
    told = [(name, data.get("first"), data.get("history")) for name, data, _ in notes.all]
    assert told == [
        ("fit", None, None),
        ("epoch", 0, {"loss": [3.0, 2.0]}),
        ("fit", None, None),
        ("epoch", 0, {"loss": [9.0]}),
    ]
    assert reporter.history == {"loss": [9.0]}


def test_a_run_that_is_interrupted_at_once_answers_with_every_epoch(bridge, monkeypatch):
    def interrupted(name):
        reporter = bridge.reporter
        reporter.params = {"epochs": 1000, "steps": 1, "device": "numpy"}
        reporter.on_train_begin({})
        for epoch in range(3):
            reporter.on_epoch_end(epoch, {"loss": 1.0 - epoch})
        raise KeyboardInterrupt

    monkeypatch.setattr(pydl.lessons, "run", interrupted)
    assert run(bridge)["ok"]["history"] == {"loss": [1.0, 0.0, -1.0]}


# ---- figures


def test_figures_carry_flat_arrays_of_their_own_type(bridge, notes):
    run(bridge, epochs=4)
    arrays = notes.arrays_of("decision_surface")[-1]
    figure = next(data for data in notes.of("figure") if data["kind"] == "decision_surface")
    assert arrays["values"].shape == (figure["size"] ** 2,) and arrays["values"].dtype == np.float32
    assert "values" not in figure and len(figure["points"]) == 4


def test_figures_are_sent_a_few_times_a_second_together_and_the_last_always(bridge_module, notes):
    reporter = bridge_module.Reporter(notes, clock := Clock())
    for shown in range(50):
        clock.now += 0.05
        for kind in ("left", "right"):
            reporter.figure(kind, {"shown": shown})
    reporter.finish()
    left, right = ([data["shown"] for data in notes.of("figure") if data["kind"] == kind] for kind in ("left", "right"))
    assert left == right and left[-1] == 49
    assert len(left) <= 2.5 / bridge_module.FIGURE_GAP + 2


def test_a_plot_arrives_as_numbers_that_javascript_has_whatever_they_were(bridge_module, notes):
    reporter = bridge_module.Reporter(notes, Clock())
    reporter.figure(
        "plot",
        {"name": "cost", "lines": ["a", "b"], "x": range(2), "values": [[1, None], [3, 4]], "points": [[0.5, np.nan]]},
    )
    reporter.finish()
    [(_, data, arrays)] = notes.all
    assert arrays["x"].dtype == arrays["values"].dtype == np.float64
    np.testing.assert_array_equal(arrays["values"], [1, np.nan, 3, 4])
    assert data == {"kind": "plot", "name": "cost", "lines": ["a", "b"], "points": [[0.5, None]], "nonfinite": True}


def test_pictures_of_one_kind_and_different_names_do_not_crowd_out_each_other(bridge_module, notes):
    reporter = bridge_module.Reporter(notes, Clock())
    for shown in range(3):
        for name in ("first", "second"):
            reporter.figure("table", {"name": name, "columns": ["n"], "rows": [[shown]]})
    reporter.finish()
    assert [(data["name"], data["rows"]) for data in notes.of("figure")] == [
        ("first", [[0]]),
        ("second", [[0]]),
        ("first", [[2]]),
        ("second", [[2]]),
    ]


# ---- errors


@pytest.mark.parametrize(
    "lesson, options, expected",
    [
        ("no_such_lesson", {}, "mnist_relu"),
        ("xor", {"no_such_option": 1}, "learning_rate"),
        ("xor", {"epochs": "many"}, "epochs"),
    ],
)
def test_a_learners_mistake_comes_as_one_message_without_a_traceback(bridge, lesson, options, expected):
    error = run(bridge, lesson, **options)["error"]
    assert error["type"] == "LessonError" and expected in error["message"] and error["traceback"] is None


def test_any_other_error_brings_its_traceback_without_the_bridges_own_frames(bridge, monkeypatch):
    monkeypatch.setattr(pydl.lessons, "run", lambda name, **options: 1 / 0)
    error = run(bridge)["error"]
    assert error["type"] == "ZeroDivisionError"
    assert "Traceback" in error["traceback"] and "worker" not in error["traceback"]


def test_nan_and_infinity_become_null_beside_a_flag(bridge, notes, monkeypatch):
    answer = {"history": {"loss": [1.0, np.nan]}, "result": {"loss": float("inf")}}
    monkeypatch.setattr(pydl.lessons, "run", lambda name, **options: answer)
    assert run(bridge)["ok"] | {"seconds": 0} == {
        "history": {"loss": [1.0, None]},
        "result": {"loss": None},
        "stopped": False,
        "device": "numpy",
        "adapter": "",
        "steps_per_second": None,
        "gflops": None,
        "seconds": 0,
        "nonfinite": True,
    }


# ---- stopping


def stop_after(epochs, ask):
    """A callback that asks to stop once some epochs have ended."""

    class Stopper(pydl.callbacks.Callback):
        def on_epoch_end(self, epoch, logs):
            if epoch + 1 == epochs:
                ask()

    return pydl.callbacks.observing(Stopper())


def test_an_interrupt_ends_a_fit_at_its_next_batch_and_keeps_the_history(bridge):
    with stop_after(3, bridge.interrupt):
        answer = run(bridge, epochs=1000)["ok"]
    assert answer["stopped"] is True and len(answer["history"]["loss"]) == 3
    assert answer["result"]["loss"] == answer["history"]["loss"][-1]


def test_a_second_interrupt_does_not_wait_for_the_batch(bridge):
    def twice():
        bridge.interrupt()
        bridge.interrupt()

    with stop_after(2, twice):
        answer = run(bridge, epochs=1000)["ok"]
    assert answer["stopped"] is True and len(answer["history"]["loss"]) < 1000


def test_outside_a_fit_an_interrupt_acts_at_once(bridge):
    with pytest.raises(KeyboardInterrupt):
        bridge.interrupt()


def test_a_stop_does_not_reach_into_the_next_run(bridge):
    with stop_after(1, bridge.interrupt):
        assert run(bridge, epochs=10)["ok"]["stopped"] is True
    assert run(bridge, epochs=2)["ok"]["stopped"] is False


def test_a_pause_hears_the_page_and_stops_the_fit(bridge_module, notes):
    waited = []
    bridge = bridge_module.Bridge(notes, wait=waited.append)
    bridge.pause_with(lambda: "the next task", lambda: len(waited) == 2)
    try:
        answer = run(bridge, epochs=1_000_000)["ok"]
    finally:
        control.set_pause(None)
    assert answer["stopped"] is True and waited == ["the next task"] * 2


def test_execute_reports_a_stopped_fit_as_an_interrupt(bridge, monkeypatch):
    def stopped(name):
        raise TrainingStopped({"loss": [1.0]})

    monkeypatch.setattr(pydl.lessons, "run", stopped)
    answer = ok(bridge.execute("import pydl\npydl.lessons.run('xor')"))
    assert "TrainingStopped" in answer["error"] and answer["value"] is None


# ---- execute


@pytest.mark.parametrize(
    "code, value",
    [
        ("1 + 1", 2),
        ("x = 3", None),
        ("", None),
        ("[1, 2.5, 'drei', None, True, {'a': (1, 2)}]", [1, 2.5, "drei", None, True, {"a": [1, 2]}]),
        ("import numpy as np\nnp.arange(4).reshape(2, 2)", [[0, 1], [2, 3]]),
        ("import numpy as np\nnp.float32(0.5)", 0.5),
        ("{1}", "{1}"),
        ("object", "<class 'object'>"),
        ("x = []\nx.append(x)\nx", "[[...]]"),
    ],
)
def test_the_last_expression_is_the_value(bridge, code, value):
    assert ok(bridge.execute(code)) == {"value": value, "stdout": "", "error": None}


def test_names_live_on(bridge):
    bridge.execute("def double(x):\n    return 2 * x")
    assert ok(bridge.execute("double(21)"))["value"] == 42


def test_what_is_printed_is_in_the_answer_and_told_meanwhile(bridge, notes):
    answer = ok(bridge.execute("import sys\nprint('one')\nprint('two', file=sys.stderr)"))
    assert answer["stdout"] == "one\ntwo\n"
    assert "".join(event["text"] for event in notes.of("output")) == "one\ntwo\n"


def test_an_exception_shows_the_learners_lines_only(bridge):
    error = ok(bridge.execute("def divide(a):\n    return a / 0\n\ndivide(1)"))["error"]
    assert "return a / 0" in error and "ZeroDivisionError: division by zero" in error
    assert error.count("File ") == 2


def test_a_syntax_error_shows_its_line_and_nothing_else(bridge):
    error = ok(bridge.execute("x = 1\nfor in x:"))["error"]
    assert "line 2" in error and "SyntaxError" in error and error.count("File ") == 1


def test_leaving_python_is_an_error_not_an_end(bridge):
    assert "SystemExit" in ok(bridge.execute("raise SystemExit(3)"))["error"]
    assert ok(bridge.execute("1"))["value"] == 1


def test_await_at_top_level_is_finished_by_the_host(bridge_module, notes):
    def finish(coroutine):
        try:
            while True:
                coroutine.send(None)
        except StopIteration as end:
            return end.value

    bridge = bridge_module.Bridge(notes, wait=finish)
    code = "import asyncio\nawait asyncio.sleep(0)\nawait asyncio.sleep(0, 'done')"
    assert ok(bridge.execute(code))["value"] == "done"


def test_await_without_a_host_that_can_says_so(bridge):
    assert "JSPI" in ok(bridge.execute("import asyncio\nawait asyncio.sleep(0)"))["error"]


def test_a_fit_in_the_learners_code_is_watched_too(bridge, notes):
    bridge.execute("import pydl\npydl.lessons.run('xor', epochs=2)")
    assert notes.of("epoch")[-1]["epoch"] == 1


# ---- data


@pytest.fixture
def sourced(bridge_module, notes):
    files = {"mnist/here.gz": b"12345"}
    yield bridge_module.Bridge(notes, fetch=files.get)
    pydl.data.register_source(None)


def test_a_data_file_is_fetched_and_told_of(sourced, notes):
    assert sourced.read("mnist/here.gz") == b"12345"
    assert notes.of("status") == [
        {"phase": "data", "what": "mnist/here.gz"},
        {"phase": "data", "what": "mnist/here.gz", "loaded": 5, "total": 5},
    ]


def test_a_file_that_the_site_lacks_is_none(sourced):
    assert sourced.read("mnist/gone.gz") is None
