"""Dropout: how much it leaves out, that its mean stays, and that no two steps leave out the same."""

import math

import numpy as np
import pytest

import pydl
from pydl import Tensor, jit, random
from pydl.nn import functional as F
from pydl.random import Generator
from tests.unit.support import check_gradients, fingerprint

ONES = np.ones((400, 250), np.float32)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.3, 0.5, 0.9])
def test_the_share_left_out_is_the_rate_and_the_mean_stays(rate):
    received = F.dropout(ONES, rate=rate).numpy()
    assert set(np.unique(received)) <= {np.float32(0), np.float32(1 / (1 - rate))}
    error = math.sqrt(rate * (1 - rate) / ONES.size)
    assert (received == 0).mean() == pytest.approx(rate, abs=5 * error)
    assert received.mean() == pytest.approx(1, abs=5 * error / (1 - rate) + 1e-6)


def test_keep_prob_is_what_the_rate_leaves():
    pydl.seed(3)
    by_rate = F.dropout(ONES, 0.25).numpy()
    pydl.seed(3)
    np.testing.assert_array_equal(F.dropout(ONES, keep_prob=0.75).numpy(), by_rate)


def test_the_mask_is_drawn_from_the_generator():
    pydl.seed(8)
    received = F.dropout(ONES, 0.3).numpy()
    kept = Generator(8).uniform(ONES.shape) < np.float32(0.7)
    np.testing.assert_array_equal(received != 0, kept)
    own = F.dropout(ONES, 0.3, generator=Generator(8)).numpy()
    np.testing.assert_array_equal(own, received)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
def test_the_masks_of_a_seed_are_the_same_on_every_machine(compiled):
    def draw(x):
        return F.dropout(x, 0.3)

    step = jit(draw) if compiled else draw
    pydl.seed(777)
    masks = [np.packbits(step(ONES[:40, :25]).numpy() != 0) for _ in range(2)]
    assert [fingerprint(mask) for mask in masks] == ["385ec7b5d0a96572", "7c5f087e1c1e5fbc"]


def test_out_of_training_and_at_rate_zero_nothing_is_changed_or_drawn():
    x = Tensor(ONES)
    before = int(random.default.counter)
    assert F.dropout(x, 0.5, training=False) is x
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, keep_prob=1.0) is x
    assert int(random.default.counter) == before


def test_every_step_of_a_compiled_function_draws_another_mask():
    step = jit(lambda x: F.dropout(x, 0.5))
    pydl.seed(4)
    traced = [step(ONES).numpy() for _ in range(3)]
    pydl.seed(4)
    eager = [F.dropout(ONES, 0.5).numpy() for _ in range(3)]
    for a, b in zip(traced, eager):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(traced[0], traced[1])
    assert not np.array_equal(traced[1], traced[2])


def test_two_dropouts_of_one_step_leave_out_different_elements():
    first, second = jit(lambda x: [F.dropout(x, 0.5), F.dropout(x, 0.5)])(ONES)
    assert np.mean((first.numpy() == 0) == (second.numpy() == 0)) == pytest.approx(0.5, abs=0.01)


def test_the_gradient_goes_where_the_number_went():
    x = np.random.default_rng(0).standard_normal((4, 5))
    check_gradients(lambda t: F.dropout(t, 0.4, generator=Generator(1)), x)
    slopes = pydl.grad(lambda t: F.dropout(t, 0.4, generator=Generator(1)).sum())(x).numpy()
    kept = F.dropout(x, 0.4, generator=Generator(1)).numpy() != 0
    np.testing.assert_allclose(slopes, np.where(kept, 1 / 0.6, 0))


def test_what_is_left_out_is_gone_even_if_it_is_no_number():
    received = F.dropout(np.full(1000, math.nan, np.float32), 0.5).numpy()
    assert 400 < np.count_nonzero(received == 0) < 600


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (2, 3, 4, 5)])
def test_shape_and_dtype_stay(shape, dtype):
    received = F.dropout(np.ones(shape, dtype), 0.5)
    assert (received.shape, received.dtype) == (shape, dtype)


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, math.nan])
def test_a_rate_out_of_range_is_refused(rate):
    with pytest.raises(ValueError, match=f"0 <= rate < 1.*received {rate}"):
        F.dropout(ONES, rate)


@pytest.mark.parametrize("keep_prob", [0, -1, 1.1, math.nan])
def test_a_keep_prob_out_of_range_is_refused(keep_prob):
    with pytest.raises(ValueError, match=f"0 < keep_prob <= 1.*received {keep_prob}"):
        F.dropout(ONES, keep_prob=keep_prob)


def test_exactly_one_of_rate_and_keep_prob_is_expected():
    with pytest.raises(TypeError, match="either rate or keep_prob.*rate=None, keep_prob=None"):
        F.dropout(ONES)
    with pytest.raises(TypeError, match="rate=0.5, keep_prob=0.5"):
        F.dropout(ONES, 0.5, 0.5)
