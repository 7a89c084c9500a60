"""Reductions in machine code: long sums, infinities and NaN, narrow integers, and what may be overwritten.

The random Programs reduce all kinds of shapes over all kinds of axes; here is what they are too small or too tame for.
"""

import numpy as np
import pytest

import pydl
from pydl.backends import wasm
from pydl.jit import Instruction, Program, Value
from pydl.ops import REGISTRY, Spec
from tests.unit.backends.wasm.guarded import guarded

MILLION = 1_000_000
SHAPES = {
    "one long row": ((MILLION,), (0,)),
    "columns": ((MILLION // 4, 5), (0,)),
    "rows of three": ((MILLION // 3, 3), (0, 1)),
    "rows in the middle": ((3, MILLION // 30, 10), (1,)),
    "the last axis of two": ((3, MILLION // 3), (1,)),
}


@pytest.mark.parametrize("shape, axes", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("numbers", ["different", "all the same"])
def test_a_sum_of_a_million_numbers_keeps_its_digits(numbers, shape, axes):
    """A plain sum of the same number over and over rounds the same way over and over: it loses three digits here."""
    x = np.random.default_rng(0).random(shape, np.float32) if numbers == "different" else np.full(shape, 0.1, "f4")
    scale = np.ones(shape[-1], np.float32)  # keeps the axes apart: loops inside loops
    total = pydl.jit(lambda x, scale: (x * scale).sum(axis=axes), device="wasm:simd")(x, scale).numpy()
    np.testing.assert_allclose(total, x.astype(np.float64).sum(axes), rtol=5e-6)


def reduction(name, x, axes):
    """The Program of one reduction, and what NumPy makes of it."""
    primitive = REGISTRY[name]
    value = Value("%0", Spec(x.shape, x.dtype))
    result = Value("%1", primitive.shape_rule(value.spec, axes=axes))
    program = Program(name, [value], outputs=[result])
    program.instructions = [Instruction(result, primitive, (value,), {"axes": axes})]
    return program, primitive(x, axes=axes)


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("name", ["sum", "max"])
def test_every_dtype_is_reduced_as_in_numpy(name, dtype):
    whole = np.random.default_rng(1).integers(0, 2**63, (5, 37, 3), np.uint64)
    x = (whole % 1000).astype(dtype) if dtype[0] == "f" else (whole * 2 + whole % 2).astype(dtype)
    for axes in ((0,), (1,), (2,), (0, 2), (0, 1, 2), ()):
        program, expected = reduction(name, x, axes)
        (ours,) = guarded(lambda program=program: wasm.compile(program, relaxed=False))(x)
        np.testing.assert_array_equal(ours, expected, err_msg=str(axes))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", ["sum", "max"])
def test_infinities_and_nan_come_out_as_in_numpy(name, dtype):
    x = np.arange(5 * 37, dtype=dtype).reshape(5, 37)
    x[0, 36], x[1, 0], x[2, 5], x[3, 1:3], x[4] = np.nan, np.inf, -np.inf, (np.inf, -np.inf), -np.inf
    for axes in ((0,), (1,), (0, 1)):
        program, expected = reduction(name, x, axes)
        (ours,) = wasm.compile(program, relaxed=False)(x)
        np.testing.assert_array_equal(ours, expected)


def test_a_sum_of_nothing_is_zero_and_what_is_summed_beside_it_is_stored():
    @pydl.jit(device="wasm:simd")
    def sums(x):
        doubled = x * 2
        return doubled, doubled.sum(axis=0), doubled.sum(axis=1)

    doubled, columns, rows = sums(np.ones((0, 3), np.float32))
    assert (doubled.shape, rows.shape) == ((0, 3), (0,))
    np.testing.assert_array_equal(columns.numpy(), np.zeros(3))


@pytest.mark.parametrize("columns", [16, 32, 64, 100])
def test_a_sum_is_not_written_over_a_mask_of_as_many_bytes_that_is_still_read(columns):
    """Four rows of booleans have as many bytes as one row of floats, but not in the same places."""

    @pydl.jit(device="wasm:simd")
    def step(x, w):
        mask = (x @ w) > 0.0
        halves = mask.reshape((2, 2, columns)).transpose((1, 0, 2)).astype("float32")  # so the mask is in memory
        chosen = mask.where(x * 2, x)
        return halves, chosen, chosen.sum(axis=0)

    rng = np.random.default_rng(2)
    x, w = (rng.integers(-4, 5, shape).astype(np.float32) for shape in ((4, columns), (columns, columns)))
    halves, chosen, sums = (each.numpy() for each in step(x, w))
    mask = x @ w > 0
    np.testing.assert_array_equal(halves, mask.reshape(2, 2, columns).transpose(1, 0, 2))
    np.testing.assert_array_equal(chosen, np.where(mask, x * 2, x))
    np.testing.assert_array_equal(sums, np.where(mask, x * 2, x).sum(0))
