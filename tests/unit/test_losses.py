"""Losses against their definitions written out with `math` in float64, where a naive form survives, and against their
limits where it does not."""

import json
import math

import numpy as np
import pytest

from pydl import ShapeError, Tensor, jit, losses
from pydl.configurable import describe, revive
from pydl.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    KLDivergence,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from tests.unit.support import assert_agree, assert_refused, check_gradients, gradient_of

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


def divergence(y, p):
    return math.fsum(a * (math.log(a) - math.log(b)) for a, b in zip(y, p))


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
    "mean absolute error": (
        MeanAbsoluteError(), SOFT, LOGITS,
        over(lambda y, x: abs(y - x), SOFT.ravel(), LOGITS.ravel()),
    ),
    "divergence": (KLDivergence(), SOFT, P, over(divergence, SOFT, P)),
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


WEIGHTS = np.array([0.5, 2.0, 0.0, 1.0, 3.25])


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_loss_has_the_right_gradient(name, weights):
    loss, y, prediction, _ = DEFINITIONS[name]
    check_gradients(lambda t: loss(y, t, weights), prediction)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_gradient_of_a_losss_gradient_is_right(name):
    loss, y, prediction, _ = DEFINITIONS[name]
    check_gradients(gradient_of(lambda t: loss(y, t, WEIGHTS), [prediction]), prediction)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_compiled_loss_is_that_of_the_single_lines(name):
    loss, y, prediction, _ = DEFINITIONS[name]
    compiled = jit(lambda y, t, w: loss(y, t, w))
    assert_agree(compiled(y, prediction, WEIGHTS).numpy(), loss(y, prediction, WEIGHTS).numpy())


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_loss_of_one_sample_is_its_own(name):
    loss, y, prediction, expected = DEFINITIONS[name]
    each = [loss(y[i : i + 1], Tensor(prediction[i : i + 1])).item() for i in range(len(y))]
    assert mean(each) == pytest.approx(expected, rel=1e-12)


# ---- weights


@pytest.mark.parametrize("weights", [WEIGHTS, WEIGHTS[:, None], WEIGHTS.astype(np.float32), [1, 0, 2, 0, 5]], ids=str)
@pytest.mark.parametrize("name", DEFINITIONS)
def test_weighted_losses_are_summed_and_divided_by_their_number_not_by_the_weights(name, weights):
    loss, y, prediction, _ = DEFINITIONS[name]
    each = [loss(y[i : i + 1], Tensor(prediction[i : i + 1])).item() for i in range(len(y))]
    expected = math.fsum(float(w) * e for w, e in zip(np.ravel(weights), each)) / len(each)
    assert loss(y, Tensor(prediction), weights).item() == pytest.approx(expected, rel=1e-12)


def test_a_weight_of_one_for_each_changes_nothing():
    for loss, y, prediction, expected in DEFINITIONS.values():
        assert loss(y, Tensor(prediction), np.ones(5)).item() == pytest.approx(expected, rel=1e-12)


def test_weights_that_do_not_fit_are_named():
    with pytest.raises(ShapeError, match=r"mean_squared_error.*each of the 5 samples, received.*of shape \(4,\)"):
        MeanSquaredError()(SOFT, LOGITS, np.ones(4))
    batchwise = losses.get(lambda y_true, y_pred: (y_true - y_pred).abs().mean())
    with pytest.raises(ShapeError, match="one number for the whole batch cannot be weighted"):
        batchwise(SOFT, LOGITS, np.ones(5))


# ---- shapes


def test_mean_squared_error_of_labels_without_the_last_axis():
    loss = MeanSquaredError()(np.array([1.0, 2.0]), Tensor([[0.0], [4.0]]))
    assert loss.item() == (1 + 4) / 2


def test_the_slope_of_an_absolute_error_of_zero_is_zero():
    x = Tensor(np.array([1.0, 2.0, 0.0]), requires_grad=True)
    MeanAbsoluteError()(np.array([1.0, 1.0, 1.0]), x).backward()
    np.testing.assert_allclose(x.grad.numpy(), [0, 1 / 3, -1 / 3])


EVERY_LOSS = {
    "mean squared error": (MeanSquaredError(), True),
    "mean absolute error": (MeanAbsoluteError(), True),
    "divergence": (KLDivergence(), False),
    "binary, logits": (BinaryCrossentropy(from_logits=True), True),
    "binary, probabilities": (BinaryCrossentropy(), False),
    "categorical, logits": (CategoricalCrossentropy(from_logits=True), True),
    "categorical, probabilities": (CategoricalCrossentropy(), False),
    "sparse, logits": (SparseCategoricalCrossentropy(from_logits=True), True),
    "sparse, probabilities": (SparseCategoricalCrossentropy(), False),
}


def test_every_loss_is_held_to_its_definition_and_to_its_extremes():
    assert {type(loss) for loss, _ in EVERY_LOSS.values()} == set(losses.LOSSES.values())
    assert set(EVERY_LOSS) == set(DEFINITIONS)


def labels_for(loss, rows):
    return np.arange(rows) % 3 if isinstance(loss, SparseCategoricalCrossentropy) else np.eye(3)[np.arange(rows) % 3]


