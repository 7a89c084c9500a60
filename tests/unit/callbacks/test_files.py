"""ModelCheckpoint and CSVLogger: which files there are after a training, and what is in them."""

import csv
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import io, nn
from pydl.callbacks import Callback, CSVLogger, EarlyStopping, ModelCheckpoint
from tests.unit.callbacks.scripted import Weights, X, fit, fit_scores, model_from


def files(folder):
    return sorted(path.name for path in folder.iterdir())


# ---- ModelCheckpoint


def test_a_file_for_every_epoch_with_the_weights_of_that_epoch(tmp_path):
    seen = Weights()
    fit(model_from(), ModelCheckpoint(tmp_path / "m{epoch:02d}.npz", save_weights_only=True), seen, epochs=3)
    assert files(tmp_path) == ["m01.npz", "m02.npz", "m03.npz"]
    for number, expected in enumerate(seen.weights, 1):
        other = model_from(9)
        other.load_weights(tmp_path / f"m{number:02d}.npz")
        assert [weight.tobytes() for weight in other.get_weights()] == expected


def test_logs_may_stand_in_the_name(tmp_path):
    path = str(tmp_path / "{epoch}-{val_loss:.3f}-{mae:.1f}.safetensors")
    history = fit(model_from(), ModelCheckpoint(path), validation_split=0.5).history
    assert files(tmp_path) == [f"1-{history['val_loss'][0]:.3f}-{history['mae'][0]:.1f}.safetensors"]


def test_only_the_best_may_be_kept(tmp_path):
    path = str(tmp_path / "{epoch}.npz")
    fit_scores([3, 4, 2, 2, 1], ModelCheckpoint(path, monitor="score", mode="min", save_best_only=True))
    assert files(tmp_path) == ["1.npz", "3.npz", "5.npz"]


def test_the_best_may_have_a_value_to_beat(tmp_path):
    callback = ModelCheckpoint(
        tmp_path / "{epoch}.npz", "score", mode="max", save_best_only=True, initial_value_threshold=2.5
    )
    fit_scores([2, 3, 1, 4], callback)
    assert files(tmp_path) == ["2.npz", "4.npz"]


def test_a_number_of_batches_may_pass_between_two_files(tmp_path):
    fit(model_from(), ModelCheckpoint(str(tmp_path / "{epoch}-{batch}-{mae:.0f}.npz"), save_freq=3), epochs=5)
    assert [name[:3] for name in files(tmp_path)] == ["2-1", "3-2", "5-1"], "two batches an epoch"


def test_a_whole_checkpoint_is_a_model_too(tmp_path):
    model = model_from()
    fit(model, ModelCheckpoint(tmp_path / "m.npz"), epochs=2)
    loaded = nn.load_model(tmp_path / "m.npz")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert loaded.history.history == model.history.history


def test_it_says_what_it_saved(tmp_path, capsys):
    fit(model_from(), ModelCheckpoint(tmp_path / "m.npz", verbose=1), epochs=2)
    assert capsys.readouterr().out == "".join(f"epoch {n}: saved {tmp_path / 'm.npz'}\n" for n in (1, 2))


def test_a_file_that_cannot_be_written_leaves_the_one_from_before(tmp_path, monkeypatch):
    model = model_from()
    fit(model, ModelCheckpoint(tmp_path / "m.npz"))
    before = (tmp_path / "m.npz").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(io.FileError, match="No space left"):
        fit(model, ModelCheckpoint(tmp_path / "m.npz"))
    assert files(tmp_path) == ["m.npz"]
    assert (tmp_path / "m.npz").read_bytes() == before


def checkpoint(path="m.npz", **options):
    return lambda: fit(model_from(), ModelCheckpoint(path, **options))


