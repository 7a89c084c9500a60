"""BatchNormalization against the formulas of its paper (Ioffe, Szegedy 2015, algorithm 1), written out in NumPy."""

import numpy as np
import pytest

import pydl
from pydl import ShapeError, nn
from tests.unit.support import assert_agree

RNG = np.random.default_rng(0)
ROWS = RNG.standard_normal((6, 3)) * [1, 5, 0.2] + [0, -4, 10]
IMAGES = RNG.standard_normal((4, 5, 2, 3)) * [1, 5, 0.2] + [0, -4, 10]
GAMMA, BETA = np.array([2.0, 0.5, -1.0]), np.array([0.0, 3.0, -2.0])


def layer_with(**options):
    layer = nn.BatchNormalization(**options)
    layer.ensure_built((3,))
    layer.gamma.assign(GAMMA)
    layer.beta.assign(BETA)
    return layer


def by_the_paper(x, mean, variance, epsilon=1e-3):
    return GAMMA * (x - mean) / np.sqrt(variance + epsilon) + BETA


@pytest.mark.parametrize("x", [ROWS, IMAGES], ids=["rows", "images"])
def test_training_normalises_by_the_batch(x):
    others = tuple(range(x.ndim - 1))
    mean = x.mean(others)
    variance = ((x - mean) ** 2).mean(others)
    y = layer_with()(x, training=True).numpy()
    assert_agree(y, by_the_paper(x, mean, variance))
    assert_agree(y.mean(others), BETA, atol=1e-9)
    np.testing.assert_allclose(y.std(others), np.abs(GAMMA) * np.sqrt(variance / (variance + 1e-3)), rtol=1e-9)


@pytest.mark.parametrize("momentum", [0.99, 0.9, 0.0, 1.0])
def test_the_moving_averages_follow_the_batches_of_several_steps(momentum):
    layer = layer_with(momentum=momentum)
    step = pydl.jit(lambda x: layer(x, training=True), device="numpy")
    moving_mean, moving_variance = np.zeros(3), np.ones(3)
    for scale in (1.0, 3.0, 0.5, 2.0, 4.0):
        x = ROWS * scale
        step(x)
        mean = x.mean(0)
        moving_mean = momentum * moving_mean + (1 - momentum) * mean
        moving_variance = momentum * moving_variance + (1 - momentum) * ((x - mean) ** 2).mean(0)
    assert_agree(layer.moving_mean.numpy(), moving_mean.astype(np.float32), rtol=1e-6)
    assert_agree(layer.moving_variance.numpy(), moving_variance.astype(np.float32), rtol=1e-6)
    expected = by_the_paper(ROWS, layer.moving_mean.numpy().astype(float), layer.moving_variance.numpy().astype(float))
    before = layer.get_weights()
    assert_agree(layer(ROWS).numpy(), expected, rtol=1e-6)
    for was, weight in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(weight, was, err_msg="inference changes nothing")


def test_a_new_layer_at_inference_leaves_its_input_almost_as_it_is():
    assert_agree(nn.BatchNormalization()(ROWS).numpy(), ROWS / np.sqrt(1 + 1e-3), rtol=1e-6)


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -3])
@pytest.mark.parametrize("training", [False, True])
def test_features_may_lie_along_any_axis_but_the_batch(axis, training):
    last, elsewhere = nn.BatchNormalization(), nn.BatchNormalization(axis=axis)
    x = np.moveaxis(IMAGES, axis, -1)
    for _ in range(2):
        y = elsewhere(IMAGES, training=training).numpy()
        assert_agree(np.moveaxis(y, axis, -1), last(x, training=training).numpy(), rtol=1e-6)
    assert_agree(elsewhere.moving_mean.numpy(), last.moving_mean.numpy())


def test_what_center_and_scale_leave_out():
    def names(**options):
        layer = nn.BatchNormalization(**options)
        layer.ensure_built((3,))
        return [w.name.removeprefix("batch_normalization/") for w in layer.weights]

    assert names() == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert names(center=False) == ["gamma", "moving_mean", "moving_variance"]
    assert names(scale=False) == ["beta", "moving_mean", "moving_variance"]
    assert names(center=False, scale=False) == ["moving_mean", "moving_variance"]


def test_only_gamma_and_beta_are_trained():
    layer = layer_with()
    assert [w.name for w in layer.trainable_weights] == ["batch_normalization/gamma", "batch_normalization/beta"]
    assert [w.name for w in layer.non_trainable_weights] == [
        "batch_normalization/moving_mean",
        "batch_normalization/moving_variance",
    ]


def test_a_single_sample_and_equal_samples_give_beta():
    for x in (ROWS[:1], np.tile(ROWS[:1], (5, 1))):
        assert_agree(layer_with()(x, training=True).numpy(), np.broadcast_to(BETA, x.shape).astype(float), atol=1e-9)


def test_large_means_do_not_swallow_small_deviations():
    x = (ROWS[:, :1] + 1e4).astype(np.float32)
    y = nn.BatchNormalization()(x, training=True).numpy()
    exact = x.astype(float)
    assert_agree(y, ((exact - exact.mean()) / np.sqrt(exact.var() + 1e-3)).astype(np.float32), rtol=1e-3)


def test_a_frozen_layer_uses_its_moving_averages_and_leaves_them():
    layer = layer_with()
    layer(ROWS, training=True)
    expected = layer(ROWS).numpy()
    before = layer.get_weights()
    layer.trainable = False
    np.testing.assert_array_equal(layer(ROWS, training=True).numpy(), expected)
    outer = nn.Sequential([nn.Sequential([layer])])
    layer.trainable, outer.layers[0].trainable = True, False
    np.testing.assert_array_equal(outer(ROWS, training=True).numpy(), expected, err_msg="frozen from above")
    for was, weight in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(weight, was)


def test_features_must_stay_as_many_as_they_were():
    layer = layer_with(name="norm")
    with pytest.raises(ShapeError, match=r"^norm: expected 3 features in axis 1, received \(6, 2\)$"):
        layer(ROWS[:, :2])
    with pytest.raises(ShapeError, match=r"^norm: expected features in axis -1, .*received samples of shape \(\)$"):
        nn.BatchNormalization(name="norm")(np.zeros(3))
    with pytest.raises(ShapeError, match=r"^norm: expected features in axis 3, .*received samples of shape \(3,\)$"):
        nn.BatchNormalization(axis=3, name="norm").output_shape((3,))


def test_options_are_checked():
    for axis in (0, 1.5, "last", None, True):
        with pytest.raises(ValueError, match="^BatchNormalization: expected axis as the number of the features' axis"):
            nn.BatchNormalization(axis=axis)
    for momentum in (-0.1, 1.1, float("nan"), "0.9", True):
        with pytest.raises(ValueError, match=r"^BatchNormalization: expected momentum as a number from 0 to 1, "):
            nn.BatchNormalization(momentum=momentum)
    for epsilon in (0, -1e-3, float("inf"), None):
        with pytest.raises(ValueError, match=r"^BatchNormalization: expected epsilon as a number above 0, received"):
            nn.BatchNormalization(epsilon=epsilon)
