"""The NumPy backend against eager evaluation and against an interpreter without a memory plan: every primitive, the
ways in which memory can be overwritten too early, and random functions with state."""

import numpy as np
import pytest
from hypothesis import given, settings

import pydl
from pydl import Tensor, Variable, jit, ops
from pydl.backends import numpy as backend
from pydl.jit.passes import optimize
from pydl.tensor import apply
from tests.unit.jit import recipes
from tests.unit.jit.recipes import RECIPES, follow
from tests.unit.ops.cases import CASES, DIFFERENTIABLE
from tests.unit.support import assert_agree, interpret, program_of, pydl_input, state_of

FLOATS = [np.float32, np.float64]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_primitive_traced_is_what_it_is_eager(case, dtype):
    def function(*tensors):
        return apply(ops.REGISTRY[case.primitive], *tensors, **case.params)

    arrays = case.cast(dtype)
    expected = function(*map(pydl_input, arrays)).numpy()
    compiled = jit(function)
    for _ in range(2):
        assert_agree(compiled(*arrays).numpy(), expected)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)
def test_the_gradient_of_every_primitive_traced_is_what_it_is_eager(case, dtype):
    primitive, arrays = ops.REGISTRY[case.primitive], case.cast(dtype)
    gradient = pydl.grad(lambda *t: apply(primitive, *t, **case.params).sum(), case.differentiable())
    compiled = jit(gradient)
    for received, expected in zip(compiled(*arrays), gradient(*map(pydl_input, arrays))):
        assert_agree(received.numpy(), expected.numpy())


# ---- memory that must not be overwritten: each hazard by itself


def traced_and_eager(function, make_state, *arrays, calls=3):
    """Runs a function some times compiled and some times eagerly, each on state of its own, and compares."""
    eager, traced = make_state(), make_state()
    compiled = jit(lambda *tensors: function(traced, *tensors))
    for _ in range(calls):
        expected = function(eager, *map(pydl_input, arrays))
        received = compiled(*arrays)
        for ours, reference in zip(received, expected, strict=True):
            np.testing.assert_array_equal(ours.numpy(), np.array(reference))
        for ours, reference in zip(traced, eager, strict=True):
            np.testing.assert_array_equal(ours.numpy(), reference.numpy(), err_msg=ours.name)


def two():
    return [Variable([[1.0, 2.0], [3.0, 4.0]], name="a"), Variable([[5.0, 6.0], [7.0, 8.0]], name="b")]


def swap(state):
    a, b = state
    old = a.detach()
    a.assign(b)
    b.assign(old)
    return []


def rotate_three(state):
    a, b, c = state
    old = a.detach()
    a.assign(b)
    b.assign(c)
    c.assign(old)
    return []


def view_of_another(state):
    a, b = state
    a.assign(b.T)
    b.assign(b * 2)
    return []


def own_transpose(state):
    a, _ = state
    a.assign(a.T)
    return []


def reversed_by_itself(state):
    a, _ = state
    a.assign(pydl.concatenate([a[1:], a[:1]]))
    return []


def old_value_as_output(state):
    a, _ = state
    old = a.detach()
    a.assign(a * 3)
    return [old]


def view_of_the_old_value_as_output(state):
    a, _ = state
    row, flipped = a[0], a.T
    a.assign(a * 3)
    return [row, flipped]


def new_value_as_output(state):
    a, _ = state
    a.assign(a * 3)
    return [a, a + 1]


def same_value_twice(state):
    a, b = state
    value = a * 2
    a.assign(value)
    b.assign(value)
    return [value]


def old_value_read_after_the_new_one_is_made(state):
    a, _ = state
    new = a * 2
    late = new + a
    a.assign(new)
    return [late]


def elementwise_on_its_own_transpose(state):
    a, _ = state
    a.assign(a + a.T)
    return []


def matmul_into_itself(state):
    a, _ = state
    a.assign(a @ a)
    return []


def assigned_twice(state):
    a, _ = state
    a.assign(a + 1)
    middle = a * 10
    a.assign(a * 2)
    return [middle]


def assigned_back(state):
    a, _ = state
    old = a.detach()
    a.assign(a * 2)
    a.assign(old)
    return []


def one_new_value_from_anothers_old_one(state):
    a, b = state
    new = b + a
    b.assign(b * 2)
    a.assign(new)
    return []


def broadcast_into_state(state):
    a, b = state
    a.assign(b.sum().broadcast_to((2, 2)))
    b.assign(b + a)
    return []


HAZARDS = [
    swap, view_of_another, own_transpose, reversed_by_itself, old_value_as_output, view_of_the_old_value_as_output,
    new_value_as_output, same_value_twice, old_value_read_after_the_new_one_is_made, elementwise_on_its_own_transpose,
    matmul_into_itself, assigned_twice, assigned_back, one_new_value_from_anothers_old_one, broadcast_into_state,
]  # fmt: skip


@pytest.mark.parametrize("function", HAZARDS, ids=lambda f: f.__name__)
def test_state_is_read_before_it_is_overwritten(function):
    traced_and_eager(function, two)


