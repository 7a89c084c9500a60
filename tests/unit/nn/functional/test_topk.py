"""in_top_k against TensorFlow's rule, counted in plain Python."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydl import ShapeError, Tensor, jit
from pydl.nn import functional as F
from tests.unit.support import assert_refused


def counted(target, row, k):
    """TensorFlow's kernel: how many classes are strictly better than the target's; nothing is said of what is not
    finite, nor of a class that does not exist."""
    if not 0 <= target < len(row) or not all(map(math.isfinite, row)):
        return False
    return sum(value > row[target] for value in row) < k


ROWS = st.lists(
    st.tuples(st.integers(-1, 5), st.lists(st.sampled_from([0.0, 0.5, 1.0, -2.0, math.inf, -math.inf, math.nan]),
                                           min_size=4, max_size=4)),
    min_size=1, max_size=6,
)  # fmt: skip


@given(ROWS, st.integers(1, 6))
def test_in_top_k_counts_the_classes_that_are_strictly_better(rows, k):
    targets, predictions = zip(*rows)
    received = F.in_top_k(np.array(targets), np.array(predictions), k)
    assert received.dtype == np.bool_
    assert received.numpy().tolist() == [counted(target, row, k) for target, row in rows]


def test_classes_that_tie_at_the_border_are_all_in():
    predictions = np.array([[0.1, 0.4, 0.4, 0.1]] * 4)
    targets = np.arange(4)
    assert F.in_top_k(targets, predictions, 1).numpy().tolist() == [False, True, True, False]
    assert F.in_top_k(targets, predictions, 3).numpy().tolist() == [True] * 4


def test_the_first_of_one_is_accuracy():
    rng = np.random.default_rng(0)
    predictions, targets = rng.standard_normal((50, 10)), rng.integers(0, 10, 50)
    np.testing.assert_array_equal(F.in_top_k(targets, predictions, 1).numpy(), predictions.argmax(1) == targets)
    assert F.in_top_k(targets, predictions, 10).numpy().all()


def test_huge_and_equal_predictions():
    predictions = np.array([[1e4, -1e4, 0], [5, 5, 5], [3e38, -3e38, 0]], np.float32)
    assert F.in_top_k([0, 2, 2], predictions, 1).numpy().tolist() == [True, True, False]


def test_it_takes_lists_single_samples_and_more_axes_and_can_be_traced():
    assert F.in_top_k([1], [[0.1, 0.9]], 1).numpy().tolist() == [True]
    assert F.in_top_k(Tensor([1]), [[0.1, 0.9]], 1).numpy().tolist() == [True]
    assert bool(F.in_top_k(1, np.array([0.9, 0.1]), 1)) is False
    predictions, targets = np.arange(24.0).reshape(2, 3, 4), np.array([[3, 2, 1], [0, 3, 2]])
    eager = F.in_top_k(targets, predictions, 2).numpy()
    assert eager.tolist() == [[True, True, False], [False, True, True]]
    np.testing.assert_array_equal(jit(lambda t, p: F.in_top_k(t, p, 2))(targets, predictions).numpy(), eager)
    assert F.in_top_k(np.zeros(0, int), np.zeros((0, 4)), 1).shape == (0,)


@pytest.mark.parametrize(
    "targets, predictions, named",
    [
        ([0, 1], np.zeros((3, 4)), ["(3,)", "(3, 4)", "(2,)"]),
        (np.zeros((3, 4), int), np.zeros((3, 4)), ["(3,)", "(3, 4)"]),
        (0, 1.0, ["(..., classes)", "predictions ()"]),
    ],
)
def test_what_does_not_fit_is_named(targets, predictions, named):
    assert_refused(lambda: F.in_top_k(targets, predictions, 1), ShapeError, "in_top_k", *named)


@pytest.mark.parametrize("k", [0, -1, 1.5])
def test_a_k_that_is_no_count_is_refused(k):
    with pytest.raises(ValueError, match=f"in_top_k: expected k as an integer above 0, received {k}"):
        F.in_top_k([0], [[1.0]], k)
