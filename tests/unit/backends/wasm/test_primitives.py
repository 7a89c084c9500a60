"""Every primitive as machine code gives what NumPy gives, and so does every derivative: float32 against float64."""

import numpy as np
import pytest

import pydl
from pydl.autograd import gradients
from pydl.jit.passes import optimize
from pydl.ops import REGISTRY
from pydl.tensor import apply
from tests.unit.backends.wasm.agreement import executables, program_of
from tests.unit.ops.cases import CASES


def assert_close(ours, reference, tolerance):
    """Norm-wise, or equal where there are no floats."""
    assert ours.shape == reference.shape
    if reference.dtype.kind != "f":
        np.testing.assert_array_equal(ours, reference)
        return
    apart = np.linalg.norm(ours.astype(np.float64) - reference)
    assert apart <= tolerance * np.linalg.norm(reference) + 1e-30, (ours, reference)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_primitive_agrees_with_numpy_in_float64(case):
    reference = REGISTRY[case.primitive](*case.arrays, **case.params)
    arrays = case.cast(np.float32)
    for executable in executables(optimize(program_of(case.primitive, arrays, case.params))):
        (ours,) = executable(*arrays)
        assert_close(ours, np.asarray(reference), 1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_float64_has_machine_code_too(case):
    arrays = case.cast(np.float64)
    reference = REGISTRY[case.primitive](*arrays, **case.params)
    for executable in executables(optimize(program_of(case.primitive, arrays, case.params))):
        (ours,) = executable(*arrays)
        assert_close(ours, np.asarray(reference), 1e-14)


@pytest.mark.parametrize("case", [case for case in CASES if case.differentiable()], ids=str)
def test_a_derivative_agrees_with_numpy_in_float64(case):
    positions = case.differentiable()
    shape = np.asarray(REGISTRY[case.primitive](*case.arrays, **case.params)).shape
    weights = np.random.default_rng(3).standard_normal(shape)

    def backward(weights, *arrays):
        inputs = list(arrays)
        for place in positions:
            inputs[place] = inputs[place].detach()
            inputs[place].requires_grad = True
        with pydl.autograd.grad_mode(True):
            result = apply(REGISTRY[case.primitive], *inputs, **case.params)
        return gradients(result, weights.astype(result.dtype), [inputs[place] for place in positions])

    expected = pydl.jit(backward, device="numpy")(weights, *case.arrays)
    for device in ("wasm:simd", "wasm"):
        ours = pydl.jit(backward, device=device)(weights.astype(np.float32), *case.cast(np.float32))
        for mine, theirs in zip(ours, expected):
            assert_close(mine.numpy(), theirs.numpy(), 1e-5)
