"""What nobody needs is left out, and nothing else."""

import numpy as np

from pydl import Tensor, Variable, jit
from pydl.jit.passes import remove_dead_code
from tests.unit.support import program_of

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
