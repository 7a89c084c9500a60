"""The desktop's host: buffers, shaders, sequences, and what becomes of every error, on whatever GPU wgpu opens here."""

import dataclasses
import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest

from pydl.backends.errors import DeviceLost, InvalidOnDevice, OutOfDeviceMemory
from pydl.backends.webgpu.hosts import Dispatch, Limits, Shader, wgpu_host
from tests.support.gpu import desktop_host

ROOT = Path(__file__).resolve().parents[5]
COUNT = 1000

GROW = Shader(
    "grow",
    """
    @group(0) @binding(0) var<storage, read_write> values: array<f32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
        if (id.x < arrayLength(&values)) { values[id.x] = values[id.x] * 2.0 + 1.0; }
    }
    """,
    ("read_write",),
)
ADD = Shader(
    "add",
    """
    @group(0) @binding(0) var<storage, read> more: array<f32>;
    @group(0) @binding(1) var<storage, read_write> values: array<f32>;
    @compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3<u32>) {
        values[id.x + 10u * id.y] += more[0];
    }
    """,
    ("read", "read_write"),
)
HALVE = dataclasses.replace(GROW, name="halve", code=GROW.code.replace("* 2.0 + 1.0", "/ 2.0"))


@pytest.fixture
def host():
    return desktop_host()


@pytest.fixture
def own():
    """A device of the test's own, which it may break."""
    desktop_host()
    return wgpu_host.open_host()


@pytest.fixture
def values(host):
    """A buffer of the numbers from 0."""
    buffer = host.buffer(4 * COUNT, "values")
    host.write(buffer, 0, np.arange(COUNT, dtype=np.float32))
    yield buffer
    host.destroy(buffer)


def seen(host, buffer, count=COUNT, offset=0):
    array = np.full(count, np.nan, np.float32)
    host.read(buffer, offset, array)
    return array


def growing(host, buffer, groups=16):
    """A sequence that doubles every number and adds 1."""
    (pipeline,) = host.pipelines([GROW])
    return host.sequence([Dispatch(pipeline, host.bind(pipeline, [buffer]), groups)])


def lose(host):
    """What a driver that is reset does to all who use it."""
    host._c.wgpuDeviceDestroy(host._device.handle)


# ---- opening


def test_the_host_says_what_it_is(host):
    assert host.name == "wgpu 0.32.0" and host.adapter and host.lost == "" and wgpu_host.why_not() == ""
    assert host.software == ("llvmpipe" in host.adapter or "SwiftShader" in host.adapter)


def test_it_is_opened_with_the_most_that_the_adapter_gives(host):
    least = Limits()
    assert all(getattr(host.limits, field.name) >= getattr(least, field.name) for field in dataclasses.fields(least))


def test_smaller_limits_are_kept_when_they_are_asked_for():
    desktop_host()
    host = wgpu_host.open_host(Limits())
    assert host.limits == Limits()
    with pytest.raises(OutOfDeviceMemory, match="weights.*at most 268,435,456 in one buffer, received 268,435,460"):
        host.buffer(2**28 + 4, "weights")
    with pytest.raises(InvalidOnDevice, match="9 storage buffers.*limit is 8"):
        host.pipelines([dataclasses.replace(GROW, bindings=("read_write",) * 9)])
    with pytest.raises(InvalidOnDevice, match="'grow'.*512.*256"):
        host.pipelines([dataclasses.replace(GROW, code=GROW.code.replace("size(64)", "size(512)"))])
    (pipeline,) = host.pipelines([GROW])
    with pytest.raises(InvalidOnDevice, match="the buffers of the shader 'grow'.*134217728"):
        host.bind(pipeline, [host.buffer(2**27 + 4, "weights")])


def test_where_there_is_no_gpu_the_reason_is_told(monkeypatch):
    desktop_host()
    monkeypatch.setattr("pydl.backends.webgpu.hosts.wgpu_device.VULKAN_METAL_DIRECT3D", 1 << 5)  # a browser's alone
    assert wgpu_host.open_host() is None
    assert "wgpu 0.32.0 finds no adapter" in wgpu_host.why_not()


def test_without_the_package_the_reason_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "wgpu.backends.wgpu_native", None)
    assert wgpu_host.open_host() is None and "wgpu" in wgpu_host.why_not()


