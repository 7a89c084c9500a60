"""Where a training runs and how fast: in its History, and for whoever watches."""

import pytest

from pydl import jit, nn
from pydl.backends import device, notices
from pydl.callbacks import Callback, History, observing
from pydl.lessons.loop import Loop
from pydl.train.pace import Pace
from tests.unit.backends.fake import Fake, FakeGPU
from tests.unit.train.two_devices import X, Y


@pytest.fixture(autouse=True)
def gpu(monkeypatch):
    gpu, wasm = FakeGPU(), Fake()
    monkeypatch.setitem(device._BACKENDS, "webgpu", lambda: gpu)
    monkeypatch.setitem(device._BACKENDS, "wasm", lambda: wasm)
    monkeypatch.setattr(notices, "_told", [])
    return gpu


class Watcher(Callback):
    """Writes down where the steps ran, and what is known at the end."""

    def __init__(self):
        self.places = []

    def on_train_batch_end(self, batch, logs):
        self.places.append((self.params["device"], self.params["adapter"]))

    def on_train_end(self, logs):
        self.at_the_end = dict(self.params)


def model():
    network = nn.Sequential([nn.Dense(1)], input_shape=(3,))
    network.compile("sgd", "mse")
    return network


def fit(network, *watchers, **options):
    settings = {"batch_size": 8, "epochs": 4, "verbose": 0, "device": "webgpu", "callbacks": list(watchers)}
    return network.fit(X, Y, **(settings | options))


def test_the_history_says_how_fast_the_steps_were(gpu):
    gpu.seconds = 0.004
    watcher, network = Watcher(), model()
    history = fit(network, watcher)
    assert 50 < history.steps_per_second < 250, "a step of 4 milliseconds, on a machine that may be busy"
    operations = network.compiled("train", "webgpu").prepared(X[:8], Y[:8]).program.operations
    assert history.gflops == pytest.approx(history.steps_per_second * operations / 1e9)
    told = [watcher.at_the_end[name] for name in ("steps_per_second", "gflops", "operations")]
    assert told == [history.steps_per_second, history.gflops, operations]


def test_what_was_not_measured_is_no_number(gpu):
    history = fit(model(), batch_size=50, epochs=1)
    assert (history.steps_per_second, history.gflops) == (None, None), "a single step, which is also the first"


@pytest.mark.parametrize("options", [{}, {"batch_size": 50, "epochs": 30}], ids=["batches", "one batch"])
def test_the_speed_is_that_of_the_device_where_it_ended(options, gpu, capsys):
    gpu.seconds = 0.05
    gpu.fail("step", 4)
    watcher = Watcher()
    history = fit(model(), watcher, **options)
    assert (history.device, history.adapter) == ("wasm", "fake 1.0")
    assert history.steps_per_second > 40, "the other one takes no time"
    assert list(dict.fromkeys(watcher.places)) == [("webgpu", "Toy 3000"), ("wasm", "fake 1.0")]
    assert "was lost" in capsys.readouterr().err


def test_the_first_steps_on_a_device_do_not_count():
    class Prepared:
        device, adapter, trial = "webgpu", "Toy 3000", {}

        class program:
            operations = 2_000_000_000

    history, params = History(), {}
    pace = Pace(history, params)
    pace.add(Prepared, 1, 100.0)  # seconds in which it was made ready
    pace.tell()
    assert history.steps_per_second is None
    pace.add(Prepared, 6, 2.0)
    pace.tell()
    assert (history.steps_per_second, history.gflops, params["gflops"]) == (3.0, 6.0, 6.0)
    Prepared.device, Prepared.adapter = "wasm", "fake 1.0"
    pace.add(Prepared, 100, 1.0)  # partly there, partly here
    pace.add(Prepared, 4, 2.0)
    pace.tell()
    assert (history.device, history.adapter, history.steps_per_second) == ("wasm", "fake 1.0", 2.0)


def test_a_loop_of_ones_own_tells_the_same(gpu):
    gpu.seconds = 0.004
    gpu.fail("step", 20)
    step = jit(lambda x: x.sum(), device="webgpu")
    heard = []
    with observing(Watcher()) as watcher, notices.listening(heard.append):
        loop = Loop(30, step=step)
        for _ in loop:
            loop.log(loss=step(X))
    assert watcher.places == [("webgpu", "Toy 3000")] * 20 + [("wasm", "fake 1.0")] * 10
    history = loop._history
    assert history.notices == [str(heard[0])]
    assert (history.device, history.adapter) == ("wasm", "fake 1.0")
    assert watcher.at_the_end["steps_per_second"] == history.steps_per_second > 250
    assert watcher.at_the_end["operations"] == step.program(X).operations
