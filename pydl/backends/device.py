"""Devices by name: which backends there are, which of them work here, and the variants that one may have.

`numpy` is always there and the reference; the others are imported when they are first asked for, and need a host to
run on. What runs on a GPU goes on elsewhere when that fails (`failover.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import notices, numpy
from .errors import DeviceError
from .executable import Executable
from .failover import DEVICE as GPU
from .failover import Failover

if TYPE_CHECKING:
    from ..jit.program import Program

_BACKENDS: dict[str, Callable[[], Any]] = {
    "numpy": lambda: numpy,
    "wasm": lambda: import_module(f"{__package__}.wasm"),
    GPU: lambda: import_module(f"{__package__}.webgpu"),
}
# What a backend's `compile` is told beside the Program: "wasm" takes whatever its host is best at.
_VARIANTS: dict[str, dict[str, Any]] = {"wasm:simd": {"relaxed": False}, "wasm:relaxed": {"relaxed": True}}


@dataclass
class Placement:
    """A Program on a device.

    executable: what runs it
    chosen:     the name of the device that was asked for, or chosen
    trial:      milliseconds per step of the devices that were tried before it was chosen; empty without a choice
    """

    executable: Executable
    chosen: str
    trial: dict[str, float] = field(default_factory=dict)

    @property
    def device(self) -> str:
        """The name of the device where it runs now: another one than was chosen, after a failure."""
        return self.executable.device if isinstance(self.executable, Failover) else self.chosen

    @property
    def adapter(self) -> str:
        """What it runs on now, in that one's own words: "SwiftShader", "wasmtime 50.0.1"; "" for NumPy."""
        return self.executable.adapter


class Device:
    """A device that was named.

    name: "numpy", "wasm", "webgpu", or a variant. "wasm:simd" computes the same bits everywhere; "wasm:relaxed" is
          faster where the engine has relaxed SIMD. A GPU that was here and has failed is no error: what would run
          there runs elsewhere. Raises DeviceError
    """

    def __init__(self, name: str) -> None:
        if name not in _BACKENDS and name not in _VARIANTS:
            what = f"unknown device {name!r}"
        elif not is_here(name) and not _has_failed(name):
            what = f"the device {name!r} is not available here ({_missing(name)})"
        else:
            what = ""  # and no other backend is brought in for that
        if what:
            here = [*devices(), *(variant for variant in _VARIANTS if _family(variant) in devices())]
            raise DeviceError(f"{what}: available here are {', '.join(map(repr, ['auto', *here]))}")
        self.name = name

    def compile(self, program: Program) -> Executable:
        """The Program, ready to run. Raises Unsupported."""
        return watched(self.name, program)

    def place(self, program: Program) -> Placement:
        """The Program on this device. Raises Unsupported."""
        return Placement(self.compile(program), self.name)


def watched(name: str, program: Program) -> Executable:
    """The Program on a device by name, on a GPU as long as that does not fail. Raises DeviceError and its kinds."""
    return Failover(program, _BACKENDS[GPU](), compiled) if name == GPU else compiled(name, program)


def compiled(name: str, program: Program) -> Executable:
    """The Program on a device by name, which has nobody to go on when it fails. Raises DeviceError and its kinds."""
    if not is_here(name):
        raise DeviceError(f"the device {name!r} is not available here")
    executable: Executable = _BACKENDS[_family(name)]().compile(program, **_VARIANTS.get(name, {}))
    return executable


def devices() -> list[str]:
    """The devices that can train here, by name."""
    return [name for name in _BACKENDS if is_here(name)]


def is_here(name: str) -> bool:
    """Whether a device that is known by this name can run anything here; no other one is looked for."""
    return bool(_BACKENDS[_family(name)]().available())


def identified(name: str) -> str:
    """A device's name, and of a GPU which one it is: what was measured holds for that one only."""
    return f"{name} ({_BACKENDS[name]().adapter()})" if name == GPU else name


def tell_of_failure(to: str) -> None:
    """Tells of a GPU that was here and is not used any more; to: the device that is used."""
    failure = _BACKENDS[GPU]().failure()
    if failure is not None:
        notices.tell(notices.Notice(failure.cause, identified(GPU), to, str(failure)))


def _has_failed(name: str) -> bool:
    return name == GPU and _BACKENDS[GPU]().failure() is not None


def _family(name: str) -> str:
    """The backend of a device: "wasm" for "wasm:simd"."""
    return name.partition(":")[0]


def _missing(name: str) -> str:
    if name == GPU:
        return str(_BACKENDS[GPU]().why_not())
    if sys.platform == "emscripten":
        return "this browser's WebAssembly has no SIMD"
    return "pip install pydl-lab[wasm] brings what it needs"
