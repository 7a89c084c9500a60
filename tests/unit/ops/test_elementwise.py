"""Elementwise primitives against Python's own `math`, one number at a time."""

import math
import operator

import numpy as np
import pytest

from pydl.ops import elementwise

VALUES = [-700.0, -30.0, -3.5, -1.0, -1e-8, 0.0, 1e-300, 0.3, 1.0, 2.5, 40.0, 700.0]
POSITIVE = [1e-300, 1e-8, 0.3, 1.0, 2.5, 40.0, 1e300]

ONE = {
    "neg": (operator.neg, VALUES),
    "exp": (math.exp, VALUES),
    "log": (math.log, POSITIVE),
    "sqrt": (math.sqrt, POSITIVE),
    "tanh": (math.tanh, VALUES),
    "sigmoid": (lambda x: 1 / (1 + math.exp(-x)), VALUES),
}
TWO = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": lambda a, b: a / b if b else math.copysign(math.inf, a) * math.copysign(1, b) if a else math.nan,
    "maximum": max,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "equal": operator.eq,
}


@pytest.mark.parametrize("name", ONE)
def test_function_of_one_number(name):
    function, values = ONE[name]
    expected = [function(v) for v in values]
    np.testing.assert_allclose(getattr(elementwise, name)(np.array(values)), expected, rtol=1e-15, atol=1e-320)


@pytest.mark.parametrize("name", TWO)
def test_function_of_two_numbers(name):
    a, b = (np.array(side) for side in zip(*[(x, y) for x in VALUES for y in VALUES]))
    expected = [TWO[name](x, y) for x, y in zip(a.tolist(), b.tolist())]
    np.testing.assert_array_equal(getattr(elementwise, name)(a, b), expected)


def test_pow():
    pairs = [(a, b) for a in (0.3, 1.0, 2.5, 10.0) for b in (-3.0, -0.5, 0.0, 1.0, 2.0, 7.3)]
    a, b = (np.array(side) for side in zip(*pairs))
    np.testing.assert_allclose(elementwise.pow(a, b), [math.pow(x, y) for x, y in pairs], rtol=1e-15)


@pytest.mark.parametrize("dtype, largest", [(np.float32, 3e38), (np.float64, 1e308)])
def test_sigmoid_saturates_without_overflow(dtype, largest):
    x = np.array([-largest, -1e4, 0, 1e4, largest], dtype)
    assert elementwise.sigmoid(x).tolist() == [0, 0, 0.5, 1, 1]


def test_where_takes_each_element_from_its_side_and_no_nan_from_the_other():
    condition = np.array([True, False, True])
    a, b = np.array([1.0, math.nan, 3.0]), np.array([math.nan, 5.0, math.inf])
    assert elementwise.where(condition, a, b).tolist() == [1, 5, 3]


def test_cast_cuts_off_what_does_not_fit():
    x = np.array([-1.7, 0.0, 1.7])
    assert elementwise.cast(x, dtype=np.dtype(np.int32)).tolist() == [-1, 0, 1]
    assert elementwise.cast(x, dtype=np.dtype(np.bool_)).tolist() == [True, False, True]
    assert elementwise.cast(np.array([0.1]), dtype=np.dtype(np.float32))[0] == np.float32(0.1)


def test_right_shift_brings_in_zeros():
    words = np.array([0xFFFFFFFF, 0x80000000, 0xFF], np.uint32)
    assert elementwise.right_shift(words, by=8).tolist() == [w >> 8 for w in words.tolist()]
