"""A fit on compiled code is the fit that NumPy makes: samples of every kind, and callbacks that meddle."""

import re

import numpy as np
import pytest

import pydl
from pydl import Tensor, nn, optim
from pydl.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from tests.unit.train.two_devices import (
    COMPILED,
    DEVICES,
    RNG,
    Halt,
    X,
    Y,
    assert_same_numbers,
    assert_same_training,
    everything,
    figures,
    fit,
    halted_at,
    network,
)

SAMPLES = {
    "the last batch smaller": {},
    "in order": {"shuffle": False},
    "one by one": {"batch_size": 1, "epochs": 1},
    "all at once": {"batch_size": 50, "epochs": 30},
    "more than there are at once": {"batch_size": 500, "epochs": 30},
    "validated": {"validation_split": 0.3},
    "validated by others": {"validation_data": (X[:11], Y[:11], RNG.random(11))},
    "all at once, validated": {"batch_size": 50, "validation_split": 0.3},
    "weighted": {"sample_weight": RNG.random(50)},
    "weighted, all at once": {"sample_weight": RNG.random(50), "batch_size": 50, "epochs": 20},
    "classes weighted": {"class_weight": {0: 0.2, 1: 3}},
    "bytes": {"x": (X + 3).clip(0, 6).astype(np.uint8)},
    "bytes in order": {"x": (X + 3).clip(0, 6).astype(np.uint8), "shuffle": False},
    "truths": {"x": X > 0},
    "whole numbers": {"x": (X * 10).astype(np.int64)},
    "doubles": {"x": X.astype(np.float64), "y": Y.astype(np.float64)},
    "half floats": {"x": X.astype(np.float16)},
    "every other row, backwards": {"x": np.repeat(X, 2, 0)[::2][::-1], "y": Y[::-1]},
    "from a later epoch on": {"initial_epoch": 2, "epochs": 4},
    "no epochs": {"epochs": 0},
}


@pytest.mark.parametrize("device", COMPILED)
@pytest.mark.parametrize("case", SAMPLES)
def test_a_training_is_the_training_that_numpy_makes(case, device):
    options = SAMPLES[case]
    model, reference = network(), network()
    history = fit(model, device=device, **options)
    found = everything(model)
    pydl.seed(7)
    fit(reference, **options)
    assert history.device == device
    assert_same_training(model, reference)
    assert_same_numbers(found, everything(reference))
    x = options.get("x", X)
    np.testing.assert_allclose(model.predict(x, device=device), reference.predict(x, device="numpy"), rtol=1e-3)
    assert_same_numbers(
        model.evaluate(x, Y, verbose=0, device=device), reference.evaluate(x, Y, verbose=0, device="numpy")
    )


@pytest.mark.parametrize("device", COMPILED)
def test_thousands_of_epochs_of_one_step_are_as_many_entries(device):
    model, reference = nn.Sequential([nn.Dense(1)], input_shape=(3,)), nn.Sequential([nn.Dense(1)], input_shape=(3,))
    for each, where in ((model, device), (reference, "numpy")):
        each.ensure_built((3,))
        each.set_weights([np.full((3, 1), 0.1, np.float32), np.zeros(1, np.float32)])
        each.compile(optim.SGD(0.01), "mse")
        fit(each, batch_size=50, epochs=3000, device=where)
    assert len(model.history.history["loss"]) == 3000 == model.optimizer.iterations.item()
    assert_same_training(model, reference)


@pytest.mark.parametrize("x", [X, X > 0, (X * 9).astype(np.uint8), (X * 9).astype(int)], ids=lambda x: str(x.dtype))
@pytest.mark.parametrize("device", DEVICES)
def test_a_model_of_doubles_is_trained_in_doubles(device, x):
    found = []
    for where in (device, "numpy"):
        model = Doubles()
        model.compile(optim.Adam(0.05), "mse", ["mae"])
        pydl.seed(3)
        history = fit(model, x=x, y=Y.astype(np.float64), device=where, validation_split=0.2)
        assert model.w.dtype == np.float64
        found.append([history.history, model.w.numpy(), model.predict(x, device=where)])
    assert_same_numbers(*found, rtol=1e-9)


