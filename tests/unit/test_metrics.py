"""Metrics against plain counting and scikit-learn's: of one batch, exact over many of them, and compiled."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import ShapeError, Tensor, jit, losses, metrics, nn, optim
from pydl.configurable import describe, revive

OUTPUTS = np.array([[0.1, 0.9], [0.8, 0.2], [0.4, 0.6], [0.7, 0.3]], np.float32)
MSE = losses.MeanSquaredError()


def test_categorical_accuracy_counts_rows_with_the_right_maximum():
    labels = np.array([[0, 1], [0, 1], [0, 1], [1, 0]], np.float32)
    assert metrics.categorical_accuracy(labels, Tensor(OUTPUTS)).item() == 0.75


@pytest.mark.parametrize("labels", [[1, 1, 1, 0], [[1], [1], [1], [0]]], ids=["(n,)", "(n, 1)"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_sparse_categorical_accuracy_counts_right_classes(labels, dtype):
    assert metrics.sparse_categorical_accuracy(np.array(labels, dtype), Tensor(OUTPUTS)).item() == 0.75


def test_binary_accuracy_counts_outputs_on_the_right_side():
    labels = np.array([1, 0, 0, 1])
    outputs = Tensor([[0.9], [0.4], [0.6], [0.5]])
    assert metrics.binary_accuracy(labels, outputs).item() == 0.5, "0.5 is not above the threshold"
    assert metrics.binary_accuracy(labels, outputs, threshold=0.45).item() == 0.75


def test_the_accuracy_of_a_batch_fits_its_shapes():
    labels = np.array([1, 1, 1, 0])
    assert metrics.accuracy(labels, OUTPUTS).item() == metrics.accuracy(labels[:, None], OUTPUTS).item() == 0.75
    assert metrics.accuracy(np.eye(2)[labels], OUTPUTS).item() == 0.75
    assert metrics.accuracy(labels, OUTPUTS[:, 1]).item() == metrics.accuracy(labels, OUTPUTS[:, 1:]).item() == 0.75
    assert metrics.accuracy(np.array([0, 1, 2]), np.array([0, 2, 2], np.uint8)).item() == pytest.approx(2 / 3)
    with pytest.raises(ShapeError, match="accuracy: expected class numbers of shape"):
        metrics.accuracy([0, 1], np.array([0, 1, 2]))
    assert isinstance(metrics.get(metrics.accuracy, MSE), metrics.FittingAccuracy)


def accuracy(loss, labels, outputs):
    metric = metrics.get("accuracy", losses.get(loss))
    assert metric.name == "accuracy"
    return metric(np.asarray(labels), Tensor(np.asarray(outputs, np.float32))).item()


def test_accuracy_is_the_one_that_fits_the_loss():
    assert accuracy("sparse_categorical_crossentropy", [1, 1, 1, 0], OUTPUTS) == 0.75
    assert accuracy("categorical_crossentropy", np.eye(2)[[1, 1, 1, 0]], OUTPUTS) == 0.75
    assert accuracy("binary_crossentropy", [1, 0], [[0.6], [0.4]]) == 1
    logits = losses.BinaryCrossentropy(from_logits=True)
    assert accuracy(logits, [1, 0], [[0.2], [-0.2]]) == 1
    assert accuracy(logits, [1, 0], [[-0.2], [0.7]]) == 0
    assert accuracy(losses.SparseCategoricalCrossentropy(from_logits=True), [0, 0], [[3, -3], [-3, 3]]) == 0.5


def test_accuracy_of_a_single_output_is_binary_whatever_the_loss():
    # The largest of one output is always the first: by places every answer would be right.
    assert accuracy("mse", [[0], [1], [1], [0]], [[0.9], [0.8], [0.1], [0.2]]) == 0.5
    assert accuracy("mse", np.eye(2)[[1, 1, 1, 0]], OUTPUTS) == 0.75


def test_a_sample_with_several_outputs_counts_with_the_share_that_is_right():
    labels = np.array([[1, 0, 1], [0, 0, 0]])
    outputs = Tensor([[0.9, 0.8, 0.7], [0.1, 0.2, 0.3]])
    assert metrics.binary_accuracy(labels, outputs).item() == pytest.approx(5 / 6)


# ---- among the k largest

SCORES = np.array([[0.1, 0.5, 0.2, 0.2], [0.4, 0.3, 0.2, 0.1], [0.0, 0.1, 0.2, 0.7]], np.float32)


@pytest.mark.parametrize("k, expected", [(1, 1 / 3), (2, 2 / 3), (3, 2 / 3), (4, 1)])
def test_top_k_accuracy_counts_labels_among_the_k_largest(k, expected):
    labels = np.array([1, 3, 2])  # ranks 1, 4 and 2
    assert metrics.sparse_top_k_categorical_accuracy(labels, Tensor(SCORES), k=k).item() == pytest.approx(expected)
    assert metrics.top_k_categorical_accuracy(np.eye(4)[labels], Tensor(SCORES), k=k).item() == pytest.approx(expected)


def test_top_k_accuracy_is_top_five_by_default():
    assert (metrics.TopKCategoricalAccuracy().k, metrics.SparseTopKCategoricalAccuracy().k) == (5, 5)
    assert metrics.in_top_k is nn.functional.in_top_k
    with pytest.raises(ValueError, match="k of at least 1, received 0"):
        metrics.TopKCategoricalAccuracy(0)


# ---- precision, recall, F1

RNG = np.random.default_rng(5)
COUNTED = {"precision": metrics.precision, "recall": metrics.recall, "f1_score": metrics.f1_score}


def counted_by_hand(name, labels, answers, classes):
    """The mean over the classes that occur, from sets of row numbers."""
    shares = []
    for number in classes:
        actual = {i for i, label in enumerate(labels) if label == number}
        predicted = {i for i, answer in enumerate(answers) if answer == number}
        if actual or predicted:
            of = {"precision": len(predicted), "recall": len(actual)}.get(name, (len(predicted) + len(actual)) / 2)
            shares.append(len(actual & predicted) / of if of else 0.0)
    return sum(shares) / len(shares) if shares else 0.0


@pytest.mark.parametrize("name", COUNTED)
@settings(max_examples=40)
@given(rows=st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.3, 0.5, 0.51, 1.0])), min_size=1, max_size=9))
def test_of_a_single_output_it_is_that_of_the_ones(name, rows):
    labels, outputs = map(np.array, zip(*rows))
    expected = counted_by_hand(name, labels, outputs > 0.5, [1])
    for shape in ((-1, 1), (-1,)):
        assert COUNTED[name](labels, Tensor(outputs.reshape(shape))).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", COUNTED)
@settings(max_examples=40)
@given(rows=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=9))
def test_of_several_outputs_it_is_the_mean_over_the_classes_that_occur(name, rows):
    labels, answers = map(np.array, zip(*rows))
    outputs = Tensor(np.eye(4)[answers] + 0.1)
    expected = counted_by_hand(name, labels, answers, range(4))
    for y in (labels, labels[:, None], np.eye(4)[labels]):
        assert COUNTED[name](y, outputs).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", COUNTED)
def test_scikit_learn_agrees(name):
    reference = getattr(pytest.importorskip("sklearn.metrics"), name if name == "f1_score" else f"{name}_score")
    scores = RNG.standard_normal((200, 5))
    labels = RNG.integers(0, 5, 200)
    several = COUNTED[name](labels, Tensor(scores)).item()
    assert several == pytest.approx(reference(labels, scores.argmax(-1), average="macro"), rel=1e-12)
    one = COUNTED[name](labels > 2, Tensor(scores[:, :1]), threshold=0.2).item()
    assert one == pytest.approx(reference(labels > 2, scores[:, 0] > 0.2), rel=1e-12)
    every = COUNTED[name](np.eye(5)[labels], Tensor(scores), threshold=0.2).item()
    assert every == pytest.approx(reference(np.eye(5)[labels], scores > 0.2, average="macro"), rel=1e-12)


def test_scikit_learn_has_the_same_accuracies_and_confusion_matrix():
    sklearn = pytest.importorskip("sklearn.metrics")
    scores, labels = RNG.standard_normal((200, 5)), RNG.integers(0, 5, 200)
    answers = scores.argmax(-1)
    accuracy = metrics.sparse_categorical_accuracy(labels, Tensor(scores)).item()
    assert accuracy == pytest.approx(sklearn.accuracy_score(labels, answers), rel=1e-12)
    for k in range(1, 5):
        share = metrics.sparse_top_k_categorical_accuracy(labels, Tensor(scores), k).item()
        assert share == pytest.approx(sklearn.top_k_accuracy_score(labels, scores, k=k), rel=1e-12)
    np.testing.assert_array_equal(metrics.confusion_matrix(labels, answers), sklearn.confusion_matrix(labels, answers))


@pytest.mark.parametrize("name", COUNTED)
def test_a_share_of_nothing_is_zero(name):
    assert COUNTED[name](np.zeros(3), Tensor(np.zeros((3, 1)))).item() == 0
    assert COUNTED[name](np.ones(3), Tensor(np.zeros((3, 1)))).item() == 0


@pytest.mark.parametrize("name", ["binary_accuracy", *COUNTED])
def test_logits_are_cut_where_their_probability_is_one_half(name):
    labels, logits = np.array([1, 0, 1, 1, 0]), Tensor(np.array([[0.2], [-0.2], [-3.0], [0.4], [0.1]]))
    metric = metrics.get(name, losses.BinaryCrossentropy(from_logits=True))
    assert metric(labels, logits).item() == getattr(metrics, name)(labels, logits.sigmoid()).item()
    plain = metrics.get(name, losses.BinaryCrossentropy())
    assert plain(labels, logits).item() == getattr(metrics, name)(labels, logits).item()
    high = type(metric)(threshold=0.59, from_logits=True)
    assert high(labels, logits).item() == getattr(metrics, name)(labels, logits.sigmoid(), threshold=0.59).item()


def test_a_probability_to_cut_logits_at_must_be_one():
    for threshold in (0.0, 1.0, -1.0):
        with pytest.raises(ValueError, match=re.escape(f"between 0 and 1 beside logits, received {threshold}")):
            metrics.Precision(threshold, from_logits=True)


# ---- exact over an epoch

BINARY, SPARSE = losses.BinaryCrossentropy(), losses.SparseCategoricalCrossentropy()
CATEGORICAL = losses.CategoricalCrossentropy()
ROWS = 103
CLASSES = RNG.integers(0, 6, ROWS)
WIDE = RNG.random((ROWS, 6)).astype(np.float32)
NARROW = RNG.random((ROWS, 1)).astype(np.float32)
ONES = (RNG.random(ROWS) < 0.4).astype(np.float32)
EVERY_METRIC = {
    "accuracy": (SPARSE, CLASSES, WIDE),
    "binary_accuracy": (BINARY, ONES, NARROW),
    "categorical_accuracy": (CATEGORICAL, np.eye(6)[CLASSES], WIDE),
    "sparse_categorical_accuracy": (SPARSE, CLASSES, WIDE),
    "top_k_categorical_accuracy": (CATEGORICAL, np.eye(6)[CLASSES], WIDE),
    "sparse_top_k_categorical_accuracy": (SPARSE, CLASSES, WIDE),
    "precision": (BINARY, ONES, NARROW),
    "recall": (SPARSE, CLASSES, WIDE),
    "f1_score": (SPARSE, CLASSES, WIDE),
}


def over_batches(metric, y, outputs, sizes, compiled=False):
    """As `fit` does it: counts of every batch, summed in float64, and one result."""
    counts = jit(metric.counts) if compiled else lambda y, x: metric.counts(Tensor(y), Tensor(x))
    total, start = 0.0, 0
    for size in sizes:
        total = total + counts(y[start : start + size], outputs[start : start + size]).numpy().astype(np.float64)
        start += size
    assert start == len(y)
    return metric.result(Tensor(total), len(y)).item()


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
@pytest.mark.parametrize("name", EVERY_METRIC)
def test_a_metric_of_many_batches_is_that_of_all_samples_at_once(name, compiled):
    loss, y, outputs = EVERY_METRIC[name]
    metric = metrics.get(name, loss)
    whole = metric(y, Tensor(outputs.astype(np.float64))).item()
    for sizes in ([103], [100, 3], [1] * 103, [50, 50, 3], [7] * 14 + [5]):
        assert over_batches(metric, y, outputs, sizes, compiled) == whole, sizes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", EVERY_METRIC)
def test_huge_equal_and_single_outputs_have_a_share_from_0_to_1_traced_as_eager(name, dtype):
    loss, y, outputs = EVERY_METRIC[name]
    metric = metrics.get(name, loss)
    for chosen in (np.sign(outputs - 0.5) * 1e4, np.zeros_like(outputs), np.full_like(outputs, -1e4), outputs[:1]):
        x, labels = chosen.astype(dtype), y[: len(chosen)]
        value = metric(labels, Tensor(x)).item()
        assert 0 <= value <= 1
        assert jit(lambda y, x: metric(y, x))(labels, x).item() == pytest.approx(value, rel=1e-6)
    with pytest.raises(ShapeError, match=f"{metric.name}: expected at least one sample"):
        metric(y[:0], Tensor(outputs[:0]))


def test_every_metric_is_held_to_many_batches():
    assert set(EVERY_METRIC) >= set(metrics.METRICS) - {"mse", "mean_squared_error", "mae", "mean_absolute_error"}


def test_a_function_is_averaged_over_the_samples_not_over_the_batches():
    def error(y_true, y_pred):
        return (y_true - y_pred).abs().mean()

    def errors(y_true, y_pred):
        return (y_true - y_pred).abs()

    y, outputs = RNG.standard_normal((10, 2)), RNG.standard_normal((10, 2))
    for function in (error, errors):
        metric = metrics.get(function, MSE)
        assert metric.name == function.__name__
        assert over_batches(metric, y, outputs, [7, 3]) == pytest.approx(np.abs(y - outputs).mean(), rel=1e-12)


@pytest.mark.parametrize("wanted", ["precision", metrics.precision, metrics.Precision, metrics.Precision(0.5)])
def test_fit_and_evaluate_give_the_precision_of_all_samples(wanted):
    x = RNG.standard_normal((50, 3)).astype(np.float32)
    y = (x[:, 0] + 0.3 * RNG.standard_normal(50) > 0.4).astype(np.float32)
    model = nn.Sequential([nn.Dense(1, activation="sigmoid")])
    model.compile(optim.SGD(1e-12), "binary_crossentropy", metrics=[wanted])
    history = model.fit(x, y, batch_size=7, epochs=1, verbose=0).history
    expected = counted_by_hand("precision", y, model.predict(x)[:, 0] > 0.5, [1])
    assert history["precision"] == [expected]
    assert model.evaluate(x, y, batch_size=9, verbose=0, return_dict=True)["precision"] == expected


# ---- names


def test_metrics_by_name_by_class_and_by_function():
    for name, kind in metrics.METRICS.items():
        if issubclass(kind, metrics.Metric):
            assert type(metrics.get(name, MSE)) is type(metrics.get(kind, MSE)) is kind
            assert type(metrics.get(getattr(metrics, name), MSE)) is kind
            assert metrics.get(name, MSE).name == name
    metric = metrics.TopKCategoricalAccuracy(3, name="top_3")
    assert metrics.get(metric, MSE) is metric
    assert metric.name == "top_3"
    assert metrics.get("mae", MSE).name == "mae"
    assert metrics.get(losses.MeanAbsoluteError(), MSE).name == "mean_absolute_error"
    assert metrics.get("mae", MSE)(np.array([1.0, 2.0]), Tensor([[0.0], [5.0]])).item() == 2
    with pytest.raises(ValueError, match="unknown metric 'f1'.*binary_accuracy, categorical_accuracy, f1_score"):
        metrics.get("f1", MSE)


@pytest.mark.parametrize("name", [name for name in EVERY_METRIC if name != "accuracy"])
def test_a_configuration_makes_the_same_metric_again(name):
    loss, y, outputs = EVERY_METRIC[name]
    metric = metrics.get(name, loss)
    again = revive(json.loads(json.dumps(describe(metric))), metrics.Metric)
    assert (type(again), again.get_config()) == (type(metric), metric.get_config())
    assert describe(getattr(metrics, name)) == name


def test_a_metric_of_ones_own_must_define_counts():
    with pytest.raises(NotImplementedError, match=r"Metric must define counts\(y_true, y_pred\)"):
        metrics.Metric()(np.zeros(1), Tensor([0.0]))


WRONG = {
    "an empty batch": ("binary_accuracy", np.zeros(0), np.zeros((0, 1)), "at least one sample"),
    "class numbers for rows": ("categorical_accuracy", CLASSES, WIDE, r"one-hot labels.*\(103, 6\), received \(103,\)"),
    "rows for class numbers": ("sparse_categorical_accuracy", WIDE, WIDE, r"class numbers.*\(103,\).*\(103, 6\)"),
    "too few labels": ("precision", ONES[:5], NARROW, r"labels for outputs \(103, 1\), received \(5,\)"),
    "too many labels": ("f1_score", np.append(CLASSES, 0), WIDE, r"class numbers of shape \(103,\).*\(104,\)"),
    "another width": ("binary_accuracy", np.ones((103, 2)), NARROW, r"labels for.*\(103, 1\), received \(103, 2\)"),
}


@pytest.mark.parametrize("name", WRONG)
def test_labels_that_do_not_fit_are_named(name):
    metric, y, outputs, message = WRONG[name]
    with pytest.raises(ShapeError, match=f"{metric}: expected {message}"):
        metrics.get(metric, MSE)(y, Tensor(outputs))


# ---- the confusion matrix


def test_the_confusion_matrix_has_true_classes_as_rows():
    matrix = metrics.confusion_matrix([0, 0, 0, 1], [0, 1, 1, 1])
    assert matrix.dtype == np.int64
    assert matrix.tolist() == [[1, 2], [0, 1]]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30), st.integers(5, 8))
def test_the_confusion_matrix_counts_pairs(pairs, classes):
    y_true, y_pred = map(np.array, zip(*pairs))
    expected = [[pairs.count((i, j)) for j in range(classes)] for i in range(classes)]
    assert metrics.confusion_matrix(y_true, y_pred, classes).tolist() == expected
    assert metrics.confusion_matrix(y_true[:, None], np.eye(classes)[y_pred]).tolist() == expected
    assert metrics.confusion_matrix(np.eye(classes)[y_true], Tensor(y_pred)).tolist() == expected
    own = max(*y_true, *y_pred) + 1
    assert metrics.confusion_matrix(y_true, y_pred).tolist() == [row[:own] for row in expected[:own]]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "uint64", "float32", "bool"])
def test_class_numbers_may_have_any_dtype(dtype):
    labels, answers = np.array([0, 1, 1], dtype), np.array([1, 1, 1], dtype)
    assert metrics.confusion_matrix(labels, answers).tolist() == [[0, 1], [0, 2]]
    assert metrics.confusion_matrix(labels[:0], answers[:0], 1).tolist() == [[0]]


def test_a_single_output_is_given_as_a_comparison():
    p = np.array([[0.2], [0.7], [0.9]])
    assert metrics.confusion_matrix([0, 1, 0], p > 0.5).tolist() == [[1, 1], [0, 1]]
    with pytest.raises(ShapeError, match=r"y_pred as class numbers from 0 on, received 0.2; .*\(p > 0.5\)"):
        metrics.confusion_matrix([0, 1, 0], p)


CONFUSED = {
    "lengths": (([0, 1], [0]), "as many labels as predictions, received 2 and 1"),
    "a negative class": (([0, -1], [0, 1]), "y_true as class numbers from 0 on, received -1"),
    "not a number": (([0, 1], [0, np.nan]), "y_pred as class numbers from 0 on, received nan"),
    "too few classes": (([0, 3], [0, 1], 3), "num_classes of at least 4 for these classes, received 3"),
    "nothing": (([], []), "num_classes of at least 1"),
    "pictures": ((np.zeros((2, 3, 3)), [0, 1]), r"class numbers \(n,\) or rows \(n, classes\), received float64 of sh"),
    "texts": ((["a", "b"], [0, 1]), r"received <U1 of shape \(2,\)"),
}


@pytest.mark.parametrize("name", CONFUSED)
def test_what_cannot_be_classes_is_named(name):
    arguments, message = CONFUSED[name]
    with pytest.raises(ShapeError, match=message):
        metrics.confusion_matrix(*arguments)


def test_of_no_samples_the_confusion_matrix_is_empty_counts():
    assert metrics.confusion_matrix([], [], 2).tolist() == [[0, 0], [0, 0]]
