"""Statistics of a Tensor against NumPy's, traced and not, at every size of number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydl import Tensor, jit
from pydl.probes.statistics import record, statistics

RNG = np.random.default_rng(0)


def expected(x):
    x = x.astype(np.float64)
    dead = np.abs(x).reshape(-1, x.shape[-1] if x.ndim else 1).max(axis=0) == 0
    return {"mean": x.mean(), "std": x.std(), "norm": np.linalg.norm(x), "dead": dead.mean()}


@given(
    st.sampled_from([(), (1,), (7,), (4, 5), (3, 2, 2, 6)]),
    st.sampled_from([np.float32, np.float64]),
    st.integers(-36, 36),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_they_agree_with_numpy_whatever_the_size_of_the_numbers(shape, dtype, power, zeros):
    rng = np.random.default_rng(abs(power))
    x = (rng.standard_normal(shape) * 10.0**power * (rng.random(shape[-1:]) >= zeros)).astype(dtype)
    received = record(statistics(Tensor(x, dtype=dtype)))
    assert received == pytest.approx(expected(x), rel=1e-4, abs=1e-5 * 10.0**power)
    traced = record(jit(statistics, device="numpy")(Tensor(x, dtype=dtype)))
    assert traced == pytest.approx(received, rel=1e-6, abs=1e-45)


@given(st.integers(1, 12), st.integers(1, 200), st.booleans())
def test_histograms_are_numpys(bins, size, alike):
    x = np.random.default_rng(size).standard_normal(size) if not alike else np.full(size, 0.25)
    counts, edges = np.histogram(x, bins=bins)
    received = record(statistics(Tensor(x), bins))["histogram"]
    assert received["edges"] == pytest.approx(edges.tolist())
    assert received["counts"] == counts.tolist()


def test_a_histogram_of_whole_numbers_puts_edges_where_numpy_does():
    x = RNG.integers(0, 8, (50, 4)).astype(np.float32)
    received = record(statistics(Tensor(x), 4))["histogram"]
    assert received["counts"] == np.histogram(x, 4)[0].tolist()


def test_what_is_not_a_number_shows():
    received = record(statistics(Tensor([1.0, np.nan])))
    assert np.isnan(received["norm"]) and np.isnan(received["mean"])
