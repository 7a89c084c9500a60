"""Hosts: which one runs here, and what wasmtime's does with memory, calls, traps and its own end."""

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from pydl.backends.errors import ExecutionError
from pydl.backends.wasm import hosts
from tests.unit.backends.wasm.modules import PLACE, small_module

ROOT = Path(__file__).resolve().parents[5]


@pytest.fixture(scope="module")
def desktop():
    return hosts.current()


@pytest.fixture
def instance(desktop):
    instance = desktop.instantiate(small_module(), 1 << 17)
    yield instance
    instance.close()


class Plain:
    """A host without SIMD: it refuses every module."""

    name, relaxed = "plain", False

    def instantiate(self, code, nbytes):
        raise hosts.not_a_module(self.name, "unknown instruction 0xfd")


# ---- which host


def test_the_desktop_runs_on_wasmtime_and_names_its_version(desktop):
    assert desktop.name.startswith("wasmtime ") and hosts.current() is desktop


def test_a_registered_host_comes_first_until_it_is_taken_back(desktop):
    hosts.register(plain := Plain())
    try:
        assert hosts.current() is plain
    finally:
        hosts.register(None)
    assert hosts.current() is desktop


def test_simd_and_a_multiplication_that_rounds_once_are_found_by_trying(desktop):
    assert hosts.knows_simd(desktop)
    assert desktop.relaxed == hosts.fuses(desktop)
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    if "flags" in flags:
        assert desktop.relaxed == (" fma " in flags)


def test_an_engine_without_simd_is_seen_as_such():
    assert not hosts.knows_simd(Plain()) and not hosts.fuses(Plain())


# ---- memory


@pytest.mark.parametrize("array", [
    np.arange(7, dtype=np.float32), np.array(2.5, np.float32), np.ones((2, 3), bool), np.arange(6).reshape(1, 2, 3),
    np.zeros((0, 4), np.float32), np.frombuffer(b"read only", np.uint8),
], ids=lambda array: f"{array.dtype}{array.shape}")  # fmt: skip
def test_what_is_written_is_read_again(instance, array):
    instance.write(PLACE + 3, array)
    again = np.empty_like(array)
    instance.read(PLACE + 3, again)
    np.testing.assert_array_equal(again, array)


def test_a_module_works_on_what_is_in_memory(instance):
    instance.write(PLACE, np.array([1, 2, 3, 4], np.float32))
    instance.call("double", PLACE)
    instance.read(PLACE, seen := np.empty(4, np.float32))
    np.testing.assert_array_equal(seen, [2, 4, 6, 8])


def test_a_copy_beyond_the_end_or_of_scattered_numbers_is_refused(instance):
    with pytest.raises(ValueError):
        instance.write((1 << 17) - 8, np.zeros(4, np.float32))
    with pytest.raises(ValueError):
        instance.read((1 << 17) - 8, np.zeros(4, np.float32))
    with pytest.raises(TypeError):
        instance.write(0, np.zeros((4, 4), np.float32).T[1:])


def test_memory_grows_and_keeps_what_it_holds(instance):
    instance.write(PLACE, np.arange(4, dtype=np.float32))
    instance.grow(1 << 20)
    instance.grow(1 << 16)  # less than there is: nothing happens
    instance.write((1 << 20) - 16, np.full(4, 7, np.float32))
    instance.read(PLACE, seen := np.empty(4, np.float32))
    np.testing.assert_array_equal(seen, [0, 1, 2, 3])


def test_more_than_there_can_be_is_out_of_memory_and_says_how_much(desktop, instance):
    with pytest.raises(ExecutionError, match="out of memory: 8590 MB more .*batch_size"):
        desktop.instantiate(small_module(), 1 << 33)
    instance.write(PLACE, np.arange(4, dtype=np.float32))
    with pytest.raises(ExecutionError, match="out of memory: 8590 MB more"):
        instance.grow((1 << 33) + (1 << 17))
    instance.read(PLACE, seen := np.empty(4, np.float32))
    np.testing.assert_array_equal(seen, [0, 1, 2, 3])


def test_a_thousand_dropped_instances_leave_no_memory_behind(desktop):
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("the process's memory is read from /proc")

    def resident():
        gc.collect()
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def use(rounds):
        for number in range(rounds):
            instance = desktop.instantiate(small_module(), 4_000_000)
            instance.write(0, full)
            if number % 2:  # the other half is dropped
                instance.close()

    full = np.ones(1_000_000, np.float32)
    use(20)
    before = resident()
    use(1000)
    assert resident() - before < 20, "MB more than before"


# ---- calls


def test_arguments_and_results_are_32_bit_integers(instance):
    assert instance.call("add", 2, -5) == -3
    assert instance.call("add", 2**31 - 1, 1) == -(2**31)
    assert instance.call("nothing") == 0


@pytest.mark.parametrize("name, arguments", [("add", (1,)), ("nothing", (1,)), ("half", (1,))])
def test_a_call_that_does_not_fit_the_function_is_refused(instance, name, arguments):
    with pytest.raises(TypeError, match=name):
        instance.call(name, *arguments)


@pytest.mark.parametrize("name, arguments, reason", [("stop", (), "unreachable"), ("peek", (-8,), "out of bounds")])
def test_a_trap_becomes_an_error_that_says_what_survived(instance, name, arguments, reason):
    instance.write(PLACE, np.arange(4, dtype=np.float32))
    for _ in range(3):
        with pytest.raises(ExecutionError, match=f"'{name}'.*{reason}.*last finished step.*device='numpy'"):
            instance.call(name, *arguments)
    assert instance.call("add", 1, 1) == 2, "the instance still answers"
    assert instance.call("peek", PLACE + 4) == np.float32(1).view(np.int32), "and so does the function"
    instance.read(PLACE, seen := np.empty(4, np.float32))
    np.testing.assert_array_equal(seen, [0, 1, 2, 3])


def test_bytes_that_are_no_module_are_refused(desktop):
    with pytest.raises(ExecutionError, match="wasmtime .* refuses"):
        desktop.instantiate(b"\0asm\1\0\0\0\1", 0)


def test_threads_take_turns_in_one_instance(instance):
    wrong = []

    def add(number):
        wrong.extend(k for k in range(2000) if instance.call("add", number, k) != number + k)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_end_of_the_interpreter_is_silent_whatever_still_lives():
    code = ("from pydl.backends.wasm import hosts; from tests.unit.backends.wasm.modules import small_module\n"
            "kept = hosts.current().instantiate(small_module(), 100); kept.call('nothing')")  # fmt: skip
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
