"""Cross-entropies against each other and the softmax, and their gradients against differences."""

import math

import numpy as np
import pytest

import pydl
from pydl import ShapeError, Tensor
from pydl.nn import functional as F
from tests.unit.support import assert_agree, assert_refused, check_gradients, gradient_of

RNG = np.random.default_rng(11)
X = RNG.standard_normal((3, 4)) * 2


def test_cross_entropies_agree_with_each_other():
    classes = np.array([3, 0, 2])
    sparse = F.sparse_softmax_cross_entropy_with_logits(classes, X)
    np.testing.assert_allclose(sparse.numpy(), -F.log_softmax(X).numpy()[np.arange(3), classes], rtol=1e-13)
    np.testing.assert_allclose(F.softmax_cross_entropy_with_logits(np.eye(4)[classes], X).numpy(), sparse.numpy())
    as_tensor = F.sparse_softmax_cross_entropy_with_logits(Tensor(classes), X)  # whose numbers are floats
    np.testing.assert_array_equal(as_tensor.numpy(), sparse.numpy())
    two = np.stack([np.zeros(5), np.linspace(-3, 3, 5)], axis=1)  # softmax of (0, x) is sigmoid of x
    ones = F.sigmoid_cross_entropy_with_logits(np.ones(5), two[:, 1])
    np.testing.assert_allclose(ones.numpy(), F.sparse_softmax_cross_entropy_with_logits([1] * 5, two).numpy())


def test_cross_entropies_have_the_right_gradients():
    soft = RNG.dirichlet(np.ones(4), 3)
    check_gradients(lambda x: F.softmax_cross_entropy_with_logits(soft, x), X)
    check_gradients(lambda x: F.sparse_softmax_cross_entropy_with_logits(np.array([3, 0, 2]), x), X)
    check_gradients(F.sigmoid_cross_entropy_with_logits, soft, X)


SOFT, CLASSES = RNG.dirichlet(np.ones(4), 3), np.array([3, 0, 2])
FUNCTIONS = [
    (F.softmax_cross_entropy_with_logits, SOFT),
    (F.sparse_softmax_cross_entropy_with_logits, CLASSES),
    (F.sigmoid_cross_entropy_with_logits, SOFT),
]


@pytest.mark.parametrize("function, labels", FUNCTIONS)
def test_cross_entropies_have_the_right_second_derivatives(function, labels):
    check_gradients(gradient_of(lambda x: (function(labels, x) ** 2).sum(), [X]), X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function, labels", FUNCTIONS)
def test_cross_entropies_traced_are_what_they_are_eager(function, labels, dtype):
    logits = np.concatenate([X[:2] * 1e4, X[2:]]).astype(dtype)
    labels = labels.astype(dtype) if labels is SOFT else labels

    def with_slope(y, x):
        return [function(y, x), pydl.grad(lambda x: (function(y, x) ** 2).sum())(x)]

    for traced, eager in zip(pydl.jit(with_slope)(labels, logits), with_slope(labels, Tensor(logits)), strict=True):
        assert_agree(traced.numpy(), eager.numpy())


MISFITS = {
    "softmax": (F.softmax_cross_entropy_with_logits, np.zeros(3), ["(3, 4)", "one-hot", "(3,)"]),
    "sparse": (F.sparse_softmax_cross_entropy_with_logits, np.eye(4)[:3], ["class numbers (...)", "(3, 4) and (3, 4)"]),
    "sparse of nothing": (F.sparse_softmax_cross_entropy_with_logits, [0, 1, 9], ["labels from 0 to", "0 to 9"]),
    "sigmoid": (F.sigmoid_cross_entropy_with_logits, np.zeros((3, 1)), ["(3, 4)", "(3, 1)"]),
}


@pytest.mark.parametrize("name", MISFITS)
def test_labels_that_do_not_fit_are_named(name):
    function, labels, named = MISFITS[name]
    assert_refused(lambda: function(labels, Tensor(X)), ShapeError, name.split()[0], *named)


@pytest.mark.parametrize("label", [0.0, 0.3, 1.0])
def test_sigmoid_cross_entropy_at_a_logit_of_zero_has_slope_one_half_minus_the_label(label):
    # relu and |x| have a kink each where the two halves of the formula meet: the sum has none
    slope = pydl.grad(lambda x: F.sigmoid_cross_entropy_with_logits(np.array([label]), x).sum())
    assert slope(np.zeros(1)).item() == 0.5 - label
    second = pydl.grad(lambda x: slope(x).sum())
    assert second(np.zeros(1)).item() == 0.25


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits_have_finite_losses_and_gradients(dtype):
    logits = np.array([[1e4, -1e4], [-1e4, 1e4], [1e4, 1e4], [0, 0]], dtype)
    log2 = math.log(2)

    def sparse(x):
        return F.sparse_softmax_cross_entropy_with_logits([0, 0, 0, 1], x)

    np.testing.assert_allclose(sparse(logits).numpy(), [0, 2e4, log2, log2], rtol=1e-6)
    slopes = pydl.grad(lambda x: sparse(x).sum())(logits).numpy()
    np.testing.assert_allclose(slopes, [[0, 0], [-1, 1], [-0.5, 0.5], [0.5, -0.5]])
    labels = np.array([[1, 1], [0, 0], [0, 1], [1, 0]], dtype)

    def sigmoid(x):
        return F.sigmoid_cross_entropy_with_logits(labels, x)

    np.testing.assert_allclose(sigmoid(logits).numpy(), [[0, 1e4], [0, 1e4], [1e4, 0], [log2, log2]], rtol=1e-6)
    slopes = pydl.grad(lambda x: sigmoid(x).sum())(logits).numpy()
    np.testing.assert_allclose(slopes, [[0, -1], [0, 1], [1, 0], [-0.5, 0.5]])
