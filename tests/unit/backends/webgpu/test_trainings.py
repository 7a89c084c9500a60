"""Trainings on the GPU: what fit, evaluate and predict do there is what they do on NumPy."""

import numpy as np
import pytest

import pydl
from pydl import data, losses, nn, optim, probes
from pydl.callbacks import EarlyStopping, LearningRateScheduler, ModelCheckpoint
from pydl.train.diagnosis import NonFiniteError
from tests.unit.backends.webgpu.conftest import place
from tests.unit.train.two_devices import X, Y, assert_same_numbers, assert_same_training, fit, network

pytestmark = pytest.mark.usefixtures("desktop")
RTOL = 1e-3  # of weights after thirty steps, whose gradients a GPU rounds otherwise


def trained(device, model=network, watchers=(), **options):
    made = model()
    fit(made, *watchers, device=device, **options)
    assert made.history.device == device
    return made


SAMPLES = {
    "the last batch smaller": {},
    "in order": {"shuffle": False},
    "bytes": {"x": (X + 3).clip(0, 6).astype(np.uint8)},
    "validated": {"validation_split": 0.3},
}
MORE = {  # steps of other shapes, whose shaders take long to compile
    "all at once": {"batch_size": 50, "epochs": 30},
    "weighted": {"sample_weight": np.linspace(0, 1, 50)},
    "whole numbers": {"x": (X * 10).astype(np.int64)},
    "doubles": {"x": X.astype(np.float64), "y": Y.astype(np.float64)},
}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_of_every_kind_train_as_on_numpy(name):
    """Dropout's masks, batch norm's averages and Adam's moments are those of NumPy."""
    assert_same_training(trained("webgpu", **SAMPLES[name]), trained("numpy", **SAMPLES[name]), RTOL)


@pytest.mark.slow
@pytest.mark.parametrize("name", MORE)
def test_samples_of_further_kinds_train_as_on_numpy(name):
    assert_same_training(trained("webgpu", **MORE[name]), trained("numpy", **MORE[name]), RTOL)


OPTIMIZERS = {
    "sgd": lambda: optim.SGD(0.1),
    "momentum": lambda: optim.SGD(0.05, momentum=0.9, nesterov=True),
    "adam": lambda: optim.Adam(0.02),
    "rmsprop": lambda: optim.RMSprop(0.01),
    "adagrad": lambda: optim.Adagrad(0.1),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_walks_the_same_way(name):
    def model():
        pydl.seed(1)
        made = nn.Sequential([nn.Dense(6, "tanh"), nn.Dense(1)], input_shape=(3,))
        made.compile(OPTIMIZERS[name](), "mse")
        return made

    assert_same_training(trained("webgpu", model), trained("numpy", model), RTOL)


def test_a_convolutional_network_learns_along_the_same_curve():
    (x, y), _ = data.drawn_digits(300, 20, seed=3)

    def model():
        pydl.seed(2)
        layers = [nn.Activation(lambda x: x / 255), nn.Conv2D(4, 3, activation="relu"), nn.MaxPooling2D(2)]
        made = nn.Sequential([nn.Reshape((28, 28, 1)), *layers, nn.Flatten(), nn.Dense(10)], input_shape=(784,))
        made.compile(optim.Adam(0.01), losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"])
        pydl.seed(3)
        return made

    samples = {"x": x.reshape(-1, 784), "y": y.astype(np.int64), "batch_size": 60, "epochs": 3}
    ours, theirs = (trained(device, model, **samples) for device in ("webgpu", "numpy"))
    assert_same_numbers(ours.history.history["loss"], theirs.history.history["loss"], RTOL)
    assert ours.history.history["loss"][-1] < 0.8 * ours.history.history["loss"][0]


def test_the_history_says_where_it_was(desktop):
    history = trained("webgpu").history
    assert (history.device, history.adapter) == ("webgpu", desktop.host.adapter)


def test_evaluate_and_predict_use_what_was_trained():
    model, reference = trained("webgpu"), trained("numpy")
    assert_same_numbers(model.predict(X, device="webgpu"), reference.predict(X, device="numpy"), RTOL)
    found = [each.evaluate(X, Y, verbose=0, device=where) for each, where in ((model, "webgpu"), (reference, "numpy"))]
    assert_same_numbers(*found, RTOL)
    assert_same_numbers(model.predict(X, device="numpy"), model.predict(X, device="webgpu"), 1e-5)


def test_a_schedule_of_the_learning_rate_and_early_stopping_are_kept():
    def callbacks():
        return [LearningRateScheduler(lambda epoch, rate: rate * 0.7), EarlyStopping("loss", min_delta=0.5, patience=1)]

    ours, theirs = (trained(device, watchers=callbacks(), epochs=9) for device in ("webgpu", "numpy"))
    assert len(ours.history.epoch) < 9
    assert_same_training(ours, theirs, RTOL)


@pytest.mark.slow
def test_probes_record_what_they_record_on_numpy():
    def looks():
        return [probes.Activations(every=4), probes.Gradients(every=3), probes.Weights(every=5)]

    ours, theirs = (trained(device, probes=looks()).history.probes for device in ("webgpu", "numpy"))
    for name in ("activations", "gradients", "weights"):
        assert [record["step"] for record in ours[name]] == [record["step"] for record in theirs[name]] != []
        for one, other in zip(ours[name], theirs[name]):
            for path, expected in other["layers"].items():
                np.testing.assert_allclose(one["layers"][path]["norm"], expected["norm"], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(("first", "second"), [("webgpu", "numpy"), ("numpy", "webgpu")])
def test_a_training_goes_on_from_a_checkpoint_on_another_device(first, second, tmp_path):
    path = tmp_path / "model.npz"
    model = network()
    fit(model, ModelCheckpoint(path), device=first, epochs=2)
    later = network()
    fit(later, device=second, epochs=4, resume=path)
    whole = trained("numpy", epochs=4)
    assert_same_numbers(later.predict(X), whole.predict(X), RTOL)


def test_a_loss_that_is_not_finite_ends_where_it_ends_on_numpy():
    def wild():
        return network(optimizer=optim.SGD(1e25))

    found = []
    for device in ("webgpu", "numpy"):
        model = wild()
        with np.errstate(all="ignore"), pytest.raises(NonFiniteError) as error:
            fit(model, device=device)
        found.append((str(error.value)[:50], model.optimizer.iterations.item()))
    assert found[0] == found[1]


@pytest.mark.slow
def test_both_tunings_train(gpu, monkeypatch):
    place(gpu, monkeypatch)
    assert_same_training(trained("webgpu"), trained("numpy"), RTOL)
