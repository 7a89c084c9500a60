"""The guard of the tests' memory notices what it is there for."""

import numpy as np
import pytest

from pydl.backends import wasm
from pydl.backends.wasm import schedule
from pydl.backends.wasm.kernels import lanes
from pydl.jit import Instruction, Program, Value
from pydl.ops import REGISTRY, Spec
from tests.unit.backends.wasm.guarded import guarded

X = np.arange(7, dtype=np.float32)


def negated_three_times():
    values = [Value(f"%{place}", Spec((7,), np.dtype(np.float32))) for place in range(4)]
    program = Program("negated", values[:1], outputs=values[3:])
    program.instructions = [
        Instruction(values[place + 1], REGISTRY["neg"], (values[place],), {}) for place in range(3)
    ]
    return guarded(lambda: wasm.compile(program, relaxed=False))


def test_a_step_that_keeps_the_rules_passes():
    for _ in range(2):
        np.testing.assert_array_equal(negated_three_times()(X)[0], -X)


def test_a_vector_written_over_the_end_is_noticed(monkeypatch):
    monkeypatch.setattr(
        lanes, "store", lambda f, dtype, value, address, offset, lanes, count: f.store(value, address, offset)
    )
    with pytest.raises(AssertionError, match="are no result's, and were written"):
        negated_three_times()(X)


def test_what_was_never_written_is_not_a_number(monkeypatch):
    write = schedule.write_loop

    def first_left_out(unit, name, instructions, stores, row=0):
        if name == "kernel_0":
            unit.module.function(name)
        else:
            write(unit, name, instructions, stores, row)

    monkeypatch.setattr(schedule, "write_loop", first_left_out)
    assert np.isnan(negated_three_times()(X)[0]).all()
