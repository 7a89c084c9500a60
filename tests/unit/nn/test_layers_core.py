"""Dense, Maxout and Activation against plain matrix products; Flatten and Reshape against NumPy's."""

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


@pytest.mark.parametrize("layer", [nn.Dense(4, name="hidden"), nn.Maxout(2, name="hidden")])
def test_a_layer_is_built_by_its_first_input_and_then_keeps_its_shape(layer):
    assert not layer.parameters()
    layer(X)
    assert [(p.name, p.shape) for p in layer.parameters()] == [("hidden/kernel", (3, 4)), ("hidden/bias", (4,))]
    with pytest.raises(ShapeError, match=r"^hidden: expected \(batch, 3\), received \(5, 2\)$"):
        layer(X[:, :2])
    with pytest.raises(ShapeError, match=r"expected \(batch, 3\), received \(3,\); a single sample is x\[None\]$"):
        layer(X[0])


@pytest.mark.parametrize("layer", [nn.Dense(4, name="logits"), nn.Maxout(4, name="logits")])
@pytest.mark.parametrize("shape", [(28, 28), ()])
def test_images_have_to_be_flattened_first(layer, shape):
    for attempt in (lambda: layer(np.zeros((2, *shape))), lambda: layer.output_shape(shape)):
        with pytest.raises(ShapeError) as error:
            attempt()
        expected = "logits: expected samples of one axis (batch, in), received samples of shape"
        hint = "add Flatten() first" if shape else "a single sample is x[None], samples of one number are x[:, None]"
        assert str(error.value) == f"{expected} {shape}; {hint}"


@pytest.mark.parametrize("units", [0, -1, 2.5, "4", None, True])
def test_units_must_be_a_number_above_zero(units):
    for make in (nn.Dense, nn.Maxout):
        message = f"^{make.__name__}: expected units as an integer above 0, received {units!r}$"
        with pytest.raises(ValueError, match=message):
            make(units)


def test_maxout_takes_the_largest_of_its_pieces():
    layer = nn.Maxout(4, pieces=3, bias_initializer="random_normal")
    y = layer(X).numpy()
    kernel, bias = layer.kernel.numpy().reshape(3, 4, 3), layer.bias.numpy().reshape(4, 3)
    assert_agree(y, np.max([X @ kernel[:, :, j] + bias[:, j] for j in range(3)], axis=0))


def test_maxout_is_a_dense_layer_with_the_function_after_it():
    outputs = []
    for layers in ([nn.Maxout(4, pieces=3)], [nn.Dense(12), nn.Activation(lambda x: nn.functional.maxout(x, 3))]):
        pydl.seed(9)
        outputs.append(nn.Sequential(layers)(X).numpy())
    np.testing.assert_array_equal(*outputs)


def test_maxout_can_be_the_absolute_value():
    layer = nn.Maxout(1)
    layer.ensure_built((1,))
    layer.set_weights([[[1, -1]], [0, 0]])
    assert layer([[-3], [0], [2]]).numpy().tolist() == [[3], [0], [2]]


@pytest.mark.parametrize("pieces", [0, 1.5, None])
def test_pieces_must_be_a_number_above_zero(pieces):
    with pytest.raises(ValueError, match=f"^Maxout: expected pieces as an integer above 0, received {pieces!r}$"):
        nn.Maxout(3, pieces)


@pytest.mark.parametrize("name", nn.functional.ACTIVATIONS)
def test_activations_by_name(name):
    expected = nn.functional.ACTIVATIONS[name](X).numpy()
    np.testing.assert_array_equal(nn.Activation(name)(X).numpy(), expected)
    assert not nn.Activation(name).parameters()


def test_a_function_is_an_activation_too():
    assert nn.Activation(lambda x: x * 2)(np.ones((1, 2))).numpy().tolist() == [[2, 2]]
    assert nn.Dense(1, activation=Tensor.exp, kernel_initializer="zeros")(X).numpy().tolist() == [[1]] * 5


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match="unknown activation 'rellu': known are .*relu, .*tanh"):
        nn.Dense(3, activation="rellu")
    with pytest.raises(ValueError, match="unknown initializer 'he': known are .*he_normal"):
        nn.Dense(3, kernel_initializer="he")
    with pytest.raises(ValueError, match="unknown regularizer 'l3': known are l1, l1_l2, l2"):
        nn.Maxout(3, kernel_regularizer="l3")
    with pytest.raises(TypeError, match=r"regularizer: expected a name or an object, received 0\.01"):
        nn.Dense(3, bias_regularizer=0.01)


def test_flatten_and_reshape_keep_the_order_of_the_numbers():
    images = np.arange(2 * 4 * 3 * 2).reshape(2, 4, 3, 2).astype(np.float32)
    rows = nn.Flatten()(images)
    np.testing.assert_array_equal(rows.numpy(), images.reshape(2, 24))
    for target in ((4, 3, 2), (-1, 3, 2), (4, 3, -1)):
        np.testing.assert_array_equal(nn.Reshape(target)(rows).numpy(), images)


def test_reshape_says_what_does_not_fit():
    layer = nn.Reshape((28, 28, 1), name="image")
    message = r"^image: cannot see samples of shape \(783,\) \(783 numbers\) as \(28, 28, 1\)$"
    for attempt in (lambda: layer(np.zeros((2, 783))), lambda: layer.output_shape((783,))):
        with pytest.raises(ShapeError, match=message):
            attempt()
    with pytest.raises(ShapeError, match=r"as \(-1, 5\)$"):
        nn.Reshape((-1, 5)).output_shape((24,))


@pytest.mark.parametrize("target", [(0, 3), (-1, -1), (2, -2), (2.0, 3), "12", 784, None, (None, 3)])
def test_a_target_shape_must_be_a_shape(target):
    with pytest.raises(ValueError, match="^Reshape: expected target_shape as the shape of one sample, .* received"):
        nn.Reshape(target)
