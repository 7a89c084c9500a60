"""Hosts: what speaks to a GPU, to which a Program is only texts of WGSL and a list of dispatches.

In the page the worker registers the browser's `navigator.gpu`; on the desktop the optional package wgpu speaks to
Vulkan, Metal or Direct3D. Both offer the few methods below, and all that is decided is decided above them: which
kernels there are, where values lie, what runs when. A host turns the words of its API into pydl's errors.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

Buffer = Any  # a host's own objects: nobody else looks into them
Pipeline = Any
Bindings = Any
Commands = Any  # dispatches made ready


@dataclass(frozen=True)
class Limits:
    """What a device allows, as in `NAMES`; the defaults are those that every device keeps.

    In bytes: buffer, binding (of a storage buffer to a shader), shared (memory of a workgroup)
    In numbers: bindings (storage buffers of a shader), invocations and workgroup (along x, of a workgroup), workgroups
    (along a dimension of a dispatch)
    """

    buffer: int = 256 * 2**20
    binding: int = 128 * 2**20
    shared: int = 16 * 2**10
    bindings: int = 8
    invocations: int = 256
    workgroup: int = 256
    workgroups: int = 65_535


NAMES = {
    "buffer": "maxBufferSize",
    "binding": "maxStorageBufferBindingSize",
    "shared": "maxComputeWorkgroupStorageSize",
    "bindings": "maxStorageBuffersPerShaderStage",
    "invocations": "maxComputeInvocationsPerWorkgroup",
    "workgroup": "maxComputeWorkgroupSizeX",
    "workgroups": "maxComputeWorkgroupsPerDimension",
}  # of `Limits`, in WebGPU's words


@dataclass(frozen=True)
class Shader:
    """A compute shader with the entry point `main`.

    name:     what it computes, for messages
    code:     WGSL; its storage buffers are @group(0) @binding(0), (1), ...
    bindings: for each of these whether the shader writes it ("read_write"), else it is "read"
    """

    name: str
    code: str
    bindings: tuple[str, ...]


@dataclass(frozen=True)
class Dispatch:
    """One entry of a sequence: a pipeline with its buffers, and how many workgroups there are along x and y."""

    pipeline: Pipeline
    bindings: Bindings
    x: int
    y: int = 1


class Host(Protocol):
    """A device that was opened. Methods raise DeviceFailure, and each may be what finds out that it is lost.

    name:     of the engine, for messages: "Chromium 156", "wgpu 0.32.0"
    adapter:  of the processor, as the device tells it: "NVIDIA H200", "SwiftShader", "llvmpipe (LLVM 15.0.6, 256 bits)"
    software: whether a CPU plays the GPU
    limits:   what the device allows; it was opened with the most that its adapter gives
    """

    name: str
    adapter: str
    software: bool
    limits: Limits

    @property
    def lost(self) -> str:
        """Why the device is gone; "" while it is there."""

    @property
    def bytes(self) -> int:
        """Bytes in buffers that it holds now."""

    def buffer(self, nbytes: int, what: str) -> Buffer:
        """A storage buffer of zeros, nbytes a multiple of 4, that can be copied from and to.

        what: is being made, for messages. Raises OutOfDeviceMemory
        """

    def destroy(self, buffer: Buffer) -> None:
        """Gives its memory back, once the work that was submitted is done with it."""

    def pipelines(self, shaders: Sequence[Shader]) -> list[Pipeline]:
        """Compiles them, all at the same time where the API can. Raises InvalidOnDevice, which names the shader."""

    def bind(self, pipeline: Pipeline, buffers: Sequence[Buffer]) -> Bindings:
        """The buffers for a pipeline's bindings, in order, each whole. Made once and used for every step."""

    def sequence(self, dispatches: Sequence[Dispatch]) -> Commands:
        """Dispatches that are run in this order, each when the one before is done; made ready for many runs."""

    def write(self, buffer: Buffer, offset: int, array: np.ndarray) -> None:
        """Copies a C-contiguous array's bytes, a multiple of 4, to an offset that is one, before what is run next."""

    def copy(self, source: Buffer, start: int, target: Buffer, place: int, nbytes: int) -> None:
        """Copies between two buffers on the device, after what was run so far and before what is run next."""

    def run(self, sequence: Commands, count: int) -> None:
        """Submits the sequence so many times in a row, in as few submissions as are sound, and does not wait."""

    def read(self, buffer: Buffer, offset: int, array: np.ndarray) -> None:
        """Waits until all that was run is done, and copies bytes, a multiple of 4, into a C-contiguous array."""

    def renewed(self) -> Host | None:
        """After a loss: a device opened anew on the same machine; None where there is none any more."""


_registered: list[Host | None] = []
_reason = [""]  # why None was registered
_desktop: list[Host | None] = []  # wgpu's, or None where there is none, once that has been looked up


def register(host: Host | None, reason: str = "") -> None:
    """Makes a host the one that Programs run on; None: there is no GPU, for a reason that messages give."""
    _registered[:] = [host]
    _reason[:] = [reason]


def unregister() -> None:
    """Goes back to the desktop's host."""
    _registered.clear()
    _reason[:] = [""]


def reason() -> str:
    """Why there is no host, in words, and what would help; "" where one is registered."""
    if _registered:
        return _reason[0] or ("" if _registered[0] else "no GPU was found")
    if importlib.util.find_spec("wgpu") is None:
        return "pip install pydl-lab[gpu] brings what it needs"
    from .wgpu_host import why_not

    return why_not()


def current() -> Host | None:
    """The registered host; else wgpu's where the extra `pydl-lab[gpu]` is installed and finds a GPU; else None."""
    if _registered:
        return _registered[0]
    if not _desktop:
        _desktop.append(_wgpu())
    return _desktop[0]


def replace(host: Host | None) -> None:
    """Puts a device that was opened anew in the place of the current one."""
    (_registered if _registered else _desktop)[:] = [host]


def _wgpu() -> Host | None:
    if importlib.util.find_spec("wgpu") is None:
        return None
    from .wgpu_host import open_host

    return open_host()
