"""A training that goes on from a checkpoint gives the numbers of one that never stopped, bit for bit."""

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import pydl
from pydl import io, losses, nn, optim, probes
from pydl.callbacks import (
    Callback,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from pydl.train import TrainingStopped, control
from tests.unit.io.files import altered

RNG = np.random.default_rng(0)
X = RNG.standard_normal((45, 6)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
EPOCHS, STEPS = 12, 5  # of 36 samples in batches of 8, the last one smaller; 9 samples to validate


def model_from(seed=3, optimizer=None, units=16):
    """A network with everything that has a state: moving averages, masks from two generators, slots."""
    pydl.seed(seed)
    layers = [nn.Dense(units, activation="relu"), nn.BatchNormalization(), nn.Dropout(0.3), nn.Dropout(0.2, seed=4)]
    model = nn.Sequential([*layers, nn.Dense(2)], input_shape=(6,))
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer or optim.Adam(0.01), loss, ["accuracy", "f1_score"])
    return model


class Kill(Callback):
    """Ends the training the hard way in the middle of a step."""

    def __init__(self, steps):
        self.left = steps

    def on_train_batch_begin(self, batch, logs):
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt


def train(model, path, *callbacks, save_freq="epoch", epochs=EPOCHS, **options):
    watchers = [
        ModelCheckpoint(path, save_freq=save_freq),
        EarlyStopping(patience=8, restore_best_weights=True),
        LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        ReduceLROnPlateau("loss", patience=1, factor=0.5),
        *callbacks,
    ]
    looks = [probes.Gradients(every=7, histogram=3)]
    settings = {"batch_size": 8, "verbose": 0, "validation_split": 0.2, "callbacks": watchers, "probes": looks}
    return model.fit(X, Y, epochs=epochs, **(settings | options))


def everything(model):
    """All that a training leaves behind, as bytes and plain numbers."""
    history, generator = model.history, pydl.random.default
    return {
        "weights": [weight.tobytes() for weight in model.get_weights()],
        "optimizer": {name: array.tobytes() for name, array in model.optimizer.state().items()},
        "history": history.history,
        "epochs": history.epoch,
        "probes": history.probes,
        "random": (generator.key.numpy().tobytes(), generator.counter.item()),
    }


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    model = model_from()
    train(model, tmp_path_factory.mktemp("whole") / "m.npz")
    assert 7 < len(model.history.epoch) < EPOCHS, "early stopping should have its say, and not too early"
    return everything(model)


@pytest.mark.parametrize(
    "killed, ending", [(STEPS, ".npz"), (4 * STEPS, ".safetensors"), (4 * STEPS + 3, ".npz"), (7 * STEPS - 1, ".npz")]
)
def test_a_killed_training_goes_on_as_if_it_had_never_stopped(killed, ending, tmp_path, uninterrupted):
    path = tmp_path / f"m{ending}"
    with pytest.raises(KeyboardInterrupt):
        train(model_from(), path, Kill(killed))
    resumed = model_from(seed=99)
    train(resumed, path, resume=path)
    assert everything(resumed) == uninterrupted


@pytest.mark.parametrize("killed", [12, 13, 15])
def test_also_from_the_middle_of_an_epoch(killed, tmp_path, uninterrupted):
    path = tmp_path / "m.npz"
    with pytest.raises(KeyboardInterrupt):
        train(model_from(), path, Kill(killed), save_freq=3)
    resumed = model_from(seed=99)
    train(resumed, path, save_freq=3, resume=path)
    assert everything(resumed) == uninterrupted


def test_also_where_it_was_stopped_twice(tmp_path, uninterrupted):
    path = tmp_path / "m.npz"
    for number, steps in enumerate((12, 9)):
        with pytest.raises(KeyboardInterrupt):
            train(model_from(seed=number or 3), path, Kill(steps), resume=path if number else None)
    resumed = model_from(seed=99)
    train(resumed, path, resume=path)
    assert everything(resumed) == uninterrupted


def test_also_after_a_stop_that_was_asked_for(tmp_path, uninterrupted):
    path = tmp_path / "m.npz"
    with pytest.raises(TrainingStopped):
        train(model_from(), path, LambdaCallback(on_epoch_begin=lambda epoch, logs: epoch == 3 and stop()))
    control.reset()
    resumed = model_from(seed=99)
    train(resumed, path, resume=path)
    assert everything(resumed) == uninterrupted


def stop():
    control.request_stop()


def test_also_in_another_process(tmp_path, uninterrupted):
    code = """
        import sys
        from tests.unit.train.test_checkpoint import *
        if sys.argv[1] == "stop":
            train(model_from(), sys.argv[2], Kill(3 * STEPS + 2))
        else:
            train(model := model_from(seed=99), sys.argv[2], resume=sys.argv[2])
            print(repr(everything(model)))
    """
    path = str(tmp_path / "m.npz")
    run = [sys.executable, "-c", textwrap.dedent(code)]
    options = {"capture_output": True, "text": True, "cwd": Path(pydl.__file__).parents[1]}
    stopped = subprocess.run([*run, "stop", path], **options)
    assert "KeyboardInterrupt" in stopped.stderr, stopped.stderr
    ended = subprocess.run([*run, "resume", path], **options)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == repr(uninterrupted) + "\n"


def test_a_training_that_a_callback_had_ended_stays_ended(tmp_path):
    path = tmp_path / "m.npz"
    pause = EarlyStopping("loss", mode="max", patience=1, restore_best_weights=True)  # of a loss that falls
    whole = model_from()
    train(whole, path, pause)
    assert len(whole.history.epoch) < EPOCHS
    resumed = model_from(seed=99)
    train(resumed, path, EarlyStopping("loss", mode="max", patience=1, restore_best_weights=True), resume=path)
    assert everything(resumed) == everything(whole)


def test_what_callbacks_do_at_the_beginning_happens_once(tmp_path):
    def draw(logs):
        pydl.random.default.uniform((3,))

    runs = []
    for killed in (None, 13):
        model, path = model_from(), tmp_path / f"{killed}.npz"
        options = {"callbacks": [LambdaCallback(on_train_begin=draw), ModelCheckpoint(path)], "probes": ()}
        if killed:
            with pytest.raises(KeyboardInterrupt):
                train(model, path, **(options | {"callbacks": [*options["callbacks"], Kill(killed)]}))
            model = model_from(seed=99)
        train(model, path, **options, resume=path if killed else None)
        runs.append(everything(model))
    assert runs[0] == runs[1]


def test_more_epochs_may_follow_than_were_planned(tmp_path):
    path = tmp_path / "m.npz"
    train(model_from(), path, epochs=2)
    train(longer := model_from(), tmp_path / "whole.npz", epochs=4)
    expected = everything(longer)
    train(resumed := model_from(seed=99), path, epochs=4, resume=path)
    assert everything(resumed) == expected
    assert train(resumed, path, epochs=3, resume=path).epoch == [0, 1, 2, 3], "all of them are done already"


def test_a_checkpoint_may_be_written_after_a_fit(tmp_path):
    path, model = tmp_path / "m.npz", model_from()
    model.fit(X, Y, verbose=0, epochs=2)
    model.save_checkpoint(path)
    model.fit(X, Y, verbose=0, epochs=4, initial_epoch=2)
    expected = everything(model)["weights"]
    resumed = model_from(seed=99)
    resumed.fit(X, Y, verbose=0, epochs=4, resume=path)
    assert everything(resumed)["weights"] == expected
    with pytest.raises(RuntimeError, match="there was no fit yet"):
        model_from().save_checkpoint(path)


def test_a_model_that_cannot_be_described_has_checkpoints_too(tmp_path):
    path, runs = tmp_path / "m.npz", []
    for killed in (None, 8):
        model = model_from()
        model.compile("adam", lambda y_true, y_pred: (y_pred - y_true.reshape((-1, 1))) ** 2)
        if killed:
            with pytest.raises(KeyboardInterrupt):
                train(model, path, Kill(killed))
        train(model, path, resume=path if killed else None)
        runs.append(everything(model))
    assert runs[0] == runs[1]
    with pytest.raises(io.FileError, match="model"):
        nn.load_model(path)


def test_a_training_that_learned_nan_can_be_kept(tmp_path):
    from pydl.callbacks import TerminateOnNaN

    path, model = tmp_path / "m.npz", model_from(optimizer=optim.SGD(1e30))
    train(model, path, TerminateOnNaN())
    assert not np.isfinite(model.history.history["loss"][-1])
    resumed = model_from(seed=99, optimizer=optim.SGD(1e30))
    train(resumed, path, TerminateOnNaN(), resume=path)
    np.testing.assert_equal(resumed.history.history, model.history.history)


# ---- files that will not do: one error, and nothing changed


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "m.npz"
    train(model_from(), path, epochs=2)
    return path


def refused(model, path, message, **options):
    model.predict(X)
    model._build_optimizer()  # what a fit begins with
    before = everything(model)
    with pytest.raises(io.FileError, match=message) as error:
        train(model, path, **({"resume": path} | options))
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)
    assert everything(model) == before


