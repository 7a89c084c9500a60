"""The worker's host of shaders on the desktop, with an engine that plays the browser: what is asked of it, what comes
back, and which of pydl's errors its errors become."""

import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest

from pydl.backends.errors import DeviceLost, InvalidOnDevice, OutOfDeviceMemory
from pydl.backends.webgpu import hosts
from tests.support.process import ROOT


@pytest.fixture(scope="session")
def gpu_host():
    """worker/gpu_host.py, which belongs to no package."""
    spec = importlib.util.spec_from_file_location("gpu_host", ROOT / "web" / "page" / "worker" / "gpu_host.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Failure(Exception):
    """What gpu-host.js throws."""

    def __init__(self, name, message):
        super().__init__(f"{name}: {message}")
        self.name, self.message = name, message


class Promise:
    """Kept only when it is waited for."""

    def __init__(self, work):
        self.work = work


def run_sync(promise):
    assert isinstance(promise, Promise), "only promises are waited for"
    return promise.work()


class Engine:
    """A browser's GPU whose buffers are bytes and whose pipelines are functions of buffers; it fails on demand."""

    name, adapter, software = "Engine 1", "A GPU", False
    limits = SimpleNamespace(
        maxBufferSize=1000.0,
        maxStorageBufferBindingSize=900,
        maxComputeWorkgroupStorageSize=800,
        maxStorageBuffersPerShaderStage=10,
        maxComputeInvocationsPerWorkgroup=700,
        maxComputeWorkgroupSizeX=600,
        maxComputeWorkgroupsPerDimension=500,
    )

    def __init__(self):
        self.lost, self.bytes, self.failing, self.after, self.calls = "", 0, None, None, []

    def check(self, *call):
        self.calls.append(call)
        if self.lost:
            raise Failure("lost", self.lost)
        if self.failing:
            raise self.failing

    def promised(self, call, work):
        def outcome():
            try:
                self.check(*call)
                return SimpleNamespace(value=work(), error=None)
            except Failure as error:
                return SimpleNamespace(value=None, error=error)

        return Promise(outcome)

    def buffer(self, nbytes, what):
        def made():
            self.bytes += nbytes
            return bytearray(nbytes)

        return self.promised(("buffer", nbytes, what), made)

    def destroy(self, buffer):
        self.calls.append(("destroy", len(buffer)))

    def pipelines(self, shaders):
        return self.promised(("pipelines", shaders), lambda: tuple(f"pipeline {name}" for name, *_ in shaders))

    def bind(self, pipeline, buffers):
        self.check("bind", pipeline, buffers)
        return buffers

    def sequence(self, dispatches):
        return tuple(map(tuple, dispatches))

    def write(self, buffer, offset, content):
        self.check("write", offset)
        buffer[offset : offset + len(content)] = content

    def copy(self, source, start, target, place, nbytes):
        self.check("copy")
        target[place : place + nbytes] = source[start : start + nbytes]

    def run(self, sequence, count):
        self.check("run", sequence, count)

    def map(self, buffer, offset, nbytes):
        def read():
            self.mapped = bytes(buffer[offset : offset + nbytes])

        return self.promised(("map", offset, nbytes), read)

    def take(self, content):
        self.check("take")
        content[:] = self.mapped

    def renewed(self):
        return Promise(lambda: self.after)


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def gpu(gpu_host, engine):
    return gpu_host.Gpu(engine, run_sync)


SHADER = hosts.Shader("double", "@compute ...", ("read", "read_write"))


# ---- what is registered


@pytest.fixture
def unregistered():
    yield
    hosts.unregister()


def test_an_engine_becomes_the_host_with_its_name_adapter_and_limits(gpu_host, engine, unregistered):
    gpu_host.provide(engine, "", None, run_sync)
    here = hosts.current()
    assert (here.name, here.adapter, here.software, here.lost, here.bytes) == ("Engine 1", "A GPU", False, "", 0)
    assert here.limits == hosts.Limits(1000, 900, 800, 10, 700, 600, 500)
    assert isinstance(here.limits.buffer, int) and hosts.reason() == ""


@pytest.mark.parametrize("reason", ["none", "insecure", "no-jspi", "no-adapter", "refused", "timeout"])
def test_without_an_engine_there_is_no_gpu_and_a_reason_in_words(gpu_host, unregistered, reason):
    gpu_host.provide(None, reason, None, None)
    assert hosts.current() is None and len(hosts.reason()) > 20
    gpu_host.provide(None, reason, "limit 7", None)
    assert hosts.reason().endswith(" (limit 7)")
    hosts.unregister()
    assert hosts.reason() == ""


def test_the_page_says_every_reason_that_python_says(gpu_host):
    from tests.page.test_texts import EN

    assert {f"gpu.{reason}" for reason in gpu_host.REASONS} == {
        key for key in EN if key.startswith("gpu.") and key not in ("gpu.software", "gpu.lost", "gpu.failed")
    }


# ---- its methods


def test_values_reach_a_buffer_and_come_back(gpu):
    x, y = gpu.buffer(16, "x"), gpu.buffer(8, "y")
    gpu.write(x, 4, np.array([[1, 2]], np.float32))
    gpu.copy(x, 8, y, 4, 4)
    gpu.read(x, 0, seen := np.empty((2, 2), np.float32))
    np.testing.assert_array_equal(seen, [[0, 1], [2, 0]])
    gpu.read(y, 4, single := np.empty((), np.int32))
    assert single.view(np.float32) == 2 and gpu.bytes == 24
    gpu.destroy(y)
    assert gpu.engine.calls[-1] == ("destroy", 8)


def test_nothing_is_asked_for_an_empty_array(gpu):
    x = gpu.buffer(4, "x")
    gpu.engine.calls.clear()
    gpu.write(x, 0, np.empty(0, np.float32))
    gpu.read(x, 0, np.empty((0, 3), np.float32))
    assert gpu.engine.calls == []


def test_an_array_with_gaps_is_refused_before_half_of_it_is_copied(gpu):
    x = gpu.buffer(64, "x")
    with pytest.raises((TypeError, ValueError), match="contiguous"):
        gpu.write(x, 0, np.ones((4, 4), np.float32)[:, ::2])


def test_shaders_are_compiled_at_once_and_bound_in_order(gpu):
    pipelines = gpu.pipelines([SHADER, hosts.Shader("sum", "@compute", ("read_write",))])
    assert pipelines == ["pipeline double", "pipeline sum"]
    [(_, specs)] = gpu.engine.calls
    assert specs == [["double", "@compute ...", ["read", "read_write"]], ["sum", "@compute", ["read_write"]]]
    assert gpu.bind(pipelines[0], ("x", "y")) == ["x", "y"]


def test_a_sequence_is_handed_over_once_and_run_by_one_call(gpu):
    sequence = gpu.sequence([hosts.Dispatch("p", "xy", 7), hosts.Dispatch("q", "yx", 5, 3)])
    assert sequence == (("p", "xy", 7, 1), ("q", "yx", 5, 3))
    gpu.run(sequence, 1000)
    assert gpu.engine.calls == [("run", sequence, 1000)]


# ---- its errors


CALLS = {
    "buffer": lambda gpu: gpu.buffer(8, "the weights"),
    "pipelines": lambda gpu: gpu.pipelines([SHADER]),
    "bind": lambda gpu: gpu.bind("p", []),
    "write": lambda gpu: gpu.write(bytearray(8), 0, np.ones(2, np.float32)),
    "copy": lambda gpu: gpu.copy(bytearray(8), 0, bytearray(8), 0, 8),
    "run": lambda gpu: gpu.run((), 1),
    "read": lambda gpu: gpu.read(bytearray(8), 0, np.ones(2, np.float32)),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_after_a_loss_every_call_says_so(gpu, call):
    gpu.engine.lost = "unplugged"
    with pytest.raises(DeviceLost, match=r"A GPU is gone \(unplugged\)"):
        call(gpu)
    assert gpu.lost == "unplugged"


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_refusal_names_browser_and_adapter_and_gives_the_reason(gpu, call):
    gpu.engine.failing = Failure("invalid", "double: line 3: unresolved type 'f33'")
    with pytest.raises(InvalidOnDevice, match="Engine 1 refuses .* on A GPU: double: line 3: unresolved type 'f33'"):
        call(gpu)


def test_memory_that_is_refused_names_what_was_to_be_made_and_its_size(gpu):
    gpu.engine.failing = Failure("memory", "vkAllocateMemory")
    with pytest.raises(OutOfDeviceMemory, match=r"A GPU has no memory for the weights, 250\.0 MB \(vkAllocateMemory\)"):
        gpu.buffer(250_000_000, "the weights")


def test_what_went_wrong_in_a_run_is_told_at_the_next_read(gpu):
    x = gpu.buffer(8, "x")
    gpu.run((), 5)
    gpu.engine.failing = Failure("invalid", "too many workgroups")
    with pytest.raises(InvalidOnDevice, match="what was run on A GPU: too many workgroups"):
        gpu.read(x, 0, np.empty(2, np.float32))


def test_an_error_of_another_kind_stays_what_it_is(gpu):
    gpu.engine.failing = RuntimeError("cannot suspend here")
    with pytest.raises(RuntimeError, match="cannot suspend"):
        gpu.run((), 1)
    gpu.engine.failing = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        gpu.run((), 1)


# ---- after a loss


def test_a_gpu_is_opened_anew_or_is_gone_for_good(gpu):
    gpu.engine.lost = "reset"
    assert gpu.renewed() is None
    gpu.engine.after = Engine()
    again = gpu.renewed()
    assert again.lost == "" and again.pipelines([SHADER]) == ["pipeline double"] and again.limits == gpu.limits
