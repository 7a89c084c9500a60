"""Many steps at a time: what a fit learns, tells and remembers is what it is step by step."""

import math
import time

import numpy as np
import pytest

import pydl
from pydl import Parameter, callbacks, nn, optim, probes
from pydl.backends import ExecutionError, device
from pydl.callbacks import Callback, ModelCheckpoint, TerminateOnNaN, observing
from pydl.train import NonFiniteError, Trainer, TrainingStopped, control
from tests.unit.backends.fake import Fake

RNG = np.random.default_rng(0)
X = RNG.standard_normal((50, 3)).astype(np.float32)
Y = (X.sum(1, keepdims=True) > 0).astype(np.float32)
DEVICES = ["numpy", "wasm"]


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    fake = Fake()
    monkeypatch.setitem(device._BACKENDS, "wasm", lambda: fake)
    return fake


class Every(Callback):
    """Has every batch, and every epoch, run by itself."""

    def on_train_batch_end(self, batch, logs):
        pass

    def on_epoch_end(self, epoch, logs):
        pass


class Some(Callback):
    """Content with some batches; writes down what it is told."""

    every_batch = False

    def __init__(self):
        self.told = []

    def on_train_batch_end(self, batch, logs):
        self.told.append((batch, dict(logs)))


def network(rate=0.05, **compiled):
    pydl.seed(1)
    model = nn.Sequential([nn.Dense(6, "tanh"), nn.Dropout(0.2), nn.Dense(1)], input_shape=(3,))
    settings = {"optimizer": optim.Adam(rate), "loss": "mse", "metrics": ["mae", "f1_score"]}
    model.compile(**(settings | compiled))
    return model


def fit(model, *watchers, **options):
    settings = {"batch_size": 4, "epochs": 3, "verbose": 0, "device": "wasm", "callbacks": list(watchers)}
    return model.fit(X, Y, **(settings | options))


def everything(model):
    state = {**dict(enumerate(model.get_weights())), **model.optimizer.state()}
    return {name: array.tobytes() for name, array in state.items()} | {"drawn": pydl.random.default.counter.item()}


CASES = {
    "batches, the last one smaller": {},
    "batches in order": {"shuffle": False, "batch_size": 10},
    "one batch": {"batch_size": 50, "epochs": 30},
    "one batch, too large": {"batch_size": 500, "epochs": 30},
    "validated": {"validation_split": 0.3},
    "one batch, validated": {"validation_split": 0.3, "batch_size": 50},
    "weighted": {"sample_weight": RNG.random(50)},
    "one sample at a time": {"batch_size": 1, "epochs": 1},
}


@pytest.mark.parametrize("where", DEVICES)
@pytest.mark.parametrize("case", CASES)
def test_chunks_learn_and_log_to_the_bit_what_single_steps_do(case, where, fake):
    whole, single = network(), network()
    pydl.seed(7)
    received = fit(whole, device=where, **CASES[case])
    state = everything(whole)
    pydl.seed(7)
    expected = fit(single, Every(), device="numpy", **CASES[case])
    assert (received.history, received.epoch) == (expected.history, expected.epoch)
    assert state == everything(single)
    if where == "wasm" and case != "one batch, validated":
        assert fake.calls("_train_step") < fake.steps("_train_step")


def test_the_rows_are_handed_over_once_and_given_back(fake):
    fit(network(), epochs=5, validation_data=(X, Y))
    [train] = [each for each in fake.of("_train_step") if each.chunks]
    assert [feed.closed for feed in train.feeds] == [True]
    assert [feed.closed for each in fake.of("_evaluate_step") for feed in each.feeds] == [True]


def test_bytes_stay_bytes(fake):
    pixels = RNG.integers(0, 255, (50, 3)).astype(np.uint8)
    model, reference = network(), network()
    pydl.seed(3)
    model.fit(pixels, Y, batch_size=8, verbose=0, device="wasm")
    assert fake.of("_train_step")[0].feeds[0].data[0].dtype == np.uint8
    pydl.seed(3)
    reference.fit(pixels.astype(np.float64), Y, batch_size=8, verbose=0, device="numpy")
    assert everything(model) == everything(reference)
    bits = network()
    bits.fit(pixels > 100, Y, batch_size=8, verbose=0, device="wasm")


