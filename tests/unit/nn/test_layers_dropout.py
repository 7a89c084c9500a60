"""Dropout: which numbers are dropped, how many, when, and that a seed decides it."""

import math

import numpy as np
import pytest

import pydl
from pydl import nn

ONES = np.ones((200, 100), np.float32)


def masks(layer, count=3, x=ONES):
    """The masks of several calls of one compiled training step."""
    step = pydl.jit(lambda x: layer(x, training=True), device="numpy")
    return [step(x).numpy() != 0 for _ in range(count)]


def test_every_compiled_step_draws_another_mask():
    pydl.seed(1)
    for layer in (nn.Dropout(0.5), nn.Dropout(0.5, seed=3)):
        first, second, third = masks(layer)
        # Two independent masks agree in half of their places.
        for one, other in ((first, second), (second, third), (first, third)):
            assert abs((one == other).mean() - 0.5) < 0.02


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.9])
def test_the_share_of_zeros_is_the_rate_and_the_rest_is_scaled_up(rate):
    pydl.seed(2)
    y = nn.Dropout(rate)(ONES, training=True).numpy()
    deviation = math.sqrt(rate * (1 - rate) / y.size)
    assert abs((y == 0).mean() - rate) < 4 * deviation
    np.testing.assert_allclose(y[y != 0], 1 / (1 - rate), rtol=1e-6)
    assert abs(y.mean() - 1) < 4 * deviation / (1 - rate), "the expected value stays the same"
    by_column, by_row = (y == 0).mean(0), (y == 0).mean(1)
    assert np.ptp(by_column) < 10 * math.sqrt(rate * (1 - rate) / 200), "no column is treated differently"
    assert np.ptp(by_row) < 10 * math.sqrt(rate * (1 - rate) / 100), "nor is a row"


def test_outside_of_training_nothing_is_dropped_and_nothing_is_drawn():
    layer = nn.Dropout(0.5, seed=3)
    pydl.seed(1)
    before = int(pydl.random.default.counter)
    np.testing.assert_array_equal(layer(ONES).numpy(), ONES)
    np.testing.assert_array_equal(layer(ONES, training=False).numpy(), ONES)
    np.testing.assert_array_equal(nn.Dropout(0.5)(ONES).numpy(), ONES)
    assert (int(layer.counter), int(pydl.random.default.counter)) == (0, before)


def test_dropout_is_on_in_fit_and_off_in_evaluate_and_predict():
    class Watched(nn.Dropout):
        def call(self, x, training=False):
            seen.append(training)
            return super().call(x, training=training)

    seen = []
    model = nn.Sequential([Watched(0.5), nn.Dense(1)])
    model.compile("sgd", "mse")
    for action in (model.fit, model.evaluate):
        seen.clear()
        action(ONES, ONES[:, :1], verbose=0)
        assert set(seen) == {action == model.fit}, action
    seen.clear()
    np.testing.assert_array_equal(model.predict(ONES), model.predict(ONES))
    assert not any(seen)


def test_one_seed_gives_the_same_masks_another_seed_others():
    first, again, other = (masks(nn.Dropout(0.5, seed=seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(again, first)
    assert (np.array(other) != first).any()
    pydl.seed(5)
    default = masks(nn.Dropout(0.5))
    pydl.seed(5)
    np.testing.assert_array_equal(masks(nn.Dropout(0.5)), default)


def test_a_seed_of_its_own_leaves_the_default_generator_alone():
    pydl.seed(5)
    masks(nn.Dropout(0.5, seed=3))
    assert int(pydl.random.default.counter) == 0


def test_a_layer_with_its_weights_back_goes_on_with_the_next_mask():
    layer = nn.Dropout(0.5, seed=3)
    masks(layer, 2)
    kept = layer.get_weights()
    expected = masks(layer, 2)
    twin = nn.Dropout.from_config(layer.get_config())
    twin.set_weights(kept)
    np.testing.assert_array_equal(masks(twin, 2), expected)


def test_the_gradient_passes_where_the_number_did():
    layer = nn.Dropout(0.25, seed=3)
    x = pydl.Tensor(ONES, requires_grad=True)
    y = layer(x, training=True)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.numpy())


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, float("nan"), "0.5", None, True])
def test_the_rate_must_be_a_share(rate):
    with pytest.raises(ValueError, match=r"^Dropout: expected rate as a number from 0 to less than 1, received"):
        nn.Dropout(rate)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, "1", True])
def test_the_seed_must_be_an_integer_of_64_bits(seed):
    with pytest.raises(ValueError, match=r"^Dropout: expected seed as an integer from 0 to 2\^64 - 1, or None, "):
        nn.Dropout(0.5, seed=seed)
