"""The same computation is done once; what only looks the same stays apart."""

import numpy as np

from pydl import Variable, random
from pydl.jit.passes import share_common_subexpressions
from tests.unit.support import interpret, program_of

X = np.array([[1.0, 2.0], [3.0, 4.0]])


def names(program):
    return [instruction.primitive.name for instruction in program.instructions]


def test_the_same_computation_is_done_once():
    program = program_of(lambda x: [x.exp() * x.exp(), x.exp().sum(0), x.exp().sum(1), x.T + x.T], X)
    assert names(share_common_subexpressions(program).validate()) == ["exp", "mul", "sum", "sum", "transpose", "add"]


def test_equal_computations_with_other_options_stay_apart():
    program = share_common_subexpressions(program_of(lambda x: [x.sum(0), x.sum(1), x[0], x[1]], X))
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
    program = share_common_subexpressions(program_of(lambda: [random.uniform((3,)), random.uniform((3,))]))
    assert names(program).count("random_bits") == 2


def test_reads_of_state_before_and_after_an_assign_are_not_one():
    v = Variable(np.ones(()))

    def f():
        before = v * 2
        v.assign(v + 1)
        return [before, v * 2]

    assert [out.item() for out in interpret(share_common_subexpressions(program_of(f)), [], [np.array(1.0)])[0]] == [
        2,
        4,
    ]
