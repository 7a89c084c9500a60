"""A device opened through the C library in the package wgpu: its adapter, its limits, and what it reports.

The library is used through the cffi bindings that the package makes of it, with an instance of our own: the package's
classes would bring a polling thread and words on stderr. These names are private to the package, so the extra
`pydl-lab[gpu]` pins the version. Loading takes 0.4 seconds, most of it cffi's reading of the header, and opening
another 0.4 (llvmpipe, 2026-11).
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from ...errors import DeviceFailure, DeviceLost, InvalidOnDevice, OutOfDeviceMemory
from . import NAMES, Limits

# Flags, which cffi does not see in the header.
VULKAN_METAL_DIRECT3D = 0x1 | 0x4 | 0x8
MAP_READ, COPY_FROM, COPY_TO, STORAGE = 0x1, 0x4, 0x8, 0x80
COMPUTE = 0x4
BOUNDS = 0x1  # an index is kept within its array; that a loop ends is not checked, for ours do

_KEPT: list[Any] = []  # functions that C may call


class NotHere(Exception):
    """There is no GPU that wgpu could open; the message says why."""


class _Reports(threading.local):
    """What the calls of a thread have reported since its last look, (kind, message) each: C tells within the call."""

    def __init__(self) -> None:
        self.errors: list[tuple[int, str]] = []


class Device:
    """What C calls need, and what they report: `c` and `ffi`, `handle` and `queue`.

    limits: wanted; None: the most that the adapter gives. Raises NotHere, or what loading the package raises
    """

    def __init__(self, limits: Limits | None) -> None:
        native = importlib.import_module("wgpu.backends.wgpu_native")
        self.c, self.ffi = native.lib, native.ffi
        self.name = f"wgpu {importlib.metadata.version('wgpu')}"
        self._lost: list[str] = []
        self._reports = _Reports()
        self._listeners = self._listen()
        instance = self.own("Instance", self._instance())
        adapter = self.own("Adapter", self._request("Adapter", instance, self._options()))
        self.adapter, self.software = self._described(adapter)
        self.handle = self.own("Device", self._request("Device", adapter, self._descriptor(adapter, limits)))
        self.queue = self.own("Queue", self.c.wgpuDeviceGetQueue(self.handle))
        granted = self.new("WGPULimits")
        self.c.wgpuDeviceGetLimits(self.handle, granted)
        self.limits = Limits(**{ours: int(getattr(granted, theirs)) for ours, theirs in NAMES.items()})

    @property
    def lost(self) -> str:
        """Why it is gone; "" while it is there."""
        return self._lost[0] if self._lost else ""

    # ---- what C wants

    def new(self, kind: str, **values: Any) -> Any:
        """A struct, zeros where nothing is said; what its pointers point at is kept by the caller."""
        return self.ffi.new(f"{kind} *", values)

    def text(self, words: str) -> Any:
        """A struct of characters that is to be kept, and what stands for it in other structs."""
        encoded = words.encode()
        characters = self.ffi.new("char[]", encoded)
        return characters, {"data": characters, "length": len(encoded)}

    def own(self, kind: str, handle: Any) -> Any:
        """The handle, released when the last reference to it here is gone."""
        return self.ffi.gc(handle, getattr(self.c, f"wgpu{kind}Release")) if handle else handle

    def callback(self, kind: str, function: Callable[..., None]) -> Any:
        """A function that C may call as long as anything of the device lives, also after this object: it stays."""
        _KEPT.append(self.ffi.callback(f"WGPU{kind}Callback", function))
        return _KEPT[-1]

    # ---- what C reports

    def alive(self) -> Any:
        """The handle, if the device is there. Raises DeviceLost."""
        if self._lost:
            self.fail(DeviceLost, "what comes next", self.lost)
        return self.handle

    def check(self, what: str) -> None:
        """Raises what calls have reported since the last look. what: was being made, for the message."""
        reports, self._reports.errors = self._reports.errors, []
        if not self._lost and not reports:
            return
        for kind, message in reports:
            if "device is lost" in message:  # the listener is told later, or never
                self._lost.append(message)
            elif not self._lost:
                memory = kind == self.c.WGPUErrorType_OutOfMemory
                self.fail(OutOfDeviceMemory if memory else InvalidOnDevice, what, message)
        self.fail(DeviceLost, what, self.lost)

    def fail(self, kind: type[DeviceFailure], what: str, reason: str) -> NoReturn:
        """Raises it, with the device, what was being made, and the reason on one line."""
        said = reason.partition("Caused by:")[2] or reason
        raise kind(f"{self.adapter} ({self.name}) fails at {what}: {' '.join(said.split())}")

    def _listen(self) -> dict[str, Any]:
        """What C tells of losses and errors. These functions do not know `self`, which would never go then."""
        ffi, lost, reports = self.ffi, self._lost, self._reports

        def on_lost(device: Any, reason: int, message: Any, *_: Any) -> None:
            lost.append(_words(ffi, message) or "the device is gone")

        def on_error(device: Any, kind: int, message: Any, *_: Any) -> None:
            reports.errors.append((kind, _words(ffi, message)))

        return {
            "lost": self.callback("DeviceLost", on_lost),
            "error": self.callback("UncapturedError", on_error),
        }

    # ---- opening

    def _instance(self) -> Any:
        # Without OpenGL, whose drivers are slow to look for (0.3 s) and lack what compute needs.
        extras = self.new("WGPUInstanceExtras", backends=VULKAN_METAL_DIRECT3D)
        extras.chain.sType = self.c.WGPUSType_InstanceExtras
        with _no_window_system():
            descriptor = self.new("WGPUInstanceDescriptor", nextInChain=self.ffi.addressof(extras, "chain"))
            return self.c.wgpuCreateInstance(descriptor)

    def _options(self) -> Any:
        level, power = self.c.WGPUFeatureLevel_Core, self.c.WGPUPowerPreference_HighPerformance
        return self.new("WGPURequestAdapterOptions", featureLevel=level, powerPreference=power)

    def _descriptor(self, adapter: Any, wanted: Limits | None) -> Any:
        limits = self.new("WGPULimits")
        self.c.wgpuAdapterGetLimits(adapter, limits)
        if wanted is not None:
            for ours, theirs in NAMES.items():
                setattr(limits, theirs, min(getattr(wanted, ours), getattr(limits, theirs)))
        self._limits = limits  # what the descriptor points at
        lost = {"mode": self.c.WGPUCallbackMode_AllowSpontaneous, "callback": self._listeners["lost"]}
        error = {"callback": self._listeners["error"]}
        return self.new(
            "WGPUDeviceDescriptor",
            requiredLimits=limits,
            deviceLostCallbackInfo=lost,
            uncapturedErrorCallbackInfo=error,
        )

    def _request(self, kind: str, of: Any, descriptor: Any) -> Any:
        """An "Adapter" of an instance, or a "Device" of an adapter: wgpu answers within the call."""
        ffi = self.ffi
        answers: list[tuple[int, Any, str]] = []

        def on_answer(status: int, handle: Any, message: Any, *_: Any) -> None:
            answers.append((status, handle, _words(ffi, message)))

        answer = self.callback(f"Request{kind}", on_answer)
        info = {"mode": self.c.WGPUCallbackMode_AllowProcessEvents, "callback": answer}
        asked = {"Adapter": self.c.wgpuInstanceRequestAdapter, "Device": self.c.wgpuAdapterRequestDevice}[kind]
        asked(of, descriptor, info)
        status, handle, message = answers[0] if answers else (0, None, "no answer")
        if status != getattr(self.c, f"WGPURequest{kind}Status_Success"):
            raise NotHere(f"{self.name} finds no {kind.lower()}: {message}")
        return handle

    def _described(self, adapter: Any) -> tuple[str, bool]:
        """Its name, and whether it is a CPU."""
        info = self.new("WGPUAdapterInfo")
        self.c.wgpuAdapterGetInfo(adapter, info)
        name, software = _words(self.ffi, info.device), info.adapterType == self.c.WGPUAdapterType_CPU
        self.c.wgpuAdapterInfoFreeMembers(info[0])
        return name or "a GPU without a name", bool(software)


def _words(ffi: Any, view: Any) -> str:
    """What C says, copied: it takes its characters back."""
    return bytes(ffi.buffer(view.data, view.length)).decode(errors="replace") if view.data else ""


@contextmanager
def _no_window_system() -> Iterator[None]:
    """Without a desktop one of Mesa's layers, which sorts GPUs by the screen they drive, complains on stderr."""
    variable = "NODEVICE_SELECT"
    if variable in os.environ or "XDG_RUNTIME_DIR" in os.environ:
        yield
        return
    os.environ[variable] = "1"
    try:
        yield
    finally:
        del os.environ[variable]