class Doubles(Trainer):
    """y = x w in double precision."""

    def __init__(self):
        super().__init__()
        self.w = Parameter(np.zeros((3, 1)), name="w")

    def output_shape(self, shape):
        return (1,)

    def call(self, x):
        return x @ self.w


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.uint8, np.bool_])
def test_a_model_of_doubles_is_trained_as_such(dtype):
    x = RNG.integers(0, 2, (50, 3)).astype(dtype)
    found = []
    for watchers in ([], [Every()]):
        model = Doubles()
        model.compile(optim.SGD(0.1), "mse")
        history = model.fit(x, Y, batch_size=8, epochs=3, shuffle=False, verbose=0, device="numpy", callbacks=watchers)
        found.append((history.history, model.w.numpy().tobytes()))
    assert model.w.dtype == np.float64 and model.w.numpy().any()
    assert found[0] == found[1]


# ---- how long a chunk is


def test_a_chunk_takes_about_50_milliseconds(fake):
    fake.seconds = 0.002
    model = nn.Sequential([nn.Dense(1)], input_shape=(3,))
    model.compile("sgd", "mse")
    model.fit(X, Y, batch_size=1, epochs=4, verbose=0, device="wasm")
    [train] = [each for each in fake.of("_train_step") if each.chunks]
    counts = [count for _, count in train.chunks]
    assert counts[:2] == [1, 10], "the first is a single step, the next ones grow"
    assert 10 < max(counts) <= 25
    assert sum(counts) == 200


def test_epochs_whose_metrics_take_long_make_short_chunks(fake):
    class Slow(pydl.metrics.Metric):
        name = "slow"

        def counts(self, y_true, y_pred):
            return (y_pred - y_true).abs().sum()

        def result(self, counts, samples):
            time.sleep(0.003)
            return counts / samples

    begun = []
    control.set_pause(lambda: begun.append(time.perf_counter()), every=0)
    fit(network(metrics=[Slow()]), batch_size=50, epochs=400)
    assert max(np.diff(begun)) < 0.5
    assert len(begun) > 5


def test_a_slow_step_is_a_chunk(fake):
    fake.seconds = 0.06
    fit(network(), batch_size=10, epochs=1)
    [train] = [each for each in fake.of("_train_step") if each.chunks]
    assert [count for _, count in train.chunks] == [1] * 5


def test_a_stop_ends_a_fit_within_a_chunk(fake):
    fake.seconds = 0.002
    started = []

    def pause():
        started.append(time.perf_counter())
        if len(started) == 6:
            control.request_stop()

    control.set_pause(pause, every=0.05)
    model = network()
    with pytest.raises(TrainingStopped) as stopped:
        fit(model, batch_size=50, epochs=100_000)
    assert max(np.diff(started)) < 0.5
    steps = model.optimizer.iterations.item()
    assert len(stopped.value.history["loss"]) == steps < 1000, "every epoch that was run is in the history"


# ---- callbacks


def test_who_must_see_every_batch_sees_every_batch(fake):
    class Diary(Callback):
        def on_train_batch_begin(self, batch, logs):
            seen.append(("begins", batch))

        def on_train_batch_end(self, batch, logs):
            seen.append(("ends", batch, self.model.optimizer.iterations.item()))

    seen = []
    fit(network(), Diary(), batch_size=20, epochs=2)
    steps = [(batch, 3 * epoch + batch + 1) for epoch in range(2) for batch in range(3)]
    assert seen == [entry for batch, done in steps for entry in (("begins", batch), ("ends", batch, done))]


def test_who_is_content_with_some_batches_is_told_of_the_last_of_each_chunk(fake):
    some, reference = Some(), Some()
    pydl.seed(7)
    fit(network(), some, epochs=1, batch_size=2)
    pydl.seed(7)
    fit(network(), reference, Every(), epochs=1, batch_size=2, device="numpy")
    [train] = [each for each in fake.of("_train_step") if each.chunks]
    assert [batch for batch, _ in some.told] == [first + count - 1 for first, count in train.chunks]
    assert len(some.told) < len(reference.told) == 25
    assert set(map(str, some.told)) <= set(map(str, reference.told)), "the same means"


def test_one_who_sees_every_batch_is_enough(fake):
    some = Some()
    fit(network(), some, Every(), epochs=1, batch_size=2)
    assert [batch for batch, _ in some.told] == list(range(25))


class At(Some):
    """Must be called after the seventh batch."""

    def next_batch(self, batch):
        return 6


def test_steps_that_run_together_end_where_a_callback_must_be_called(fake):
    at, some = At(), Some()
    fit(network(), at, some, epochs=2, batch_size=2)
    told = [batch for batch, _ in at.told]
    assert told.count(6) == 2 and told.count(24) == 2, "in each of the epochs"
    assert len(told) < 50, "many of the 25 batches of an epoch are run together"
    assert some.told == at.told


