"""What is the same in every step is computed while the Program is made, and only that."""

import numpy as np
import pytest

import pydl
from pydl import Tensor, Variable, jit, random
from pydl.jit.passes import fold_constants, remove_dead_code
from pydl.jit.passes.editing import SMALL
from tests.unit.support import interpret, program_of, state_of

X = np.array([[1.0, 2.0], [3.0, 4.0]])


def folded(function, *arrays):
    """The Program after folding, and its instructions as text."""
    raw = program_of(function, *arrays)
    program = remove_dead_code(fold_constants(raw)).validate()
    expected, received = (interpret(each, list(arrays), state_of(each)) for each in (raw, program))
    for ours, reference in zip(received[0], expected[0], strict=True):
        np.testing.assert_array_equal(ours, reference)
    return program, [instruction.primitive.name for instruction in program.instructions]


def test_what_reads_constants_only_is_a_constant():
    program, names = folded(lambda: [(Tensor([1.0, 2.0]) * Tensor([3.0, 5.0])).sum()])
    assert names == []
    assert [array.tolist() for _, array in program.constants] == [13]


def test_what_reads_an_input_or_state_stays():
    v = Variable([1.0, 2.0])
    program, names = folded(lambda x: [x.exp() + Tensor(2.0).exp(), v * 2], X)
    assert names.count("exp") == 1
    assert names.count("mul") == 1


def test_one_number_everywhere_is_computed_once_and_stays_a_view():
    program, names = folded(lambda x: [x * (-(Tensor(np.float64(3.0)) / 2)).broadcast_to((2, 2)).T.reshape(2, 2)], X)
    assert names == ["broadcast", "mul"]
    assert [array.tolist() for _, array in program.constants] == [-1.5]


def test_an_array_of_equal_numbers_becomes_one_number():
    program, names = folded(lambda x: [x + np.full((2, 2), 7.0)], X)
    assert names == ["broadcast", "add"]
    assert [array.shape for _, array in program.constants] == [()]


def test_zeros_of_both_signs_are_not_one_number():
    zeros = np.array([[0.0, -0.0], [0.0, 0.0]])
    program, _ = folded(lambda x: [x / zeros], X)
    assert [array.shape for _, array in program.constants] == [(2, 2)]


def test_constants_of_the_same_bits_are_one():
    def f(x):
        return [x * np.array([1.0, 2.0]), x + np.array([1.0, 2.0]), x - np.array([1.0, -2.0])]

    assert len(folded(f, X)[0].constants) == 2


@pytest.mark.parametrize(
    "other", [np.array([1, 2]), np.array([[1.0], [2.0]]), np.array([1.0, 2.0], np.float32)], ids=repr
)
def test_equal_numbers_of_another_dtype_or_shape_are_another_constant(other):
    def f():
        return [pydl.tensor.as_input(np.array([1.0, 2.0])), pydl.tensor.as_input(other)]

    assert len(folded(f)[0].constants) == 2


def test_a_large_result_is_computed_in_the_step():
    small, large = np.arange(SMALL) * 1.0, np.arange(SMALL + 1) * 1.0
    assert folded(lambda: [Tensor(small) + small])[1] == []
    assert folded(lambda: [Tensor(large) + large])[1] == ["add"]
    assert folded(lambda: [(Tensor(large) + large).broadcast_to((1, SMALL + 1))])[1] == ["add", "broadcast"]


def test_a_large_constant_may_have_a_small_result():
    large = np.arange(SMALL + 1) * 1.0
    program, names = folded(lambda: [Tensor(large, dtype=large.dtype)[:2] + 1])
    assert names == []
    assert [array.tolist() for _, array in program.constants] == [[1, 2]]


def test_an_error_is_left_to_the_step():
    program, names = folded_without_running(lambda: [Tensor([1.0, 2.0]).gather([5])])
    assert names == ["gather"]
    with pytest.raises(IndexError):
        jit(lambda: Tensor([1.0, 2.0]).gather([5]))()


def folded_without_running(function):
    program = fold_constants(program_of(function)).validate()
    return program, [instruction.primitive.name for instruction in program.instructions]


def test_no_elements_at_all_are_no_trouble():
    folded(lambda: [Tensor(np.zeros((0, 3))) * 2, Tensor(np.zeros((0, 3))).sum(0), Tensor(np.zeros((0, 3))).sum()])


def test_state_may_become_a_constant():
    v = Variable([3.0, 3.0])
    step = jit(lambda: v.assign(Tensor([2.0, 2.0]) * 2))
    step()
    assert v.numpy().tolist() == [4, 4]


def test_random_numbers_are_drawn_anew_by_every_step():
    _, names = folded(lambda: [random.uniform((3,))])
    assert "random_bits" in names
