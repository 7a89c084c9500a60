"""Random Programs give the same on NumPy, instruction by instruction, and as fused kernels of the GPU, in both tunings.

A GPU rounds divisions and computes exp and log as it sees fit, within what `functions.py` says: the tolerances are
four times those of machine code, and a hundred thousandth of the largest number.
"""

import pytest

from pydl.backends import Unsupported
from pydl.backends.webgpu.executable import Executable
from pydl.jit.passes import optimize
from tests.support.gpu import desktop_gpus
from tests.support.programs import LONG, SHORT, evaluate, program_of


def agree(drawn, gpus):
    """Whether these can run it; if so, two steps, each from equal state: outputs, and the state after it."""
    start = drawn.state()
    outputs, state = evaluate(drawn.program, drawn.inputs, start)
    variables = [variable for variable, _ in drawn.program.state]
    optimized = optimize(drawn.program).validate()
    for gpu in gpus:
        try:
            executable = Executable(optimized, gpu)
        except Unsupported as error:
            assert "32-bit" in str(error) or "has no kernel" in str(error)
            return False
        for _ in range(2):
            for variable, array in zip(variables, start):
                variable.assign(array)
            ours = executable(*drawn.inputs)
            drawn.check(ours, outputs, [variable.numpy() for variable in variables], state, rounding=8, relative=1e-5)
        executable.close()
    return True


def agreeing(seeds, lengths, gpus):
    """How many of these can be run; all of them agree."""
    return sum(agree(program_of(seed, 40, lengths), gpus) for seed in seeds)


@pytest.mark.parametrize("lengths", [SHORT, LONG], ids=["short", "long"])
def test_random_programs_agree_with_numpy(lengths):
    """Half of them in one tuning, half in the other: shaders take long to compile for the first time."""
    ran = sum(agreeing(range(40)[place::2], lengths, [gpu]) for place, gpu in enumerate(desktop_gpus()))
    print(f"{ran} of 40 random Programs need no more than 32 bits")
    assert ran >= 20


@pytest.mark.slow
@pytest.mark.parametrize("start", range(40, 3040, 250))
@pytest.mark.parametrize("lengths", [SHORT, LONG], ids=["short", "long"])
def test_thousands_of_random_programs_agree_with_numpy(lengths, start):
    assert agreeing(range(start, start + 250), lengths, desktop_gpus()) >= 125
