"""Clipping against NumPy, and what it leaves alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pydl import Parameter, Tensor, optim
from pydl.optim.clipping import Clipping

NUMBERS = arrays(np.float64, st.tuples(st.integers(1, 4)), elements=st.floats(-1e6, 1e6))
GRADIENTS = st.lists(NUMBERS, min_size=1, max_size=3)
LIMITS = st.floats(1e-3, 1e3)


def clip(gradients, **limit):
    limits = {"clipnorm": None, "clipvalue": None, "global_clipnorm": None} | limit
    return [t.numpy() for t in Clipping(**limits)([Tensor(g) for g in gradients])]


@given(GRADIENTS, LIMITS)
def test_clipnorm_shortens_each_gradient_alone(gradients, limit):
    for received, g in zip(clip(gradients, clipnorm=limit), gradients, strict=True):
        norm = np.linalg.norm(g)
        np.testing.assert_allclose(received, g if norm <= limit else g / norm * limit, rtol=1e-12, atol=1e-300)


@given(GRADIENTS, LIMITS)
def test_global_clipnorm_shortens_all_of_them_by_one_factor(gradients, limit):
    norm = np.linalg.norm(np.concatenate(gradients))
    for received, g in zip(clip(gradients, global_clipnorm=limit), gradients, strict=True):
        np.testing.assert_allclose(received, g if norm <= limit else g / norm * limit, rtol=1e-12, atol=1e-300)


@given(GRADIENTS, LIMITS)
def test_clipvalue_clips_every_element(gradients, limit):
    for received, g in zip(clip(gradients, clipvalue=limit), gradients, strict=True):
        np.testing.assert_array_equal(received, np.clip(g, -limit, limit))


def test_a_zero_gradient_stays_zero():
    for kind in ("clipnorm", "clipvalue", "global_clipnorm"):
        assert clip([np.zeros(3)], **{kind: 1.0})[0].tolist() == [0, 0, 0]


def test_the_global_norm_reaches_over_both_precisions_and_leaves_out_what_has_no_gradient():
    single, double, unused = Parameter(np.zeros(1, np.float32)), Parameter(np.zeros(1)), Parameter(np.zeros(1))
    optimizer = optim.SGD(1.0, global_clipnorm=1.0)
    optimizer.build([single, unused, double])
    (single * 3 + double * 4).sum().backward()
    optimizer.step()
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    assert [single.item(), double.item(), unused.item()] == pytest.approx([-0.6, -0.8, 0.0])


@pytest.mark.parametrize("kind", ["clipnorm", "clipvalue", "global_clipnorm"])
@pytest.mark.parametrize("name", optim.OPTIMIZERS)
def test_every_optimizer_clips(name, kind):
    optimizer = optim.OPTIMIZERS[name](**{kind: 0.5})
    assert getattr(optimizer, kind) == 0.5
    with pytest.raises(ValueError, match=f"{kind}: expected a number above 0 or None, received -1"):
        optim.OPTIMIZERS[name](**{kind: -1})


def test_two_kinds_at_once_are_refused():
    with pytest.raises(ValueError, match="at most one of clipnorm, clipvalue, global_clipnorm, received clipnorm and"):
        optim.Adam(clipnorm=1.0, clipvalue=1.0)