class Doubles(pydl.train.Trainer):
    """y = tanh(x w) in double precision."""

    def __init__(self):
        super().__init__()
        self.w = pydl.Parameter(np.full((3, 1), 0.1), name="w")

    def output_shape(self, shape):
        return (1,)

    def call(self, x):
        return (x @ self.w).tanh()


def test_dropout_draws_the_same_masks_bit_for_bit():
    masks = {}
    for device in DEVICES:
        pydl.seed(5)
        own = nn.Dropout(0.4, seed=9)
        drop = pydl.jit(lambda x, own=own: (nn.functional.dropout(x, 0.3, training=True), own(x, training=True)),
                        device=device)  # fmt: skip
        steps = [drop(np.ones((37, 11), np.float32)) for _ in range(5)]
        masks[device] = [[(mask.numpy() != 0).tobytes() for mask in step] for step in steps]
        assert len({mask for step in masks[device] for mask in step}) == 10, "every step and layer has another mask"
    assert masks["numpy"] == masks["wasm"] == masks["wasm:simd"]


@pytest.mark.parametrize("device", COMPILED)
def test_moving_averages_follow_the_batches(device):
    model = nn.Sequential([nn.BatchNormalization(momentum=0.5), nn.Dense(1)], input_shape=(3,))
    model.compile(optim.SGD(0.01), "mse")
    fit(model, device=device, shuffle=False, epochs=2, batch_size=20)
    mean, variance = np.zeros(3), np.ones(3)
    for rows in [X[:20], X[20:40], X[40:]] * 2:
        wide = rows.astype(np.float64)
        mean, variance = (mean + wide.mean(0)) / 2, (variance + wide.var(0)) / 2
    layer = model.layers[0]
    np.testing.assert_allclose(layer.moving_mean.numpy(), mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(layer.moving_variance.numpy(), variance, rtol=1e-5)


# ---- callbacks


def built_in(folder):
    """All callbacks of the package at once."""
    return [
        CSVLogger(folder / "log.csv"),
        EarlyStopping("loss", mode="max", patience=3, restore_best_weights=True),
        ReduceLROnPlateau("mae", patience=1, factor=0.5, mode="max"),
        LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(doubled=2 * logs["loss"])),
        ModelCheckpoint(folder / "best.npz", monitor="loss", save_best_only=True, save_weights_only=True),
        ModelCheckpoint(folder / "m-{epoch:02d}.safetensors"),
        TerminateOnNaN(),
        pydl.train.ProgressBar(),
    ]


@pytest.mark.parametrize("device", COMPILED)
@pytest.mark.parametrize("options", [{}, {"batch_size": 50}], ids=["batches", "all at once"])
def test_every_callback_does_what_it_does_on_numpy(options, device, tmp_path, capsys):
    found = []
    for where in (device, "numpy"):
        folder = tmp_path / where.replace(":", "-")
        folder.mkdir()
        model = network()
        history = fit(model, *built_in(folder), device=where, epochs=9, validation_split=0.2, **options)
        lines = (folder / "log.csv").read_text().splitlines()[1:]
        written = [[float(cell) for cell in line.split(",")] for line in lines]
        files = sorted(path.name for path in folder.iterdir())
        best = network()
        best.load_weights(folder / "best.npz")
        last = nn.load_model(folder / files[-1])
        found.append([history.history, written, files, best.get_weights(), last.get_weights(), model.get_weights()])
        words, _ = figures(re.sub(r"device: .*\n", "", capsys.readouterr().out))
        found[-1].append(words)
        assert len(history.epoch) in (4, 5), "the loss falls, so there are no better epochs than the first ones"
    assert_same_numbers(*found)


@pytest.mark.parametrize("device", COMPILED)
def test_the_weights_of_the_best_epoch_come_back(device):
    kept = []
    model = network(optimizer=optim.SGD(0.05))
    watch = EarlyStopping("loss", mode="max", patience=2, restore_best_weights=True)
    fit(model, LambdaCallback(on_epoch_end=lambda *_: kept.append(model.get_weights())), watch, device=device, epochs=9)
    for ours, best in zip(model.get_weights(), kept[watch.best_epoch]):
        np.testing.assert_array_equal(ours, best)
    assert any((best != last).any() for best, last in zip(kept[watch.best_epoch], kept[-1]))


