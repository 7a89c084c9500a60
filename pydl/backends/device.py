"""Devices by name: which backends there are, which of them work here, and the variants that one may have.

`numpy` is always there and the reference; `wasm` is imported when it is first asked for, and needs a host to run on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from . import numpy
from .errors import DeviceError
from .executable import Executable

if TYPE_CHECKING:
    from ..jit.program import Program

_BACKENDS: dict[str, Callable[[], Any]] = {
    "numpy": lambda: numpy,
    "wasm": lambda: import_module(f"{__package__}.wasm"),
}
# What a backend's `compile` is told beside the Program: "wasm" takes whatever its host is best at.
_VARIANTS: dict[str, dict[str, Any]] = {"wasm:simd": {"relaxed": False}, "wasm:relaxed": {"relaxed": True}}


class Placement(NamedTuple):
    """A Program on a device.

    executable: what runs it
    device:     the name of the device
    trial:      milliseconds per step of the devices that were tried before it was chosen; empty without a choice
    """

    executable: Executable
    device: str
    trial: dict[str, float]


class Device:
    """A device that was named.

    name: "numpy", "wasm", or a variant. "wasm:simd" computes the same bits everywhere; "wasm:relaxed" is faster where
          the engine has relaxed SIMD. Raises DeviceError
    """

    def __init__(self, name: str) -> None:
        known = name in _BACKENDS or name in _VARIANTS
        if not known or not _BACKENDS[_family(name)]().available():  # no other backend is brought in for that
            what = f"the device {name!r} is not available here ({_missing()})" if known else f"unknown device {name!r}"
            here = [*devices(), *(variant for variant in _VARIANTS if _family(variant) in devices())]
            raise DeviceError(f"{what}: available here are {', '.join(map(repr, ['auto', *here]))}")
        self.name = name

    def compile(self, program: Program) -> Executable:
        """The Program, ready to run. Raises Unsupported."""
        backend = _BACKENDS[_family(self.name)]()
        executable: Executable = backend.compile(program, **_VARIANTS.get(self.name, {}))
        return executable

    def place(self, program: Program) -> Placement:
        """The Program on this device. Raises Unsupported."""
        return Placement(self.compile(program), self.name, {})


def devices() -> list[str]:
    """The devices that can train here, by name."""
    return [name for name, backend in _BACKENDS.items() if backend().available()]


def _family(name: str) -> str:
    """The backend of a device: "wasm" for "wasm:simd"."""
    return name.partition(":")[0]


def _missing() -> str:
    if sys.platform == "emscripten":
        return "this browser's WebAssembly has no SIMD"
    return "pip install pydl-lab[wasm] brings what it needs"