def test_three_variables_that_change_places_in_a_ring():
    traced_and_eager(rotate_three, lambda: [*two(), Variable([[9.0, 9.5], [9.6, 9.7]], name="c")])


@pytest.mark.parametrize("name", recipes.WINDOWED)
def test_overlapping_windows_are_read_before_they_are_overwritten(name):
    x = np.random.default_rng(0).integers(-9, 10, (4, 4)).astype(float)
    traced_and_eager(lambda state, x: recipes.windowed_step(name, state, x), recipes.image_state, x)


def test_inputs_constants_and_state_may_be_outputs_and_new_state():
    def function(state, x):
        a, b = state
        a.assign(x)
        b.assign(Tensor(np.eye(2)))
        return [x, x.T, Tensor(np.ones(3)), a]

    traced_and_eager(function, two, np.array([[1.5, 2.5], [3.5, 4.5]]))


def test_outputs_do_not_change_at_the_next_call():
    double = jit(lambda x: [x * 2, x, x.T])
    first = double(np.ones((2, 2)))
    double(np.full((2, 2), 7.0))
    assert [t.numpy().tolist() for t in first] == [[[2, 2]] * 2, [[1, 1]] * 2, [[1, 1]] * 2]


def test_the_callers_array_is_never_written():
    x = np.ones((2, 2))
    jit(lambda x: (-x).exp() + x)(x)
    assert x.tolist() == [[1, 1], [1, 1]]


def test_a_result_may_be_written_to_without_changing_the_program():
    f = jit(lambda x: [x, Tensor(np.zeros(2))])
    for part in f(np.ones(2)):
        part.data[:] = 99
    assert [part.numpy().tolist() for part in f(np.ones(2))] == [[1, 1], [0, 0]]


def test_constants_are_what_they_were_when_the_function_was_traced():
    offset = Tensor(np.array([10.0, 20.0]))
    add = jit(lambda x: x + offset)
    assert add(np.zeros(2)).numpy().tolist() == [10, 20]
    offset.data[:] = [1.0, 2.0]
    assert add(np.zeros(2)).numpy().tolist() == [10, 20]


def test_infinities_pass_through_a_program_without_a_warning(recwarn):
    y = jit(lambda x: [x.log(), x / x, x.exp()])(np.array([0.0, -1.0, 1000.0]))
    assert y[0].numpy()[0] == -np.inf
    assert np.isnan(y[1].numpy()[0])
    assert y[2].numpy()[2] == np.inf
    assert not recwarn.list


def test_zero_sizes_run():
    f = jit(lambda x: [x + 1, x.T, x.sum(0), (x @ x.T), x.reshape(-1)])
    assert [t.shape for t in f(np.ones((0, 3)))] == [(0, 3), (3, 0), (3,), (0, 0), (0,)]


# ---- random functions


def compiled_agrees_with_eager(recipe):
    pydl.seed(1)
    eager = recipes.variables()
    expected = [follow(recipe, list(map(Tensor, recipes.inputs(n))), eager) for n in range(3)]
    expected = [[t.numpy() for t in outputs] for outputs in expected[-1:]]
    eager_state = [v.numpy() for v in eager]
    pydl.seed(1)
    traced = recipes.variables()
    compiled = jit(lambda *tensors: follow(recipe, tensors, traced))
    for n in range(3):
        received = compiled(*recipes.inputs(n))
    for ours, reference in zip(received, expected[-1], strict=True):
        np.testing.assert_array_equal(ours.numpy(), reference)
    for ours, reference in zip(traced, eager_state, strict=True):
        np.testing.assert_array_equal(ours.numpy(), reference)


def compiled_agrees_with_the_interpreter(recipe):
    pydl.seed(1)
    state = recipes.variables()
    raw = program_of(lambda *tensors: follow(recipe, tensors, state), *recipes.inputs(0))
    for program in (raw, optimize(raw)):
        before = state_of(program)
        arrays = [variable.data for variable, _ in program.state]
        executable = backend.compile(program)
        for n in range(2):
            expected, after = interpret(program, recipes.inputs(n), before)
            received = executable(*recipes.inputs(n))
            for ours, reference in zip((*received, *arrays), (*expected, *after), strict=True):
                np.testing.assert_array_equal(ours, reference, err_msg=str(program))
            before = after


@given(RECIPES)
def test_a_random_function_compiled_is_what_it_is_eager(recipe):
    compiled_agrees_with_eager(recipe)


@given(RECIPES)
def test_a_random_program_in_planned_memory_is_what_it_is_in_fresh_memory(recipe):
    compiled_agrees_with_the_interpreter(recipe)


@pytest.mark.slow
@settings(max_examples=3000)
@given(RECIPES)
def test_thousands_of_random_functions_compiled_are_what_they_are_eager(recipe):
    compiled_agrees_with_eager(recipe)


@pytest.mark.slow
@settings(max_examples=3000)
@given(RECIPES)
def test_thousands_of_random_programs_in_planned_memory_are_what_they_are_in_fresh_memory(recipe):
    compiled_agrees_with_the_interpreter(recipe)
