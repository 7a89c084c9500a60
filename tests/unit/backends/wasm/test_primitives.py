"""Every primitive as machine code gives what NumPy gives, and so does every derivative: float32 against float64."""

import numpy as np
import pytest

import pydl
from pydl.jit.passes import optimize
from pydl.ops import REGISTRY
from tests.unit.backends.agreement import assert_close, derivative, gradient_for, program_of
from tests.unit.backends.wasm.agreement import executables
from tests.unit.ops.cases import CASES


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
    backward, weights = derivative(case), gradient_for(case)
    expected = pydl.jit(backward, device="numpy")(weights, *case.arrays)
    for device in ("wasm:simd", "wasm"):
        ours = pydl.jit(backward, device=device)(weights.astype(np.float32), *case.cast(np.float32))
        for mine, theirs in zip(ours, expected):
            assert_close(mine.numpy(), theirs.numpy(), 1e-5)
