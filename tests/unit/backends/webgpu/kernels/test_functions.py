"""Functions at their extremes, in both widths: NaN, infinities, overflow, poles, negative bases, against NumPy.

The arrays are of 64 numbers, or of 63: the first are taken four at a time.
"""

import numpy as np
import pytest

import pydl
from pydl.ops import REGISTRY
from pydl.tensor import apply
from tests.unit.backends.webgpu.running import run

TINY = np.float32(1.2e-38)  # about the smallest that is normal; GPUs may take what is below for 0
EXTREMES = np.float32([0, -0.0, 1, -1, 0.5, -0.5, 1e-6, -1e-6, 0.2499999, 0.25, -0.25, 3, -3, 9.1, -9.1, 20, -20, 88,
                       -87, 104, -104, 1e4, -1e4, 3e38, -3e38, TINY, -TINY, np.inf, -np.inf, np.nan])  # fmt: skip
WIDTHS = pytest.mark.parametrize("count", [64, 63], ids=["in fours", "one by one"])


def numbers(count):
    return np.resize(EXTREMES, count)


def assert_near(ours, expected, name, tolerance=2e-6):
    """NaN and infinity at the same places; else near, relative to the number or absolutely below 1."""
    finite = np.isfinite(expected) & (np.abs(expected) < 3.3e38)
    special = ~np.isfinite(expected)
    np.testing.assert_array_equal(ours[special], expected[special], name)
    np.testing.assert_allclose(ours[finite], expected[finite], tolerance, tolerance, err_msg=name)


@WIDTHS
def test_functions_of_one_number(count, gpu):
    names = ["neg", "exp", "tanh", "sigmoid", "erf", "log", "sqrt"]
    x = numbers(count)
    found = run(lambda x: [apply(REGISTRY[name], x) for name in names], gpu, x)
    with np.errstate(all="ignore"):
        for name, ours in zip(names, found, strict=True):
            assert_near(ours, np.asarray(REGISTRY[name](x)), name)


@WIDTHS
def test_functions_of_two_numbers(count, gpu):
    names = ["add", "sub", "mul", "maximum", "greater", "greater_equal", "equal", "div"]
    pairs = np.array(np.meshgrid(EXTREMES, EXTREMES)).reshape(2, -1)[:, : 900 - 64 + count]
    x, y = np.ascontiguousarray(pairs)
    found = run(lambda x, y: [apply(REGISTRY[name], x, y) for name in names], gpu, x, y)
    with np.errstate(all="ignore"):
        for name, ours in zip(names, found, strict=True):
            expected = np.asarray(REGISTRY[name](x, y))
            if expected.dtype == bool:
                np.testing.assert_array_equal(ours, expected, name)
            else:
                usual = ~(np.isfinite(expected) & (np.abs(expected) < 2e-38)) & ~(np.abs(y) < 2e-38)
                assert_near(ours[usual], expected[usual], name)


@WIDTHS
def test_powers(count, gpu):
    bases = np.float32([-np.inf, -3, -2, -0.5, -0.0, 0, 0.5, 1, 2, 10, np.inf, np.nan])
    exponents = np.float32([-3, -2, -1, -0.5, 0, 0.5, 1, 2, 3, 2.5])
    x, y = np.ascontiguousarray(np.array(np.meshgrid(bases, exponents)).reshape(2, -1)[:, : 120 - 64 + count])
    (ours,) = run(lambda x, y: x**y, gpu, x, y)
    with np.errstate(all="ignore"):
        assert_near(ours, x**y, "pow", 1e-5)


@WIDTHS
@pytest.mark.parametrize("bound", [0.0, -1.5, 3e38])
def test_a_maximum_with_a_number_lets_nan_through(bound, count, gpu):
    x, number = numbers(count), pydl.Tensor(np.float32(bound))
    for ours in run(lambda x: (x.maximum(number), number.maximum(x)), gpu, x):
        np.testing.assert_array_equal(ours, np.maximum(x, np.float32(bound)))


@WIDTHS
@pytest.mark.parametrize("target", ["int32", "uint8", "int8", "uint16", "bool", "float32"])
@pytest.mark.parametrize("source", ["float32", "int32", "uint32", "uint8", "int16", "bool"])
def test_conversions_are_those_of_numpy(source, target, count, gpu):
    plain = np.resize([0, 1, 2, 3, 100, 127], count)
    x = (plain + 0.75 * (plain > 1)).astype(source) if source == "float32" else plain.astype(source)
    (ours,) = run(lambda x: x.astype(target), gpu, x)
    assert ours.dtype == target
    np.testing.assert_array_equal(ours, x.astype(target))


@WIDTHS
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16"])
def test_short_integers_wrap_around(dtype, count, gpu):
    x = np.resize([0, 1, 100, 120, 127, np.iinfo(dtype).max, np.iinfo(dtype).min], count).astype(dtype)
    functions = {"add": (x, x), "sub": (np.zeros_like(x), x), "mul": (x, x)}
    for name, arrays in functions.items():
        (ours,) = run(lambda a, b, name=name: apply(REGISTRY[name], a, b), gpu, *arrays)
        np.testing.assert_array_equal(ours, REGISTRY[name](*arrays), name)
    (ours,) = run(lambda a: apply(REGISTRY["neg"], a), gpu, x)
    np.testing.assert_array_equal(ours, -x)


def test_constants_keep_every_bit(gpu):
    x = np.float32([1, -1, 1, 1])
    found = []
    constants = np.float32([1 / 3, np.pi, 1e-30, 16777217, 3.4028235e38, 1.1754944e-38, 0.1])
    for constant in constants:
        found.append(run(lambda x, constant=constant: x * constant, gpu, x)[0][0])
    np.testing.assert_array_equal(np.float32(found), constants)
