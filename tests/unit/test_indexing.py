"""Basic indexing on shapes alone, against NumPy's own indexing, for indices that nobody thought of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydl.indexing import basic_index

SHAPES = st.lists(st.integers(0, 4), max_size=3).map(tuple)
BOUND = st.none() | st.integers(-5, 5)
SLICE = st.builds(slice, BOUND, BOUND, st.none() | st.integers(1, 3))
PART = st.integers(-4, 3) | SLICE | st.none() | st.just(...)
INDEX = PART | st.lists(PART, max_size=4).map(tuple)


@given(SHAPES, INDEX)
def test_any_index_is_refused_or_means_what_it_means_in_numpy(shape, index):
    x = np.arange(np.prod(shape)).reshape(shape)
    try:
        expected = x[index]
    except IndexError:
        with pytest.raises((IndexError, TypeError)):
            basic_index(shape, index)
        return
    start, stop, step, result = basic_index(shape, index)
    assert all(0 <= a <= b <= n for a, b, n in zip(start, stop, shape))
    np.testing.assert_array_equal(x[tuple(map(slice, start, stop, step))].reshape(result), expected)
    assert result == expected.shape
