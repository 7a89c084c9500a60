"""Random Programs give the same on NumPy, instruction by instruction, and as fused machine code."""

import pytest
from hypothesis import HealthCheck, given, settings

from pydl.jit.passes import optimize
from tests.support.programs import evaluate, programs
from tests.unit.backends.wasm.agreement import executables


def agree(drawn):
    """One step from equal state: outputs and the state after it."""
    start = drawn.state()
    outputs, state = evaluate(drawn.program, drawn.inputs, start)
    variables = [variable for variable, _ in drawn.program.state]
    for executable in executables(optimize(drawn.program).validate()):
        for variable, array in zip(variables, start):
            variable.assign(array)
        ours = executable(*drawn.inputs)
        drawn.check(ours, outputs, [variable.numpy() for variable in variables], state)


def settled(examples):
    """Settings for so many examples; a Program takes a tenth of a second, so there are no deadlines."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


@settled(100)
@given(programs())
def test_a_hundred_random_programs_agree_with_numpy(drawn):
    agree(drawn)


@pytest.mark.slow
@settled(5000)
@given(programs(instructions=40))
def test_thousands_of_random_programs_agree_with_numpy(drawn):
    agree(drawn)