BAD = {
    "an unknown ending": (checkpoint("m.h5"), "ends in .npz or .safetensors, received 'm.h5'"),
    "no folder": (checkpoint("nowhere/m.npz"), "there is no folder nowhere"),
    "an unknown name": (checkpoint("m{accuracy}.npz"), "accuracy is not known when an epoch ends.*loss, mae"),
    "a name that comes later": (
        lambda: fit(model_from(), ModelCheckpoint("{val_loss}.npz", save_freq=1), validation_split=0.5),
        "val_loss is not known when a batch ends",
    ),
    "an unknown monitor": (checkpoint(save_best_only=True), "unknown monitor 'val_loss'.*validation_split"),
    "no frequency": (checkpoint(save_freq="batch"), "'epoch' or a number of batches, received 'batch'"),
    "half a name": (checkpoint("m{epoch.npz"), "filepath like 'model-.*', received 'm{epoch.npz'"),
    "no name": (checkpoint("m{}.npz"), "received 'm{}.npz'"),
    "an unknown format": (checkpoint("m{epoch:xx}.npz"), "received 'm{epoch:xx}.npz'"),
    "never": (checkpoint(save_freq=0), "received 0"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_work_is_refused_before_training(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mistake, message = BAD[name]
    with pytest.raises(ValueError, match=f"ModelCheckpoint: .*{message}"):
        mistake()
    assert not files(tmp_path)


# ---- CSVLogger


def rows(path, separator=","):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter=separator))


@settings(max_examples=20)
@given(st.integers(1, 5), st.sampled_from(",;\t"))
def test_every_epoch_is_a_line(tmp_path_factory, epochs, separator):
    path = tmp_path_factory.mktemp("log") / "log.csv"
    history = fit(model_from(), CSVLogger(path, separator), epochs=epochs, validation_split=0.5).history
    names, *lines = rows(path, separator)
    assert names == ["epoch", "loss", "mae", "val_loss", "val_mae"]
    received = [[float(value) for value in line] for line in lines]
    assert received == [[epoch, *(history[name][epoch] for name in names[1:])] for epoch in range(epochs)]


def test_the_file_is_whole_after_every_epoch(tmp_path):
    class Look(Callback):
        def on_epoch_end(self, epoch, logs):
            seen.append(len(rows(tmp_path / "log.csv")))

    seen = []
    fit(model_from(), CSVLogger(tmp_path / "log.csv"), Look(), epochs=3)
    assert seen == [2, 3, 4]


def test_a_file_is_written_anew_or_gone_on_with(tmp_path):
    path = tmp_path / "log.csv"
    for _ in range(2):
        fit(model_from(), CSVLogger(path), epochs=2)
        assert [line[0] for line in rows(path)] == ["epoch", "0", "1"]
    fit(model_from(), CSVLogger(path, append=True), epochs=4, initial_epoch=2)
    assert [line[0] for line in rows(path)] == ["epoch", "0", "1", "2", "3"]
    fit(model_from(), CSVLogger(tmp_path / "new.csv", append=True))
    assert [line[0] for line in rows(tmp_path / "new.csv")] == ["epoch", "0"]


def test_a_resumed_run_goes_on_behind_the_epochs_of_its_checkpoint(tmp_path):
    path, saved = tmp_path / "log.csv", tmp_path / "m.npz"
    whole, stopped, resumed = model_from(), model_from(), model_from(5)
    fit(whole, CSVLogger(path), EarlyStopping("loss"), epochs=5, shuffle=False)
    expected = path.read_bytes()
    fit(stopped, CSVLogger(path), ModelCheckpoint(saved), epochs=2, shuffle=False)
    with open(path, "a", encoding="utf-8") as file:
        file.write("2,an epoch that its checkpoint has not seen\n")
    fit(resumed, CSVLogger(path), epochs=5, shuffle=False, resume=saved)
    assert path.read_bytes() == expected


def test_a_folder_that_is_not_there_is_refused_before_training(tmp_path):
    with pytest.raises(ValueError, match="CSVLogger: there is no folder"):
        fit(model_from(), CSVLogger(tmp_path / "nowhere" / "log.csv"))
    with pytest.raises(ValueError, match="CSVLogger: expected the name of a file, and .* is a folder"):
        fit(model_from(), CSVLogger(tmp_path))


@pytest.mark.parametrize("separator", ["", ", ", None])
def test_a_separator_is_one_character(separator):
    with pytest.raises(ValueError, match="CSVLogger: expected separator as a single character, received"):
        CSVLogger("log.csv", separator=separator)
