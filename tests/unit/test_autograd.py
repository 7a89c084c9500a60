"""The way back: what `backward` adds to the leaves, what it refuses, and that it survives deep and branching graphs."""

import gc
import weakref

import numpy as np
import pytest

import pydl
from pydl import Parameter, ShapeError, Tensor, Variable, no_grad


def test_backward_agrees_with_grad():
    x = np.random.default_rng(0).standard_normal((3, 4))
    leaf = Tensor(x, requires_grad=True)
    (leaf.tanh() @ leaf.T).sum().backward()
    expected = pydl.grad(lambda t: (t.tanh() @ t.T).sum())(x)
    np.testing.assert_array_equal(leaf.grad.numpy(), expected.numpy())


def test_gradients_of_two_backwards_add_up():
    w = Parameter([1.0, 2.0])
    (w * 3).sum().backward()
    (w * w).sum().backward()
    assert w.grad.numpy().tolist() == [5, 7]


def test_a_node_used_by_many_passes_on_the_sum():
    x = Tensor([2.0], requires_grad=True)
    y = x * 3
    (y * y + y * 5 - y).backward()
    assert x.grad.item() == 3 * (2 * 6 + 5 - 1)


def test_a_result_that_is_a_leaf_gets_the_gradient_itself():
    x = Tensor(2.0, requires_grad=True)
    x.backward()
    assert x.grad.item() == 1


def test_many_numbers_need_a_gradient_to_start_from():
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ShapeError, match=r"single number.*\(2,\)"):
        (x * 2).backward()
    with pytest.raises(ShapeError, match=r"\(2,\).*\(3,\)"):
        (x * 2).backward(Tensor([1.0, 2.0, 3.0]))
    (x * 2).backward(Tensor([1.0, 10.0]))
    assert x.grad.numpy().tolist() == [2, 20]


def test_without_a_leaf_that_requires_it_there_is_no_way_back():
    with pytest.raises(RuntimeError, match="requires_grad=True"):
        (Tensor([1.0]) * 2).backward()


def test_nothing_computed_in_no_grad_can_be_differentiated():
    x = Tensor([1.0], requires_grad=True)
    with no_grad():
        y = x * 2
    assert not y.requires_grad
    assert (x * 2).requires_grad


def test_no_grad_ends_with_an_exception_too():
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert (Tensor([1.0], requires_grad=True) * 2).requires_grad


def test_detach_cuts_the_way():
    x = Tensor([3.0], requires_grad=True)
    (x * (x * 2).detach()).backward()
    assert x.grad.item() == 6


def test_comparisons_and_positions_have_no_gradient():
    x = Tensor([[3.0, 4.0]], requires_grad=True)
    for y in (x > 1, x == x, x.argmax(-1), x.astype(np.int32)):
        assert not y.requires_grad


def test_ten_thousand_operations_in_a_row_are_no_problem_for_the_stack():
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(10_000):
        y = y * 1
    y.backward()
    assert x.grad.item() == 1


def test_branches_that_meet_again_are_walked_once():
    # y = 2^40 x: a walk over paths instead of nodes would never end.
    x = Tensor(np.array(1.0), requires_grad=True)
    y = x
    for _ in range(40):
        y = y + y
    y.backward()
    assert x.grad.item() == 2.0**40


def test_a_variable_assigned_between_use_and_backward_is_an_error():
    w = Parameter([2.0], name="kernel")
    loss = (w * w).sum()
    w.assign([3.0])
    with pytest.raises(RuntimeError, match=r"'kernel'.*was assigned after 'mul'.*backward\(\) first"):
        loss.backward()


def test_a_variable_assigned_after_backward_is_no_error():
    w = Parameter([2.0])
    (w * w).sum().backward()
    w.assign([3.0])
    assert w.grad.item() == 4


def test_a_variable_that_was_not_used_may_be_assigned():
    w, other = Parameter([2.0]), Variable([1.0])
    loss = (w * w).sum()
    other.assign([5.0])
    loss.backward()
    assert w.grad.item() == 4


def test_graphs_are_freed_without_the_garbage_collector():
    gc.collect()
    gc.disable()
    try:
        x = Tensor(np.ones(3), requires_grad=True)
        y = (x * x).tanh().sum()
        y.backward()
        node = weakref.ref(y._node.inputs[0])
        del y
        assert node() is None
    finally:
        gc.enable()
