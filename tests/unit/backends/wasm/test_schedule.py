"""What the schedule takes care of, one by one: copies of what no loop can read where it is, and the order of writes."""

import numpy as np
import pytest

import pydl
from pydl import Variable
from pydl.backends import wasm
from pydl.ops.random import random_bits
from pydl.tensor import apply
from tests.unit.backends.wasm.guarded import guarded

SQUARE = np.arange(36, dtype=np.float32).reshape(6, 6)


def run(function, *arrays):
    """The outputs of a function as machine code under guard, and the Variables' arrays after it."""
    program = pydl.jit(function, device="numpy").program(*arrays)
    executable = guarded(lambda: wasm.compile(program, relaxed=False))
    outputs = executable(*arrays)
    return outputs, [variable.numpy() for variable, _ in program.state]


@pytest.mark.parametrize(
    "new",
    [
        lambda a: a.T * 2,
        lambda a: a + a.T,
        lambda a: a - a[0],
        lambda a: a.reshape((4, 9)).T.reshape((6, 6)) + a,
        lambda a: a.T,
        lambda a: (a * 2).T,
        lambda a: a @ a,
        lambda a: a + a.sum(axis=0),
    ],
    ids=["transposed", "both ways", "a row", "regrouped", "a view", "a view of new", "product", "sums"],
)
def test_a_state_may_become_anything_that_is_made_of_itself(new):
    state = Variable(SQUARE, name="state")
    _, (after,) = run(lambda: state.assign(new(state)))
    np.testing.assert_array_equal(after, new(pydl.Tensor(SQUARE)).numpy())


def test_one_new_value_goes_to_two_variables_and_out():
    a, b = (Variable(SQUARE * factor, name="state") for factor in (1, 2))

    def step():
        new = a * 3 + b
        a.assign(new)
        b.assign(new)
        return new, new.T

    (new, turned), states = run(step)
    for each in (new, turned.T, *states):
        np.testing.assert_array_equal(each, SQUARE * 5)


def test_a_tail_that_only_empty_values_read_is_left_out():
    def step(a, b):
        product = a @ b
        return (product + 1)[:0] * 2, product[:2]

    (empty, rows), _ = run(step, SQUARE, SQUARE)
    assert empty.shape == (0, 6)
    np.testing.assert_array_equal(rows, (SQUARE @ SQUARE)[:2])


def test_random_bits_read_a_key_of_any_strides():
    words = np.arange(1, 7, dtype=np.uint32)

    def step(words, counter):
        return apply(random_bits, words[::3], counter, shape=(37,))

    (bits,), _ = run(step, words, np.uint32(5))
    np.testing.assert_array_equal(bits, random_bits(words[::3], np.array(5, np.uint32), shape=(37,)))


def test_inputs_state_and_constants_may_be_outputs_whole_and_in_part():
    state = Variable(SQUARE * 2, name="state")
    constant = pydl.Tensor(SQUARE * 3)

    def step(x):
        old = state * 1
        state.assign(x)
        return x, x.T, constant, constant[1], old, state

    outputs, (after,) = run(step, SQUARE)
    wanted = [SQUARE, SQUARE.T, SQUARE * 3, SQUARE[1] * 3, SQUARE * 2, SQUARE]
    for ours, expected in zip([*outputs, after], [*wanted, SQUARE], strict=True):
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize(
    "finish", [lambda product, bias: (product + bias).relu() * (product > 0), lambda product, bias: product.relu()]
)
def test_bias_and_activation_are_computed_row_by_row_with_the_product(finish):
    bias = Variable(np.linspace(-9, 9, 8), name="bias")
    x, w = np.ones((70, 5), np.float32), np.eye(5, 8, dtype=np.float32)
    program = pydl.jit(lambda x, w: finish(x @ w, bias), device="numpy").program(x, w)
    functions = wasm.compile(program, relaxed=False).compiled.module.functions
    assert [name for name in functions if name.startswith("kernel")] == ["kernel_0_tail", "kernel_0", "kernel_0.rows"]
