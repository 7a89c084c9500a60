"""Every derivative in the table of primitives against central differences in float64, and the derivatives' own
derivatives, over shapes and options. A primitive without an example here fails the first test."""

import numpy as np
import pytest

import pydl
from pydl import Tensor
from pydl.ops import REGISTRY
from pydl.tensor import apply
from tests.unit.ops.cases import CASES, DIFFERENTIABLE
from tests.unit.support import check_gradients, gradient_of


def test_every_primitive_has_an_example():
    assert {case.primitive for case in CASES} == set(REGISTRY)


def test_every_primitive_with_a_derivative_is_checked():
    def derivatives(case):
        return [REGISTRY[case.primitive].derivative(position) for position in range(len(case.arrays))]

    with_derivative = {case.primitive for case in CASES if any(derivatives(case))}
    assert {case.primitive for case in DIFFERENTIABLE} == with_derivative


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)
def test_derivative_agrees_with_central_differences(case):
    primitive = REGISTRY[case.primitive]
    check_gradients(lambda *tensors: apply(primitive, *tensors, **case.params), *case.arrays)


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)
def test_derivative_of_the_derivative_agrees_with_central_differences(case):
    primitive = REGISTRY[case.primitive]

    def squared(*tensors):  # the square makes the second derivative of a linear primitive something else than zero
        y = apply(primitive, *tensors, **case.params)
        return (y * y).sum()

    check_gradients(gradient_of(squared, case.arrays), *case.arrays)


@pytest.mark.parametrize("case", [case for case in CASES if case not in DIFFERENTIABLE], ids=str)
def test_a_primitive_without_derivative_ends_the_way_back(case):
    tensors = [Tensor(a, dtype=a.dtype, requires_grad=a.dtype.kind == "f") for a in case.arrays]
    assert not apply(REGISTRY[case.primitive], *tensors, **case.params).requires_grad


def test_third_derivative_of_a_polynomial():
    cube = pydl.grad(pydl.grad(pydl.grad(lambda x: (x * x * x * x).sum())))
    assert cube(Tensor(np.array(3.0))).item() == 24 * 3.0


def test_third_derivatives_of_tanh_agree_with_the_formula():
    x = np.linspace(-2, 2, 9)
    y = np.tanh(x)
    third = pydl.grad(lambda t: pydl.grad(lambda t: pydl.grad(lambda t: t.tanh().sum())(t).sum())(t).sum())
    np.testing.assert_allclose(third(x).numpy(), (1 - y**2) * (6 * y**2 - 2), rtol=1e-12)


# ---- where a derivative does not exist, the choice that the primitive documents


def test_at_a_tie_maximum_gives_the_gradient_to_its_second_argument():
    a, b = (Tensor([1.0, 2.0, 3.0], requires_grad=True) for _ in range(2))
    a.maximum(b).sum().backward()
    assert a.grad.numpy().tolist() == [0, 0, 0]
    assert b.grad.numpy().tolist() == [1, 1, 1]


def test_relu_has_slope_zero_at_zero():
    x = Tensor([-1.0, 0.0, 1.0], requires_grad=True)
    x.relu().sum().backward()
    assert x.grad.numpy().tolist() == [0, 0, 1]


def test_equal_maxima_share_the_gradient():
    x = Tensor([[2.0, 5.0, 5.0], [1.0, 1.0, 1.0]], requires_grad=True)
    (x.max(axis=1) * Tensor([1.0, 6.0])).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [[0, 0.5, 0.5], [2, 2, 2]])


def test_pow_at_zero_has_the_slope_of_the_polynomial():
    x = Tensor([0.0, 2.0], requires_grad=True)
    (x**3 + x**1).sum().backward()
    assert x.grad.numpy().tolist() == [1, 13]


@pytest.mark.parametrize("power, derivatives", [(0.0, [0, 0, 0]), (1.0, [1, 0, 0]), (3.0, [0, 0, 6])])
def test_all_derivatives_of_a_polynomial_at_zero_are_numbers(power, derivatives):
    function = lambda x: x**power  # noqa: E731
    for expected in derivatives:
        function = pydl.grad(lambda x, before=function: before(x).sum())
        assert function(np.zeros(2)).numpy().tolist() == [expected] * 2


def test_where_keeps_a_nan_of_the_side_not_taken_out_of_the_result():
    x = Tensor([-1.0, 4.0], requires_grad=True)
    safe = (x > 0).where(x, 1)
    (x > 0).where(safe.sqrt(), 0).sum().backward()
    assert x.grad.numpy().tolist() == [0, 0.25]


def test_casts_give_gradients_back_in_the_dtype_of_the_input():
    x = Tensor(np.ones(3, np.float32), requires_grad=True)
    (x.astype(np.float64) * 2).sum().backward()
    assert x.grad.dtype == np.float32
    assert not Tensor(np.ones(3, np.int32), dtype=np.int32).astype(np.float32).requires_grad