@pytest.mark.parametrize("name", EVERY_LOSS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_value_and_gradient_stay_finite_at_extremes_and_at_all_equal_outputs(name, dtype):
    loss, unbounded = EVERY_LOSS[name]
    values = [-1e4, 0.0, 1e4] if unbounded else [0.0, 0.5, 1.0]
    rows = np.array([[a, b, c] for a in values for b in values for c in values], dtype)
    for weights in (None, np.linspace(0, 2, len(rows))):
        x = Tensor(rows, requires_grad=True)
        value = loss(labels_for(loss, len(rows)), x, weights)
        value.backward()
        assert value.dtype == dtype
        assert np.isfinite(value.item())
        assert np.isfinite(x.grad.numpy()).all()
        assert np.isfinite(loss(labels_for(loss, 1), Tensor(rows[:1])).item())


@pytest.mark.parametrize("name", EVERY_LOSS)
def test_an_empty_batch_is_named(name):
    loss, _ = EVERY_LOSS[name]
    with pytest.raises(ShapeError, match=rf"{loss.name}: expected at least one sample, received outputs.*\(0, 3\)"):
        loss(labels_for(loss, 0), Tensor(np.zeros((0, 3))))
    with pytest.raises(ShapeError, match=rf"{loss.name}: expected at least one sample, received labels"):
        loss.check(labels_for(loss, 0), (3,))


@pytest.mark.parametrize("name", EVERY_LOSS)
def test_labels_of_another_batch_are_named_in_a_compiled_step_too(name):
    loss, _ = EVERY_LOSS[name]
    with pytest.raises(ShapeError, match=rf"{loss.name}: expected .*\(4"):
        jit(lambda y, x: loss(y, x))(labels_for(loss, 5), np.ones((4, 3)))


@pytest.mark.parametrize("name", EVERY_LOSS)
def test_a_configuration_makes_the_same_loss_again(name):
    loss, _ = EVERY_LOSS[name]
    again = revive(json.loads(json.dumps(describe(loss))), Loss)
    assert (type(again), again.from_logits) == (type(loss), loss.from_logits)


def test_labels_that_a_loss_can_see_are_checked_where_it_is_called():
    with pytest.raises(ShapeError, match="the model has 3 outputs, so labels must be 0 to 2; received 0 to 3"):
        SparseCategoricalCrossentropy()(np.array([0, 3]), Tensor(np.full((2, 3), 1 / 3)))


def test_divergence_of_a_distribution_from_itself_is_zero_also_at_zeros():
    rows = np.array([[0.0, 1.0], [0.25, 0.75]])
    assert KLDivergence()(rows, Tensor(rows)).item() == pytest.approx(0, abs=1e-12)
    away = KLDivergence()(np.array([[0.0, 1.0]]), Tensor(np.array([[1.0, 0.0]])))
    assert away.item() == pytest.approx(math.log(1 / losses.EPSILON), rel=1e-5)


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
    assert isinstance(losses.get("mae"), MeanAbsoluteError)
    assert isinstance(losses.get("kld"), KLDivergence)
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
    with pytest.raises(TypeError, match="loss: expected a name or an object, received None; names are .*, mse"):
        losses.get(None)


def test_a_name_may_be_that_of_the_class():
    assert isinstance(losses.get("SparseCategoricalCrossentropy"), SparseCategoricalCrossentropy)
    assert isinstance(losses.get("KLDivergence"), KLDivergence)


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
    "classes as truths": (SPARSE, np.array([True, False]), (3,), ["class numbers", "bool", "(2,)"]),
    "one-hot rows for sparse": (SPARSE, np.eye(3, dtype=int), (3,), ["(3, 3)", "use categorical_crossentropy"]),
    "numbers for categorical": (CATEGORICAL, np.array([0, 1]), (3,), ["(n, 3)", "(2,)", "use sparse_categorical"]),
    "rows of another width": (CATEGORICAL, np.eye(4), (3,), ["(n, 3)", "(4, 4)"]),
    "labels beyond one": (BinaryCrossentropy(), np.array([0, 2]), (1,), ["from 0 to 1", "0 to 2"]),
    "too few columns": (BinaryCrossentropy(), np.zeros((5, 2)), (3,), ["(n, 3)", "(5, 2)"]),
    "half-hot rows": (CATEGORICAL, np.eye(3) * 2, (3,), ["from 0 to 1", "0.0 to 2.0"]),
    "no distribution": (KLDivergence(), np.eye(3) - 1, (3,), ["from 0 to 1", "-1.0 to 0.0"]),
    "a single number": (MeanSquaredError(), np.array(1.0), (1,), ["at least one sample", "()"]),
    "a single output": (SPARSE, np.array([0, 1]), (1,), ["0 to 0", "binary_crossentropy"]),
    "class numbers with holes": (SPARSE, np.array([0.0, 1.5]), (3,), ["whole numbers", "1.5"]),
    "class numbers for rows": (MeanSquaredError(), np.array([0, 2]), (3,), ["(n, 3)", "(2,)", "to_categorical"]),
    "values of another shape": (MeanSquaredError(), np.zeros((5, 2)), (1,), ["(n, 1)", "(5, 2)"]),
}


@pytest.mark.parametrize("name", WRONG_LABELS)
def test_wrong_labels_are_named(name):
    loss, labels, output_shape, named = WRONG_LABELS[name]
    assert_refused(lambda: loss.check(labels, output_shape), ShapeError, loss.name, *named)


def test_right_labels_pass():
    SPARSE.check(np.array([0, 2], np.uint8), (3,))
    SPARSE.check(np.array([[0], [2]]), (3,))
    SPARSE.check(np.array([0.0, 2.0]), (3,))
    CATEGORICAL.check(np.eye(3), (3,))
    BinaryCrossentropy().check(np.array([True, False]), (1,))
    BinaryCrossentropy().check(np.array([0, 1]), (1,))
    MeanSquaredError().check(np.zeros(4), (1,))
    MeanSquaredError().check(np.zeros((4, 2)), (2,))
