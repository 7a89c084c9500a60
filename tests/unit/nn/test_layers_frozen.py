"""Frozen layers: what `trainable = False` holds still, bit for bit, while the layers around it learn."""

import numpy as np
import pytest

import pydl
from pydl import nn
from tests.unit.nn.layer_check import CASES, IDS, samples


def model_of(layers, shape):
    pydl.seed(1)
    model = nn.Sequential([*layers, nn.Flatten(), nn.Dense(2, kernel_initializer="random_normal")], input_shape=shape)
    model.compile(pydl.optim.Adam(0.1), "mse")
    return model


def train(model, shape, epochs=2):
    x = samples(shape, 6, np.float32)
    return model.fit(x, np.ones((6, 2)), batch_size=3, epochs=epochs, verbose=0)


def bits(model):
    return {path: weight.numpy().tobytes() for path, weight in model.named_weights().items()}


def changed(before, after):
    return {path for path in before if before[path] != after[path]}


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_frozen_layer_keeps_its_weights_bit_for_bit(case):
    kind, options, shape = case
    layer = kind(**options)
    layer.trainable = False
    model = model_of([layer], shape)
    before, outputs = bits(layer), layer(samples(shape)).numpy()
    head = bits(model.layers[-1])
    train(model, shape)
    moved = changed(before, bits(layer))
    assert moved == ({"counter"} if "counter" in before else set()), "a generator goes on, weights stay"
    np.testing.assert_array_equal(layer(samples(shape)).numpy(), outputs)
    assert changed(head, bits(model.layers[-1])) == {"kernel", "bias"}, "the layer after it learns"


BATCH_NORMALIZATION = ("gamma", "beta", "moving_mean", "moving_variance")


def blocks():
    return [
        nn.Sequential([nn.Dense(4, use_bias=False), nn.BatchNormalization(), nn.Dropout(0.2)], name="lower"),
        nn.Dense(4, activation="tanh", kernel_regularizer="l2", name="upper"),
    ]


def test_a_frozen_block_holds_all_that_is_in_it_still():
    model = model_of(blocks(), (3,))
    model.layers[0].trainable = False
    assert {w.name.split("/")[0] for w in model.trainable_weights} == {"upper", "dense"}
    before = bits(model)
    train(model, (3,))
    assert {path.split("/")[0] for path in changed(before, bits(model))} == {"upper", "dense"}


def test_the_gradient_passes_through_a_frozen_layer():
    first, second = nn.Dense(4, name="first"), nn.Dense(4, name="second")
    second.trainable = False
    model = model_of([first, second], (3,))
    before = bits(model)
    train(model, (3,))
    assert {path for path in changed(before, bits(model)) if path.startswith("first")} == {"first/kernel", "first/bias"}
    assert not any(path.startswith("second") for path in changed(before, bits(model)))


def test_a_layer_can_be_frozen_and_thawed_between_two_fits():
    model = model_of(blocks(), (3,))
    lower = model.layers[0]
    for trainable in (False, True, False):
        lower.trainable = trainable
        before = bits(lower)
        train(model, (3,))
        everything = {"dense/kernel", *(f"batch_normalization/{name}" for name in BATCH_NORMALIZATION)}
        assert changed(before, bits(lower)) == (everything if trainable else set())


def test_a_model_with_all_layers_frozen_but_the_last_learns_with_that():
    model = model_of(blocks(), (3,))
    for layer in model.layers[:-1]:
        layer.trainable = False
    losses = train(model, (3,), epochs=30).history["loss"]
    assert losses[-1] < losses[0] / 2
    assert [w.name for w in model.trainable_weights] == ["dense/kernel", "dense/bias"]
