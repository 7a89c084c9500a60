"""The error function against the standard library's, and where it ends."""

import math

import numpy as np
import pytest

from pydl.ops.special import BORDER, LARGEST, erf, polynomial

EVERYWHERE = np.concatenate([
    np.linspace(-7, 7, 5001), np.linspace(-0.6, 0.6, 5001), 10.0 ** -np.arange(1, 37.0), [0.0, 40.0, -1e30]
])  # fmt: skip


@pytest.mark.parametrize("dtype, error", [(np.float64, 1e-15), (np.float32, 4e-7)])
def test_erf_is_right_to_the_last_digits(dtype, error):
    x = EVERYWHERE.astype(dtype)
    received = erf(x)
    assert received.dtype == dtype
    expected = [math.erf(each) for each in x.tolist()]
    np.testing.assert_allclose(received.astype(np.float64), expected, rtol=error, atol=0)


def test_erf_is_odd_to_the_last_bit():
    np.testing.assert_array_equal(erf(-EVERYWHERE), -erf(EVERYWHERE))


@pytest.mark.parametrize("border", [BORDER, LARGEST])
def test_erf_has_no_jump_where_its_formula_changes(border):
    around = border + np.arange(-50, 51) * 1e-12
    steps = np.diff(erf(around))
    slope = 2 / math.sqrt(math.pi) * math.exp(-(border**2)) * 1e-12
    np.testing.assert_allclose(steps, slope, atol=4e-16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_erf_ends_at_one_without_overflow(dtype, recwarn):
    largest = float(np.finfo(dtype).max)
    x = np.array([-math.inf, -largest, -1e4, -0.0, 0.0, 1e4, largest, math.inf, math.nan], dtype)
    received = erf(x)
    np.testing.assert_array_equal(received, [-1, -1, -1, 0, 0, 1, 1, 1, math.nan])
    assert math.copysign(1, received[3]) == -1
    assert not recwarn.list


def test_a_polynomial_has_its_lowest_power_first():
    x = np.array([0.0, 1.0, 2.0, -3.0])
    np.testing.assert_array_equal(polynomial((5.0, 0.0, 2.0), x), 5 + 2 * x * x)
    assert polynomial((1.0, 0.1), np.ones(2, np.float32)).dtype == np.float32
