"""What every layer promises, held to for each of them and its options (`layer_check.CASES`)."""

import json
import math

import numpy as np
import pytest

import pydl
from pydl import ShapeError, Tensor, autograd, configurable, nn
from pydl.variable import Parameter
from tests.unit.nn.layer_check import CASES, IDS, Repeatable, layer_of, parameters_of, samples
from tests.unit.support import assert_agree, check_gradients, gradient_of

every_layer = pytest.mark.parametrize("case", CASES, ids=IDS)
both_modes = pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])


@every_layer
@both_modes
def test_a_configuration_makes_the_same_layer_again(case, training):
    layer = layer_of(case)
    config = json.loads(json.dumps(layer.get_config()))
    twin = type(layer).from_config(config)
    assert twin.get_config() == layer.get_config()
    assert type(configurable.revive(configurable.describe(layer), nn.Module)) is type(layer)
    twin.ensure_built(case[2])
    twin.set_weights(layer.get_weights())
    x = samples(case[2], dtype=np.float32)
    expected, received = (Repeatable(each, training)(x).numpy() for each in (layer, twin))
    np.testing.assert_array_equal(received, expected)


@every_layer
@both_modes
def test_the_output_has_the_shape_that_was_promised(case, training):
    kind, options, shape = case
    promised = kind(**options).output_shape(shape)
    layer = layer_of(case)
    assert layer.output_shape(shape) == promised
    assert layer(samples(shape, 3), training=training).shape == (3, *promised)
    assert isinstance(promised, tuple) and all(type(n) is int for n in promised)


@every_layer
@both_modes
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_output_has_the_dtype_of_the_input(case, training, dtype):
    for weights in (np.float32, dtype):
        assert layer_of(case, weights)(samples(case[2], dtype=dtype), training=training).dtype == dtype


@every_layer
def test_a_layer_takes_whole_numbers(case):
    whole = np.arange(2 * math.prod(case[2])).reshape(2, *case[2])
    layer = layer_of(case)
    np.testing.assert_array_equal(layer(whole).numpy(), layer(whole.astype(np.float32)).numpy())
    assert layer(whole).dtype == np.float32


@every_layer
@both_modes
def test_gradients_of_inputs_and_weights(case, training):
    layer = layer_of(case, np.float64)
    arrays = [weight.numpy() for weight in parameters_of(layer).values()]
    check_gradients(Repeatable(layer, training), samples(case[2]), *arrays)


@every_layer
@both_modes
def test_gradients_of_gradients(case, training):
    repeatable, x = Repeatable(layer_of(case, np.float64), training), samples(case[2])
    check_gradients(gradient_of(lambda x: (repeatable(x) ** 2).sum(), [x]), x)


@every_layer
@both_modes
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_value_and_gradient_stay_finite_at_extremes_and_at_all_equal_inputs(case, training, dtype):
    layer = layer_of(case, dtype)
    extremes = np.resize(np.array([1e4, -1e4, 0, -1e4, 1e4, 1e4, 0], dtype), (4, *case[2]))
    for x in (extremes, np.zeros_like(extremes), np.full_like(extremes, 7)):
        x = Tensor(x, requires_grad=True)
        y = layer(x, training=training)
        (y.sum() + x.sum()).backward()  # nothing comes back through a step function
        gradients = [tensor.grad.numpy() for tensor in (x, *layer.parameters()) if tensor.grad is not None]
        assert all(np.isfinite(array).all() for array in (y.numpy(), *gradients))


@every_layer
@both_modes
def test_traced_equals_eager(case, training):
    layer = layer_of(case)
    repeatable = Repeatable(layer, training)
    state = [weight for weight in layer.weights if not isinstance(weight, Parameter)]

    def both_ways(x):
        x = x + Tensor(np.zeros((), x.dtype), requires_grad=True)
        y = layer(x, training=training)
        gradients = autograd.gradients((y * y).sum(), Tensor(1.0), [x, *layer.parameters()])
        return [y, *(gradient for gradient in gradients if gradient is not None)]

    results = []
    for function in (both_ways, pydl.jit(both_ways, device="numpy")):
        repeatable.rewind()
        outputs = function(Tensor(samples(case[2], dtype=np.float32)))
        results.append([tensor.numpy() for tensor in (*outputs, *state)])
    for eager, traced in zip(*results, strict=True):
        assert_agree(traced, eager, atol=1e-6)


@every_layer
def test_a_training_step_changes_the_trainable_weights_only(case):
    kind, options, shape = case
    layer = kind(**options)
    model = nn.Sequential([layer, nn.Flatten(), nn.Dense(2, kernel_initializer="random_normal")], input_shape=shape)
    before = {path: weight.numpy() for path, weight in model.named_weights().items()}
    trainable = {id(weight) for weight in model.trainable_weights}
    model.compile(pydl.optim.SGD(0.1), "mse")
    x = samples(shape, dtype=np.float32)
    model.evaluate(x, np.ones((4, 2)), verbose=0)
    for path, weight in model.named_weights().items():
        np.testing.assert_array_equal(weight.numpy(), before[path], err_msg=f"{path} after evaluate")
    model.fit(x, np.ones((4, 2)), batch_size=4, verbose=0)
    for path, weight in model.named_weights().items():
        moves = id(weight) in trainable or path.rpartition("/")[2] in ("moving_mean", "moving_variance", "counter")
        assert moves != np.array_equal(weight.numpy(), before[path]), path


@every_layer
@both_modes
def test_a_single_sample_gives_finite_numbers(case, training):
    layer = layer_of(case)
    x = samples(case[2], 1)
    y = layer(x, training=training)
    assert y.shape == (1, *layer.output_shape(case[2])) and np.isfinite(y.numpy()).all()
    assert np.isfinite(pydl.grad(lambda x: layer(x, training=training).sum())(x).numpy()).all()


@every_layer
@both_modes
def test_an_empty_batch_gives_an_empty_result_or_a_clear_error(case, training):
    layer = layer_of(case)
    empty = samples(case[2], 0)
    if training and isinstance(layer, nn.BatchNormalization):
        with pytest.raises(ShapeError, match=r"batch_normalization: expected at least one sample to train on"):
            layer(empty, training=True)
    else:
        assert layer(empty, training=training).shape == (0, *layer.output_shape(case[2]))


@every_layer
def test_a_layer_is_known_by_its_class_unless_it_has_a_name(case):
    kind, options, _ = case
    names = {
        nn.Dense: "dense", nn.Maxout: "maxout", nn.Activation: "activation", nn.Flatten: "flatten",
        nn.Reshape: "reshape", nn.Conv2D: "conv2d", nn.MaxPooling2D: "max_pooling2d", nn.Dropout: "dropout",
        nn.AveragePooling2D: "average_pooling2d", nn.BatchNormalization: "batch_normalization",
    }  # fmt: skip
    assert kind(**options).name == options.get("name", names[kind])
    assert kind(**{**options, "name": "mine"}).name == "mine"


def test_every_layer_has_a_case():
    layers = {getattr(nn, name) for name in nn.layers.__all__}
    assert layers == {kind for kind, _, _ in CASES}
