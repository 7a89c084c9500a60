"""Backends: each turns a Program into something that runs.

A backend is a module with two functions, `available()` and `compile(program, state)`; what it compiles is called with
the input arrays and gives the output arrays, and has by then changed the state arrays in place:

    executable = compile(program, [variable_array, ...])     # arrays in the order of program.state
    outputs = executable(*inputs)

`numpy` is the reference that the others are held to.
"""

from __future__ import annotations

from types import ModuleType

from . import numpy

_BACKENDS: dict[str, ModuleType] = {"numpy": numpy}


class DeviceError(ValueError):
    """A device that is not known, or not available here."""


def devices() -> list[str]:
    """The devices that can train here, by name."""
    return [name for name, backend in _BACKENDS.items() if backend.available()]


def backend_for(device: str) -> ModuleType:
    """The backend of a device; "auto" takes the only one that there is so far."""
    here = devices()
    name = here[0] if device == "auto" else device
    if name not in here:
        raise DeviceError(f"unknown device {device!r}: available here are 'auto', {', '.join(map(repr, here))}")
    return _BACKENDS[name]