def test_a_file_that_is_not_there_is_refused(tmp_path):
    refused(model_from(), tmp_path / "nowhere.npz", "nowhere.npz")


def test_another_model_is_refused(written):
    refused(model_from(units=5), written, r"another model: expected float32 of shape \(6, 5\) for dense/kernel")
    model = model_from()
    model.layers[0].name = "first"
    refused(model, written, "another model: it lacks first/kernel, first/bias, and has dense/kernel, dense/bias")


def test_another_optimizer_is_refused(written):
    refused(model_from(optimizer=optim.SGD(0.1)), written, "compiled with SGD, the checkpoint's was with Adam")
    model = model_from()
    model.layers[0].trainable = False
    refused(model, written, "optimizer trains other weights: .*dense/kernel/")


def test_a_file_of_weights_or_of_a_model_is_refused(tmp_path):
    model, path = model_from(), tmp_path / "m.npz"
    model.save_weights(path)
    refused(model, path, "expected a training to go on with")
    model.save(path)
    refused(model, path, "expected a training to go on with")


def test_other_data_within_an_epoch_are_refused(tmp_path):
    path = tmp_path / "m.npz"
    with pytest.raises(KeyboardInterrupt):
        train(model_from(), path, Kill(8), save_freq=2)
    message = "epoch of 36 samples in batches of 8, and cannot go on with 36 in batches of 9"
    refused(model_from(), path, message, batch_size=9)


