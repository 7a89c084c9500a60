"""Losses against their definitions written out with `math` in float64, where a naive form survives, and against their
limits where it does not."""

import math

import numpy as np
import pytest

from pydl import ShapeError, Tensor, losses
from pydl.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Loss,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from tests.unit.support import check_gradients

RNG = np.random.default_rng(7)
LOGITS = RNG.standard_normal((5, 4)) * 3
CLASSES = np.array([0, 3, 1, 1, 2], np.int32)
ONE_HOT = np.eye(4)[CLASSES]
SOFT = RNG.dirichlet(np.ones(4), 5)
BINARY = (RNG.random((5, 4)) < 0.5).astype(float)


def softmax(row):
    powers = [math.exp(x) for x in row]
    return [p / sum(powers) for p in powers]


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def mean(numbers):
    numbers = list(numbers)
    return math.fsum(numbers) / len(numbers)


def cross_entropy(y, p):
    return -math.fsum(a * math.log(b) for a, b in zip(y, p) if a)


def binary(y, p):
    return -(y * math.log(p) + (1 - y) * math.log(1 - p))


def over(definition, labels, predictions):
    """The mean of a definition over pairs of rows (or numbers)."""
    return mean(definition(y, x) for y, x in zip(labels.tolist(), predictions.tolist()))


P = np.array([softmax(row) for row in (LOGITS / 6).tolist()])
DEFINITIONS = {  # a loss, labels, predictions, the mean of the definition
    "mean squared error": (
        MeanSquaredError(), SOFT, LOGITS,
        over(lambda y, x: (y - x) ** 2, SOFT.ravel(), LOGITS.ravel()),
    ),
    "categorical, logits": (
        CategoricalCrossentropy(from_logits=True), SOFT, LOGITS,
        over(lambda y, x: cross_entropy(y, softmax(x)), SOFT, LOGITS),
    ),
    "categorical, probabilities": (CategoricalCrossentropy(), SOFT, P, over(cross_entropy, SOFT, P)),
    "sparse, logits": (
        SparseCategoricalCrossentropy(from_logits=True), CLASSES, LOGITS,
        over(lambda y, x: -math.log(softmax(x)[y]), CLASSES, LOGITS),
    ),
    "sparse, probabilities": (
        SparseCategoricalCrossentropy(), CLASSES, P,
        over(lambda y, p: -math.log(p[y]), CLASSES, P),
    ),
    "binary, logits": (
        BinaryCrossentropy(from_logits=True), BINARY, LOGITS,
        over(lambda y, x: binary(y, sigmoid(x)), BINARY.ravel(), LOGITS.ravel()),
    ),
    "binary, probabilities": (BinaryCrossentropy(), BINARY, P, over(binary, BINARY.ravel(), P.ravel())),
}  # fmt: skip


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_loss_is_the_mean_of_its_definition(name):
    loss, y, prediction, expected = DEFINITIONS[name]
    assert loss(y, Tensor(prediction)).item() == pytest.approx(expected, rel=1e-12)
    assert loss(y, Tensor(prediction.astype(np.float32))).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_loss_has_the_right_gradient(name):
    loss, y, prediction, _ = DEFINITIONS[name]
    check_gradients(lambda t: loss(y, t), prediction)


def test_mean_squared_error_of_labels_without_the_last_axis():
    loss = MeanSquaredError()(np.array([1.0, 2.0]), Tensor([[0.0], [4.0]]))
    assert loss.item() == (1 + 4) / 2


# ---- where a naive form gives infinity or NaN

FLOATS = [np.float32, np.float64]
HUGE = 1e4


@pytest.mark.parametrize("dtype", FLOATS)
def test_categorical_cross_entropy_of_huge_logits(dtype):
    logits = Tensor(np.array([[HUGE, -HUGE], [-HUGE, HUGE], [HUGE, HUGE], [-HUGE, -HUGE]], dtype), requires_grad=True)
    labels = np.array([0, 0, 1, 0])
    expected = [0, 2 * HUGE, math.log(2), math.log(2)]
    for loss, y in (
        (SparseCategoricalCrossentropy(from_logits=True), labels),
        (CategoricalCrossentropy(from_logits=True), np.eye(2)[labels]),
    ):
        each = loss.call(Tensor(y, dtype=y.dtype), logits)
        np.testing.assert_allclose(each.numpy(), expected, rtol=1e-6)
        logits.grad = None
        each.sum().backward()
        np.testing.assert_allclose(logits.grad.numpy(), [[0, 0], [-1, 1], [0.5, -0.5], [-0.5, 0.5]], atol=1e-6)


