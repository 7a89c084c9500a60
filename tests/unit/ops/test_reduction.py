"""Reductions against sums and maxima written out element by element."""

import itertools
import math

import numpy as np
import pytest

from pydl.ops import reduction
from tests.unit.ops.cases import CASES


def groups(x, axes):
    """For every index of the result: the elements that are reduced to it."""
    free = [axis for axis in range(x.ndim) if axis not in axes]
    found = {index: [] for index in itertools.product(*(range(x.shape[a]) for a in free))}
    for index in itertools.product(*map(range, x.shape)):
        found[tuple(index[a] for a in free)].append(x[index])
    return found


@pytest.mark.parametrize("case", [c for c in CASES if c.primitive in ("sum", "max")], ids=str)
def test_reduction_over_axes(case):
    x, axes = case.arrays[0], case.params["axes"]
    function = {"sum": math.fsum, "max": max}[case.primitive]
    y = getattr(reduction, case.primitive)(x, axes=axes)
    for index, elements in groups(x, axes).items():
        assert y[index] == pytest.approx(function(elements), rel=1e-14)


@pytest.mark.parametrize("case", [c for c in CASES if c.primitive == "argmax"], ids=str)
def test_argmax_names_the_largest(case):
    x, axis = case.arrays[0], case.params["axis"]
    y = reduction.argmax(x, axis=axis)
    assert y.dtype == np.int32
    for index, elements in groups(x, (axis,)).items():
        assert elements[y[index]] == max(elements)


FEW = [((3000, 2), (1,)), ((700, 4, 3), (1,)), ((700, 4, 3), (1, 2)), ((40, 50, 2, 3), (2,)), ((99, 2, 64, 3), (1, 3))]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
@pytest.mark.parametrize("shape, axes", FEW, ids=str)
def test_many_small_groups_are_reduced_as_numpy_does(shape, axes, dtype):
    # these go slice by slice, which the small arrays of the table do not
    x = (np.random.default_rng(4).standard_normal(shape) * 9).astype(dtype)
    for view in (x, x[::-1], x.swapaxes(0, -1).copy().swapaxes(0, -1)):
        np.testing.assert_array_equal(reduction.max(view, axes=axes), view.max(axis=axes))
        np.testing.assert_allclose(reduction.sum(view, axes=axes), view.sum(axis=axes), rtol=1e-5, atol=1e-5)


def test_a_maximum_over_many_small_groups_passes_nan_on():
    x = np.zeros((1000, 3))
    x[5, 2] = x[7, 0] = math.nan
    assert np.flatnonzero(np.isnan(reduction.max(x, axes=(1,)))).tolist() == [5, 7]


def test_argmax_of_equals_is_the_first():
    assert reduction.argmax(np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 0.0]]), axis=1).tolist() == [1, 0]


def test_the_sum_of_nothing_is_zero():
    assert reduction.sum(np.ones((2, 0)), axes=(1,)).tolist() == [0, 0]


def test_a_long_float32_sum_keeps_its_digits():
    # Adding 0.1 a million times one by one in float32 gives 100958: NumPy adds in pairs.
    x = np.full(10**6, 0.1, np.float32)
    assert reduction.sum(x, axes=(0,)) == pytest.approx(1e5, rel=1e-5)


def test_a_maximum_passes_nan_on():
    assert math.isnan(reduction.max(np.array([1.0, math.nan, 2.0]), axes=(0,)))