@pytest.mark.parametrize("device", COMPILED)
@pytest.mark.parametrize("options", [{}, {"batch_size": 50}], ids=["batches", "all at once"])
def test_a_rate_that_changes_from_epoch_to_epoch_acts_at_once(options, device):
    runs = []
    for where in (device, "numpy"):
        model = network()
        fit(model, LearningRateScheduler(lambda epoch, rate: rate * 0.5), device=where, epochs=6, **options)
        runs.append(model)
    assert runs[0].history.history["learning_rate"] == [0.02 * 0.5 ** (epoch + 1) for epoch in range(6)]
    assert_same_training(*runs)


class Meddling(Callback):
    """Reads and assigns weights between batches, changes the rate, freezes a layer, and ends the training."""

    def __init__(self):
        self.seen = []

    def on_train_batch_begin(self, batch, logs):
        if batch == 2:
            kernel = self.model.layers[0].kernel
            kernel.assign(kernel * 0.9)

    def on_train_batch_end(self, batch, logs):
        self.seen += [logs["loss"], float(np.linalg.norm(self.model.layers[-1].kernel.numpy()))]
        if batch == 3:
            self.model.optimizer.learning_rate = self.model.optimizer.learning_rate.item() / 2
            self.model.layers[-1].bias.data[0] += 0.125
        if batch == 4:
            self.model.set_weights(self.model.get_weights())
            self.seen.append(self.model.predict(X[:5], device=self.params["device"]).sum().item())
            self.seen.append(float((self.model(Tensor(X[:5])) ** 2).mean().item()))

    def on_epoch_end(self, epoch, logs):
        self.model.layers[0].trainable = epoch != 1
        self.model.stop_training = epoch == 4


@pytest.mark.parametrize("device", COMPILED)
def test_callbacks_that_read_and_change_the_model_between_batches(device):
    runs, seen = [], []
    for where in (device, "numpy"):
        model, watcher = network(optimizer=optim.RMSprop(0.01, momentum=0.5)), Meddling()
        fit(model, watcher, device=where, epochs=20)
        runs.append(model)
        seen.append(watcher.seen)
    assert len(runs[0].history.epoch) == 5
    assert_same_training(*runs)
    assert_same_numbers(*seen)


@pytest.mark.parametrize("device", COMPILED)
@pytest.mark.parametrize("options", [{}, {"batch_size": 50}, {"validation_split": 0.2}],
                         ids=["batches", "all at once", "validated"])  # fmt: skip
def test_a_layer_that_is_frozen_between_epochs_stays_as_it_is(options, device):
    def freeze(epoch, logs):
        model.layers[0].trainable = epoch not in (1, 2)
        weights.append([weight.numpy() for weight in (model.layers[0].kernel, model.layers[-1].kernel)])

    runs = []
    for where in (device, "numpy"):
        model, weights = network(), []
        fit(model, LambdaCallback(on_epoch_end=freeze), device=where, epochs=6, **options)
        moved = [[bool((a != b).any()) for a, b in zip(*pair)] for pair in zip(weights, weights[1:])]
        assert moved == [[True, True], [False, True], [False, True], [True, True], [True, True]]
        runs.append(model)
    assert_same_training(*runs)


@pytest.mark.parametrize("device", COMPILED)
def test_layers_are_frozen_and_thawed_between_fits_on_changing_devices(device):
    runs = []
    for wheres in ((device, "numpy", device), ("numpy", "numpy", "numpy")):
        model = network()
        for where, trainable in zip(wheres, (True, False, True)):
            model.layers[0].trainable = trainable
            fit(model, device=where)
        runs.append(model)
    assert_same_training(*runs)


@pytest.mark.parametrize("device", COMPILED)
def test_a_model_that_stops_itself_within_an_epoch_stops_there(device):
    def stop():
        model.stop_training = True

    model = network()
    fit(model, Halt(10, stop), device=device, epochs=9)
    reference = network()
    fit(reference, Halt(10, lambda: setattr(reference, "stop_training", True)), epochs=9)
    assert model.optimizer.iterations.item() == 10
    assert_same_training(model, reference)


@pytest.mark.parametrize("device", COMPILED)
def test_an_error_of_a_callback_leaves_the_model_of_the_last_step(device):
    def fail():
        raise RuntimeError("a callback's own")

    model = network()
    with pytest.raises(RuntimeError, match="a callback's own"):
        fit(model, Halt(9, fail), device=device)
    assert_same_training(model, halted_at(network(), 9))