@pytest.mark.parametrize("dtype", FLOATS)
def test_binary_cross_entropy_of_huge_logits(dtype):
    x = Tensor(np.array([HUGE, HUGE, -HUGE, -HUGE, 0, 0], dtype), requires_grad=True)
    y = Tensor(np.array([1, 0, 1, 0, 1, 0], dtype))
    each = BinaryCrossentropy(from_logits=True).call(y, x)
    np.testing.assert_allclose(each.numpy(), [0, HUGE, HUGE, 0, math.log(2), math.log(2)], rtol=1e-6)
    each.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [0, 1, -1, 0, -0.5, 0.5], atol=1e-6)


def test_binary_cross_entropy_keeps_the_digits_of_a_small_loss():
    # log(1 + e) for e = exp(-20): the naive -log(sigmoid(x)) is 0 in float32
    each = BinaryCrossentropy(from_logits=True).call(Tensor([1.0]), Tensor(np.array([20.0])))
    assert each.item() == pytest.approx(math.log1p(math.exp(-20)), rel=1e-6)


@pytest.mark.parametrize("loss", [BinaryCrossentropy(), CategoricalCrossentropy()], ids=lambda loss: loss.name)
def test_probabilities_of_zero_and_one_are_kept_from_the_logarithm(loss):
    wrong = loss(np.array([[1.0, 0.0]], np.float32), Tensor([[0.0, 1.0]]))
    assert wrong.item() == pytest.approx(-math.log(losses.EPSILON), rel=0.02)
    assert loss(np.array([[1.0, 0.0]], np.float32), Tensor([[1.0, 0.0]])).item() == pytest.approx(0, abs=1e-6)


# ---- names


def test_losses_by_name():
    assert isinstance(losses.get("mse"), MeanSquaredError)
    for name, kind in losses.LOSSES.items():
        assert isinstance(losses.get(name), kind)
    assert isinstance(losses.get(BinaryCrossentropy), BinaryCrossentropy)
    loss = SparseCategoricalCrossentropy(from_logits=True)
    assert losses.get(loss) is loss


def test_a_function_is_a_loss_too():
    def half_square(y_true, y_pred):
        return (y_true - y_pred) ** 2 * 0.5

    loss = losses.get(half_square)
    assert isinstance(loss, Loss)
    assert loss.name == "half_square"
    assert loss(np.array([0.0, 0.0]), Tensor([2.0, 4.0])).item() == (2 + 8) / 2


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match="unknown loss 'rmse'.*binary_crossentropy.*mse"):
        losses.get("rmse")
    with pytest.raises(TypeError, match="loss: expected a name or a function, received None"):
        losses.get(None)


def test_a_loss_of_ones_own_must_define_call():
    class Nothing(Loss):
        pass

    with pytest.raises(NotImplementedError, match=r"Nothing must define call\(y_true, y_pred\)"):
        Nothing()(np.zeros(1), Tensor([0.0]))


# ---- labels that cannot be right are found before training

SPARSE, CATEGORICAL = SparseCategoricalCrossentropy(), CategoricalCrossentropy()
WRONG_LABELS = {
    "a class too many": (SPARSE, np.array([0, 3]), (3,), ["3 outputs", "0 to 2", "0 to 3"]),
    "a negative class": (SPARSE, np.array([-1, 2]), (3,), ["-1 to 2"]),
    "classes as floats": (SPARSE, np.array([0.0, 1.0]), (3,), ["integer", "float64", "(2,)"]),
    "one-hot rows for sparse": (SPARSE, np.eye(3, dtype=int), (3,), ["(3, 3)", "use categorical_crossentropy"]),
    "numbers for categorical": (CATEGORICAL, np.array([0, 1]), (3,), ["(n, 3)", "(2,)", "use sparse_categorical"]),
    "rows of another width": (CATEGORICAL, np.eye(4), (3,), ["(n, 3)", "(4, 4)"]),
    "labels beyond one": (BinaryCrossentropy(), np.array([0, 2]), (1,), ["from 0 to 1", "0 to 2"]),
    "too few columns": (BinaryCrossentropy(), np.zeros((5, 2)), (3,), ["(3,)", "(2,)", "(5, 2)"]),
    "values of another shape": (MeanSquaredError(), np.zeros((5, 2)), (1,), ["(1,)", "(5, 2)"]),
}


@pytest.mark.parametrize("name", WRONG_LABELS)
def test_wrong_labels_are_named(name):
    loss, labels, output_shape, named = WRONG_LABELS[name]
    with pytest.raises(ShapeError) as error:
        loss.check(labels, output_shape)
    for part in (loss.name, *named):
        assert part in str(error.value)


def test_right_labels_pass():
    SPARSE.check(np.array([0, 2], np.uint8), (3,))
    SPARSE.check(np.array([[0], [2]]), (3,))
    CATEGORICAL.check(np.eye(3), (3,))
    BinaryCrossentropy().check(np.array([True, False]), (1,))
    BinaryCrossentropy().check(np.array([0, 1]), (1,))
    MeanSquaredError().check(np.zeros(4), (1,))
    MeanSquaredError().check(np.zeros((4, 2)), (2,))
