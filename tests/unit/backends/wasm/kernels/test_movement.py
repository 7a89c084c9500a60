"""What moves elements, where numbers decide: rows by index, the place of the maximum; and windows of booleans."""

import numpy as np
import pytest

from pydl.backends import wasm
from pydl.ops import REGISTRY
from tests.unit.backends.agreement import program_of
from tests.unit.backends.wasm.guarded import guarded

INTEGERS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]
TABLE = np.arange(12, dtype=np.float32).reshape(4, 3)


def run(name, *arrays, **params):
    """A primitive as machine code."""
    program = program_of(name, arrays, params)
    (ours,) = guarded(lambda: wasm.compile(program, relaxed=False))(*arrays)
    return ours


@pytest.mark.parametrize("dtype", INTEGERS)
def test_rows_are_found_by_indices_of_every_dtype(dtype):
    indices = np.array([[0, 3], [1, 1]], dtype)
    np.testing.assert_array_equal(run("gather", TABLE, indices), TABLE[indices])
    if dtype[0] == "i":
        np.testing.assert_array_equal(run("gather", TABLE, -1 - indices), TABLE[-1 - indices])


@pytest.mark.parametrize("dtype", INTEGERS)
def test_no_index_out_of_range_gets_through(dtype):
    limits = np.iinfo(dtype)
    for index in {4, -5, limits.max, limits.min, 2**31, 2**32, 2**32 + 1, -(2**32), 2**63} - {0}:
        if limits.min <= index <= limits.max:
            for table in (TABLE, TABLE[:, :0]):
                with pytest.raises(IndexError, match="out of range"):
                    run("gather", table, np.array([0, index], dtype))


def test_rows_of_every_size_are_gathered():
    for shape in ((4,), (4, 1), (4, 0), (4, 5), (4, 64), (1, 3)):
        table = np.arange(np.prod(shape)).reshape(shape).astype(np.int64)
        for indices in (np.array(0), np.zeros((0, 2), int), np.array([0, -1, 0])):
            np.testing.assert_array_equal(run("gather", table, indices), table[indices])


@pytest.mark.parametrize("dtype", ["?", *INTEGERS, "f4", "f8"])
def test_the_place_of_the_maximum_is_the_first_one(dtype):
    rng = np.random.default_rng(0)
    wide = rng.integers(0, 2**63, (5, 7, 6), np.uint64).astype(dtype)
    ties = rng.integers(0, 2, (5, 7, 6)).astype(dtype)
    for x in (wide, ties, np.zeros_like(ties)):
        for axis in range(3):
            np.testing.assert_array_equal(run("argmax", x, axis=axis), np.argmax(x, axis))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_nan_is_the_largest_and_minus_infinity_a_number_like_others(dtype):
    x = np.zeros((6, 5), dtype)
    x[1, 3:], x[2, 1], x[3], x[4, 0] = np.nan, np.inf, -np.inf, np.nan
    x[2, 4] = np.nan
    for axis in (0, 1):
        np.testing.assert_array_equal(run("argmax", x, axis=axis), np.argmax(x, axis))


@pytest.mark.parametrize("dtype", ["?", "u1", "i2", "i8", "f4"])
def test_windows_of_every_dtype_are_folded(dtype):
    windows = np.random.default_rng(0).integers(0, 2, (2, 3, 5, 2, 3, 2)).astype(dtype)
    for strides in ((1, 1), (2, 1), (1, 3), (2, 3), (3, 4)):
        size = (2 * strides[0] + 2, 4 * strides[1] + 3)
        expected = REGISTRY["fold"](windows, size=size, strides=strides)
        np.testing.assert_array_equal(run("fold", windows, size=size, strides=strides), expected)


@pytest.mark.parametrize("dtype", ["?", *INTEGERS, "f4", "f8"])
def test_every_dtype_is_padded_and_put_together(dtype):
    x = np.random.default_rng(0).integers(0, 2, (2, 3, 5)).astype(dtype)
    for part in (x, x[:0], x[:, :1]):
        for interior in ((0, 0, 0), (2, 0, 1), (0, 1, 3)):
            widths = {"before": (0, 1, 2), "after": (1, 0, 3), "interior": interior}
            np.testing.assert_array_equal(run("pad", part, **widths), REGISTRY["pad"](part, **widths))
    for axis in range(3):
        parts = [x, np.take(x, [1], axis), np.take(x, [], axis)]
        np.testing.assert_array_equal(run("concatenate", *parts, axis=axis), np.concatenate(parts, axis))
