"""Elementwise primitives on numbers of every dtype and on the odd ones: infinities, NaN, both zeros, the smallest."""

import warnings

import numpy as np
import pytest

import pydl
from pydl import losses
from pydl.backends import wasm
from pydl.ops import REGISTRY
from tests.unit.backends.agreement import program_of

DTYPES = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]
ODD = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e38, -1e38, 1e-45, 1.0, 2.0, -3.0, 5.5]
COUNT = 37  # elements: whole vectors of every dtype, and a rest


def run(name, *arrays, **params):
    """A primitive as machine code, and by NumPy."""
    primitive, program = REGISTRY[name], program_of(name, arrays, params)
    (ours,) = wasm.compile(program, relaxed=False)(*arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return ours, primitive(*arrays, **params)


def numbers(dtype, seed):
    """From the whole range of an integer; of floats some that every integer can be made of."""
    whole = np.random.default_rng(seed).integers(0, 2**63, COUNT, np.uint64) * 2 + 1
    if dtype == "?":
        return whole % 3 == 0
    return (whole % 1000 / 8).astype(dtype) if dtype[0] == "f" else whole.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "maximum", "greater", "greater_equal", "equal"])
def test_two_numbers_of_every_dtype_make_what_they_make_in_numpy(name, dtype):
    if dtype == "?" and name == "sub":
        return  # neither has it
    a, b = numbers(dtype, 0), numbers(dtype, 1)
    b[::5] = a[::5]
    np.testing.assert_array_equal(*run(name, a, b))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "maximum", "greater", "greater_equal", "equal"])
def test_odd_numbers_make_what_they_make_in_numpy(name, dtype):
    a, b = np.repeat(ODD, len(ODD)).astype(dtype), np.tile(ODD, len(ODD)).astype(dtype)
    np.testing.assert_array_equal(*run(name, a, b))


@pytest.mark.parametrize("target", DTYPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_becomes_every_other_as_in_numpy(dtype, target):
    x = numbers(dtype, 2)
    if dtype[0] in "fi" and target not in ("u4", "u8"):  # a negative float there is what the processor makes of it
        x[::3] = -x[::3]
    np.testing.assert_array_equal(*run("cast", x, dtype=np.dtype(target)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_choice_takes_the_bits_as_they_are(dtype):
    a, b = numbers(dtype, 3), numbers(dtype, 4)
    if dtype[0] == "f":
        a[:12], b[5:17] = ODD, ODD
    np.testing.assert_array_equal(*run("where", numbers("?", 5), a, b))


@pytest.mark.parametrize("dtype, tolerance", [("f4", 1e-6), ("f8", 1e-15)])
@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "tanh", "sigmoid", "erf", "neg"])
def test_functions_of_odd_numbers_among_others_in_one_vector(name, dtype, tolerance):
    x = np.array([*ODD, -104.0, 89.0, -750.0, 710.0, 1e-310], dtype)
    ours, expected = run(name, x)
    np.testing.assert_allclose(ours, expected, rtol=tolerance, atol=1e-44 if dtype == "f4" else 5e-324)


@pytest.mark.parametrize("device", ["wasm:simd", "wasm"])
def test_a_cross_entropy_and_its_gradient_bear_logits_of_ten_thousand(device):
    rng = np.random.default_rng(0)
    logits = (rng.uniform(-1, 1, (33, 10)) * 1e4).astype(np.float32)
    logits[0], logits[1] = 1e4, -1e4
    labels = rng.integers(0, 10, 33).astype(np.int32)
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)

    def step(logits, labels):
        logits = logits.detach()
        logits.requires_grad = True
        with pydl.autograd.grad_mode(True):
            value = loss(labels, logits)
        return value, *pydl.autograd.gradients(value, np.ones((), value.dtype), [logits])

    value, gradient = (each.numpy() for each in pydl.jit(step, device=device)(logits, labels))
    wide = logits.astype(np.float64)
    shifted = wide - wide.max(1, keepdims=True)
    logarithms = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    hit = np.arange(10) == labels[:, None]
    np.testing.assert_allclose(value, -logarithms[hit].mean(), rtol=1e-6)
    np.testing.assert_allclose(gradient, (np.exp(logarithms) - hit) / 33, atol=1e-7)
