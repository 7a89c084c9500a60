"""Activations and cross-entropies against `math`, and their gradients against differences."""

import math

import numpy as np
import pytest

from pydl import ShapeError, Tensor
from pydl.nn import functional as F
from tests.unit.support import check_gradients

RNG = np.random.default_rng(11)
X = RNG.standard_normal((3, 4)) * 2


@pytest.mark.parametrize(
    "function, definition",
    [
        (F.relu, lambda x: max(x, 0.0)),
        (F.sigmoid, lambda x: 1 / (1 + math.exp(-x))),
        (F.tanh, math.tanh),
        (F.linear, lambda x: x),
    ],
    ids=["relu", "sigmoid", "tanh", "linear"],
)
def test_an_activation_is_its_definition(function, definition):
    np.testing.assert_allclose(function(X).numpy(), np.vectorize(definition)(X), rtol=1e-14)
    check_gradients(function, X)


@pytest.mark.parametrize("axis", [-1, 0])
def test_softmax_is_its_definition(axis):
    powers = np.vectorize(math.exp)(X)
    expected = powers / powers.sum(axis, keepdims=True)
    np.testing.assert_allclose(F.softmax(X, axis).numpy(), expected, rtol=1e-14)
    np.testing.assert_allclose(F.log_softmax(X, axis).numpy(), np.vectorize(math.log)(expected), rtol=1e-12)
    check_gradients(lambda x: F.softmax(x, axis), X)
    check_gradients(lambda x: F.log_softmax(x, axis), X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_of_huge_logits_is_finite(dtype):
    huge = np.array([[1e4, -1e4, 0], [-1e4, -1e4, -1e4]], dtype)
    np.testing.assert_allclose(F.softmax(huge).numpy(), [[1, 0, 0], [1 / 3] * 3], rtol=1e-6)
    np.testing.assert_allclose(F.log_softmax(huge).numpy(), [[0, -2e4, -1e4], [-math.log(3)] * 3], rtol=1e-6)


def test_softmax_does_not_see_a_shift():
    np.testing.assert_allclose(F.softmax(X + 100).numpy(), F.softmax(X).numpy(), rtol=1e-12)


def test_cross_entropies_agree_with_each_other():
    classes = np.array([3, 0, 2])
    sparse = F.sparse_softmax_cross_entropy_with_logits(classes, X)
    np.testing.assert_allclose(sparse.numpy(), -F.log_softmax(X).numpy()[np.arange(3), classes], rtol=1e-13)
    np.testing.assert_allclose(F.softmax_cross_entropy_with_logits(np.eye(4)[classes], X).numpy(), sparse.numpy())
    two = np.stack([np.zeros(5), np.linspace(-3, 3, 5)], axis=1)  # softmax of (0, x) is sigmoid of x
    ones = F.sigmoid_cross_entropy_with_logits(np.ones(5), two[:, 1])
    np.testing.assert_allclose(ones.numpy(), F.sparse_softmax_cross_entropy_with_logits([1] * 5, two).numpy())


def test_cross_entropies_have_the_right_gradients():
    soft = RNG.dirichlet(np.ones(4), 3)
    check_gradients(lambda x: F.softmax_cross_entropy_with_logits(soft, x), X)
    check_gradients(lambda x: F.sparse_softmax_cross_entropy_with_logits(np.array([3, 0, 2]), x), X)
    check_gradients(F.sigmoid_cross_entropy_with_logits, soft, X)


MISFITS = {
    "softmax": (F.softmax_cross_entropy_with_logits, np.zeros(3), ["(3, 4)", "one-hot", "(3,)"]),
    "sparse": (F.sparse_softmax_cross_entropy_with_logits, np.eye(4)[:3], ["(3,)", "float64", "(3, 4)"]),
    "sparse floats": (F.sparse_softmax_cross_entropy_with_logits, np.zeros(3), ["integer", "float64"]),
    "sigmoid": (F.sigmoid_cross_entropy_with_logits, np.zeros((3, 1)), ["(3, 4)", "(3, 1)"]),
}


@pytest.mark.parametrize("name", MISFITS)
def test_labels_that_do_not_fit_are_named(name):
    function, labels, named = MISFITS[name]
    with pytest.raises(ShapeError) as error:
        function(labels, Tensor(X))
    for part in (name.split()[0], *named):
        assert part in str(error.value)
