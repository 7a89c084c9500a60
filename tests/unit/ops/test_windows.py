"""Windows against index arithmetic written out element by element, and unfold and fold as each other's transpose."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydl.ops import windows
from tests.unit.ops.cases import CASES


def of(name):
    return pytest.mark.parametrize("case", [c for c in CASES if c.primitive == name], ids=str)


def indices(shape):
    return itertools.product(*map(range, shape))


@of("unfold")
def test_unfold_sees_every_window_that_lies_wholly_inside(case):
    x, window, strides = case.arrays[0], case.params["window"], case.params["strides"]
    y = windows.unfold(x, **case.params)
    starts = [range(0, n - k + 1, s) for n, k, s in zip(x.shape[1:3], window, strides)]
    assert y.shape == (x.shape[0], *map(len, starts), *window, x.shape[3])
    for n, i, j, p, q, c in indices(y.shape):
        assert y[n, i, j, p, q, c] == x[n, starts[0][i] + p, starts[1][j] + q, c]


@of("fold")
def test_fold_adds_every_element_of_a_window_to_its_place(case):
    x, strides = case.arrays[0], case.params["strides"]
    y = windows.fold(x, **case.params)
    expected = np.zeros((x.shape[0], *case.params["size"], x.shape[5]))
    for n, i, j, p, q, c in indices(x.shape):
        expected[n, i * strides[0] + p, j * strides[1] + q, c] += x[n, i, j, p, q, c]
    np.testing.assert_allclose(y, expected, rtol=1e-14, atol=1e-14)


AXIS = st.integers(1, 3).flatmap(
    lambda window: st.tuples(st.just(window), st.integers(1, 4), st.integers(window, 8))
)


@given(AXIS, AXIS, st.sampled_from([(1, 1), (2, 3)]), st.integers(0, 9))
def test_fold_is_the_transpose_of_unfold(rows, columns, ends, seed):
    window, strides, size = zip(rows, columns)
    rng = np.random.default_rng(seed)
    x = rng.integers(-9, 10, (ends[0], *size, ends[1])).astype(float)
    seen = windows.unfold(x, window=window, strides=strides)
    w = rng.integers(-9, 10, seen.shape).astype(float)
    assert (seen * w).sum() == (x * windows.fold(w, size=size, strides=strides)).sum()


def test_windows_cost_no_memory_and_cannot_be_written():
    x = np.zeros((2, 5, 5, 3))
    y = windows.unfold(x, window=(3, 3), strides=(1, 1))
    assert np.shares_memory(x, y)
    assert not y.flags.writeable, "a number written into one window would appear in its neighbours"


def test_windows_of_a_view_are_the_windows_of_what_it_shows():
    x = np.random.default_rng(0).standard_normal((2, 7, 6, 3))
    options = {"window": (2, 3), "strides": (2, 1)}
    for view in (x.transpose(3, 2, 1, 0), x[:, ::2], np.broadcast_to(x[:1, :, :1], (2, 7, 6, 3))):
        np.testing.assert_array_equal(windows.unfold(view, **options), windows.unfold(view.copy(), **options))
