"""All passes, one after the other, leave a Program that needs no more of them."""

import numpy as np

from pydl import Parameter
from pydl.jit.passes import optimize
from tests.unit.support import program_of

X = np.array([[1.0, 2.0], [3.0, 4.0]])


def names(program):
    return [instruction.primitive.name for instruction in program.instructions]


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
