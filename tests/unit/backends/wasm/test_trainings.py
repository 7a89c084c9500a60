"""Whole trainings as machine code: their loss curves are NumPy's, as far as rounding lets two trainings be the same.

How far that is, is measured beside each: NumPy trains again from weights that are moved by about one rounding (a
factor of 1 +- 2^-23 each). What such a speck of dust makes of a curve is what another order of summation may, too.
"""

import numpy as np
import pytest

import pydl
from pydl import data, losses, nn, optim

VARIANTS = ["wasm:simd", "wasm:relaxed"]
DUST = 2.0**-23  # relative; float32 rounds to half of it
MARGIN = 10  # times what the dust does: every sum is rounded otherwise, not the first weights alone (2026-11: 1.5)
LEAST = 1e-5  # relative, where dust does nothing that can be seen: a few sums' own rounding


@pytest.fixture(scope="module")
def digits():
    (x, y), (x_test, y_test) = data.drawn_digits(1200, 200, seed=3)
    return x.reshape(-1, 784), y.astype(np.int64), x_test.reshape(-1, 784), y_test.astype(np.int64)


def classifier(*layers, rate=0.002):
    model = nn.Sequential([*layers, nn.Dense(10)], input_shape=(784,))
    model.compile(optim.Adam(rate), losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"])
    return model


def relu_mlp():
    return classifier(nn.Activation(scaled), nn.Dense(64, "relu"), nn.Dense(32, "relu"))


def dropout_mlp():
    layers = [nn.Dense(64, "relu"), nn.Dropout(0.3), nn.Dense(64, "relu"), nn.Dropout(0.3)]
    return classifier(nn.Activation(scaled), *layers)


def cnn():
    layers = [part for n in (6, 8) for part in (nn.Conv2D(n, 3, activation="relu"), nn.MaxPooling2D(2))]
    return classifier(nn.Reshape((28, 28, 1)), nn.Activation(scaled), *layers, nn.Flatten(), rate=0.01)


def normalised():
    return classifier(nn.Activation(scaled), nn.Dense(32), nn.BatchNormalization(), nn.Activation("tanh"))


def scaled(x):
    return x / 255


def deep_xor():
    model = nn.Sequential([*(nn.Dense(5, "tanh") for _ in range(4)), nn.Dense(1, "sigmoid")], input_shape=(2,))
    model.compile(optim.SGD(0.3), "binary_crossentropy", ["accuracy"])
    return model


def curves(make, train, device, dust=None):
    """Loss and validation loss after every epoch, and the last outputs."""
    pydl.seed(5)
    model = make()
    if dust is not None:
        rng, weights = np.random.default_rng(dust), model.get_weights()
        model.set_weights([w * (1 + DUST * rng.choice([-1, 1], w.shape)).astype(w.dtype) for w in weights])
    pydl.seed(6)
    history = train(model, device)
    assert history.device == device
    return {name: np.array(values) for name, values in history.history.items() if name.endswith("loss")}


def assert_same_curves(make, train):
    expected = curves(make, train, "numpy")
    moved = [curves(make, train, "numpy", dust) for dust in range(3)]
    for device in VARIANTS:
        received = curves(make, train, device)
        for name, curve in expected.items():
            spread = np.max([np.abs(other[name] - curve) for other in moved], axis=0)
            allowed = MARGIN * np.maximum.accumulate(spread) + LEAST * np.abs(curve)
            apart = np.abs(received[name] - curve)
            assert (apart <= allowed).all(), f"{device}, {name}: {apart} apart, allowed {allowed}\n{curve}"
            assert (allowed < 0.1 * np.abs(curve)).all(), f"{name}: nothing is shown where {allowed} is allowed"
    return expected


@pytest.mark.parametrize("make", [relu_mlp, dropout_mlp, normalised])
def test_digits_are_learned_along_the_same_curve(make, digits):
    x, y, x_test, y_test = digits

    def train(model, device):
        options = {"validation_data": (x_test, y_test), "verbose": 0, "device": device}
        return model.fit(x, y, batch_size=50, epochs=3, **options)

    curve = assert_same_curves(make, train)["loss"]
    assert curve[-1] < 0.6 * curve[0]


def test_a_convolutional_network_learns_along_the_same_curve(digits):
    x, y, *_ = digits

    def train(model, device):
        return model.fit(x[:600], y[:600], batch_size=50, epochs=3, verbose=0, device=device)

    curve = assert_same_curves(cnn, train)["loss"]
    assert curve[-1] < 0.9 * curve[0]


def test_xor_is_learned_along_the_same_curve():
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    y = np.array([[0], [1], [1], [0]], np.float32)
    curve = assert_same_curves(deep_xor, lambda model, device: model.fit(
        x, y, batch_size=4, epochs=2000, verbose=0, device=device))["loss"]  # fmt: skip
    assert curve[-1] < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("make", [relu_mlp, dropout_mlp, normalised, cnn])
def test_long_trainings_read_the_same_share_of_digits(make):
    """After many epochs curves are no longer the same, but what was learned is as good."""
    (x, y), (x_test, y_test) = data.drawn_digits(6000, 2000, seed=3)
    x, x_test = x.reshape(-1, 784), x_test.reshape(-1, 784)
    shares = {}
    for device in ("numpy", *VARIANTS):
        pydl.seed(5)
        model = make()
        model.fit(x, y.astype(np.int64), batch_size=100, epochs=6, verbose=0, device=device)
        shares[device] = model.evaluate(x_test, y_test.astype(np.int64), verbose=0, device=device)[1]
    assert min(shares.values()) > 0.8, shares
    assert max(shares.values()) - min(shares.values()) < 0.015, shares
