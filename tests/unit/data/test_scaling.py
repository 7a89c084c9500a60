"""Scalers do what their formulas say, undo it, and make no NaN of what is constant."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pydl.data import DataError, MinMaxScaler, StandardScaler

X = np.array([[1, 10, 5], [2, 30, 5], [6, 20, 5]], np.float32)
SCALERS = [StandardScaler, MinMaxScaler, lambda: MinMaxScaler((-1, 1))]


def test_standard_columns_have_mean_0_and_deviation_1():
    scaler = StandardScaler().fit(X)
    z = scaler.transform(X)
    np.testing.assert_allclose(z[:, :2].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(z[:, :2].std(axis=0), 1, rtol=1e-6)
    np.testing.assert_allclose(scaler.mean_, [3, 20, 5])
    np.testing.assert_allclose(scaler.transform([[3, 20, 7]]), [[0, 0, 2]])


def test_min_max_columns_go_from_low_to_high():
    np.testing.assert_allclose(MinMaxScaler().fit_transform(X), [[0, 0, 0], [0.2, 1, 0], [1, 0.5, 0]], atol=1e-7)
    scaled = MinMaxScaler((-1, 3)).fit(X).transform([[1, 30, 5], [6, 10, 5], [3.5, 50, 6]])
    np.testing.assert_allclose(scaled, [[-1, 3, -1], [3, -1, -1], [1, 7, 3]], atol=1e-6)


@pytest.mark.parametrize("scaler", SCALERS)
@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 6), st.integers(1, 3)),
        elements=st.floats(-1e6, 1e6, width=32, allow_subnormal=False),
    )
)
def test_scaling_is_undone_and_is_always_finite(scaler, x):
    made = scaler().fit(x)
    scaled = made.transform(x)
    assert scaled.dtype == np.float32 and np.isfinite(scaled).all()
    np.testing.assert_allclose(made.inverse_transform(scaled), x, atol=2e-6 * max(1, np.abs(x).max()))


def test_scikit_learn_agrees():
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    rng = np.random.default_rng(2)
    x = np.column_stack([rng.standard_normal((40, 3)) * [1, 1e-6, 1e6] + [0, 5, -1e3], np.full(40, 3.5)])
    other = rng.standard_normal((5, 4)) * 100
    for ours, theirs in (
        (StandardScaler(), preprocessing.StandardScaler()),
        (MinMaxScaler(), preprocessing.MinMaxScaler()),
        (MinMaxScaler((-1, 3)), preprocessing.MinMaxScaler((-1, 3))),
    ):
        ours.fit(x), theirs.fit(x)
        for rows in (x, other):
            np.testing.assert_allclose(ours.transform(rows), theirs.transform(rows), rtol=1e-6, atol=1e-9)
            np.testing.assert_allclose(ours.inverse_transform(rows), theirs.inverse_transform(rows), rtol=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e-30, 1e9, -7.3])
@pytest.mark.parametrize("scaler", SCALERS)
def test_constant_columns_stay_finite_though_their_mean_is_rounded(scaler, value):
    x = np.full((1001, 2), value)
    x[0, 1] += 1
    scaled = scaler().fit_transform(x)
    low = getattr(scaler(), "feature_range", (0, 1))[0]
    np.testing.assert_allclose(scaled[:, 0], low, atol=1e-6)
    assert np.isfinite(scaled).all() and np.ptp(scaled[:, 1]) > 0.5


@pytest.mark.parametrize("scaler", SCALERS)
def test_any_shape_of_samples_and_the_dtypes(scaler):
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 3), np.uint8)
    assert scaler().fit_transform(images).shape == images.shape
    assert scaler().fit_transform(images).dtype == np.float32
    assert scaler().fit_transform(images.astype(np.float64)).dtype == np.float64
    prices = [1.0, 2.0, 6.0]
    made = scaler().fit(prices)
    np.testing.assert_allclose(made.inverse_transform(made.transform(prices)), prices)


@pytest.mark.parametrize("scaler", SCALERS)
def test_labels_may_be_passed_along_as_scikit_learns_pipelines_do(scaler):
    np.testing.assert_array_equal(scaler().fit_transform(X, np.arange(len(X))), scaler().fit(X, None).transform(X))


@pytest.mark.parametrize("scaler", SCALERS)
def test_what_cannot_be_scaled_is_refused(scaler):
    for x, message in (
        (np.zeros((0, 3)), "expected at least one row"),
        ([[1, np.nan]], r"expected finite numbers, received nan at \(0, 1\)"),
        ([[1.0], [np.inf]], r"received inf at \(1, 0\)"),
        ([["a"]], "expected numbers of shape"),
        (3.0, "expected numbers of shape"),
        ([[1.0], [1.0, 2.0]], "expected rows of one length"),
    ):
        with pytest.raises(DataError, match=message):
            scaler().fit(x)
    with pytest.raises(DataError, match=r"expected fit\(x\) first"):
        scaler().transform(X)
    with pytest.raises(DataError, match=r"expected numbers of shape \(n, 3\), received float64 of shape \(1, 2\)"):
        scaler().fit(X).transform([[1.0, 2.0]])


def test_a_range_without_width_is_refused():
    with pytest.raises(DataError, match=r"expected feature_range as \(low, high\)"):
        MinMaxScaler((1, 1))
