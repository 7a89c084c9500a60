"""Eager products in place: which ones are taken over, and that every address and stride is the right one.

The kernel here is NumPy itself on arrays made of bare addresses, so what it gives is exact.
"""

import ctypes

import numpy as np
import pytest

from pydl.backends.wasm.hosts.eager import EagerMatmul

rng = np.random.default_rng(0)


def at(address, shape, strides):
    nbytes = sum((length - 1) * stride for length, stride in zip(shape, strides)) + 4
    return np.ndarray(shape, np.float32, (ctypes.c_char * nbytes).from_address(address), strides=strides)


class Kernel:
    """Counts its calls and multiplies what stands at the addresses."""

    def __init__(self):
        self.calls = 0

    def __call__(self, m, n, k, a, a_row, a_column, b, b_row, b_column, c, c_row, scratch):
        self.calls += 1
        assert all(type(each) is int for each in (a, b, c, scratch)) and scratch % 16 == 0
        at(c, (m, n), (c_row, 4))[:] = at(a, (m, k), (a_row, a_column)) @ at(b, (k, n), (b_row, b_column))


@pytest.fixture
def kernel():
    return Kernel()


@pytest.fixture
def eager(kernel, monkeypatch):
    monkeypatch.setattr("pydl.backends.wasm.hosts.eager.LEAST", 1000)
    return EagerMatmul(kernel, 64)


def numbers(*shape):
    return rng.integers(-9, 9, shape).astype(np.float32)


LARGE = {
    "plain": (numbers(20, 30), numbers(30, 40)),
    "transposed": (numbers(30, 20).T, numbers(40, 30).T),
    "slices": (numbers(50, 70)[5:25, 1:61:2], numbers(60, 50)[::2, 3:43]),
    "broadcast": (np.broadcast_to(numbers(1, 30), (20, 30)), numbers(30, 40)),
    "batch": (numbers(3, 20, 30), numbers(3, 30, 40)),
    "batch of views": (numbers(20, 3, 2, 30).transpose(1, 2, 0, 3), numbers(2, 3, 40, 30).transpose(1, 0, 3, 2)),
    "batch backwards": (numbers(3, 20, 30)[::-1], numbers(3, 30, 40)),
    "one batch for all": (np.broadcast_to(numbers(20, 30), (3, 20, 30)), numbers(3, 30, 40)),
    "row": (numbers(1, 90), numbers(90, 100)),
    "not a number": (np.where(numbers(20, 30) > 7, np.nan, 1).astype(np.float32), numbers(30, 40)),
}


@pytest.mark.parametrize("a, b", LARGE.values(), ids=LARGE)
def test_a_large_product_is_computed_where_its_arrays_stand(eager, kernel, a, b):
    expected = np.matmul(a, b)
    out = np.full_like(expected, -1)
    assert eager(a, b, out)
    np.testing.assert_array_equal(out, expected)
    assert kernel.calls == np.prod(a.shape[:-2], dtype=int)


def test_the_result_may_be_rows_of_something_wider(eager):
    a, b = LARGE["plain"]
    wide = np.zeros((20, 50), np.float32)
    assert eager(a, b, wide[:, 5:45])
    np.testing.assert_array_equal(wide[:, 5:45], a @ b)
    assert not wide[:, :5].any() and not wide[:, 45:].any()


whole, own = numbers(80, 80), numbers(40, 40)
LEFT = {
    "small": (numbers(3, 4), numbers(4, 5), None),
    "no rows": (numbers(0, 400), numbers(400, 300), None),
    "nothing to sum": (numbers(400, 0), numbers(0, 300), None),
    "an empty batch": (numbers(0, 40, 40), numbers(0, 40, 40), None),
    "float64": (numbers(40, 40).astype(float), numbers(40, 40).astype(float), None),
    "backwards": (numbers(40, 40)[::-1], numbers(40, 40), None),
    "between bytes": (np.frombuffer(bytes(40 * 163), np.uint8).reshape(40, 163)[:, 3:].view(np.float32), own, None),
    "a scattered result": (numbers(40, 40), numbers(40, 40), np.zeros((40, 80), np.float32)[:, ::2]),
    "a transposed result": (numbers(40, 40), numbers(40, 40), np.zeros((40, 40), np.float32).T),
    "onto its own input": (own, numbers(40, 40), own),
    "onto a part of its input": (whole[:40, :40], numbers(40, 40), whole[20:60, 20:60]),
}


@pytest.mark.parametrize("a, b, out", LEFT.values(), ids=LEFT)
def test_other_products_are_left_to_numpy_and_the_result_untouched(eager, kernel, a, b, out):
    out = np.zeros((*a.shape[:-1], b.shape[-1]), a.dtype) if out is None else out
    before = out.copy()
    assert not eager(a, b, out) or not out.size
    np.testing.assert_array_equal(out, before)
    assert kernel.calls == 0


def test_the_limit_is_of_one_matrix_not_of_the_batch(eager):
    small = np.ones((1000, 4, 4), np.float32)
    assert not eager(small, small, np.empty_like(small))


def test_a_kernel_that_is_wrong_in_one_number_does_not_work(kernel):
    assert EagerMatmul(kernel, 64).works()

    def wrong(m, n, k, *rest):
        Kernel()(m, n, k, *rest)
        at(rest[6], (1,), (4,))[0] += 1

    assert not EagerMatmul(wrong, 64).works()
    assert not EagerMatmul(lambda *arguments: None, 64).works()
