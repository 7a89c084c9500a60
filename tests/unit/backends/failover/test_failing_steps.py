"""Steps by hand whose GPU fails: what was given to them, what was changed between them, and what is kept of them."""

import gc
import weakref

import numpy as np
import pytest

from pydl import Variable, jit
from pydl.backends import DeviceError, DeviceFailure, device, failover

ONE = np.float32(1)


def counter(value=0.0, where="webgpu"):
    """A Variable, and a step that multiplies it by a rate and adds to it."""
    total, rate = Variable(np.full(2, value, np.float32), name="total"), Variable(np.float32(2), name="rate")
    return total, rate, jit(lambda x: total.assign(total * rate + x) or total.sum(), device=where)


@pytest.mark.parametrize("after", range(6))
def test_calls_are_repeated_with_what_they_were_given(after, gpu, sync, heard):
    total, _, step = counter()
    expected, _, single = counter(where="numpy")
    gpu.fail("step", after)
    x = np.zeros(2, np.float32)
    for number in range(6):
        x[:] = number  # the same array, for other numbers
        assert step(x).item() == single(x).item()
    assert total.numpy().tolist() == expected.numpy().tolist()
    assert step.device == "wasm" and len(heard) == 1


@pytest.mark.parametrize("after", range(0, 12, 2))
def test_rows_that_were_given_back_are_not_needed_again(after, gpu, sync, heard):
    total, _, step = counter()
    expected, _, single = counter(where="numpy")
    gpu.fail("step", after)
    rows = np.ones((3, 2), np.float32)
    for number in range(4):
        rows[:] = number
        np.testing.assert_array_equal(step.repeat(3, rows.sum(0)).numpy(), single.repeat(3, rows.sum(0)).numpy())
    assert total.numpy().tolist() == expected.numpy().tolist()


CHANGES = {
    "an assign to what the step only reads": lambda total, rate: rate.assign(3),
    "writing into its array": lambda total, rate: rate.data.__setitem__((), 5),
    "an assign to what the step writes": lambda total, rate: total.assign([10, 20]),
    "writing into its array, too": lambda total, rate: total.data.__setitem__(0, 50),
    "both": lambda total, rate: (rate.assign(3), total.assign(total * 2)),
    "another step, on NumPy": lambda total, rate: jit(lambda: total.assign(total - 1), device="numpy")(),
    "another step, on the GPU": lambda total, rate: jit(lambda: total.assign(total - 1), device="webgpu")(),
    "another step, on wasm": lambda total, rate: jit(lambda: total.assign(total - 1), device="wasm")(),
    "another step that writes what this one reads": lambda total, rate: jit(lambda: rate.assign(rate + 1),
                                                                              device="webgpu")(),
    "a look": lambda total, rate: total.numpy(),
}  # fmt: skip


@pytest.mark.parametrize("event", ["step", "ran", "sync"])
@pytest.mark.parametrize("after", range(9))
@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_between_two_steps_is_not_mixed_into_others(name, after, event, gpu, sync, heard):
    gpu.fail(event, after)
    found = []
    for where in ("webgpu", "numpy"):
        total, rate, step = counter(1.0, where)
        said = []
        for _ in range(3):
            said += [step(ONE).item(), step(ONE).item()]
            CHANGES[name](total, rate)
        found.append((said, total.numpy().tolist(), rate.item()))
    assert found[0] == found[1]
    assert len(heard) <= 1


@pytest.mark.parametrize("after", range(8))
def test_models_that_share_weights_see_each_other(after, gpu, sync, heard):
    gpu.fail("step", after)

    def trained(where):
        shared, mine, yours = (Variable(np.ones(2, np.float32)) for _ in range(3))
        one = jit(lambda x: [shared.assign(shared + x), mine.assign(mine * 2 + shared)][:0], device=where)
        two = jit(lambda x: [shared.assign(shared * 2 - x), yours.assign(yours + shared)][:0], device=where)
        for step in (one, one, two, one, two, two, two, one):
            step(ONE)
        return [each.numpy().tolist() for each in (mine, shared, yours)]

    assert trained("webgpu") == trained("numpy")
    assert len(heard) == 1


def test_a_failure_when_somebody_reads_is_none_for_the_reader(gpu, heard):
    total, _, step = counter()
    for _ in range(3):
        step(ONE)
    gpu.fail("sync")
    assert total.numpy().tolist() == [7, 7]
    assert step.device == "wasm" and len(heard) == 1
    assert step(ONE).item() == 30


