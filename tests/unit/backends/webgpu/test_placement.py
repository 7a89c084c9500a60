"""Placement, held to the schedule by brute force: no word is given to two values that are needed at the same time."""

from dataclasses import replace

import numpy as np
import pytest

from pydl.backends import Unsupported
from pydl.backends.webgpu import compiler, placement
from pydl.backends.webgpu.executable import Executable
from pydl.backends.webgpu.gpu import Gpu
from pydl.backends.webgpu.hosts import Limits
from pydl.backends.webgpu.kernels.shader import HARDWARE, SOFTWARE
from pydl.jit.passes import optimize
from tests.support.gpu import Before
from tests.support.programs import LONG, SHORT, evaluate, program_of
from tests.unit.backends.webgpu.running import compiled, normal

TUNINGS = pytest.mark.parametrize("tuning", [HARDWARE, SOFTWARE], ids=["hardware", "software"])
SMALL = Limits(buffer=64 * 1024, binding=64 * 1024)


def placed(program, limits, tuning, monkeypatch):
    """The compiled Program, the dispatches of its steps, and its schedule."""
    seen = []

    def noting(program, schedule, unit, dispatches):
        seen[:] = schedule, dispatches
        return placement.place(program, schedule, unit, dispatches)

    monkeypatch.setattr(compiler, "place", noting)
    found = compiler.compile_program(program, limits, tuning)
    return found, seen[1], seen[0]


def spans(compiled, values):
    for value in values:
        place = compiled.unit.places[value]
        yield value, place.bank, place.start, place.start + value.spec.size


def assert_nothing_overlaps(program, compiled, dispatches, schedule):
    """Who reads a value finds what its writer wrote: nobody else has written there between the two, or at once."""
    places = compiled.unit.places
    fixed = [*program.inputs, *(v for v, _ in program.constants), *(v for _, v in program.state)]
    control, ring = [("control", 0, 0, 8)], compiled.placement.record.ring
    ring_words = compiled.placement.capacity * compiled.placement.record.words
    taken = [*control, ("ring", ring.bank, ring.start, ring.start + ring_words), *spans(compiled, fixed)]
    for at, (name, bank, start, end) in enumerate(taken):
        assert end <= compiled.placement.banks[bank], name
        for other, bank_2, start_2, end_2 in taken[:at]:
            assert bank != bank_2 or end <= start_2 or end_2 <= start or start == end or start_2 == end_2, (name, other)
    owners = {}  # (bank, word): the values whose number lies there: a new state is the state, too
    for value in fixed:
        for word in range(value.spec.size):
            owners[places[value].bank, places[value].start + word] = {value}
    for steps in dispatches:
        for step in steps:
            for value in step.reads:
                words = [(places[value].bank, places[value].start + word) for word in range(value.spec.size)]
                assert all(value in owners.get(word, ()) for word in words), f"{value} is not there any more\n{program}"
        read_by = {}
        for step in steps:
            for value in step.reads:
                for word in range(value.spec.size):
                    read_by.setdefault((places[value].bank, places[value].start + word), []).append((step, value))
        written = {}
        for step in steps:
            for value in step.writes:
                for word in range(value.spec.size):
                    at = places[value].bank, places[value].start + word
                    assert at not in written, f"{value} and {written.get(at)} are written at once\n{program}"
                    written[at] = value
                    for reader, read in read_by.get(at, ()):
                        same = reader is step and read in step.in_place
                        assert same, f"{value} is written over {read} while that is read\n{program}"
        owners.update({at: {value, schedule.direct.get(value)} for at, value in written.items()})
    for value in schedule.outputs:
        words = [(places[value].bank, places[value].start + word) for word in range(value.spec.size)]
        assert all(value in owners.get(word, ()) for word in words), f"{value} was overwritten\n{program}"


@TUNINGS
@pytest.mark.parametrize("lengths", [SHORT, LONG], ids=["short", "long"])
def test_no_word_is_given_to_two_values_that_are_needed_at_once(lengths, tuning, monkeypatch):
    monkeypatch.setattr(placement, "RING", 1024)
    checked = 0
    for seed in range(24):
        program = optimize(program_of(seed, 40, lengths).program)
        for limits in (Limits(), Limits(buffer=160_000, binding=160_000)):
            try:
                found = placed(program, limits, tuning, monkeypatch)
            except Unsupported:
                continue
            assert_nothing_overlaps(program, *found)
            checked += 1
    assert checked >= 20


def test_values_that_are_never_needed_together_share_memory(gpu):
    def chain(x):
        for _ in range(50):
            x = (x @ x).tanh()
        return x.sum()

    executable = compiled(chain, gpu, np.zeros((64, 64), np.float32))
    control, ring = 32, 4 * executable.compiled.placement.capacity * executable.compiled.placement.record.words
    assert executable.bytes < control + ring + 5 * 64 * 64 * 4
    executable.close()


@TUNINGS
def test_programs_run_in_several_banks_where_one_is_not_enough(tuning, monkeypatch):
    monkeypatch.setattr(placement, "RING", 1024)
    gpu = Gpu(Before(buffer=4 * 26_000, binding=4 * 26_000))
    gpu.tuning = tuning
    several = 0
    for seed in (13, 19, 26, 40, 42):  # which need more than one, all others up to there do not
        drawn = program_of(seed, 40, LONG)
        outputs, state = evaluate(drawn.program, drawn.inputs, drawn.state())
        try:
            executable = Executable(optimize(drawn.program), gpu)
        except Unsupported:
            continue
        several += len(executable.banks) > 1
        ours = executable(*drawn.inputs)
        variables = [variable for variable, _ in drawn.program.state]
        drawn.check(ours, outputs, [v.numpy() for v in variables], state, rounding=8, relative=1e-5)
        executable.close()
    assert several == 5


def test_what_no_buffer_holds_is_refused_with_its_size(gpu):
    small = Gpu(Before(buffer=2**20, binding=2**20))
    small.tuning = gpu.tuning
    with pytest.raises(Unsupported, match=r"takes 4\.0 MB, and this GPU gives a shader at most 1\.0 MB in one piece"):
        compiled(lambda x: x.sum(), small, np.zeros((1000, 1000), np.float32))
    with pytest.raises(Unsupported, match=r"outputs of .* takes 4\.0 MB"):
        compiled(lambda x: x + np.zeros((1000, 1000), np.float32), small, np.float32(1))


def test_a_step_that_binds_more_buffers_than_there_are_is_refused(gpu):
    small = Gpu(Before(buffer=2**16, binding=2**16, bindings=2))
    small.tuning = gpu.tuning
    arrays = [normal(100, 100, seed=n) for n in range(4)]
    with pytest.raises(Unsupported, match="works on [345] buffers, and this GPU binds at most 2.*smaller batch"):
        compiled(lambda a, b, c, d: (a + b + c + d).sum(), small, *arrays)


def test_limits_of_binding_and_buffer_both_hold(monkeypatch):
    monkeypatch.setattr(placement, "RING", 1024)
    for limits in (replace(SMALL, buffer=2**18), replace(SMALL, binding=2**18)):
        program = optimize(program_of(3, 40, SHORT).program)
        found = compiler.compile_program(program, limits, SOFTWARE)
        assert all(4 * words <= 2**16 for words in found.placement.banks)
