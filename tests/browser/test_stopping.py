"""Stop in each of its three ways, from best to last resort: an interrupt, a pause, a new worker.

Which one a page has depends on its headers (isolation gives the interrupt buffer) and on the browser (JSPI lets
Python pause); a page without either ends its worker.
"""

import pytest

from tests.support.lessons import LONG

WITHOUT_JSPI = "delete WebAssembly.Suspending; delete WebAssembly.promising;\n"

SOON = 0.3  # seconds from the press of Stop to the end of the run
STOP_WHILE_TRAINING = """(async () => {
    const training = new Promise((resolve) => {
        const off = pydl.on("%s", ({device}) => { off(); resolve(device); });
    });
    const run = pydl.run("%s", %s);
    const ran = await Promise.race([training, run]);
    const start = performance.now();
    pydl.stop();
    const answer = await run;
    const seconds = (performance.now() - start) / 1000;
    return {ran, seconds, stopped: answer.stopped, losses: answer.history.loss?.length ?? 0};
})()"""
TINY = "epoch", "xor", str(LONG)
LARGE = "batch", "mnist_relu", "{dataset: 'drawn_digits', subset: 5000, layers: [1024, 1024], epochs: 50}"  # 20 ms each


@pytest.fixture(params=["interrupt", "pause", "terminate"])
def stoppable(request, new_lab, altered):
    """A page that has this way of stopping, and no better one."""
    if request.param == "terminate":
        source = altered.read("worker/worker.js").decode()
        altered.replace("worker/worker.js", 'import "./without-jspi.js";\n' + source)
        altered.add("worker/without-jspi.js", WITHOUT_JSPI)
    lab = new_lab(altered.serve(isolated=request.param == "interrupt")).open()
    assert lab.call("pydl.ready.then(({stop}) => stop)") == request.param
    return lab


def test_stop_ends_a_training_at_once_and_the_page_can_train_again(stoppable):
    answer = stoppable.call(STOP_WHILE_TRAINING % TINY, limit=30)
    assert answer["stopped"] is True and answer["ran"] == "wasm"
    assert answer["losses"] > 0, "the history so far is part of the answer"
    assert answer["seconds"] < SOON
    answer = stoppable.call(STOP_WHILE_TRAINING % LARGE, limit=60)
    assert answer["stopped"] is True and answer["ran"] == "wasm"
    assert answer["seconds"] < SOON
    again = stoppable.run("xor")
    assert again["stopped"] is False and again["result"]["accuracy"] == 1.0


def test_stop_ends_a_training_by_numpy_too(lab):
    event, lesson, options = LARGE
    answer = lab.call(STOP_WHILE_TRAINING % (event, lesson, options[:-1] + ", device: 'numpy'}"), limit=60)
    assert answer["stopped"] is True and answer["ran"] == "numpy"
    assert answer["seconds"] < 1.0, "it ends with a step, of 60 ms where this was written (2026-11)"


def test_stop_ends_an_endless_loop_in_the_learners_code(lab):
    running = lab.start("pydl.exec('while True:\\n    pass')")
    lab.page.wait_for_timeout(300)
    lab.call("pydl.stop()", limit=10)
    assert "KeyboardInterrupt" in running.result(limit=10)["error"]
    assert lab.exec("1 + 1")["value"] == 2


def test_stop_with_nothing_to_stop_does_nothing(lab):
    lab.call("pydl.stop()", limit=5)
    assert lab.run("xor", epochs=2)["stopped"] is False


def test_the_page_stays_able_to_answer_while_python_trains(lab):
    running = lab.start(f"pydl.run('xor', {LONG})")
    lab.wait("true")
    assert lab.call("new Promise((resolve) => setTimeout(() => resolve('alive'), 50))", limit=2) == "alive"
    assert not running.settled()
    lab.call("pydl.stop()", limit=10)
    assert running.result(limit=10)["stopped"] is True
