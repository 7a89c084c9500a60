"""Products in both kernels, of every order of factors and every size around the edges of tiles, against float64.

Several products make one Program, so that they share dispatches; each is held to
|C - A B| <= 3e-7 sqrt(k + 4) |A B|, norm-wise.
"""

from dataclasses import replace

import numpy as np
import pytest

from pydl import where
from pydl.backends.webgpu.hosts import Limits
from pydl.backends.webgpu.kernels import direct, tiled
from pydl.backends.webgpu.kernels.factors import Factor, Plan
from tests.support.gpu import desktop_gpus
from tests.unit.backends.webgpu.running import compiled, normal, run, shader_text

ORDERS = pytest.mark.parametrize("turned", range(4), ids=["a b", "a.T b", "a b.T", "a.T b.T"])


def assert_products(gpu, pairs, view=lambda a, b: (a, b), tail=lambda c: c):
    """view: what is multiplied, made of what is handed over; tail: what is done with the product."""
    arrays = [array for pair in pairs for array in pair]

    def function(*given):
        return [tail(left @ right) for left, right in (view(a, b) for a, b in zip(given[::2], given[1::2]))]

    for (a, b), ours in zip(pairs, run(function, gpu, *arrays), strict=True):
        left, right = view(a.astype(np.float64), b.astype(np.float64))
        expected = tail(left @ right)
        assert ours.shape == expected.shape
        bound = 3e-7 * np.sqrt(left.shape[-1] + 4) * np.linalg.norm(expected) + 1e-30
        assert np.linalg.norm(ours - expected) <= bound, f"{left.shape} @ {right.shape}"


def assert_every_size(gpu, turned, *sizes):
    """sizes: (rows, terms, columns); turned: which of the factors are transposed."""

    def view(a, b):
        return (a.T if turned & 1 else a), (b.T if turned & 2 else b)

    pairs = [(normal(m, k, seed=m + k), normal(k, n, seed=k + n + 1)) for m, k, n in sizes]
    pairs = [[np.ascontiguousarray(each) for each in view(a, b)] for a, b in pairs]
    assert_products(gpu, pairs, view)


# Around the sizes of tiles (16, 32), of the small matrices (4, 8) and of vectors.
EDGES = [(1, 1, 1), (3, 5, 2), (15, 9, 17), (16, 8, 16), (17, 7, 15), (20, 12, 36)]


@ORDERS
@pytest.mark.parametrize("first", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_every_order_of_factors_and_every_edge(first, turned, gpu):
    assert_every_size(gpu, turned, *EDGES[first::2])


@ORDERS
@pytest.mark.parametrize("size", tiled.TILES)
def test_every_tile_multiplies_every_order(size, turned, monkeypatch):
    monkeypatch.setattr(tiled, "TILES", {size: tiled.TILES[size]})
    hardware, _ = desktop_gpus()
    assert_every_size(hardware, turned, (size + 8, 20, size + 4), (size + 1, 9, size - 1))


@ORDERS
def test_small_matrices_of_a_direct_product_meet_every_rest(turned):
    _, software = desktop_gpus()
    assert_every_size(software, turned, (7, 3, 5), (9, 4, 8), (12, 8, 4), (13, 8, 20), (5, 4, 12), (2, 8, 8))


def test_batches_of_products(gpu):
    pairs = [(normal(3, 5, 8), normal(3, 8, 12)), (normal(2, 3, 5, 7), normal(2, 3, 7, 3)), (normal(3, 9, 4),) * 2]
    assert_products(gpu, pairs[:2])
    assert_products(gpu, pairs[2:], lambda a, b: (a, b.swapaxes(-1, -2)))


VIEWS = {
    "a row, and a part": lambda a, b: (a, b[4:12, 4:20]),
    "every second row and every third column": lambda a, b: (b[::2, 1:9], b[1:9, ::3]),
    "parts that begin between vectors": lambda a, b: (b[2:10, 3:], b[:, :21].T),
    "an axis of two strides": lambda a, b: (b.reshape((2, 6, 24)).swapaxes(0, 1).reshape((6, 48)), b.reshape((48, 6))),
    "a matrix for every one of a batch": lambda a, b: (b.reshape((3, 4, 24)), b.T),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_factors_are_read_where_they_are(view, gpu):
    assert_products(gpu, [(normal(1, 8), normal(12, 24, seed=1))], view)


@pytest.mark.parametrize("shape", [(2, 5, 6, 1), (2, 6, 6, 4)], ids=["one channel", "four channels"])
def test_windows_of_images_are_read_where_they_are(shape, gpu):
    """Forward, and the gradient of a kernel, of a convolution."""
    images, channels = normal(*shape), shape[-1]
    weights, error = normal(9 * channels, 8), normal(shape[0] * (shape[1] - 2) * (shape[2] - 2), 8)

    def convolution(images, weights, error):
        windows = images.unfold((3, 3), (1, 1)).reshape((-1, 9 * channels))
        return windows @ weights, windows.T @ error

    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), (1, 2))
    windows = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, 9 * channels).astype(np.float64)
    executable = compiled(convolution, gpu, images, weights, error)
    for ours, expected in zip(executable(images, weights, error), (windows @ weights, windows.T @ error)):
        np.testing.assert_allclose(ours, expected, atol=3e-6 * np.abs(expected).max())
    values = executable.program.instructions
    copied = executable.compiled.unit.places.keys() & {each.result for each in values if each.primitive.view}
    assert not {value for value in copied if value.spec.size}, "windows were written to memory"
    executable.close()


