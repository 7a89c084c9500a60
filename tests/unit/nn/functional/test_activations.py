"""Activations against `math`, their gradients against differences, and what they do where exp would overflow."""

import math
import re

import numpy as np
import pytest

import pydl
from pydl import ShapeError, Tensor, jit
from pydl.nn import functional as F
from tests.unit.support import assert_agree, check_gradients, gradient_of

RNG = np.random.default_rng(11)
X = RNG.standard_normal((3, 4)) * 2

DEFINITIONS = {  # name: (function, definition, its slope)
    "linear": (F.linear, lambda x: x, lambda x: 1),
    "step": (F.step, lambda x: float(x > 0), lambda x: 0),
    "sigmoid": (
        F.sigmoid,
        lambda x: 1 / (1 + math.exp(-x)),
        lambda x: math.exp(-x) / (1 + math.exp(-x)) ** 2,
    ),
    "tanh": (F.tanh, math.tanh, lambda x: 1 / math.cosh(x) ** 2),
    "relu": (F.relu, lambda x: max(x, 0.0), lambda x: float(x > 0)),
    "leaky_relu": (F.leaky_relu, lambda x: x if x > 0 else 0.2 * x, lambda x: 1 if x > 0 else 0.2),
    "leaky_relu 0.01": (
        lambda x: F.leaky_relu(x, negative_slope=0.01),
        lambda x: x if x > 0 else 0.01 * x,
        lambda x: 1 if x > 0 else 0.01,
    ),
    "elu": (F.elu, lambda x: x if x > 0 else math.expm1(x), lambda x: 1 if x > 0 else math.exp(x)),
    "elu 0.5": (
        lambda x: F.elu(x, alpha=0.5),
        lambda x: x if x > 0 else 0.5 * math.expm1(x),
        lambda x: 1 if x > 0 else 0.5 * math.exp(x),
    ),
    "selu": (
        F.selu,
        lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * math.expm1(x)),
        lambda x: 1.0507009873554805 * (1 if x > 0 else 1.6732632423543772 * math.exp(x)),
    ),
    "gelu": (
        F.gelu,
        lambda x: x * math.erfc(-x / math.sqrt(2)) / 2,
        lambda x: math.erfc(-x / math.sqrt(2)) / 2 + x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    ),
    "gelu approximate": (
        lambda x: F.gelu(x, approximate=True),
        lambda x: x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
        None,
    ),
    "softplus": (F.softplus, lambda x: math.log1p(math.exp(x)), lambda x: 1 / (1 + math.exp(-x))),
    "swish": (
        F.swish,
        lambda x: x / (1 + math.exp(-x)),
        lambda x: (1 + math.exp(-x) + x * math.exp(-x)) / (1 + math.exp(-x)) ** 2,
    ),
}
KINKS = ["linear", "step", "relu", "leaky_relu", "leaky_relu 0.01"]  # straight lines: no second derivative to check
GRID = np.linspace(-30, 30, 601)


def slopes(function, x):
    return pydl.grad(lambda t: function(t).sum())(x).numpy()


