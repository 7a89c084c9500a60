"""The desktop's host: the package wgpu (the extra `pydl-lab[gpu]`) runs the WGSL that the page runs, on Vulkan, Metal
or Direct3D 12.

Its C library is called directly: to record and submit a dispatch takes 2.2 microseconds so, and 5.4 through the
package's own classes (llvmpipe, 12 steps of 20 dispatches, 2026-11). A small network's step has 300 for 20 of them.

The library ends the process where it finds an error after it has answered, as in a submission that uses a destroyed
buffer or another device's. What can be known beforehand is checked here.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...errors import DeviceLost, InvalidOnDevice, OutOfDeviceMemory
from . import Dispatch, Limits, Shader
from .wgpu_device import BOUNDS, COMPUTE, COPY_FROM, COPY_TO, MAP_READ, STORAGE, Device, NotHere

# Dispatches in a submission: it costs 50 microseconds, a fifth of one for each of 256, and the GPU works while the next
# one is recorded. None comes near the 2 seconds after which Windows resets a GPU.
TOGETHER = 256
STAGING = 16 * 2**20  # bytes that are read back at once, at most
THREADS = min(8, os.cpu_count() or 1)  # that compile shaders: 20 take 20 ms with two, 32 with one (llvmpipe, 2026-11)

_why_not = [""]


def why_not() -> str:
    """Why the last `open_host` found nothing; "" where it did."""
    return _why_not[0]


def open_host(limits: Limits | None = None) -> WgpuHost | None:
    """The most powerful GPU here; None where there is none, or no wgpu that loads, and `why_not` says which.

    limits: None: the most that the adapter gives; else these, where it does not give less
    """
    _why_not[0] = ""
    try:
        return WgpuHost(limits)
    except (ImportError, OSError, NotHere) as error:  # not here, or made for another kind of machine
        _why_not[0] = str(error)
        return None


class Buffer:
    """Bytes on a device. handle: None once it was destroyed."""

    def __init__(self, device: Device, handle: Any, nbytes: int, what: str) -> None:
        self.device, self.handle, self.nbytes, self.what = device, handle, nbytes, what


class Pipeline:
    """A compiled shader, and the layout that its bindings must have."""

    def __init__(self, handle: Any, layout: Any, shader: Shader) -> None:
        self.handle, self.layout, self.shader = handle, layout, shader


class Bindings:
    """Buffers, for every pipeline with their layout."""

    def __init__(self, handle: Any, buffers: Sequence[Buffer]) -> None:
        self.handle, self.buffers = handle, tuple(buffers)


class Commands:
    """What a sequence records: (pipeline, bindings, x, y) each, None for what is the same as before."""

    def __init__(self, dispatches: Sequence[Dispatch]) -> None:
        self.steps: list[tuple[Any, Any, int, int]] = []
        pipeline = bindings = None
        for each in dispatches:
            changed = None if each.pipeline is pipeline else each.pipeline.handle
            bound = None if each.bindings is bindings else each.bindings.handle
            self.steps.append((changed, bound, each.x, each.y))
            pipeline, bindings = each.pipeline, each.bindings
        self.buffers = {buffer for each in dispatches for buffer in each.bindings.buffers}


class WgpuHost:
    """As in `Host`. Its bytes are those of the buffers it was asked for, without the one that reads go through."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._wanted = limits
        self._device = device = Device(limits)
        self._c, self._null = device.c, device.ffi.NULL
        self.name, self.adapter, self.software, self.limits = (
            device.name, device.adapter, device.software, device.limits
        )  # fmt: skip
        self._buffers: weakref.WeakSet[Buffer] = weakref.WeakSet()
        self._layouts: dict[tuple[str, ...], tuple[Any, Any]] = {}
        self._staging: Buffer | None = None
        self._mapped: list[int] = []  # how the last mapping ended
        mapped = self._mapped
        self._on_mapped = device.callback("BufferMap", lambda status, *_: mapped.append(status))

    @property
    def lost(self) -> str:
        """As in `Host`."""
        return self._device.lost

    @property
    def bytes(self) -> int:
        """As in `Host`."""
        return sum(buffer.nbytes for buffer in self._buffers)

    def renewed(self) -> WgpuHost | None:
        """As in `Host`."""
        return open_host(self._wanted)

    # ---- buffers

    def buffer(self, nbytes: int, what: str) -> Buffer:
        """As in `Host`."""
        made = self._buffer(nbytes, STORAGE | COPY_FROM | COPY_TO, what)
        self._buffers.add(made)
        return made

    def _buffer(self, nbytes: int, usage: int, what: str) -> Buffer:
        device, most = self._device.alive(), self.limits.buffer
        if not 0 < nbytes <= most or nbytes % 4:
            reason = f"expected a multiple of 4 bytes, at most {most:,} in one buffer, received {nbytes:,}"
            self._device.fail(OutOfDeviceMemory, what, reason)
        descriptor = self._device.new("WGPUBufferDescriptor", size=nbytes, usage=usage)
        handle = self._device.own("Buffer", self._c.wgpuDeviceCreateBuffer(device, descriptor))
        self._device.check(f"{what}, a buffer of {nbytes:,} bytes")
        return Buffer(self._device, handle, nbytes, what)

    def destroy(self, buffer: Buffer) -> None:
        """As in `Host`."""
        if buffer.handle is not None:
            self._c.wgpuBufferDestroy(buffer.handle)
            buffer.handle = None
            self._buffers.discard(buffer)

    # ---- shaders

    def pipelines(self, shaders: Sequence[Shader]) -> list[Pipeline]:
        """As in `Host`; by threads, for this version of wgpu does not make them asynchronously."""
        for shader in shaders:
            self._layout(shader.bindings)
        with ThreadPoolExecutor(max_workers=THREADS) as threads:
            return list(threads.map(self._pipeline, shaders))

    def _pipeline(self, shader: Shader) -> Pipeline:
        device, new, what = self._device.alive(), self._device.new, f"the shader '{shader.name}'"
        group, layout = self._layout(shader.bindings)
        kept, code = self._device.text(shader.code)
        source = new("WGPUShaderSourceWGSL", code=code)
        source.chain.sType = self._c.WGPUSType_ShaderSourceWGSL
        descriptor = new("WGPUShaderModuleDescriptor", nextInChain=self._device.ffi.addressof(source, "chain"))
        made = self._c.wgpuDeviceCreateShaderModuleTrusted(device, descriptor, BOUNDS)
        module = self._device.own("ShaderModule", made)
        self._device.check(what)
        entry, main = self._device.text("main")
        descriptor = new("WGPUComputePipelineDescriptor", layout=layout, compute={"module": module, "entryPoint": main})
        handle = self._device.own("ComputePipeline", self._c.wgpuDeviceCreateComputePipeline(device, descriptor))
        self._device.check(what)
        return Pipeline(handle, group, shader)

    def _layout(self, bindings: tuple[str, ...]) -> tuple[Any, Any]:
        """(layout of the bindings, layout of the pipeline), the same for the same bindings."""
        if bindings not in self._layouts:
            c, device, new = self._c, self._device.alive(), self._device.new
            kinds = {"read": c.WGPUBufferBindingType_ReadOnlyStorage, "read_write": c.WGPUBufferBindingType_Storage}
            entries = [
                {"binding": place, "visibility": COMPUTE, "buffer": {"type": kinds[kind]}}
                for place, kind in enumerate(bindings)
            ]
            array = self._device.ffi.new("WGPUBindGroupLayoutEntry[]", entries)
            descriptor = new("WGPUBindGroupLayoutDescriptor", entryCount=len(entries), entries=array)
            group = self._device.own("BindGroupLayout", c.wgpuDeviceCreateBindGroupLayout(device, descriptor))
            groups = self._device.ffi.new("WGPUBindGroupLayout[]", [group])
            descriptor = new("WGPUPipelineLayoutDescriptor", bindGroupLayoutCount=1, bindGroupLayouts=groups)
            layout = self._device.own("PipelineLayout", c.wgpuDeviceCreatePipelineLayout(device, descriptor))
            self._device.check(f"a shader with {len(bindings)} storage buffers")
            self._layouts[bindings] = group, layout
        return self._layouts[bindings]

    def bind(self, pipeline: Pipeline, buffers: Sequence[Buffer]) -> Bindings:
        """As in `Host`. They serve every pipeline whose shader has the same `bindings`."""
        device, what = self._device.alive(), f"the buffers of the shader '{pipeline.shader.name}'"
        for buffer in buffers:
            self._there(buffer)
        entries = [
            {"binding": place, "buffer": buffer.handle, "size": buffer.nbytes} for place, buffer in enumerate(buffers)
        ]
        array = self._device.ffi.new("WGPUBindGroupEntry[]", entries)
        descriptor = self._device.new(
            "WGPUBindGroupDescriptor", layout=pipeline.layout, entryCount=len(entries), entries=array
        )
        handle = self._device.own("BindGroup", self._c.wgpuDeviceCreateBindGroup(device, descriptor))
        self._device.check(what)
        return Bindings(handle, buffers)

    # ---- what runs

    def sequence(self, dispatches: Sequence[Dispatch]) -> Commands:
        """As in `Host`."""
        return Commands(dispatches)

    def run(self, sequence: Commands, count: int) -> None:
        """As in `Host`."""
        if not sequence.steps:
            return
        c, null = self._c, self._null
        use, bind = c.wgpuComputePassEncoderSetPipeline, c.wgpuComputePassEncoderSetBindGroup
        dispatch = c.wgpuComputePassEncoderDispatchWorkgroups
        at_once = max(1, TOGETHER // len(sequence.steps))
        for first in range(0, count, at_once):
            for buffer in sequence.buffers:
                self._there(buffer)
            with self._recording("a step") as encoder:
                steps = self._device.own("ComputePassEncoder", c.wgpuCommandEncoderBeginComputePass(encoder, null))
                for _ in range(min(at_once, count - first)):
                    for pipeline, bindings, x, y in sequence.steps:
                        if pipeline is not None:
                            use(steps, pipeline)
                        if bindings is not None:
                            bind(steps, 0, bindings, 0, null)
                        dispatch(steps, x, y, 1)
                c.wgpuComputePassEncoderEnd(steps)

    def copy(self, source: Buffer, start: int, target: Buffer, place: int, nbytes: int) -> None:
        """As in `Host`."""
        self._fits(source, start, nbytes)
        self._fits(target, place, nbytes)
        with self._recording(f"a copy from {source.what} to {target.what}") as encoder:
            self._c.wgpuCommandEncoderCopyBufferToBuffer(encoder, source.handle, start, target.handle, place, nbytes)

    @contextmanager
    def _recording(self, what: str) -> Iterator[Any]:
        """An encoder of commands, which are submitted at the end."""
        c, device = self._c, self._device
        encoder = device.own("CommandEncoder", c.wgpuDeviceCreateCommandEncoder(device.alive(), self._null))
        yield encoder
        commands = device.own("CommandBuffer", c.wgpuCommandEncoderFinish(encoder, self._null))
        device.check(what)
        c.wgpuQueueSubmit(device.queue, 1, device.ffi.new("WGPUCommandBuffer[]", [commands]))
        device.check(what)

    # ---- values in and out

    def write(self, buffer: Buffer, offset: int, array: np.ndarray) -> None:
        """As in `Host`."""
        self._device.alive()
        self._fits(buffer, offset, array.nbytes)
        if array.nbytes:
            data = self._device.ffi.from_buffer(array)
            self._c.wgpuQueueWriteBuffer(self._device.queue, buffer.handle, offset, data, array.nbytes)
            self._device.check(f"a copy to {buffer.what}")

    def read(self, buffer: Buffer, offset: int, array: np.ndarray) -> None:
        """As in `Host`."""
        self._fits(buffer, offset, array.nbytes)
        if array.nbytes:
            target = array.data.cast("B")
            for start in range(0, array.nbytes, STAGING):
                self._read(buffer, offset + start, target[start : start + STAGING])

    def _read(self, buffer: Buffer, offset: int, target: memoryview) -> None:
        c, device, nbytes, what = self._c, self._device, len(target), f"reading {buffer.what}"
        staging = self._staged(nbytes)
        with self._recording(what) as encoder:
            c.wgpuCommandEncoderCopyBufferToBuffer(encoder, buffer.handle, offset, staging.handle, 0, nbytes)
        self._mapped.clear()
        answer = {"mode": c.WGPUCallbackMode_AllowProcessEvents, "callback": self._on_mapped}
        c.wgpuBufferMapAsync(staging.handle, MAP_READ, 0, nbytes, answer)
        device.check(what)
        c.wgpuDevicePoll(device.handle, True, self._null)
        device.check(what)
        if self._mapped != [c.WGPUMapAsyncStatus_Success]:
            device.fail(DeviceLost, what, "the device gave no answer")
        device.ffi.memmove(target, c.wgpuBufferGetConstMappedRange(staging.handle, 0, nbytes), nbytes)
        c.wgpuBufferUnmap(staging.handle)

    def _staged(self, nbytes: int) -> Buffer:
        """A buffer that can be read from here, of at least that size: the same one until it is too small."""
        if self._staging is None or self._staging.nbytes < nbytes:
            if self._staging is not None:
                self.destroy(self._staging)
            self._staging = self._buffer(1 << (nbytes - 1).bit_length(), MAP_READ | COPY_TO, "reading back")
        return self._staging

    # ---- checks

    def _there(self, buffer: Buffer) -> None:
        if buffer.handle is None:
            self._device.fail(InvalidOnDevice, buffer.what, "its buffer was destroyed")
        if buffer.device is not self._device:
            self._device.fail(InvalidOnDevice, buffer.what, "its buffer is another device's")

    def _fits(self, buffer: Buffer, offset: int, nbytes: int) -> None:
        self._there(buffer)
        if offset < 0 or offset + nbytes > buffer.nbytes or offset % 4 or nbytes % 4:
            reason = f"expected multiples of 4 within {buffer.nbytes:,} bytes, received {nbytes:,} bytes at {offset:,}"
            self._device.fail(InvalidOnDevice, buffer.what, reason)
