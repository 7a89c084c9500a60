"""Reductions over all kinds of axes, of lengths around lanes, vectors and splits, against NumPy in float64."""

import numpy as np
import pytest

from pydl import where
from pydl.backends.webgpu.kernels.reductions import plan_reduction
from tests.unit.backends.webgpu.running import compiled, normal, run, shader_text

# (shape, axes): short and long, few and many results, the last axis kept or not, in fours or not.
SHAPES = [
    ((1,), (0,)),
    ((7,), (0,)),
    ((8,), (0,)),
    ((9, 3), (0,)),
    ((9, 4), (0,)),
    ((3, 9), (1,)),
    ((5, 64), (1,)),
    ((70, 5), (0,)),
    ((260, 8), (0,)),
    ((2, 260), (1,)),
    ((4, 5, 12), (0, 1)),
    ((4, 5, 12), (0, 2)),
    ((4, 5, 12), (1,)),
    ((2, 3, 4, 5), (0, 2)),
    ((2, 3, 4, 8), (1, 3)),
    ((300, 70), (0,)),
]


def tolerance(reference):
    return 1e-6 * max(1.0, np.abs(reference).max(initial=0.0))


def test_sums_and_maxima_over_every_kind_of_axes(gpu):
    for some in (SHAPES[:5], SHAPES[5:10], SHAPES[10:]):
        arrays = [normal(*shape, seed=place) for place, (shape, _) in enumerate(some)]
        axes = [each for _, each in some]
        sums = run(lambda *x, axes=axes: [a.sum(at) for a, at in zip(x, axes)], gpu, *arrays)
        maxima = run(lambda *x, axes=axes: [a.max(at) for a, at in zip(x, axes)], gpu, *arrays)
        for array, at, total, largest in zip(arrays, axes, sums, maxima, strict=True):
            np.testing.assert_allclose(total, array.sum(at, dtype=np.float64), atol=1e-6 * np.sqrt(array.size))
            np.testing.assert_array_equal(largest, array.max(at))


LONG = [((100_003,), (0,)), ((3, 70_000), (1,)), ((40_000, 4), (0,)), ((40_000, 3), (0,))]


@pytest.mark.parametrize(("shape", "axes"), LONG, ids=str)
def test_long_reductions_are_split_among_workgroups(shape, axes, gpu):
    array = normal(*shape)
    executable = compiled(lambda x: (x.sum(axes), (x * 2).max(axes)), gpu, array)
    total, largest = executable(array)
    np.testing.assert_allclose(total, array.sum(axes, dtype=np.float64), atol=2e-6 * np.sqrt(array.size))
    np.testing.assert_array_equal(largest, 2 * array.max(axes))
    assert "split" in shader_text(executable)
    executable.close()


@pytest.mark.parametrize("count", [300_000, 5_000_000])
def test_a_long_sum_of_the_same_number_keeps_its_digits(count, gpu):
    """One after the other the numbers would be 16 % off: llvmpipe ends a loop after 65,535 rounds."""
    (total,) = run(lambda x: (x * 0.1).sum(), gpu, np.ones(count, np.float32))
    np.testing.assert_allclose(total, count / 10, rtol=2e-5)


def test_a_long_sum_is_cut_however_many_there_are(gpu):
    """With results enough for all workgroups, too, and terms that are in no memory."""
    a, b = np.ones((70_000, 1), np.float32), normal(1, 4096)
    (total,) = run(lambda a, b: (a * b).sum(0), gpu, a, b)
    np.testing.assert_allclose(total, b[0] * 70_000.0, rtol=3e-5)


def test_what_is_reduced_is_computed_on_the_way_and_may_be_kept(gpu):
    x, y = normal(24, 8), normal(8, 24, seed=1)

    def step(x, y):
        product = x * y.T + 1
        return product.sum(0), (product * product).sum(0), product.max(0), product

    product = x.astype(np.float64) * y.T + 1
    for ours, expected in zip(run(step, gpu, x, y), (product.sum(0), (product**2).sum(0), product.max(0), product)):
        np.testing.assert_allclose(ours, expected, atol=1e-5)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("columns", [8, 9], ids=["in fours", "one by one"])
def test_nan_infinity_and_signs_of_zero_come_through(columns, axis, gpu):
    x = np.full((20, columns), -3, np.float32)
    x[0] = x[:, 0] = -np.inf
    x[3, 5], x[7, 6], x[11] = np.nan, np.inf, -0.0

    def step(x):
        return x.max(axis), x.argmax(axis), where(x > -1, x, -1).sum(axis), (x[11:12] * 1.0).max(0)

    with np.errstate(invalid="ignore"):
        expected = x.max(axis), x.argmax(axis), np.where(x > -1, x, np.float32(-1)).sum(axis)
    *found, zeros = run(step, gpu, x)
    for ours, reference in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, reference)
    assert not zeros.any()


@pytest.mark.parametrize("axis", [0, 1])
def test_the_largest_of_nothing_but_infinities_is_one(axis, gpu):
    for number in (-np.inf, np.inf, np.nan, -3.4e38):
        (largest,) = run(lambda x: x.max(axis), gpu, np.full((9, 12), number, np.float32))
        np.testing.assert_array_equal(largest, np.float32(number))


@pytest.mark.parametrize("dtype", ["int32", "uint32", "uint8", "int16", "bool"])
def test_whole_numbers_are_reduced_exactly(dtype, gpu):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2 if dtype == "bool" else 120, (50, 12)).astype(dtype)
    if dtype in ("int32", "int16"):
        x = -x

    def step(x):
        return x.max(0), x.max(1), x.argmax(1), x.sum(0), x.sum(1)

    total = [x.astype(np.int64).sum(axis) for axis in (0, 1)]
    largest, second, place, *sums = run(step, gpu, x)
    np.testing.assert_array_equal(largest, x.max(0))
    np.testing.assert_array_equal(second, x.max(1))
    np.testing.assert_array_equal(place, x.argmax(1))
    for ours, reference in zip(sums, total, strict=True):
        np.testing.assert_array_equal(ours, reference.astype(ours.dtype))


def test_every_term_belongs_to_one_lane_of_one_split(gpu):
    """The plan of a reduction, whatever its shape: enough workgroups for all results, and no lane without a term."""
    rng = np.random.default_rng(1)
    for _ in range(300):
        shape = tuple(int(n) for n in rng.choice([1, 2, 3, 4, 8, 60, 500, 3000], rng.integers(1, 4)))
        axes = tuple(int(a) for a in np.flatnonzero(rng.random(len(shape)) < 0.5)) or (0,)
        plan = plan_reduction(shape, axes, 1, gpu.tuning)
        assert plan.results * plan.terms == np.prod(shape), (shape, axes)
        assert plan.groups * plan.at_once >= plan.results and plan.workgroup % plan.lanes == 0, (shape, axes)
        assert plan.lanes * (plan.splits - 1) <= plan.terms, (shape, axes)
