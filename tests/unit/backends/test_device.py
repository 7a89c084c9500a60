"""Devices by name: which are here, what a variant is, and what an unknown or a missing one is told."""

import sys

import numpy as np
import pytest

import pydl
from pydl import DeviceError, Variable, jit
from pydl.backends import Auto, backend_for, device
from pydl.backends.errors import DeviceLost
from tests.unit.backends.fake import Fake, FakeGPU


@pytest.fixture
def fake(monkeypatch):
    fake = Fake()
    monkeypatch.setitem(device._BACKENDS, "wasm", lambda: fake)
    return fake


@pytest.fixture
def gpu(monkeypatch):
    gpu = FakeGPU()
    monkeypatch.setitem(device._BACKENDS, "webgpu", lambda: gpu)
    return gpu


def test_what_is_here_is_listed(fake, gpu):
    assert pydl.devices() == ["numpy", "wasm", "webgpu"]
    fake.here = False
    assert pydl.devices() == ["numpy", "webgpu"]
    gpu.here = False
    assert pydl.devices() == ["numpy"]


@pytest.mark.parametrize("name, relaxed", [("wasm", None), ("wasm:simd", False), ("wasm:relaxed", True)])
def test_a_variant_is_compiled_as_such(name, relaxed, fake):
    add = jit(lambda x: x + 1, device=name)
    assert add(np.float32(1)).item() == 2
    assert fake.executables[0].relaxed is relaxed
    assert add.device == add.prepared(np.float32(1)).device == name


def test_auto_is_a_choice_and_a_name_is_none(fake):
    assert isinstance(backend_for("auto"), Auto)
    assert backend_for("numpy").name == "numpy"


def test_an_unknown_device_lists_those_that_are_here(fake):
    with pytest.raises(DeviceError, match="unknown device 'tpu': .*'auto', 'numpy', 'wasm', 'wasm:simd'"):
        backend_for("tpu")
    fake.here = False
    with pytest.raises(DeviceError, match="unknown device 'tpu': available here are 'auto', 'numpy'$"):
        backend_for("tpu")


@pytest.mark.parametrize("name", ["wasm", "wasm:simd"])
def test_a_missing_device_says_what_would_bring_it(name, fake, monkeypatch):
    fake.here = False
    with pytest.raises(DeviceError, match=rf"'{name}' is not available here \(pip install pydl-lab\[wasm\].*'numpy'"):
        backend_for(name)
    monkeypatch.setattr(sys, "platform", "emscripten")
    with pytest.raises(DeviceError, match="this browser's WebAssembly has no SIMD"):
        backend_for(name)


def test_a_missing_gpu_says_why(fake, gpu):
    gpu.here = False
    with pytest.raises(DeviceError, match=r"'webgpu' is not available here \(no adapter was found\): .*'numpy'"):
        backend_for("webgpu")


def test_a_gpu_that_was_here_and_failed_is_no_mistake_of_the_caller(fake, gpu, capsys):
    gpu.standing = DeviceLost("the driver has reset it")
    add = jit(lambda x: x + 1, device="webgpu")
    assert add(np.float32(1)).item() == 2
    assert (add.device, add.last.adapter) == ("wasm", "fake 1.0")
    assert capsys.readouterr().err.startswith("pydl: webgpu (Toy 3000) was lost (the driver has reset it): pydl goes ")


def test_a_device_that_was_named_is_the_only_one_that_is_looked_for(fake, gpu):
    backend_for("numpy")
    backend_for("wasm")
    assert gpu.asked == 0
    backend_for("webgpu")
    assert gpu.asked == 1


def test_what_a_step_runs_on_is_known(fake, gpu):
    for name, adapter in (("numpy", ""), ("wasm", "fake 1.0"), ("webgpu", "Toy 3000")):
        assert jit(lambda x: x + 1, device=name).prepared(np.float32(1)).adapter == adapter


def test_a_program_that_a_device_cannot_run_is_refused_before_anything_changes(fake):
    fake.refuses = ("step",)
    total = Variable(1.0)

    def step(x):
        total.assign(total + x)

    with pytest.raises(DeviceError, match="step is beyond it"):
        jit(step, device="wasm")(1.0)
    assert total.item() == 1