SPLIT = [(4, 4096, 8), (3, 5003, 5), (1, 9000, 1)]


def test_long_sums_are_shared_and_added_up(gpu):
    splits = []
    for m, k, n in SPLIT:
        executable = compiled(lambda a, b: (a @ b).relu(), gpu, a := normal(m, k), b := normal(k, n, seed=1))
        expected = np.maximum(a.astype(np.float64) @ b, 0)
        (ours,) = executable(a, b)
        assert np.linalg.norm(ours - expected) <= 3e-7 * np.sqrt(k) * np.linalg.norm(a.astype(np.float64) @ b)
        splits.append("split" in shader_text(executable))
        executable.close()
    assert all(splits), "nothing was split"


@pytest.mark.parametrize("terms", [20_000, 70_000])
def test_long_sums_of_the_same_product_keep_their_digits(terms):
    """Of elements enough, so that none need be shared to keep all busy; llvmpipe ends a loop after 65,535 rounds."""
    _, software = desktop_gpus()
    a, b = np.full((128, terms), 0.1, np.float32), np.full((terms, 128), 0.1, np.float32)
    (ours,) = run(lambda a, b: a @ b, software, a, b)
    np.testing.assert_allclose(ours, terms / 100, rtol=1e-4)


def test_a_tail_may_be_anything_of_the_products_elements(gpu):
    a, b, bias, grid = normal(12, 8), normal(8, 16), normal(16), normal(12, 16, seed=3)

    def step(a, b, bias, grid):
        product = a @ b
        total = product + bias
        return where(total > 0, total * grid, grid), product, total.sigmoid() * grid[0, 0]

    product = a.astype(np.float64) @ b
    total = product + bias
    expected = np.where(total > 0, total * grid, grid), product, grid[0, 0] / (1 + np.exp(-total))
    for ours, reference in zip(run(step, gpu, a, b, bias, grid), expected, strict=True):
        np.testing.assert_allclose(ours, reference, atol=1e-5)


def test_nan_and_infinity_go_where_they_must(gpu):
    """What lies behind the edge of a factor is not multiplied: 0 times infinity would be NaN."""
    a, b = normal(5, 6), normal(6, 7)
    a[4, 5], b[0, 0], b[5, 6] = np.inf, np.nan, np.inf
    with np.errstate(invalid="ignore"):
        expected = a.astype(np.float64) @ b
    (ours,) = run(lambda a, b: a @ b, gpu, a, b)
    np.testing.assert_allclose(ours, expected, rtol=1e-4)


@pytest.mark.parametrize("dtype", ["int32", "uint32"])
def test_products_of_whole_numbers_are_exact(dtype, gpu):
    rng = np.random.default_rng(2)
    a, b = (rng.integers(0, 200, shape).astype(dtype) for shape in ((5, 6), (6, 7)))
    (ours,) = run(lambda a, b: a @ b, gpu, a, b)
    np.testing.assert_array_equal(ours, a @ b)


def test_a_product_of_every_size_has_a_plan():
    """Every tile is used for some size, on hardware; where no tile fits into shared memory the direct kernel is."""
    factor = Factor(None, (), (), (), "")
    sizes = [4, 40, 200, 300, 1000]
    plan = Plan(1, 8, 8, 64, factor, factor, 4)

    def tiles(limits):
        return {tiled.plan_tiles(replace(plan, rows=size, columns=size), limits).tile for size in sizes}

    assert tiles(Limits()) == set(tiled.TILES)
    assert tiles(Limits(shared=2048)) == {0}
    assert direct.plan_splits(plan).splits == 1
