"""Random Programs give the same on NumPy, instruction by instruction, and as fused machine code in guarded memory."""

import pytest
from hypothesis import HealthCheck, given, settings

from pydl.backends import wasm
from pydl.backends.wasm import hosts
from pydl.backends.wasm.assembler import validate
from pydl.jit.passes import optimize
from tests.support.programs import LONG, SHORT, evaluate, program_of, programs
from tests.unit.backends.wasm.guarded import guarded


def agree(drawn):
    """Two steps, each from equal state: outputs, and the state after it."""
    start = drawn.state()
    outputs, state = evaluate(drawn.program, drawn.inputs, start)
    variables = [variable for variable, _ in drawn.program.state]
    optimized = optimize(drawn.program).validate()
    for relaxed in (False, True)[: 1 + hosts.current().relaxed]:
        executable = guarded(lambda relaxed=relaxed: wasm.compile(optimized, relaxed=relaxed))
        validate(executable.compiled.module)
        for _ in range(2):
            for variable, array in zip(variables, start):
                variable.assign(array)
            ours = executable(*drawn.inputs)
            drawn.check(ours, outputs, [variable.numpy() for variable in variables], state)
        executable.close()


def settled(examples):
    """Settings for so many examples; a Program takes a tenth of a second, so there are no deadlines."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


@settled(100)
@given(programs())
def test_a_hundred_random_programs_agree_with_numpy(drawn):
    agree(drawn)


@pytest.mark.parametrize("lengths", [SHORT, LONG], ids=["short", "long"])
def test_programs_of_a_few_seeds_agree_with_numpy(lengths):
    for seed in range(60):
        agree(program_of(seed, 40, lengths))


@pytest.mark.slow
@settled(5000)
@given(programs(instructions=40))
def test_thousands_of_random_programs_agree_with_numpy(drawn):
    agree(drawn)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 6000, 500))
@pytest.mark.parametrize("lengths", [SHORT, LONG], ids=["short", "long"])
def test_programs_of_thousands_of_seeds_agree_with_numpy(lengths, start):
    for seed in range(start, start + 500):
        agree(program_of(seed, 40, lengths))
