"""Ctrl-C at any moment of a compiled training: the model of a whole number of steps, and nothing that waits forever."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

if not hasattr(signal, "setitimer"):
    pytest.skip("there are no timers that interrupt", allow_module_level=True)

ROOT = Path(__file__).resolve().parents[4]


def interrupted(rounds, seed):
    """How many of the trainings were cut short; fails where weights are not those of whole steps, or one waits."""
    command = [sys.executable, "-m", "tests.unit.backends.wasm.interrupts", str(rounds), str(seed)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60 + rounds)
    assert ended.returncode == 0, ended.stderr
    return int(ended.stdout)


def test_an_interrupt_at_any_moment_leaves_the_model_of_a_whole_number_of_steps():
    assert interrupted(100, 0) == 100


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_thousands_of_interrupts(seed):
    assert interrupted(1000, seed) == 1000