@pytest.mark.parametrize("name", DEFINITIONS)
def test_an_activation_is_its_definition(name):
    function, definition, slope = DEFINITIONS[name]
    np.testing.assert_allclose(function(GRID).numpy(), [definition(x) for x in GRID], rtol=1e-13, atol=1e-14)
    if slope:
        away = GRID[GRID != 0]
        np.testing.assert_allclose(slopes(function, away), [slope(x) for x in away], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", [name for name in DEFINITIONS if name != "step"])
def test_its_gradient_agrees_with_differences(name):
    check_gradients(DEFINITIONS[name][0], X)


@pytest.mark.parametrize("name", [name for name in DEFINITIONS if name not in KINKS])
def test_its_second_derivative_agrees_with_differences(name):
    function = DEFINITIONS[name][0]
    check_gradients(gradient_of(lambda x: function(x).sum(), [X]), X)


AT_ZERO = {  # value and slope; where there is a kink, the choice that the docstring names
    "linear": (0, 1),
    "step": (0, 0),
    "sigmoid": (0.5, 0.25),
    "tanh": (0, 1),
    "relu": (0, 0),
    "leaky_relu": (0, 0.2),
    "leaky_relu 0.01": (0, 0.01),
    "elu": (0, 1),
    "elu 0.5": (0, 1),
    "selu": (0, 1.0507009873554805),
    "gelu": (0, 0.5),
    "gelu approximate": (0, 0.5),
    "softplus": (math.log(2), 0.5),
    "swish": (0, 0.5),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", DEFINITIONS)
def test_at_zero(name, dtype):
    function = DEFINITIONS[name][0]
    zeros = np.zeros((2, 3), dtype)
    value, slope = AT_ZERO[name]
    np.testing.assert_allclose(function(zeros).numpy(), np.full((2, 3), value, dtype), rtol=1e-6)
    np.testing.assert_allclose(slopes(function, zeros), np.full((2, 3), slope, dtype), rtol=1e-6)


LIMITS = {  # at -size: value and slope; at size they are x and 1 unless stated
    "linear": (lambda x: x, 1),
    "step": (lambda x: 0, 0, 1, 0),
    "sigmoid": (lambda x: 0, 0, 1, 0),
    "tanh": (lambda x: -1, 0, 1, 0),
    "relu": (lambda x: 0, 0),
    "leaky_relu": (lambda x: 0.2 * x, 0.2),
    "leaky_relu 0.01": (lambda x: 0.01 * x, 0.01),
    "elu": (lambda x: -1, 0),
    "elu 0.5": (lambda x: -0.5, 0),
    "gelu": (lambda x: 0, 0),
    "gelu approximate": (lambda x: 0, 0),
    "softplus": (lambda x: 0, 0),
    "swish": (lambda x: 0, 0),
}


@pytest.mark.parametrize("size", [1e4, 1e18, 3e38])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [*LIMITS, "selu"])
def test_far_from_zero_value_and_slope_are_those_of_the_limit(name, dtype, size):
    function = DEFINITIONS[name][0]
    if name == "selu":
        scale, alpha = 1.0507009873554805, 1.6732632423543772
        size = min(size, 1e38)  # 1.05 times 3.4e38 is no float32
        low, low_slope, high, high_slope = -scale * alpha, 0, scale * size, scale
    else:
        low, low_slope, *rest = LIMITS[name]
        low, (high, high_slope) = low(-size), rest or (size, 1)
    x = np.array([-size, size], dtype)
    np.testing.assert_allclose(function(x).numpy(), np.array([low, high], dtype), rtol=1e-6)
    np.testing.assert_allclose(slopes(function, x), np.array([low_slope, high_slope], dtype), rtol=1e-6)


EVERY = {**{name: row[0] for name, row in DEFINITIONS.items()}, "softmax": F.softmax, "log_softmax": F.log_softmax,
         "maxout": F.maxout}  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", EVERY)
def test_traced_equals_eager_in_value_and_gradient(name, dtype):
    function = EVERY[name]
    x = np.concatenate([X, np.zeros((1, 4)), np.full((1, 4), 1e4), np.full((1, 4), -1e4)]).astype(dtype)
    weights = np.arange(function(x).size, dtype=dtype).reshape(function(x).shape)

    def with_slopes(t):
        return [function(t), pydl.grad(lambda t: (function(t) * weights).sum())(t)]

    for traced, eager in zip(jit(with_slopes)(x), with_slopes(Tensor(x))):
        assert traced.dtype == dtype
        assert np.isfinite(eager.numpy()).all()
        assert_agree(traced.numpy(), eager.numpy())


@pytest.mark.parametrize("name", EVERY)
def test_infinity_and_nan_are_passed_on_without_a_warning(name, recwarn):
    received = EVERY[name](np.array([[math.nan, 1.0]], np.float32)).numpy()
    assert math.isnan(received[0, 0]) or name == "step"
    EVERY[name](np.array([[math.inf, -math.inf]], np.float32))
    assert not recwarn.list


@pytest.mark.parametrize("name", [name for name in EVERY if name != "linear"])
def test_whole_numbers_are_taken_as_floats_and_batches_may_be_empty(name):
    assert EVERY[name](np.array([[1, 2], [3, 4]])).dtype == np.float32
    assert EVERY[name](np.zeros((0, 4))).shape[0] == 0
    assert EVERY[name](np.zeros((1, 4))).shape[0] == 1


@pytest.mark.parametrize("axis", [-1, 0])
def test_softmax_is_its_definition(axis):
    powers = np.vectorize(math.exp)(X)
    expected = powers / powers.sum(axis, keepdims=True)
    np.testing.assert_allclose(F.softmax(X, axis).numpy(), expected, rtol=1e-14)
    np.testing.assert_allclose(F.log_softmax(X, axis).numpy(), np.vectorize(math.log)(expected), rtol=1e-12)
    for function in (F.softmax, F.log_softmax):
        check_gradients(lambda x, function=function: function(x, axis), X)
        check_gradients(gradient_of(lambda x, function=function: (function(x, axis) ** 2).sum(), [X]), X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_of_huge_logits_is_finite(dtype):
    huge = np.array([[1e4, -1e4, 0], [-1e4, -1e4, -1e4]], dtype)
    np.testing.assert_allclose(F.softmax(huge).numpy(), [[1, 0, 0], [1 / 3] * 3], rtol=1e-6)
    np.testing.assert_allclose(F.log_softmax(huge).numpy(), [[0, -2e4, -1e4], [-math.log(3)] * 3], rtol=1e-6)


def test_softmax_does_not_see_a_shift():
    np.testing.assert_allclose(F.softmax(X + 100).numpy(), F.softmax(X).numpy(), rtol=1e-12)


@pytest.mark.parametrize("function", [F.softmax, F.log_softmax])
@pytest.mark.parametrize("shape", [(3, 0), ()])
def test_softmax_of_no_class_is_refused(function, shape):
    with pytest.raises(ShapeError, match=f"^{function.__name__}: expected at least one class.*{re.escape(str(shape))}"):
        function(np.zeros(shape))


@pytest.mark.parametrize("pieces", [1, 2, 3, 6])
def test_maxout_takes_the_largest_of_neighbours(pieces):
    x = RNG.standard_normal((4, 5, 6))
    received = F.maxout(x, pieces).numpy()
    assert received.shape == (4, 5, 6 // pieces)
    for index in np.ndindex(received.shape):
        *place, unit = index
        assert received[index] == max(x[(*place, unit * pieces + piece)] for piece in range(pieces))
    check_gradients(lambda x: F.maxout(x, pieces), x)


@pytest.mark.parametrize("shape, pieces", [((3, 5), 2), ((), 2), ((4,), 3)])
def test_maxout_of_units_that_do_not_divide_is_refused(shape, pieces):
    with pytest.raises(ShapeError, match=rf"maxout: expected .*pieces={pieces}, received shape"):
        F.maxout(np.zeros(shape), pieces)


@pytest.mark.parametrize("pieces", [0, -2, 2.5])
def test_maxout_of_pieces_that_are_no_count_is_refused(pieces):
    with pytest.raises(ValueError, match=f"maxout: expected pieces as an integer above 0, received {pieces}"):
        F.maxout(X, pieces)


def test_the_table_holds_every_activation_that_keeps_its_shape():
    assert set(F.ACTIVATIONS) == {name for name in EVERY if " " not in name} - {"maxout"} | {"silu"}
    for function in F.ACTIVATIONS.values():
        assert function(X).shape == X.shape
        assert function.__doc__
    assert F.silu is F.swish
