"""Hosts: what executes a module, which itself is only bytes.

In the page the worker registers the browser's own engine; on the desktop the optional package wasmtime runs the same
bytes. The compiler above asks `current()` for one and sees nothing of the difference; what a host cannot do comes as an
ExecutionError whose message is the same everywhere.
"""

from __future__ import annotations

import importlib.util
from typing import Protocol

import numpy as np

from ...errors import ExecutionError
from ..assembler import Module, const, op

Code = bytes  # of a module; a class below has a property of this name
MB = 1_000_000
KEPT = "The parameters are those of the last finished step"


class Instance(Protocol):
    """A module with a memory of its own, ready to be called. Addresses are bytes from the memory's beginning."""

    def write(self, address: int, array: np.ndarray) -> None:
        """Copies a C-contiguous array's bytes into memory."""

    def read(self, address: int, array: np.ndarray) -> None:
        """Copies memory into a C-contiguous array, all of it."""

    def grow(self, nbytes: int) -> None:
        """Makes the memory hold at least that many bytes; what it holds stays. Raises ExecutionError."""

    def call(self, name: str, *arguments: int) -> int:
        """Calls an exported function of i32 parameters: its i32 result, or 0 where it has none.

        A trap raises ExecutionError.
        """

    def close(self) -> None:
        """Gives the memory back: the instance is not to be used again. Being collected does the same."""


class Host(Protocol):
    """An engine that runs modules.

    name:    for messages: "wasmtime 50.0.1", "Chromium 156"
    relaxed: relaxed SIMD rounds a * b + c once here, in one instruction
    """

    name: str
    relaxed: bool

    @property
    def bytes(self) -> int:
        """All memory that instances hold now, and what is kept for the next ones."""

    def instantiate(self, code: Code, nbytes: int) -> Instance:
        """A module made ready, with a memory of at least `nbytes` and no declared maximum.

        The memory need not be zero: it may have been another module's. Raises ExecutionError where the code is no
        module that this engine knows, or where there is no memory.
        """


_registered: list[Host] = []
_desktop: list[Host | None] = []  # wasmtime's, or None where it is not installed, once that has been looked up


def register(host: Host | None) -> None:
    """Makes a host the one that modules run on; None goes back to the desktop's."""
    _registered[:] = [] if host is None else [host]


def current() -> Host | None:
    """The registered host, else wasmtime's where the extra `pydl-lab[wasm]` is installed, else None."""
    if _registered:
        return _registered[0]
    if not _desktop:
        _desktop.append(_wasmtime())
    return _desktop[0]


def _wasmtime() -> Host | None:
    if importlib.util.find_spec("wasmtime") is None:
        return None
    from .wasmtime_host import WasmtimeHost

    try:
        return WasmtimeHost()
    except (ImportError, OSError):  # installed for another kind of machine, or another version's bindings
        return None


def knows_simd(host: Host) -> bool:
    """Whether the engine has 128-bit SIMD at all: without it nothing that is compiled here runs."""
    module = Module()
    function = module.function("probe", result="i32", export=True)
    function.give(op("v128.any_true", "i32", const("f32x4", 1.0)))
    return _answer(host, module) == 1


def fuses(host: Host) -> bool:
    """Whether relaxed SIMD is there and rounds a * b + c once: (1 + e)^2 - (1 + 2e) is e^2 then, and 0 otherwise."""
    e = 2.0**-12
    operands = (const("f32x4", value) for value in (1 + e, 1 + e, -(1 + 2 * e)))
    module = Module()
    function = module.function("probe", result="i32", export=True)
    function.give(op("v128.any_true", "i32", op("f32x4.relaxed_madd", "f32x4", *operands)))
    return _answer(host, module) == 1


def _answer(host: Host, module: Module) -> int:
    try:
        instance = host.instantiate(module.encode(), 0)
    except ExecutionError:
        return 0
    answer = instance.call("probe")
    instance.close()
    return answer


def broken_off(name: str, function: str, reason: str) -> ExecutionError:
    """What a trap becomes. name: the host's; function: what was called; reason: in the engine's words."""
    return ExecutionError(
        f"the compiled code stopped in '{function}': {reason} ({name}). {KEPT}; "
        "go on with device='numpy', which runs the same steps operation by operation"
    )


def out_of_memory(nbytes: int, why: str = "") -> ExecutionError:
    """What a refused memory becomes. nbytes: how many more were asked for; why: the engine's words, if any."""
    return ExecutionError(
        f"out of memory: {max(1, round(nbytes / MB))} MB more were asked for{f' ({why})' if why else ''}. {KEPT}; "
        "take a smaller batch_size or fewer samples, close what else is open, or go on with device='numpy'"
    )


def not_a_module(name: str, reason: str) -> ExecutionError:
    """What invalid code becomes. name: the host's; reason: in the engine's words."""
    return ExecutionError(f"{name} refuses the compiled code: {reason}. Go on with device='numpy', and report this")
