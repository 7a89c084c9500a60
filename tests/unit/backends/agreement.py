"""What tests of all backends that compile share: Programs of one primitive, its derivatives, agreement norm-wise."""

import numpy as np

import pydl
from pydl.autograd import gradients
from pydl.jit import Instruction, Program, Value
from pydl.ops import REGISTRY, Spec
from pydl.tensor import apply


def program_of(name, arrays, params):
    """A Program with one primitive, for arrays like these."""
    primitive = REGISTRY[name]
    values = [Value(f"%{place}", Spec(array.shape, array.dtype)) for place, array in enumerate(arrays)]
    result = Value("%result", primitive.shape_rule(*(value.spec for value in values), **params))
    return Program(name, values, instructions=[Instruction(result, primitive, tuple(values), params)], outputs=[result])


def derivative(case):
    """A function of a case's result's gradient and its arrays that gives the gradients of those that have one."""
    positions = case.differentiable()

    def backward(weights, *arrays):
        inputs = list(arrays)
        for place in positions:
            inputs[place] = inputs[place].detach()
            inputs[place].requires_grad = True
        with pydl.autograd.grad_mode(True):
            result = apply(REGISTRY[case.primitive], *inputs, **case.params)
        return gradients(result, weights.astype(result.dtype), [inputs[place] for place in positions])

    return backward


def gradient_for(case):
    """Random numbers of the shape of a case's result."""
    shape = np.asarray(REGISTRY[case.primitive](*case.arrays, **case.params)).shape
    return np.random.default_rng(3).standard_normal(shape)


def assert_close(ours, reference, tolerance):
    """Norm-wise, or equal where there are no floats."""
    assert ours.shape == reference.shape
    if reference.dtype.kind != "f":
        np.testing.assert_array_equal(ours, reference)
        return
    apart = np.linalg.norm(ours.astype(np.float64) - reference)
    assert apart <= tolerance * np.linalg.norm(reference) + 1e-30, (ours, reference)
