"""One-hot rows, and labels that have none."""

import numpy as np
import pytest

from pydl.data import DataError, one_hot, to_categorical


def test_rows_have_a_single_one_at_the_label():
    np.testing.assert_array_equal(one_hot([1, 0, 2], 4), [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]])
    assert one_hot([1]).dtype == np.float32


def test_classes_are_counted_from_the_labels_unless_given():
    assert to_categorical(np.array([0, 3], np.uint8)).shape == (2, 4)
    assert to_categorical([0, 3], num_classes=10).shape == (2, 10)


def test_any_shape_of_labels_and_a_last_axis_of_one_dropped():
    labels = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(one_hot(labels).argmax(axis=-1), labels)
    assert one_hot(np.zeros((5, 1), int), 3).shape == (5, 3)
    assert one_hot(7, 10).shape == (10,)
    assert one_hot(np.zeros(0, int), 3).shape == (0, 3)


def test_whole_numbers_may_be_floats_as_a_csv_file_gives_them():
    np.testing.assert_array_equal(one_hot(np.array([2.0, 0.0], np.float32)), [[0, 0, 1], [1, 0, 0]])
    assert one_hot(7.0, 10).shape == (10,)


@pytest.mark.parametrize(
    "labels, num_classes, message",
    [
        ([0, -1], None, "expected labels from 0 to 0, received -1"),
        ([0, 10], 10, "expected labels from 0 to 9, received 10"),
        ([0.0, 1.5], None, "expected whole numbers as labels, received 1.5"),
        ([0.0, np.nan], None, "expected whole numbers as labels, received nan"),
        ([True], None, "expected whole numbers as labels, received bool"),
        (["7"], None, "expected whole numbers as labels, received <U1"),
        ([], None, "expected num_classes or at least one label"),
        (np.zeros(0, int), None, "expected num_classes or at least one label"),
        ([0], 0, "expected num_classes from 1, received 0"),
        ([0], 2.0, "expected num_classes from 1, received 2.0"),
    ],
)
def test_labels_without_a_row_are_refused(labels, num_classes, message):
    with pytest.raises(DataError, match=message):
        one_hot(labels, num_classes)
