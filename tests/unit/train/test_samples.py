"""The data of a training: arrays, weights for samples and classes, the split into two parts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydl import ShapeError
from pydl.train.samples import Samples, class_weights, samples_from

X = np.arange(20.0, dtype=np.float32).reshape(10, 2)
Y = np.arange(10)


@given(st.integers(2, 200), st.floats(0.01, 0.99))
def test_a_split_keeps_every_sample_in_order_the_last_share_apart(count, share):
    x, weights = np.arange(count, dtype=np.float32).reshape(count, 1), np.ones(count, np.float32)
    at = int(np.floor(count * (1 - share)))
    if not 0 < at < count:
        with pytest.raises(ValueError, match="validation_split"):
            Samples(x, x, weights).split(share)
        return
    first, last = Samples(x, x, weights).split(share)
    for part in range(3):
        np.testing.assert_array_equal(np.concatenate([first[part], last[part]]), (x, x, weights)[part])
    assert len(first.x) == at


@pytest.mark.parametrize("share", [-0.1, 1.0, 1.5, 0.99])
def test_a_split_that_leaves_nothing_on_one_side_is_refused(share):
    with pytest.raises(ValueError, match=f"some of the 10 samples on both sides, received {share}"):
        Samples(X, Y).split(share)


def test_a_batch_has_the_rows_of_the_order_as_floats():
    samples = Samples((X % 256).astype(np.uint8), Y, np.arange(10, dtype=np.float32))
    x, y, weights = samples.batch(2, 5, np.arange(10)[::-1])
    assert x.dtype == np.float32
    assert x.tolist() == [[14, 15], [12, 13], [10, 11]]
    assert y.tolist() == weights.tolist() == [7, 6, 5]


def test_a_batch_without_an_order_copies_nothing():
    x, y = samples_from("fit", X, Y.astype(np.int32)).batch(0, 4, None)
    assert np.shares_memory(x, X)
    assert len(y) == 4


@pytest.mark.parametrize("floats", [np.float32, np.float64])
def test_a_batch_has_the_dtype_of_the_weights(floats):
    samples = samples_from("fit", X.astype(np.float64), Y.astype(np.float64))._replace(floats=np.dtype(floats))
    assert [part.dtype for part in samples.batch(0, 2, None)] == [floats, floats]
    first, last = samples.split(0.5)
    assert first.floats == last.floats == floats


def test_labels_are_converted_once_to_what_a_step_takes():
    assert samples_from("fit", X, Y).y.dtype == np.int32
    assert samples_from("fit", X, Y.astype(np.uint8)).y.dtype == np.uint8
    assert samples_from("fit", X, Y.astype(float)).y.dtype == np.float64


@pytest.mark.parametrize(
    "labels",
    [[0, 2, 1, 2], np.eye(3)[[0, 2, 1, 2]], np.array([[0], [2], [1], [2]])],
    ids=["numbers", "one-hot", "a column"],
)
def test_each_sample_gets_the_weight_of_its_class_and_1_without_one(labels):
    weights = class_weights({2: 5.0, 0: 0.5}, np.asarray(labels), (3,))
    assert weights.tolist() == [0.5, 5.0, 1.0, 5.0]
    assert weights.dtype == np.float32


def test_a_single_output_has_the_classes_0_and_1():
    assert class_weights({1: 3}, np.array([[0.0], [1.0]]), (1,)).tolist() == [1, 3]


BAD = {
    "a class beyond the last": (lambda: class_weights({3: 1.0}, Y % 3, (3,)), ValueError, "from 0 to 2, received 3"),
    "a class by its name": (lambda: class_weights({"cat": 1.0}, Y % 3, (3,)), ValueError, "received 'cat'"),
    "a negative weight": (lambda: class_weights({0: -1.0}, Y % 3, (3,)), ValueError, "numbers of 0 or more"),
    "a list": (lambda: class_weights([1, 2], Y % 3, (3,)), TypeError, "expected a dict"),
    "too few weights": (lambda: samples_from("fit", X, Y, [1, 2]), ShapeError, "each of the 10 samples.*(2,)"),
    "a weight that is no number": (lambda: samples_from("fit", X, Y, [np.nan] * 10), ValueError, "sample_weight"),
    "texts": (lambda: samples_from("fit", [["a"]], [1]), TypeError, "fit: expected x as numbers, received texts"),
    "classes by their names": (lambda: samples_from("fit", [[1]], ["cat"]), TypeError, "y as numbers.*return_inverse"),
    "nothing": (lambda: samples_from("fit", X, None), TypeError, "fit: expected y as numbers, received NoneType"),
    "a share in words": (lambda: samples_from("fit", X, Y).split("a"), ValueError, "validation_split.*received 'a'"),
    "rows of two lengths": (lambda: samples_from("evaluate", [[1], [1, 2]], [1, 2]), TypeError, "rows of one length"),
}


@pytest.mark.parametrize("name", BAD)
def test_mistakes_are_named(name):
    mistake, kind, message = BAD[name]
    with pytest.raises(kind, match=message.replace("(2,)", r"\(2,\)")):
        mistake()
