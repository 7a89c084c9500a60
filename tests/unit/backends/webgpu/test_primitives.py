"""Every primitive on the GPU gives what NumPy gives, and so does every derivative: float32 against float64."""

from dataclasses import replace

import numpy as np
import pytest

import pydl
from pydl.backends import Unsupported
from pydl.backends.webgpu.executable import Executable
from pydl.jit.passes import optimize
from pydl.ops import REGISTRY
from tests.support.gpu import desktop_gpus
from tests.unit.backends.agreement import assert_close, derivative, gradient_for, program_of
from tests.unit.ops.cases import CASES

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)


def in_float32(case):
    """The case with all of its floats of 32 bits, in its options as well."""
    params = {name: F32 if param == F64 else param for name, param in case.params.items()}
    return replace(case, arrays=tuple(case.cast(np.float32)), params=params)


def on_gpu(program, gpu, *arrays):
    executable = Executable(program, gpu)
    outputs = executable(*arrays)
    executable.close()
    return outputs


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_primitive_agrees_with_numpy_in_float64(case, gpu):
    small = in_float32(case)
    (ours,) = on_gpu(optimize(program_of(case.primitive, small.arrays, small.params)), gpu, *small.arrays)
    assert_close(ours, np.asarray(REGISTRY[case.primitive](*case.arrays, **case.params)), 1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_float64_is_refused_by_name_or_needs_no_more_than_float32(case):
    """A view, one number, a result of nothing: what a GPU can do. All else says what is in the way."""
    _, gpu = desktop_gpus()
    arrays = case.cast(np.float64)
    program = optimize(program_of(case.primitive, arrays, case.params))
    values = [*program.inputs, *(instruction.result for instruction in program.instructions)]
    large = any(value.dtype == F64 and value.spec.size > 1 for value in values)
    if large and not all(instruction.primitive.view for instruction in program.instructions):
        with pytest.raises(Unsupported, match=r"with 32-bit numbers.*f64.*\(at .*use float32"):
            Executable(program, gpu)
        return
    (ours,) = on_gpu(program, gpu, *arrays)
    assert_close(ours, np.asarray(REGISTRY[case.primitive](*arrays, **case.params)), 1e-6)


@pytest.mark.parametrize("case", [case for case in CASES if case.differentiable()], ids=str)
def test_a_derivative_agrees_with_numpy_in_float64(case, gpu):
    small, weights = in_float32(case), gradient_for(case)
    expected = pydl.jit(derivative(case), device="numpy")(weights, *case.arrays)
    arrays = [weights.astype(np.float32), *small.arrays]
    program = pydl.jit(derivative(small), device="numpy").program(*arrays)
    for mine, theirs in zip(on_gpu(program, gpu, *arrays), expected, strict=True):
        assert_close(mine, theirs.numpy(), 1e-5)
