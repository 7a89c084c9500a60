"""What unit tests of several rooms share: agreement norm by norm, errors that say what is wrong, gradient checks by
random projections, and Programs as they were recorded."""

import hashlib

import numpy as np
import pytest

import pydl
from pydl import Tensor
from pydl.jit import Trace
from pydl.ops import spec_of
from tests.support.programs import evaluate as interpret

__all__ = [
    "assert_agree",
    "assert_refused",
    "check_gradients",
    "fingerprint",
    "gradient_of",
    "interpret",
    "program_of",
    "pydl_input",
    "state_of",
]

RTOL = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-12}


def assert_agree(actual, expected, rtol=None, atol=0.0):
    """Equal shape and dtype, and a difference below atol + rtol * ||expected||; NaN and infinity in the same places."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"shape {actual.shape}, expected {expected.shape}"
    assert actual.dtype == expected.dtype, f"dtype {actual.dtype}, expected {expected.dtype}"
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(actual, expected)
        return
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(actual[~finite], expected[~finite])
    rtol = RTOL[expected.dtype] if rtol is None else rtol
    error = np.linalg.norm((actual[finite] - expected[finite]).astype(np.float64))
    allowed = atol + rtol * np.linalg.norm(expected[finite].astype(np.float64))
    assert error <= allowed, f"differ by {error:g}, allowed {allowed:g}\n{actual}\nexpected\n{expected}"


def assert_refused(call, kind, *named):
    """The call raises an error of this kind, a single line that names what there is to know."""
    with pytest.raises(kind) as error:
        call()
    message = str(error.value)
    assert "\n" not in message, f"expected a single line, received {message!r}"
    for part in named:
        assert part in message, f"expected {part!r} in {message!r}"


def fingerprint(*arrays):
    """The first 16 digits of the SHA-256 of arrays' little-endian bytes: golden ones hold on every machine."""
    parts = (np.asarray(array, array.dtype.newbyteorder("<")).tobytes() for array in arrays)
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


# ---- gradients

STEP = 1e-5  # of the central differences: truncation and rounding errors are both about 1e-10 there
TOLERANCE = 1e-6


def check_gradients(function, *arrays, tolerance=TOLERANCE, seed=1):
    """Holds the gradient of `function` by each float array to central differences along random directions.

    Only two evaluations per direction are needed, whatever the sizes. Returns the function of which this was checked:
    the sum over the result's elements, each with a random weight.
    """
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal(function(*map(pydl_input, arrays)).shape)
    floats = [i for i, array in enumerate(arrays) if np.asarray(array).dtype.kind == "f"]

    def projected(*tensors):
        return (function(*tensors) * weights).sum()

    gradients = pydl.grad(projected, tuple(floats))(*map(pydl_input, arrays))
    for position, gradient in zip(floats, gradients):
        x = np.asarray(arrays[position])
        assert gradient.shape == x.shape, f"argument {position}: gradient {gradient.shape} for {x.shape}"
        assert gradient.dtype == x.dtype, f"argument {position}: gradient {gradient.dtype} for {x.dtype}"
        expected, received = [], []
        for _ in range(3):
            direction = rng.standard_normal(x.shape)

            def along(step, position=position, x=x, direction=direction):
                moved = [x + step * direction if i == position else a for i, a in enumerate(arrays)]
                return projected(*map(pydl_input, moved)).item()

            expected.append((along(STEP) - along(-STEP)) / (2 * STEP))
            received.append(float((gradient.numpy() * direction).sum()))
        error = np.linalg.norm(np.subtract(expected, received))
        size = max(np.linalg.norm(expected), np.linalg.norm(received))
        assert error <= tolerance * max(size, 1e-3), (
            f"argument {position}, shape {x.shape}: directional derivatives\n"
            f"  by differences {expected}\n  by autograd    {received}"
        )
    return projected


def gradient_of(function, arrays, seed=2):
    """A function's gradient by its float arguments as a function of one number, so that it can be checked again."""
    rng = np.random.default_rng(seed)
    floats = tuple(i for i, array in enumerate(arrays) if np.asarray(array).dtype.kind == "f")
    weights = [rng.standard_normal(np.shape(arrays[i])) for i in floats]

    def summed(*tensors):
        parts = pydl.grad(function, floats)(*tensors)
        total = Tensor(np.zeros(()))
        for part, weight in zip(parts, weights):
            total = total + (part * weight).sum()
        return total

    return summed


def pydl_input(array):
    """An array as a Tensor of the same dtype."""
    return Tensor(array, dtype=np.asarray(array).dtype)


# ---- Programs


def program_of(function, *arrays):
    """The Program of a function of Tensors that returns a list, as it was recorded: before any pass."""
    with Trace("f") as trace:
        inputs = [trace.input(spec_of(np.asarray(array))) for array in arrays]
        return trace.finish(function(*inputs))


def state_of(program):
    """Copies of the arrays that the Variables of a Program hold now."""
    return [variable.numpy() for variable, _ in program.state]