def test_a_step_without_state_is_done_again_and_nothing_is_kept_for_it(gpu, heard):
    double = jit(lambda x: x * 2, device="webgpu")
    assert double(ONE).item() == 2
    assert double.last.executable._log == []
    gpu.fail("step")
    assert double(ONE).item() == 2
    assert (double.device, double.last.adapter) == ("wasm", "fake 1.0")


def test_a_mistake_of_the_caller_is_the_callers(gpu):
    picked = Variable(np.zeros(1, np.float32))
    step = jit(lambda x: picked.assign(picked + x.sum(0)), device="webgpu").prepared(np.ones((2, 1), np.float32))
    rows = step.feed(np.ones((4, 1), np.float32))
    rows.run(np.arange(4), 0, 2)
    with pytest.raises(IndexError):
        rows.run(np.array([0, 9]), 0, 1)
    assert picked.item() == 4 and step.device == "webgpu"


def test_steps_that_ended_at_a_loss_that_is_not_finite_ended_there(gpu, heard):
    """The last step of a chunk that was not done to its end is repeated, and none after it."""

    def training(where):
        count, weight = Variable(np.float32(0)), Variable(np.ones(2, np.float32))
        step = jit(lambda x: count.assign(count + x.sum()) or weight.assign(weight * 1e6) or weight.sum(), device=where)
        [costs] = step.prepared(ONE[None]).feed(np.ones(50, np.float32)).run(None, 0, 50)
        return len(costs), count.item(), weight.numpy().tolist()

    gpu.fail("sync")
    found = training("webgpu")
    assert found == training("numpy") and found[0] == found[1] < 50


def test_where_nothing_else_can_run_it_the_failure_is_raised_and_the_state_is_kept(gpu, wasm, monkeypatch):
    total, _, step = counter()
    for _ in range(3):
        step(ONE)
    gpu.fail("step")

    def no_memory(program):
        raise MemoryError

    wasm.here = False
    with monkeypatch.context() as nothing:
        nothing.setattr(device.numpy, "compile", no_memory)
        for _ in range(2):
            with pytest.raises(DeviceFailure, match="pulled the plug"):
                step(ONE)
    assert total.numpy().tolist() == [7, 7], "there is memory again"
    assert step(ONE).item() == 30


def test_a_program_that_it_does_not_support_is_refused_as_ever(gpu, heard):
    gpu.refuses = ("step",)

    def step(x):
        return x

    with pytest.raises(DeviceError, match="step is beyond it"):
        jit(step, device="webgpu")(ONE)
    assert not heard


# ---- what is kept for a repetition


def test_between_two_synchronisations_nothing_is_read_back(gpu, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(failover.time, "perf_counter", lambda: now[0])
    _, _, step = counter()
    step(ONE)
    [executable] = gpu.executables
    for _ in range(20):
        now[0] += failover.SYNC / 10.5
        step(ONE)
    assert executable.synced == 1
    assert (executable.taken_in, executable.fetched) == (2 + 20, 0), "the rate each time, the total once"


def test_what_was_synchronised_is_not_repeated(gpu, wasm, monkeypatch):
    monkeypatch.setattr(failover, "SYNC", 1e9)
    total, _, step = counter()
    for number in range(10):
        step(ONE)
        if number == 6:
            step.last.executable._sync()
    gpu.fail("step")
    step(ONE)
    assert wasm.steps("<lambda>") == 3 + 1
    assert total.numpy().tolist() == [2**11 - 1] * 2


def test_many_large_inputs_make_it_synchronise_earlier(gpu, monkeypatch):
    monkeypatch.setattr(failover, "LOG", 100)
    total = Variable(np.zeros(10, np.float32))
    step = jit(lambda x: total.assign(total + x), device="webgpu")
    for _ in range(9):
        step(np.ones(10, np.float32))
    assert gpu.executables[0].synced == 3


def test_nobody_is_kept_alive_by_what_is_kept(gpu):
    total, _, step = counter()
    step.repeat(3, np.ones(2, np.float32))
    kept = weakref.ref(step.last.executable)
    assert total.numpy().tolist() == [7, 7]
    del step
    gpu.executables.clear()
    gc.collect()
    assert kept() is None


def test_it_is_closed_with_the_state_at_home(gpu, heard):
    for lost in (False, True):
        total, _, step = counter()
        step(ONE)
        executable = step.last.executable
        if lost:
            gpu.fail("sync")
        executable.close()
        assert total._elsewhere is None and total.numpy().tolist() == [1, 1]
