"""Dense and Activation against a plain matrix product."""

import math

import numpy as np
import pytest

import pydl
from pydl import ShapeError, Tensor, nn
from pydl.random import Generator
from tests.unit.support import assert_agree

X = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)


def test_dense_is_a_product_a_bias_and_an_activation():
    layer = nn.Dense(4, activation="tanh", bias_initializer="random_normal")
    y = layer(X)
    expected = np.tanh(X @ layer.kernel.numpy() + layer.bias.numpy())
    assert_agree(y.numpy(), expected)
    assert layer.output_shape((3,)) == (4,)


def test_dense_without_a_bias():
    layer = nn.Dense(4, use_bias=False)
    assert_agree(layer(X).numpy(), X @ layer.kernel.numpy())
    assert [p.name for p in layer.parameters()] == ["dense/kernel"]


def test_dense_has_the_defaults_of_keras():
    layer = nn.Dense(4)
    pydl.seed(5)
    layer(X)
    limit = math.sqrt(6 / (3 + 4))
    np.testing.assert_array_equal(layer.kernel.numpy(), Generator(5).uniform((3, 4), -limit, limit))
    assert layer.bias.numpy().tolist() == [0] * 4
    assert (layer(X).numpy() < 0).any(), "no activation"


def test_dense_is_built_by_its_first_input_and_then_keeps_its_shape():
    layer = nn.Dense(4, name="hidden")
    assert not layer.parameters()
    layer(X)
    assert [(p.name, p.shape) for p in layer.parameters()] == [("hidden/kernel", (3, 4)), ("hidden/bias", (4,))]
    with pytest.raises(ShapeError, match=r"hidden: expected \(batch, 3\), received \(5, 2\)"):
        layer(X[:, :2])


def test_dense_over_images_says_to_flatten_them():
    with pytest.raises(ShapeError, match=r"shape \(28, 28\); reshape images to one row each"):
        nn.Dense(4)(np.zeros((2, 28, 28)))


@pytest.mark.parametrize("units", [0, -1, 2.5, "4", None])
def test_units_must_be_a_number_above_zero(units):
    with pytest.raises(ValueError, match=f"units as an integer above 0, received {units!r}"):
        nn.Dense(units)


@pytest.mark.parametrize("name", nn.functional.ACTIVATIONS)
def test_activations_by_name(name):
    expected = nn.functional.ACTIVATIONS[name](X).numpy()
    np.testing.assert_array_equal(nn.Activation(name)(X).numpy(), expected)
    assert nn.Activation(name).output_shape((7,)) == (7,)
    assert not nn.Activation(name).parameters()


def test_a_function_is_an_activation_too():
    assert nn.Activation(lambda x: x * 2)(np.ones((1, 2))).numpy().tolist() == [[2, 2]]
    assert nn.Dense(1, activation=Tensor.exp, kernel_initializer="zeros")(X).numpy().tolist() == [[1]] * 5


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match="unknown activation 'rellu'.*linear, relu, sigmoid, softmax, tanh"):
        nn.Dense(3, activation="rellu")
    with pytest.raises(ValueError, match="unknown initializer 'he'.*he_normal"):
        nn.Dense(3, kernel_initializer="he")
