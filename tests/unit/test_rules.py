"""The rules of dtypes and shapes, each against what it says."""

import numpy as np
import pytest

from pydl import ShapeError, rules

F32, F64, I32, U8, BOOL = map(np.dtype, ("float32", "float64", "int32", "uint8", "bool"))


@pytest.mark.parametrize(
    ("a", "b", "floats", "meets"),
    [
        (F32, F64, False, F64),
        (F32, I32, False, F32),
        (F64, U8, True, F64),
        (I32, U8, False, I32),
        (I32, I32, True, F32),
        (BOOL, BOOL, False, BOOL),
    ],
)
def test_two_dtypes_meet_where_nothing_is_lost_and_no_float64_appears_unasked(a, b, floats, meets):
    assert rules.common_dtype(a, b, floats) == rules.common_dtype(b, a, floats) == meets


@pytest.mark.parametrize(
    ("number", "dtype", "floats", "meets"),
    [(2, I32, False, I32), (2, I32, True, F32), (0.5, I32, False, F32), (0.5, F64, False, F64), (1, BOOL, False, F32)],
)
def test_a_number_takes_the_dtype_of_the_array_beside_it_unless_it_does_not_fit(number, dtype, floats, meets):
    assert rules.dtype_beside(number, dtype, floats) == meets


def test_the_open_length_of_a_shape_is_what_is_left():
    assert rules.filled_shape((3, -1), 12) == (3, 4)
    assert rules.filled_shape((5, -1), 12) == (5, -1)  # reshape then says what is wrong
    assert rules.filled_shape((-1, -1), 12) == (-1, -1)
    assert rules.filled_shape((0, -1), 0) == (0, -1)


def test_axes_are_sorted_numbers_from_the_front():
    assert rules.normalized_axes(None, 3) == (0, 1, 2)
    assert rules.normalized_axes((-1, 0), 3) == (0, 2)
    with pytest.raises(ShapeError, match="axis 3 does not exist: the Tensor has 3 axes"):
        rules.normalized_axes(3, 3)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ShapeError, match=r"add: shapes \(2, 3\) and \(4,\) do not fit together"):
        rules.broadcast_shapes("add", (2, 3), (4,))
