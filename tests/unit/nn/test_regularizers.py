"""Regularisers: their sums, their gradients, and where a layer's go."""

import json

import numpy as np
import pytest

import pydl
from pydl import Tensor, configurable, nn, optim
from pydl.nn import regularizers
from pydl.nn.regularizers import L1, L1L2, L2
from tests.unit.support import assert_agree, check_gradients

W = np.random.default_rng(0).standard_normal((4, 3))
SIZES, SQUARES = np.abs(W).sum(), (W**2).sum()
ALL = [
    (L1(), 0.01 * SIZES),
    (L1(0.5), 0.5 * SIZES),
    (L2(), 0.01 * SQUARES),
    (L2(l2=2), 2 * SQUARES),
    (L1L2(), 0.0),
    (L1L2(0.5, 2), 0.5 * SIZES + 2 * SQUARES),
    (L1L2(l2=0.1), 0.1 * SQUARES),
]


@pytest.mark.parametrize("regularizer, expected", ALL)
def test_the_penalty_is_the_sum_of_the_formula(regularizer, expected):
    penalty = regularizer(Tensor(W))
    assert penalty.shape == () and penalty.dtype == np.float64
    assert_agree(penalty.numpy(), np.float64(expected), atol=1e-15)
    assert regularizer(Tensor(W.astype(np.float32))).dtype == np.float32


@pytest.mark.parametrize("regularizer, _", ALL)
def test_gradients_of_penalties(regularizer, _):
    check_gradients(regularizer, W)


def test_a_weight_of_zero_is_at_rest():
    for regularizer in (L1(0.5), L2(0.5), L1L2(0.5, 0.5)):
        assert pydl.grad(regularizer)(np.array([0.0, -0.0])).numpy().tolist() == [0, 0]


@pytest.mark.parametrize("regularizer, _", ALL)
def test_a_configuration_makes_the_same_regularizer_again(regularizer, _):
    description = json.loads(json.dumps(configurable.describe(regularizer)))
    assert configurable.revive(description, regularizers.Regularizer) == regularizer


def test_names_stand_for_the_defaults():
    assert [regularizers.get(name) for name in ("l1", "l2", "l1_l2")] == [L1(0.01), L2(0.01), L1L2(0.01, 0.01)]
    assert regularizers.get(None) is None
    own = lambda weights: weights.sum()  # noqa: E731
    assert regularizers.get(own) is own
    with pytest.raises(ValueError, match="unknown regularizer 'lasso': known are l1, l1_l2, l2"):
        regularizers.get("lasso")


@pytest.mark.parametrize("factor", [-1, float("nan"), float("inf"), "0.1", None, True])
def test_factors_must_be_numbers_from_zero_upward(factor):
    for make in (L1, L2, L1L2, lambda l2: L1L2(l2=l2)):
        with pytest.raises(ValueError, match=r"^L\w+: expected l[12] as a number from 0 upward, received"):
            make(factor)


def test_regularizers_cannot_be_changed():
    with pytest.raises(AttributeError):
        L1(0.1).l1 = 0.2


KERNEL_AND_BIAS = {"kernel_regularizer": L2(0.5), "bias_regularizer": L1(3.0)}
GAMMA_AND_BETA = {"gamma_regularizer": L2(0.5), "beta_regularizer": L1(3.0)}


@pytest.mark.parametrize(
    "layer, shape, weights",
    [
        (nn.Dense(2, **KERNEL_AND_BIAS, bias_initializer="ones"), (3,), "kernel bias"),
        (nn.Dense(2, **KERNEL_AND_BIAS, use_bias=False), (3,), "kernel"),
        (nn.Maxout(2, **KERNEL_AND_BIAS, bias_initializer="ones"), (3,), "kernel bias"),
        (nn.Conv2D(2, 3, **KERNEL_AND_BIAS, bias_initializer="ones"), (5, 5, 1), "kernel bias"),
        (nn.Conv2D(2, 3, bias_regularizer=L1(3.0), bias_initializer="ones"), (5, 5, 1), "bias"),
        (nn.BatchNormalization(**GAMMA_AND_BETA, beta_initializer="ones"), (3,), "gamma beta"),
        (nn.BatchNormalization(**GAMMA_AND_BETA, center=False), (3,), "gamma"),
        (nn.BatchNormalization(**GAMMA_AND_BETA, scale=False, beta_initializer="ones"), (3,), "beta"),
        (nn.BatchNormalization(**GAMMA_AND_BETA, center=False, scale=False), (3,), ""),
        (nn.Dense(2), (3,), ""),
    ],
)
def test_a_layer_asks_for_the_penalties_of_its_own_weights(layer, shape, weights):
    layer.ensure_built(shape)
    values = [getattr(layer, name).numpy().astype(float) for name in weights.split()]
    prices = {"kernel": lambda w: 0.5 * (w**2).sum(), "bias": lambda w: 3 * np.abs(w).sum()}
    prices.update(gamma=prices["kernel"], beta=prices["bias"])
    expected = [prices[name](value) for name, value in zip(weights.split(), values)]
    np.testing.assert_allclose([penalty.item() for penalty in layer.penalties()], expected, rtol=1e-5)


def test_training_adds_the_penalties_to_the_loss_and_shrinks_the_weights():
    # Without a signal in the data all that is left to learn is to be small: w -> w - 0.1 * 2 * 0.5 * w each step.
    model = nn.Sequential([nn.Dense(2, use_bias=False, kernel_regularizer=L2(0.5))], input_shape=(3,))
    model.compile(optim.SGD(0.1), "mse")
    before = model.get_weights()[0]
    x, y = np.zeros((4, 3)), np.zeros((4, 2))
    history = model.fit(x, y, batch_size=4, epochs=2, verbose=0)
    assert_agree(model.get_weights()[0], before * np.float32(0.9) ** 2)
    losses = [0.5 * (before.astype(float) ** 2).sum(), 0.5 * ((0.9 * before.astype(float)) ** 2).sum()]
    np.testing.assert_allclose(history.history["loss"], losses, rtol=1e-5)


def test_a_frozen_layer_pays_no_price():
    layer = nn.Dense(2, kernel_regularizer="l2")
    model = nn.Sequential([layer, nn.Dense(1, kernel_regularizer="l1")], input_shape=(3,))
    both = model.regularization().item()
    layer.trainable = False
    assert model.regularization().item() == pytest.approx(both - layer.penalties()[0].item())
