"""Stop in each of its three ways, from best to last resort: an interrupt, a pause, a new worker.

Which one a page has depends on its headers (isolation gives the interrupt buffer) and on the browser (JSPI lets
Python pause); a page without either ends its worker.
"""

import pytest

WITHOUT_JSPI = "delete WebAssembly.Suspending; delete WebAssembly.promising;\n"

STOP_WHILE_TRAINING = """(async () => {
    const training = new Promise((resolve) => { const off = pydl.on("epoch", () => { off(); resolve(); }); });
    const run = pydl.run("%s", {epochs: 1000000});
    await Promise.race([training, run]);
    const start = performance.now();
    pydl.stop();
    const answer = await run;
    return {seconds: (performance.now() - start) / 1000, stopped: answer.stopped, losses: answer.history.loss.length};
})()"""


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


def test_stop_ends_a_training_within_a_second_and_the_page_can_train_again(stoppable):
    answer = stoppable.call(STOP_WHILE_TRAINING % "xor", limit=30)
    assert answer["stopped"] is True
    assert answer["losses"] > 0, "the history so far is part of the answer"
    assert answer["seconds"] < 1.0
    again = stoppable.run("xor")
    assert again["stopped"] is False and again["result"]["accuracy"] == 1.0


def test_stop_ends_a_slow_training_too(lab):
    answer = lab.call("""(async () => {
        const training = new Promise((resolve) => { const off = pydl.on("batch", () => { off(); resolve(); }); });
        const run = pydl.run("mnist_relu", {epochs: 50, dataset: "drawn_digits", subset: 1000});
        await Promise.race([training, run]);
        const start = performance.now();
        pydl.stop();
        return {stopped: (await run).stopped, seconds: (performance.now() - start) / 1000};
    })()""", limit=60)
    assert answer["stopped"] is True and answer["seconds"] < 1.0, answer


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
    running = lab.start("pydl.run('xor', {epochs: 1000000})")
    lab.wait("true")
    assert lab.call("new Promise((resolve) => setTimeout(() => resolve('alive'), 50))", limit=2) == "alive"
    assert not running.settled()
    lab.call("pydl.stop()", limit=10)
    assert running.result(limit=10)["stopped"] is True
