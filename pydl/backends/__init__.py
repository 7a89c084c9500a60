"""Backends: each turns a Program into something that runs.

    executable = backend_for("numpy").compile(program)     # bound to the Variables of program.state
    outputs = executable(*inputs)                          # one step: the Variables have changed

`numpy` is the reference that the others are held to; `wasm` writes machine code, `webgpu` kernels for a GPU, which may
fail (`failover.py`); "auto" chooses by trial. What they have in common is said in `executable.py`.
"""

from __future__ import annotations

from .auto import Auto
from .device import Device, Placement, devices
from .errors import DeviceError, DeviceFailure, ExecutionError, Unsupported
from .executable import Backend, Executable, Feed

__all__ = [
    "Auto",
    "Backend",
    "Device",
    "DeviceError",
    "DeviceFailure",
    "Executable",
    "ExecutionError",
    "Feed",
    "Placement",
    "Unsupported",
    "backend_for",
    "devices",
]


def backend_for(device: str) -> Auto | Device:
    """What compiles for a device: "auto", or a device's name. Raises DeviceError, which lists those that are here."""
    return Auto() if device == "auto" else Device(device)