@pytest.mark.parametrize("cut", [1, 100, 1000, -1])
def test_a_file_that_was_cut_is_refused(cut, written):
    written.write_bytes(written.read_bytes()[:cut])
    refused(model_from(), written, "m.npz")


def changed(path, change):
    arrays, meta = io.load_checkpoint(path)
    change(arrays, meta, meta["training"])
    io.save_checkpoint(path, arrays, meta)


def remembered(training, kind="EarlyStopping"):
    """What a callback has remembered, in the file."""
    return next(state for name, state in training["callbacks"] if name == kind)


CHANGES = {
    "no epoch": (lambda a, m, t: t.pop("epoch"), "expected an entry 'epoch'"),
    "an epoch before the first": (lambda a, m, t: t.update(epoch=-1), "epoch -1, batch 0, which is no place"),
    "an epoch in words": (lambda a, m, t: t.update(epoch="two"), "two"),
    "a batch beyond the last": (lambda a, m, t: t.update(batch=6), "epoch 2, batch 6"),
    "a key of another kind": (lambda a, m, t: t.update(key={"array": "dense/bias"}), "random numbers: expected uint32"),
    "an array that is missing": (lambda a, m, t: t.update(key={"array": "nothing"}), "expected an entry 'nothing'"),
    "no optimizer": (lambda a, m, t: [a.pop(k) for k in [*a] if k.startswith("opt")], "it lacks learning_rate, "),
    "a weight of another width": (
        lambda a, m, t: a.update({"dense/bias": a["dense/bias"].astype(float)}), "received float64"),
    "a weight that is missing": (lambda a, m, t: a.pop("dense/bias"), "expected an entry 'dense/bias'"),
    "a history that is none": (lambda a, m, t: m.update(history=[1, 2]), "m.npz"),
    "a history in words": (lambda a, m, t: m.update(history={"loss": ["a"]}), "could not convert"),
    "a callback of another make": (
        lambda a, m, t: t.update(callbacks=[["EarlyStopping", {"wait": 1}]]), "EarlyStopping: its state has wait"),
    "a callback whose best weights are of another model": (lambda a, m, t: remembered(t).update(
        best_weights=remembered(t)["best_weights"][1:]), "EarlyStopping: its best_weights are not those of this model"),
    "a callback whose best weights are texts": (lambda a, m, t: remembered(t).update(
        best_weights=["a"] * 13), "EarlyStopping: its best_weights are not those"),
    "a callback that waits in words": (lambda a, m, t: remembered(t).update(
        wait="long"), "EarlyStopping: its state cannot have 'long' as wait"),
    "a callback with a list as the best": (lambda a, m, t: remembered(t, "ModelCheckpoint").update(
        best=[1]), r"ModelCheckpoint: its state cannot have \[1\] as best"),
    "nothing on whether it was stopped": (lambda a, m, t: t.pop("stopped"), "expected an entry 'stopped'"),
    "a very long line": (lambda a, m, t: t.update(optimizer="SGD" * 9999), r"checkpoint's was with SGDSGD.*\.\.\.$"),
    "callbacks that are none": (lambda a, m, t: t.update(callbacks=7), "m.npz"),
    "no training": (lambda a, m, t: m.update(training=[]), "m.npz"),
    "averages of other metrics": (lambda a, m, t: t.update(
        batch=1, averages={"samples": 1, "loss": 1.0, "counts": []}), "other metrics than loss, accuracy, f1_score"),
    "averages of another shape": (lambda a, m, t: t.update(
        batch=1, averages={"samples": 1, "loss": 1.0, "counts": [1, 1]}), "other metrics than loss, accuracy, f1"),
    "an order that is none": (lambda a, m, t: t.update(
        batch=1, order={"array": "dense/bias"}), "no order of all samples"),
    "an order of numbers that are not whole": (lambda a, m, t: [
        a.update(order=np.arange(36.0)), t.update(batch=1, order={"array": "order"})], "no order of all samples"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_file_that_was_altered_is_refused(name, written):
    change, message = CHANGES[name]
    changed(written, change)
    refused(model_from(), written, message)


def assert_refused_or_gone_on_with(path, trials, seed):
    """A training with odd entries under a right checksum goes on, or is refused with one line and nothing changed."""
    arrays, meta = io.load_checkpoint(path)
    model, random, refusals = model_from(), np.random.default_rng(seed), 0
    train(model, path.with_name("other.npz"), epochs=1)
    for _ in range(trials):
        io.save_checkpoint(path, arrays, meta | {"training": altered(meta["training"], random)})
        before = everything(model)
        try:
            train(model, path.with_name("other.npz"), epochs=0, resume=path)
        except io.FileError as error:
            refusals += 1
            assert "\n" not in str(error) and len(str(error)) < 700
            assert everything(model) == before
    assert trials / 10 < refusals < trials


def test_hundreds_of_altered_trainings_are_refused_or_gone_on_with(written):
    assert_refused_or_gone_on_with(written, 200, seed=1)


@pytest.mark.slow
def test_thousands_of_altered_trainings_are_refused_or_gone_on_with(written):
    assert_refused_or_gone_on_with(written, 10_000, seed=2)


def test_initial_epoch_and_resume_are_not_both_taken(written):
    with pytest.raises(ValueError, match="initial_epoch or resume, received both"):
        train(model_from(), written, resume=written, initial_epoch=1)
