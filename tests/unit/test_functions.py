"""`where`, `concatenate`, and `grad`: the gradient of a function as a function."""

import numpy as np
import pytest

import pydl
from pydl import Parameter, ShapeError, Tensor, no_grad


def test_where_takes_arrays_and_numbers():
    chosen = pydl.where(np.array([True, False]), np.array([1.0, 2.0]), -1)
    assert chosen.numpy().tolist() == [1, -1]
    assert pydl.where(Tensor([[1.0], [-1.0]]) > 0, [1.0, 2.0], 0).numpy().tolist() == [[1, 2], [0, 0]]


def test_concatenate_names_what_does_not_fit():
    with pytest.raises(ShapeError, match="none"):
        pydl.concatenate([])
    with pytest.raises(ShapeError, match=r"f32\[2\].*f32\[1,2\]"):
        pydl.concatenate([Tensor([1.0, 2.0]), Tensor([[1.0, 2.0]])])


def test_grad_gives_the_gradient_by_the_first_argument():
    slope = pydl.grad(lambda x, y: (x * x * y).sum())
    assert slope(Tensor([2.0, 3.0]), Tensor(5.0)).numpy().tolist() == [20, 30]


def test_grad_by_several_arguments_gives_as_many():
    by_x, by_y = pydl.grad(lambda x, y: (x * y).sum(), argnums=(0, 1))(Tensor([2.0]), Tensor([3.0]))
    assert (by_x.item(), by_y.item()) == (3, 2)


def test_grad_takes_arrays_and_keeps_their_dtype():
    assert pydl.grad(lambda x: (x * x).sum())(np.array([1.5])).dtype == np.float64
    assert pydl.grad(lambda x: (x * x).sum())(np.array([2])).numpy().tolist() == [4]


def test_grad_of_grad_is_the_second_derivative():
    second = pydl.grad(lambda x: pydl.grad(lambda x: (x * x * x).sum())(x).sum())
    assert second(Tensor([2.0, -1.0])).numpy().tolist() == [12, -6]


def test_grad_by_an_argument_without_influence_is_zero():
    assert pydl.grad(lambda x, y: (y * y).sum())(Tensor([1.0, 2.0]), Tensor([1.0])).numpy().tolist() == [0, 0]


def test_grad_leaves_the_gradients_of_leaves_alone():
    w = Parameter([2.0])
    pydl.grad(lambda x: (w * x).sum())(Tensor([1.0]))
    assert w.grad is None


def test_grad_works_inside_of_no_grad():
    with no_grad():
        assert pydl.grad(lambda x: (x * x).sum())(Tensor([3.0])).item() == 6


def test_grad_by_a_parameter():
    w = Parameter([3.0])
    assert pydl.grad(lambda x: (x * x).sum())(w).item() == 6


def test_grad_does_not_walk_below_its_arguments_and_beside_them():
    w, other = Parameter([3.0]), Parameter([5.0])
    x, beside = w * 2, other * 2  # a history that the gradient by x does not ask for
    w.assign([100.0])
    other.assign([100.0])
    assert pydl.grad(lambda x: (x * x * beside).sum())(x).item() == 2 * 6 * 10


def test_grad_of_many_numbers_is_refused():
    with pytest.raises(ShapeError, match=r"single number.*\(2,\)"):
        pydl.grad(lambda x: x * 2)(Tensor([1.0, 2.0]))
    with pytest.raises(TypeError, match="grad: expected a function, received 3"):
        pydl.grad(3)
