"""The matrix product against the three loops of its definition."""

import itertools
import math

import numpy as np
import pytest

from pydl.ops import linalg
from tests.unit.ops.cases import CASES


@pytest.mark.parametrize("case", [c for c in CASES if c.primitive == "matmul"], ids=str)
def test_matmul_is_the_sum_of_products(case):
    a, b = case.arrays
    y = linalg.matmul(a, b)
    for *batch, i, j in itertools.product(*map(range, y.shape)):
        row, column = a[(*batch, i)], b[(*batch, slice(None), j)]
        assert y[(*batch, i, j)] == pytest.approx(math.fsum(row * column), rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_transposed_operands_give_the_same_product(dtype):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((7, 5)).astype(dtype), rng.standard_normal((5, 3)).astype(dtype)
    expected = linalg.matmul(a, b)
    for left in (a, a.T.copy().T):
        for right in (b, b.T.copy().T):
            np.testing.assert_allclose(linalg.matmul(left, right), expected, rtol=1e-5)


def test_another_kernel_computes_the_products_it_takes_and_numpy_the_rest():
    taken = []

    def kernel(a, b, out):
        if a.dtype == np.float32:
            taken.append(a.shape)
            out[...] = 7
        return a.dtype == np.float32

    linalg.use(kernel)
    try:
        single, double = np.ones((2, 3), np.float32), np.ones((2, 3))
        assert (linalg.matmul(single, single.T) == 7).all() and taken == [(2, 3)]
        assert (linalg.matmul(double, double.T) == 3).all()
    finally:
        linalg.use(None)
    assert linalg.matmul.evaluate is np.matmul
