"""Convolution and pooling against plain loops, their gradients against differences, and TensorFlow's paddings."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pydl
from pydl import ShapeError, Tensor, jit
from pydl.nn import functional as F
from tests.unit.support import assert_agree, assert_refused, check_gradients, gradient_of

RNG = np.random.default_rng(5)


# ---- the reference: one window after the other


def starts(length, window, stride, padding):
    """Where each window begins along an axis; with "same" that may be before the image, and the end behind it."""
    if padding == "valid":
        return list(range(0, length - window + 1, stride))
    count = math.ceil(length / stride)
    added = max((count - 1) * stride + window - length, 0)
    return [i * stride - added // 2 for i in range(count)]


def windows_of(x, window, strides, padding):
    """Yields (n, i, j) of the result and {(p, q): the channels there} for the places that lie in the image."""
    rows = starts(x.shape[1], window[0], strides[0], padding)
    columns = starts(x.shape[2], window[1], strides[1], padding)
    for n, (i, top), (j, left) in itertools.product(range(len(x)), enumerate(rows), enumerate(columns)):
        yield (
            (n, i, j),
            {
                (p, q): x[n, top + p, left + q]
                for p, q in itertools.product(*map(range, window))
                if 0 <= top + p < x.shape[1] and 0 <= left + q < x.shape[2]
            },
        )


def by_loops(x, window, strides, padding, channels, reduce):
    shape = [len(starts(x.shape[a], window[a - 1], strides[a - 1], padding)) for a in (1, 2)]
    y = np.zeros((len(x), *shape, channels))
    for index, places in windows_of(x, window, strides, padding):
        y[index] = reduce(places)
    return y


def conv2d_by_loops(x, kernel, strides, padding):
    def product(places):
        return sum((values @ kernel[place] for place, values in places.items()), np.zeros(kernel.shape[3]))

    return by_loops(x, kernel.shape[:2], strides, padding, kernel.shape[3], product)


def max_pool2d_by_loops(x, window, strides, padding):
    return by_loops(x, window, strides, padding, x.shape[3], lambda places: np.max(list(places.values()), axis=0))


def avg_pool2d_by_loops(x, window, strides, padding):
    return by_loops(x, window, strides, padding, x.shape[3], lambda places: np.mean(list(places.values()), axis=0))


POOLS = [(F.max_pool2d, max_pool2d_by_loops), (F.avg_pool2d, avg_pool2d_by_loops)]
GEOMETRIES = [  # size, window, strides
    ((5, 6), (3, 3), (1, 1)),
    ((6, 6), (2, 2), (2, 2)),
    ((7, 5), (2, 3), (2, 1)),
    ((5, 5), (2, 2), (3, 3)),
    ((4, 7), (1, 1), (2, 2)),
    ((4, 4), (4, 4), (1, 1)),
    ((3, 5), (3, 2), (2, 3)),
]
PADDINGS = ["valid", "same"]
each_geometry = pytest.mark.parametrize("size, window, strides", GEOMETRIES, ids=str)
each_padding = pytest.mark.parametrize("padding", PADDINGS)


@each_padding
@each_geometry
def test_conv2d_is_the_sum_of_products_over_every_window(size, window, strides, padding):
    x, kernel = RNG.standard_normal((2, *size, 3)), RNG.standard_normal((*window, 3, 4))
    received = F.conv2d(x, kernel, strides, padding).numpy()
    np.testing.assert_allclose(received, conv2d_by_loops(x, kernel, strides, padding), rtol=1e-12, atol=1e-12)


@each_padding
@each_geometry
@pytest.mark.parametrize("pool, loops", POOLS, ids=["max", "avg"])
def test_pooling_reduces_every_window(pool, loops, size, window, strides, padding):
    x = RNG.standard_normal((2, *size, 3)) - 5  # below zero throughout: padding with zeros would win every maximum
    received = pool(x, window, strides, padding).numpy()
    np.testing.assert_allclose(received, loops(x, window, strides, padding), rtol=1e-12)


@each_padding
@each_geometry
def test_gradients_agree_with_differences(size, window, strides, padding):
    x, kernel = RNG.standard_normal((2, *size, 2)), RNG.standard_normal((*window, 2, 3))
    check_gradients(lambda x, k: F.conv2d(x, k, strides, padding), x, kernel)
    check_gradients(lambda x: F.max_pool2d(x, window, strides, padding), x)
    check_gradients(lambda x: F.avg_pool2d(x, window, strides, padding), x)


@each_padding
def test_second_derivatives_agree_with_differences(padding):
    x, kernel = RNG.standard_normal((2, 4, 5, 2)), RNG.standard_normal((2, 3, 2, 2))
    squares = [lambda x, k: (F.conv2d(x, k, (1, 2), padding) ** 2).sum()]
    check_gradients(gradient_of(squares[0], [x, kernel]), x, kernel)
    for pool in (F.max_pool2d, F.avg_pool2d):
        check_gradients(gradient_of(lambda x, pool=pool: (pool(x, 2, 1, padding) ** 2).sum(), [x]), x)


AXIS = st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(1, 3))  # length, window, stride


@given(AXIS, AXIS, st.sampled_from(PADDINGS), st.tuples(*[st.integers(1, 3)] * 3), st.integers(0, 99))
def test_any_geometry_is_what_the_loops_say(rows, columns, padding, ends, seed):
    size, window, strides = zip(rows, columns)
    batch, channels, filters = ends
    rng = np.random.default_rng(seed)  # whole numbers: float32 is exact, and any difference is a wrong element
    x = rng.integers(-9, 10, (batch, *size, channels)).astype(np.float32)
    kernel = rng.integers(-9, 10, (*window, channels, filters)).astype(np.float32)
    if padding == "valid" and (window[0] > size[0] or window[1] > size[1]):
        with pytest.raises(ShapeError, match="does not fit"):
            F.conv2d(x, kernel, strides, padding)
        return
    received = F.conv2d(x, kernel, strides, padding)
    assert received.dtype == np.float32
    np.testing.assert_array_equal(received.numpy(), conv2d_by_loops(x, kernel, strides, padding))
    np.testing.assert_array_equal(
        F.max_pool2d(x, window, strides, padding).numpy(), max_pool2d_by_loops(x, window, strides, padding)
    )
    np.testing.assert_allclose(
        F.avg_pool2d(x, window, strides, padding).numpy(), avg_pool2d_by_loops(x, window, strides, padding), rtol=1e-6
    )


# ---- TensorFlow's conventions, by hand


def test_a_convolution_does_not_flip_its_kernel():
    x = np.arange(9.0).reshape(1, 3, 3, 1)
    kernel = np.array([[1.0, 10], [100, 1000]]).reshape(2, 2, 1, 1)
    assert F.conv2d(x, kernel).numpy()[0, :, :, 0].tolist() == [[4310, 5421], [7643, 8754]]


def test_same_adds_the_odd_row_and_column_at_the_end():
    x = np.arange(1.0, 17).reshape(1, 4, 4, 1)
    ones = np.ones((2, 2, 1, 1))
    assert F.conv2d(x, ones, 1, "same").numpy()[0, :, :, 0].tolist() == [
        [14, 18, 22, 12],
        [30, 34, 38, 20],
        [46, 50, 54, 28],
        [27, 29, 31, 16],
    ]


@pytest.mark.parametrize("length", range(1, 9))
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_gives_the_length_divided_by_the_stride_rounded_up(length, stride):
    x = np.zeros((1, length, length, 1))
    expected = (1, math.ceil(length / stride), math.ceil(length / stride), 2)
    for window in (1, 2, 3, 5):
        assert F.conv2d(x, np.zeros((window, window, 1, 2)), stride, "same").shape == expected


def test_pools_are_two_by_two_and_side_by_side_unless_told_otherwise():
    x = RNG.standard_normal((1, 5, 7, 2))
    for pool, loops in POOLS:
        np.testing.assert_allclose(pool(x).numpy(), loops(x, (2, 2), (2, 2), "valid"))
        np.testing.assert_allclose(pool(x, 3).numpy(), loops(x, (3, 3), (3, 3), "valid"))
        np.testing.assert_allclose(pool(x, 3, 1).numpy(), loops(x, (3, 3), (1, 1), "valid"))
        np.testing.assert_allclose(pool(x, [2, 3]).numpy(), loops(x, (2, 3), (2, 3), "valid"))


def test_equal_maxima_of_a_window_share_the_gradient():
    slopes = pydl.grad(lambda x: F.max_pool2d(x).sum())(np.array([3.0, 3, 1, 2]).reshape(1, 2, 2, 1))
    assert slopes.numpy().ravel().tolist() == [0.5, 0.5, 0, 0]
    zeros = pydl.grad(lambda x: F.max_pool2d(x, 3, 1, "same").sum())(np.zeros((1, 4, 4, 1)))
    assert zeros.numpy().sum() == pytest.approx(16), "none of it goes to the padding"


# ---- together


def small_network(x, kernel, weights):
    h = F.max_pool2d(F.relu(F.conv2d(x, kernel, padding="same")))
    h = F.avg_pool2d(h, 2, 1, "same")
    return (h.reshape(len(x), -1) @ weights).tanh().sum()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_traced_equals_eager_in_value_and_gradient(dtype):
    arrays = [RNG.standard_normal(s).astype(dtype) for s in ((3, 6, 5, 2), (3, 3, 2, 4), (3 * 2 * 4, 5))]

    def with_gradients(*tensors):
        return [small_network(*tensors), *pydl.grad(small_network, (0, 1, 2))(*tensors)]

    compiled = jit(with_gradients, device="numpy")
    for traced, eager in zip(compiled(*arrays), with_gradients(*map(Tensor, arrays))):
        assert traced.dtype == dtype
        assert_agree(traced.numpy(), eager.numpy(), rtol=1e-5 if dtype == np.float32 else 1e-12)


def test_a_network_of_all_equal_numbers_has_finite_gradients():
    for value in (0.0, 1e4, -1e4):
        arrays = [np.full(s, value, np.float32) for s in ((1, 4, 4, 1), (3, 3, 1, 2), (2 * 2 * 2, 3))]
        for gradient in pydl.grad(small_network, (0, 1, 2))(*arrays):
            assert np.isfinite(gradient.numpy()).all()


def test_single_images_and_empty_batches():
    kernel = np.ones((2, 2, 1, 3))
    for batch in (1, 0):
        x = np.ones((batch, 4, 4, 1))
        assert F.conv2d(x, kernel).shape == (batch, 3, 3, 3)
        assert F.max_pool2d(x).shape == F.avg_pool2d(x).shape == (batch, 2, 2, 1)
        gradient = pydl.grad(lambda x: F.max_pool2d(F.conv2d(x, kernel), 3).sum())(x)
        assert gradient.shape == x.shape


def test_pixels_of_whole_numbers_become_float32():
    x = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1)
    assert F.conv2d(Tensor(x, dtype=x.dtype), np.ones((2, 2, 1, 1), np.float32)).dtype == np.float32
    assert F.max_pool2d(Tensor(x, dtype=x.dtype)).numpy().ravel().tolist() == [5, 7, 13, 15]


IMAGES = np.zeros((2, 4, 5, 3))
WRONG = {
    "a single image": (lambda: F.conv2d(IMAGES[0], np.zeros((2, 2, 3, 1))), ["conv2d", "(4, 5, 3)", "x[None]"]),
    "flat pixels": (lambda: F.max_pool2d(np.zeros((2, 784))), ["max_pool2d", "(batch, height", "(2, 784)"]),
    "channels": (lambda: F.conv2d(IMAGES, np.zeros((2, 2, 1, 8))), ["in=3", "(2, 4, 5, 3)", "(2, 2, 1, 8)"]),
    "a flat kernel": (lambda: F.conv2d(IMAGES, np.zeros((2, 2))), ["(height, width, in, out)", "(2, 2)"]),
    "too large": (lambda: F.conv2d(IMAGES, np.zeros((5, 2, 3, 1))), ["5 x 2", "4 x 5", "padding='same'"]),
    "too large a pool": (lambda: F.avg_pool2d(IMAGES, 6), ["avg_pool2d", "6 x 6", "4 x 5"]),
    "padding": (lambda: F.conv2d(IMAGES, np.zeros((2, 2, 3, 1)), padding="full"), ["padding", "valid, same", "'full'"]),
    "strides": (lambda: F.conv2d(IMAGES, np.zeros((2, 2, 3, 1)), 0), ["strides", "above 0", "received 0"]),
    "three strides": (lambda: F.max_pool2d(IMAGES, 2, (1, 1, 1)), ["strides", "or two of them", "(1, 1, 1)"]),
    "half a pool": (lambda: F.max_pool2d(IMAGES, 2.5), ["pool_size", "an integer", "2.5"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_named_with_what_was_expected(name):
    call, named = WRONG[name]
    assert_refused(call, ValueError, *named)