def test_a_training_stops_after_the_batch_that_a_callback_asked_for(fake):
    class StopAt(At):
        def on_train_batch_end(self, batch, logs):
            self.model.stop_training = batch == 6

    model = network()
    fit(model, StopAt(), epochs=3, batch_size=2)
    assert model.optimizer.iterations.item() == 7


class Epochs(Callback):
    """Takes epochs together."""

    def __init__(self):
        self.told = []

    def on_epochs_end(self, first_epoch, logs):
        assert len({len(values) for values in logs.values()}) == 1
        self.told += enumerate(logs["loss"], first_epoch)


class Due(Callback):
    """Must see the end of every seventh epoch, and the model as it is then."""

    def __init__(self):
        self.told = []

    def next_epoch(self, epoch):
        return -(-(epoch + 1) // 7) * 7 - 1

    def on_epoch_end(self, epoch, logs):
        self.told.append((epoch, logs["loss"], self.model.optimizer.iterations.item(), len(self.model.history.epoch)))


def test_epochs_of_one_batch_are_run_and_told_together(fake):
    epochs, due, some = Epochs(), Due(), Some()
    history = fit(network(), epochs, due, some, batch_size=50, epochs=40)
    assert epochs.told == list(enumerate(history.history["loss"]))
    assert due.told == [(e, history.history["loss"][e], e + 1, e + 1) for e in range(6, 40, 7)]
    assert history.epoch == list(range(40))
    [train] = fake.of("_train_step")
    assert len(some.told) == len(train.chunks) < 20


@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_epoch_end", "on_train_batch_begin", "on_train_batch_end"])
def test_who_overrides_another_hook_is_told_one_by_one(hook, fake):
    seen = []
    watcher = Epochs()
    setattr(watcher, hook, lambda number, logs: seen.append(number))  # after all that its class takes together
    fit(network(), watcher, batch_size=50, epochs=9)
    assert len(seen) == 9
    assert watcher.told == []


def test_a_subclass_that_overrides_an_epochs_end_is_told_one_by_one():
    class Mine(pydl.train.ProgressBar):
        def on_epoch_end(self, epoch, logs):
            seen.append(epoch)

    seen = []
    fit(network(), Mine(), batch_size=50, epochs=5)
    assert seen == list(range(5))


def test_a_callback_stops_epochs_that_run_together():
    class Enough(Due):
        def on_epoch_end(self, epoch, logs):
            self.model.stop_training = epoch > 10

    assert len(fit(network(), Enough(), batch_size=50, epochs=100).epoch) == 14


def test_the_displays_take_epochs_together(tmp_path, capsys):
    watchers = [callbacks.CSVLogger(tmp_path / "log.csv"), pydl.train.ProgressBar()]
    with observing(Epochs()) as epochs:
        history = fit(network(), *watchers, batch_size=50, epochs=45)
    assert len(epochs.told) == 45
    rows = [line.split(",") for line in (tmp_path / "log.csv").read_text().splitlines()]
    assert rows[0] == ["epoch", "f1_score", "loss", "mae"]
    assert [int(row[0]) for row in rows[1:]] == history.epoch
    assert [float(row[2]) for row in rows[1:]] == history.history["loss"]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == [f"{n}/45" for n in (*range(3, 46, 3),)]
    assert all(f"loss {loss:.4f}" in line for line, loss in zip(lines, history.history["loss"][2::3]))


# ---- probes, NaN, checkpoints


@pytest.mark.parametrize("where", DEVICES)
@pytest.mark.parametrize("options", [{"batch_size": 4}, {"batch_size": 50, "epochs": 20}], ids=["batches", "one batch"])
def test_probes_look_at_their_steps(options, where):
    found = []
    for watchers in ([], [Every()]):
        pydl.seed(2)
        model = network()
        looks = [probes.Weights(every=5), probes.Gradients(every=3)]
        history = fit(model, *watchers, probes=looks, device=where, **options)
        found.append((history.probes, history.history, everything(model)))
    assert [record["step"] for record in found[0][0]["weights"]][:4] == [0, 5, 10, 15]
    assert found[0] == found[1]


DIVERGING = {"batch_size": 4}, {"batch_size": 50, "epochs": 500}


def diverging():
    model = nn.Sequential([nn.Dense(1)], input_shape=(3,))
    model.compile(optim.SGD(30.0), "mse")
    return model


@pytest.mark.parametrize("where", DEVICES)
@pytest.mark.parametrize("options", DIVERGING, ids=["batches", "one batch"])
def test_a_loss_that_is_not_a_number_names_the_same_step(options, where):
    said = []
    for watchers in ([], [Every()]):
        pydl.seed(2)
        model = diverging()
        with pytest.raises(NonFiniteError) as error:
            fit(model, *watchers, device=where, **options)
        said.append((str(error.value), model.history.history, model.optimizer.iterations.item()))
    assert said[0] == said[1]
    assert "step" in said[0][0] and said[0][2] > 3


@pytest.mark.parametrize("where", DEVICES)
@pytest.mark.parametrize("options", DIVERGING, ids=["batches", "one batch"])
def test_a_training_that_ends_at_nan_ends_after_the_same_step(options, where, capsys):
    found = []
    for watchers in ([], [Every()]):
        pydl.seed(2)
        model = diverging()
        history = fit(model, TerminateOnNaN(), *watchers, device=where, **options)
        steps = model.optimizer.iterations.item()
        found.append((list(map(str, history.history["loss"])), steps, capsys.readouterr().out))
    assert found[0] == found[1]
    assert not math.isfinite(float(found[0][0][-1]))


def test_a_training_that_endures_nan_goes_on():
    class Endures(Callback):
        endures_nonfinite = True

    model = diverging()
    assert len(fit(model, Endures(), batch_size=50, epochs=100).epoch) == 100
    fit(model, Endures(), batch_size=7, epochs=3)
    assert model.optimizer.iterations.item() == 100 + 3 * 8


@pytest.mark.parametrize("where", DEVICES)
def test_a_checkpoint_of_some_batches_is_resumed_exactly(where, tmp_path):
    path = tmp_path / "m.npz"
    whole, broken = network(), network()
    pydl.seed(7)
    expected = fit(whole, device=where).history
    state = everything(whole)
    pydl.seed(7)
    with pytest.raises(KeyboardInterrupt):
        fit(broken, ModelCheckpoint(path, save_freq=5), Broken(17), device=where)
    resumed = network()
    assert fit(resumed, device=where, resume=path).history == expected
    assert everything(resumed) == state


def test_a_training_of_one_batch_is_resumed_exactly(tmp_path):
    path = tmp_path / "m.npz"
    whole = network()
    expected = fit(whole, batch_size=50, epochs=30).history
    state = everything(whole)
    fit(network(), ModelCheckpoint(path), batch_size=50, epochs=11)
    resumed = network()
    assert fit(resumed, batch_size=50, epochs=30, resume=path).history == expected
    assert everything(resumed) == state


class Broken(Callback):
    """Breaks off before a batch."""

    def __init__(self, steps):
        self.left = steps

    def on_train_batch_begin(self, batch, logs):
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt


def test_a_step_that_breaks_off_leaves_the_state_of_the_last_finished_one(fake):
    fake.fails = ("_train_step", 7)
    model, reference = network(), network()
    pydl.seed(7)
    with pytest.raises(ExecutionError, match="a trap; the parameters are those of the last finished step"):
        fit(model)
    pydl.seed(7)
    with pytest.raises(KeyboardInterrupt):
        fit(reference, Broken(7), device="numpy")
    assert everything(model) == everything(reference)
    assert fake.of("_train_step")[0].feeds[0].closed
    fake.fails = None
    fit(model)


def test_a_broken_model_is_an_error_before_anything_begins(fake):
    class Refuses(nn.Module):
        def build(self, shape):
            pass

        def output_shape(self, shape):
            return shape

        def call(self, x):
            return x.log_of_everything()

    class Look(Callback):
        def on_train_begin(self, logs):
            began.append(True)

    began = []
    model = nn.Sequential([nn.Dense(1), Refuses()], input_shape=(3,))
    model.compile("sgd", "mse")
    with pytest.raises(AttributeError, match="log_of_everything"):
        fit(model, Look())
    assert not began


# ---- speed


def test_two_hundred_thousand_epochs_of_one_step_cost_little_beyond_their_steps(monkeypatch):
    """A backend that needs no time at all: what is left is Python's work, 0.02 s where this was written (2026-11)."""

    class Quick(Fake):
        def compile(self, program, relaxed=None):
            executable = super().compile(program, relaxed)
            executable.feed = lambda *data: QuickFeed()
            return executable

    class QuickFeed:
        chunk = 0.05

        def run(self, order, first, count):
            return [np.full(count, 0.5, np.float32)] * 3

        def close(self):
            pass

    monkeypatch.setitem(device._BACKENDS, "wasm", Quick)
    model = network(metrics=["mae", "mse"])
    start = time.process_time()
    history = fit(model, batch_size=50, epochs=200_000)
    seconds = time.process_time() - start
    assert len(history.history["mae"]) == 200_000
    assert seconds < 0.5, f"{seconds:.2f} s"