def test_nothing_is_printed_not_even_at_the_interpreters_end():
    desktop_host()
    code = (
        "import numpy as np; from pydl.backends.webgpu.hosts import wgpu_host, Shader\n"
        "host = wgpu_host.open_host(); buffer = host.buffer(64, 'x'); host.write(buffer, 0, np.zeros(4, np.float32))\n"
        "try: host.pipelines([Shader('broken', 'fn main( {', ())])\n"
        "except Exception: pass\n"
        "host._c.wgpuDeviceDestroy(host._device.handle)"
    )
    bare = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=bare, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


# ---- buffers


def test_a_buffer_begins_as_zeros(host):
    np.testing.assert_array_equal(seen(host, host.buffer(400, "zeros"), 100), np.zeros(100))


@pytest.mark.parametrize(
    "array",
    [np.array(2.5, np.float32), np.arange(6, dtype=np.int32).reshape(1, 2, 3), np.arange(8, dtype=np.uint8)],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_what_is_written_is_read_again(host, values, array):
    host.write(values, 40, array)
    again = np.empty_like(array)
    host.read(values, 40, again)
    np.testing.assert_array_equal(again, array)
    np.testing.assert_array_equal(seen(host, values, 10), np.arange(10))


def test_nothing_is_a_fine_thing_to_write_and_read(host, values):
    nothing = np.empty((0, 4), np.float32)
    host.write(values, 4 * COUNT, nothing)
    host.read(values, 4 * COUNT, nothing)


def test_more_than_is_read_at_once_arrives_whole(host, monkeypatch, values):
    monkeypatch.setattr(wgpu_host, "STAGING", 1024)
    np.testing.assert_array_equal(seen(host, values), np.arange(COUNT))


def test_copies_go_from_any_place_to_any_other(host, values):
    other = host.buffer(400, "other")
    host.copy(values, 40, other, 8, 12)
    np.testing.assert_array_equal(seen(host, other, 7), [0, 0, 10, 11, 12, 0, 0])


@pytest.mark.parametrize("offset, count", [(-4, 1), (4 * COUNT - 4, 2), (2, 1)])
def test_a_copy_that_does_not_fit_is_refused(host, values, offset, count):
    array = np.zeros(count, np.float32)
    for copy in (host.write, host.read):
        with pytest.raises(InvalidOnDevice, match=f"values.*multiples of 4 within 4,000 bytes.*{offset:,}"):
            copy(values, offset, array)
    with pytest.raises(InvalidOnDevice, match="values"):
        host.copy(values, offset, host.buffer(40, "other"), 0, 4 * count)
    with pytest.raises(TypeError):
        host.read(values, 0, np.zeros((4, 4), np.float32).T)


@pytest.mark.parametrize("nbytes", [0, 6, 2**40])
def test_a_buffer_of_an_impossible_size_is_refused(host, nbytes):
    with pytest.raises(OutOfDeviceMemory, match=f"weights.*multiple of 4 bytes.*received {nbytes:,}"):
        host.buffer(nbytes, "weights")


def test_a_device_without_memory_says_for_what(own, monkeypatch):
    create = own._c.wgpuDeviceCreateBuffer

    class Full:
        def __getattr__(self, name):
            return getattr(own._device.c, name)

        def wgpuDeviceCreateBuffer(self, device, descriptor):
            own._device._reports.errors.append((own._device.c.WGPUErrorType_OutOfMemory, "Not enough memory left."))
            return create(device, descriptor)

    monkeypatch.setattr(own, "_c", Full())
    with pytest.raises(OutOfDeviceMemory, match="weights, a buffer of 4,000 bytes: Not enough memory left"):
        own.buffer(4000, "weights")
    monkeypatch.undo()
    np.testing.assert_array_equal(seen(own, own.buffer(40, "less"), 10), np.zeros(10))
    assert own.lost == "" and own.bytes == 0


def test_bytes_are_those_of_the_buffers_that_are_held(host):
    gc.collect()
    before = host.bytes
    first, second = host.buffer(4000, "first"), host.buffer(400, "second")
    assert host.bytes == before + 4400
    host.destroy(first)
    host.destroy(first)  # again: nothing happens
    assert host.bytes == before + 400
    del second
    assert host.bytes == before
    with pytest.raises(InvalidOnDevice, match="first: its buffer was destroyed"):
        host.write(first, 0, np.zeros(1, np.float32))


def test_a_thousand_destroyed_buffers_leave_no_memory_behind(host):
    statm = Path("/proc/self/statm")
    if not statm.exists() or not host.software:
        pytest.skip("the memory of a GPU that a CPU plays is this process's, and is read from /proc")

    def use(rounds):
        for number in range(rounds):
            buffer = host.buffer(full.nbytes, "much")
            host.write(buffer, 0, full)
            if number % 100 == 0:
                host.read(buffer, 0, np.empty(4, np.float32))
            if number % 2:  # the other half is dropped
                bound.append(host.bind(pipeline, [buffer]))
                host.destroy(buffer)
        del buffer
        host.read(small, 0, np.empty(4, np.float32))

    def resident():
        gc.collect()
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    small, full, bound = host.buffer(16, "small"), np.ones(250_000, np.float32), []
    (pipeline,) = host.pipelines([GROW])
    use(200)
    before = resident()
    use(1000)
    assert resident() - before < 100, "MB more than before"


# ---- what runs


def test_a_sequence_runs_as_often_as_it_is_told(host, values):
    host.run(growing(host, values), 3)
    np.testing.assert_array_equal(seen(host, values), 8 * np.arange(COUNT) + 7)
    host.run(growing(host, values), 0)
    host.run(host.sequence([]), 5)
    np.testing.assert_array_equal(seen(host, values), 8 * np.arange(COUNT) + 7)


def test_many_runs_are_more_submissions_and_the_same_result(host):
    buffer = host.buffer(4, "sum")
    host.write(buffer, 0, np.zeros(1, np.float32))
    one = host.buffer(4, "one")
    host.write(one, 0, np.ones(1, np.float32))
    (pipeline,) = host.pipelines([ADD])
    bindings = host.bind(pipeline, [one, buffer])
    host.run(host.sequence([Dispatch(pipeline, bindings, 1)] * 3), 1000)
    assert seen(host, buffer, 1) == 3000 and wgpu_host.TOGETHER < 3000


def test_dispatches_run_one_after_the_other(host):
    buffer = host.buffer(4, "number")
    grow, halve = host.pipelines([GROW, HALVE])
    bindings = host.bind(grow, [buffer])  # serves both: their bindings are the same
    steps = [Dispatch(pipeline, bindings, 1) for pipeline in (grow, grow, halve, grow)]
    host.run(host.sequence(steps), 2)
    expected = 0.0
    for _ in range(2):
        expected = ((expected * 2 + 1) * 2 + 1) / 2 * 2 + 1
    assert seen(host, buffer, 1) == expected


def test_workgroups_stand_along_x_and_y(host):
    buffer, one = host.buffer(4 * 40, "places"), host.buffer(4, "one")
    host.write(one, 0, np.ones(1, np.float32))
    (pipeline,) = host.pipelines([ADD])
    host.run(host.sequence([Dispatch(pipeline, host.bind(pipeline, [one, buffer]), 3, 2)]), 1)
    expected = np.zeros((4, 10))
    expected[:2, :3] = 1
    np.testing.assert_array_equal(seen(host, buffer, 40).reshape(4, 10), expected)


def test_writes_copies_and_runs_keep_their_order(host, values):
    grow, kept = growing(host, values), host.buffer(40, "kept")
    for place, number in enumerate((5, 7)):
        host.write(values, 0, np.full(1, number, np.float32))
        host.run(grow, 1)
        host.copy(values, 0, kept, 8 * place, 4)
        host.run(grow, 1)
        host.copy(values, 0, kept, 8 * place + 4, 4)
    np.testing.assert_array_equal(seen(host, kept, 5), [11, 23, 15, 31, 0])


def test_a_sequence_on_a_destroyed_buffer_is_refused(host):
    buffer = host.buffer(4000, "gone")
    grow = growing(host, buffer)
    host.destroy(buffer)
    with pytest.raises(InvalidOnDevice, match="gone: its buffer was destroyed"):
        host.run(grow, 1)


def test_another_devices_buffer_is_refused(host, own, values):
    grow, (pipeline,), array = growing(host, values), own.pipelines([GROW]), np.zeros(4, np.float32)
    calls = [
        lambda: own.run(grow, 1),
        lambda: own.bind(pipeline, [values]),
        lambda: own.write(values, 0, array),
        lambda: own.read(values, 0, array),
        lambda: own.copy(own.buffer(16, "own"), 0, values, 0, 16),
    ]
    for call in calls:
        with pytest.raises(InvalidOnDevice, match="values: its buffer is another device's"):
            call()


def test_too_many_workgroups_are_refused_and_the_host_goes_on(host, values):
    with pytest.raises(InvalidOnDevice, match="a step.*70000"):
        host.run(growing(host, values, groups=70_000), 1)
    np.testing.assert_array_equal(seen(host, values), np.arange(COUNT))


# ---- shaders


@pytest.mark.parametrize(
    "shader, reason",
    [
        (dataclasses.replace(GROW, code="fn main( {"), "expected identifier"),
        (dataclasses.replace(GROW, code=GROW.code.replace("1.0", "1u")), "Uint"),
        (dataclasses.replace(GROW, code=GROW.code.replace("main", "other")), "main"),
        (dataclasses.replace(GROW, bindings=("read",)), "STORE"),
        (dataclasses.replace(GROW, bindings=()), "missing"),
    ],
    ids=["syntax", "types", "entry", "access", "binding"],
)
def test_a_shader_that_is_refused_is_named(host, shader, reason):
    broken = dataclasses.replace(shader, name="broken")
    with pytest.raises(InvalidOnDevice, match=f"fails at the shader 'broken': .*{reason}"):
        host.pipelines([GROW, broken, HALVE])


def test_buffers_that_do_not_fit_a_shader_are_refused(host, values):
    add, grow = host.pipelines([ADD, GROW])
    with pytest.raises(InvalidOnDevice, match="the buffers of the shader 'add'"):
        host.bind(add, [values])
    with pytest.raises(InvalidOnDevice, match="a step.*conflicting"):
        host.run(host.sequence([Dispatch(add, host.bind(add, [values, values]), 1)]), 1)
    host.run(host.sequence([Dispatch(grow, host.bind(grow, [values]), 16)]), 1)


# ---- loss


@pytest.mark.parametrize("noticed", ["run", "read", "write", "copy", "buffer", "pipelines", "bind"])
def test_whatever_is_called_after_a_loss_finds_it_out(own, noticed):
    buffer, other = own.buffer(4000, "values"), own.buffer(4000, "other")
    grow, array = growing(own, buffer), np.zeros(4, np.float32)
    (pipeline,) = own.pipelines([GROW])
    lose(own)
    calls = {
        "run": lambda: own.run(grow, 3),
        "read": lambda: own.read(buffer, 0, array),
        "write": lambda: own.write(buffer, 0, array),
        "copy": lambda: own.copy(buffer, 0, other, 40, 4),
        "buffer": lambda: own.buffer(4, "more"),
        "pipelines": lambda: own.pipelines([HALVE]),
        "bind": lambda: own.bind(pipeline, [buffer]),
    }
    for name in (noticed, *calls):
        with pytest.raises(DeviceLost, match="lost"):
            calls[name]()
    assert "lost" in own.lost
    own.destroy(buffer)


def test_work_that_is_under_way_when_the_device_goes_ends_in_a_loss(own):
    buffer = own.buffer(4000, "values")
    own.run(growing(own, buffer), 2000)
    lose(own)
    with pytest.raises(DeviceLost):
        own.read(buffer, 0, np.zeros(4, np.float32))


def test_after_a_loss_a_new_device_of_the_same_kind_is_opened(host):
    old = wgpu_host.open_host(Limits(bindings=8))
    lose(old)
    new = old.renewed()
    assert (new.adapter, new.limits, new.lost, new.bytes) == (old.adapter, old.limits, "", 0)
    buffer = new.buffer(4000, "values")
    new.run(growing(new, buffer), 2)
    np.testing.assert_array_equal(seen(new, buffer), np.full(COUNT, 3))
    np.testing.assert_array_equal(seen(host, host.buffer(40, "zeros"), 10), np.zeros(10))  # others' go on


def test_a_host_that_nobody_uses_goes_at_once(own):
    # Not by `own`, which the fixture keeps.
    host = wgpu_host.open_host()
    buffer = host.buffer(4000, "values")
    host.run(growing(host, buffer), 2)
    seen(host, buffer)
    gone = weakref.ref(host)
    del host
    assert gone() is None
    del buffer
