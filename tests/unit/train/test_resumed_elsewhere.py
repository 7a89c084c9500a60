"""Probes and checkpoints where steps run compiled: the same records, and trainings that go on on another device."""

import numpy as np
import pytest

import pydl
from pydl import optim, probes
from pydl.callbacks import EarlyStopping, LearningRateScheduler, ModelCheckpoint, ReduceLROnPlateau
from tests.unit.train.two_devices import (
    COMPILED,
    DEVICES,
    Halt,
    X,
    assert_same_numbers,
    assert_same_training,
    everything,
    fit,
    network,
)

MODES = {"batches": {}, "all at once": {"batch_size": 50, "epochs": 12}, "validated": {"validation_split": 0.2}}


# ---- probes


def looks():
    return [probes.Activations(every=4), probes.Gradients(every=3, histogram=4), probes.Weights(every=5)]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("mode", MODES)
def test_a_training_with_probes_gives_the_same_bits_as_without(mode, device):
    found = []
    for watching in ([], looks()):
        model = network()
        fit(model, device=device, probes=watching, **MODES[mode])
        found.append((model.history.history, {n: np.asarray(v).tobytes() for n, v in everything(model).items()}))
    assert found[0] == found[1]


@pytest.mark.parametrize("device", COMPILED)
@pytest.mark.parametrize("mode", MODES)
def test_probes_record_what_they_record_on_numpy(mode, device):
    records = []
    for where in (device, "numpy"):
        model = network()
        history = fit(model, device=where, probes=looks(), **MODES[mode])
        records.append(history.probes)
    assert list(records[0]) == ["activations", "gradients", "weights"]
    for name in records[1]:
        assert [r["step"] for r in records[0][name]] == [r["step"] for r in records[1][name]] != []
        for ours, theirs in zip(records[0][name], records[1][name]):
            assert list(ours["layers"]) == list(theirs["layers"])
            for path in theirs["layers"]:
                compare(ours["layers"][path], theirs["layers"][path])


def compare(ours, theirs):
    """Records of a layer: the moments agree, and at most one number in fifty is on another side of an edge."""
    scale = abs(theirs["mean"]) + theirs["std"]
    for name in ("mean", "std"):
        assert abs(ours[name] - theirs[name]) <= 1e-3 * scale + 1e-6, name
    np.testing.assert_allclose(ours["norm"], theirs["norm"], rtol=1e-3, atol=1e-6)
    assert ours["dead"] == theirs["dead"]
    if "histogram" in theirs:
        counts = [np.array(record["histogram"]["counts"]) for record in (ours, theirs)]
        assert counts[0].sum() == counts[1].sum()
        # Of two logits one's gradient is the other's with the other sign: near 0 both cross the middle edge, and each
        # is missing on one side and too many on the other. Which do is a matter of the processor's rounding.
        assert np.abs(counts[0] - counts[1]).sum() <= max(4, counts[1].sum() / 25)


# ---- checkpoints

CALLBACKS = {
    "early": lambda: EarlyStopping("loss", patience=9, restore_best_weights=True),
    "plateau": lambda: ReduceLROnPlateau("loss", patience=1, factor=0.5, min_delta=0.02),
}


def train(model, path, *callbacks, save_freq="epoch", **options):
    watchers = [make() for make in CALLBACKS.values()]
    watchers.append(LearningRateScheduler(lambda epoch, rate: rate * 0.9))
    return fit(model, ModelCheckpoint(path, save_freq=save_freq), *watchers, *callbacks, epochs=5, **options)


def interrupt():
    raise KeyboardInterrupt


def stopped(path, steps, **options):
    with pytest.raises(KeyboardInterrupt):
        train(network(), path, Halt(steps, interrupt), **options)


ENDS = {"between two epochs": (14, "epoch"), "in an epoch": (17, 3), "before the last, smaller batch": (20, 5)}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("where", ENDS)
def test_a_resumed_training_gives_the_same_bits_on_one_device(where, device, tmp_path):
    steps, save_freq = ENDS[where]
    whole, resumed = network(), network(optimizer=optim.Adam(0.5))
    train(whole, tmp_path / "whole.npz", device=device, save_freq=save_freq)
    expected = {name: np.asarray(value).tobytes() for name, value in everything(whole).items()}
    stopped(tmp_path / "m.npz", steps, device=device, save_freq=save_freq)
    train(resumed, tmp_path / "m.npz", device=device, save_freq=save_freq, resume=tmp_path / "m.npz")
    assert resumed.history.history == whole.history.history
    assert {name: np.asarray(value).tobytes() for name, value in everything(resumed).items()} == expected


@pytest.mark.parametrize("first, second", [
    ("wasm", "numpy"), ("numpy", "wasm"), ("wasm:simd", "numpy"), ("wasm:simd", "wasm:relaxed")])  # fmt: skip
@pytest.mark.parametrize("ending", [".npz", ".safetensors"])
@pytest.mark.parametrize("where", ENDS)
def test_what_was_begun_on_one_device_goes_on_on_another(where, ending, first, second, tmp_path):
    steps, save_freq = ENDS[where]
    path = tmp_path / f"m{ending}"
    whole, resumed = network(), network()
    train(whole, tmp_path / "whole.npz", save_freq=save_freq)
    drawn = everything(whole)["drawn"]
    stopped(path, steps, device=first, save_freq=save_freq)
    history = train(resumed, path, device=second, save_freq=save_freq, resume=path)
    assert history.device == second and history.epoch == list(range(5))
    assert everything(resumed)["drawn"] == drawn, "the same masks and orders were drawn"
    assert_same_training(resumed, whole)


@pytest.mark.parametrize("device", COMPILED)
def test_epochs_of_one_step_are_resumed_exactly(device, tmp_path):
    path, whole, resumed = tmp_path / "m.npz", network(), network()
    fit(whole, device=device, batch_size=50, epochs=40)
    expected = {name: np.asarray(value).tobytes() for name, value in everything(whole).items()}
    fit(network(), ModelCheckpoint(path), device=device, batch_size=50, epochs=23)
    fit(resumed, device=device, batch_size=50, epochs=40, resume=path)
    assert resumed.history.history == whole.history.history
    assert {name: np.asarray(value).tobytes() for name, value in everything(resumed).items()} == expected


@pytest.mark.parametrize("device", COMPILED)
def test_a_model_of_the_last_step_is_what_files_hold(device, tmp_path):
    model = network()
    fit(model, device=device)
    model.save(tmp_path / "m.npz")
    model.save_weights(tmp_path / "w.safetensors")
    loaded, filled = pydl.nn.load_model(tmp_path / "m.npz"), network()
    filled.load_weights(tmp_path / "w.safetensors")
    for other in (loaded, filled):
        for ours, theirs in zip(other.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(other.predict(X, device=device), model.predict(X, device=device))
    pydl.seed(3)
    fit(model, device=device)
    pydl.seed(3)
    fit(loaded, device="numpy")
    assert_same_numbers(loaded.get_weights(), model.get_weights())
