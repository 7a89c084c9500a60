"""The passes keep the meaning of a Program and leave less to do."""

import numpy as np
import pytest
from hypothesis import given, settings

import pydl
from pydl import Parameter, Tensor, Variable, jit, random
from pydl.jit.passes import optimize, remove_dead_code, share_common_subexpressions
from tests.unit.jit import recipes
from tests.unit.jit.recipes import RECIPES, follow
from tests.unit.support import interpret, program_of, state_of

X = np.array([[1.0, 2.0], [3.0, 4.0]])


def names(program):
    return [instruction.primitive.name for instruction in program.instructions]


def test_what_nobody_needs_is_removed():
    unused = Variable([1.0], name="unused")

    def f(x):
        (x.exp() * Tensor([[5.0, 6.0]]) + unused).sum()
        return [-x]

    program = program_of(f, X)
    assert len(program.instructions) > 4
    clean = remove_dead_code(program).validate()
    assert names(clean) == ["neg"]
    assert not clean.constants
    assert not clean.state
    assert clean.inputs == program.inputs


def test_an_input_that_is_not_used_stays_an_argument():
    assert jit(lambda x, y: x)(1.0, 2.0).item() == 1


def test_what_an_update_needs_is_kept():
    total = Variable(np.zeros(()), name="total")
    program = remove_dead_code(program_of(lambda x: total.assign(total + x.sum()) or [], X)).validate()
    assert names(program) == ["sum", "add"]
    assert [variable.name for variable, _ in program.updates] == ["total"]


def test_state_that_is_written_but_never_read_is_kept():
    last = Variable(np.zeros((2, 2)), name="last")
    program = remove_dead_code(program_of(lambda x: last.assign(x) or [], X)).validate()
    assert len(program.state) == len(program.updates) == 1


def test_the_same_computation_is_done_once():
    program = program_of(lambda x: [x.exp() * x.exp(), x.exp().sum(0), x.exp().sum(1), x.T + x.T], X)
    assert names(optimize(program).validate()) == ["exp", "mul", "sum", "sum", "transpose", "add"]


def test_equal_computations_with_other_options_stay_apart():
    program = optimize(program_of(lambda x: [x.sum(0), x.sum(1), x[0], x[1]], X))
    assert names(program).count("sum") == 2
    assert names(program).count("slice") == 2


def test_outputs_and_updates_follow_what_replaced_them():
    a = Variable(np.zeros((2, 2)), name="a")

    def f(x):
        first, second = x.exp(), x.exp()
        a.assign(second)
        return [first, second]

    program = share_common_subexpressions(program_of(f, X)).validate()
    assert program.outputs[0] is program.outputs[1] is program.updates[0][1]


def test_two_draws_are_not_one():
    program = optimize(program_of(lambda: [random.uniform((3,)), random.uniform((3,))]))
    assert names(program).count("random_bits") == 2


def test_reads_of_state_before_and_after_an_assign_are_not_one():
    v = Variable(np.ones(()))

    def f():
        before = v * 2
        v.assign(v + 1)
        return [before, v * 2]

    assert [out.item() for out in interpret(optimize(program_of(f)), [], [np.array(1.0)])[0]] == [2, 4]


def test_the_backward_pass_leaves_nothing_to_remove_twice():
    w = Parameter(np.ones((2, 3)))

    def f(x):
        loss = ((x @ w).tanh() ** 2).mean()
        loss.backward()
        gradient, w.grad = w.grad, None
        return [loss, gradient]

    raw = program_of(f, X)
    program = optimize(raw)
    assert len(program.instructions) < len(raw.instructions)
    assert str(optimize(program)) == str(program)
    assert names(program).count("matmul") == 2


def passes_keep_the_meaning(recipe):
    pydl.seed(1)
    state = recipes.variables()
    raw = program_of(lambda *tensors: follow(recipe, tensors, state), *recipes.inputs(0)).validate()
    expected, expected_state = interpret(raw, recipes.inputs(5), state_of(raw))
    after = {variable: array for (variable, _), array in zip(raw.state, expected_state)}
    for each in (remove_dead_code, share_common_subexpressions, optimize):
        program = each(raw).validate()
        outputs, new_state = interpret(program, recipes.inputs(5), state_of(program))
        for ours, reference in zip(outputs, expected, strict=True):
            np.testing.assert_array_equal(ours, reference, err_msg=f"{each.__name__}\n{raw}\n{program}")
        for (variable, _), array in zip(program.state, new_state, strict=True):
            np.testing.assert_array_equal(array, after.pop(variable), err_msg=each.__name__)
        after |= {variable: array for (variable, _), array in zip(raw.state, expected_state)}
        written = {variable for variable, _ in raw.updates}
        assert written == {variable for variable, _ in program.updates}, "a pass lost an update"


@given(RECIPES)
def test_passes_keep_the_meaning_of_random_programs(recipe):
    passes_keep_the_meaning(recipe)


@pytest.mark.slow
@settings(max_examples=3000)
@given(RECIPES)
def test_passes_keep_the_meaning_of_thousands_of_random_programs(recipe):
    passes_keep_the_meaning(recipe)
