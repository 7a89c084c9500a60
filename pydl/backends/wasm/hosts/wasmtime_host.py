"""The desktop's host: the package wasmtime (the extra `pydl-lab[wasm]`) runs the bytes that the page runs.

Each instance has a store of its own, which the engine frees whole when the instance is dropped: there is nothing to
pool (1,000 instances of 20 MB in a row leave the process where it was; 2026-11).

Calls go through the C interface that the package carries: 1.4 to 1.8 microseconds, where its own `Func.__call__` takes
18 for two numbers because it looks up and converts the types of each call (2026-11). Its names are private to the
package, so the extra pins the version.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import threading
import weakref
from typing import Any

import numpy as np

from ..assembler import PAGE
from . import Code, broken_off, fuses, not_a_module, out_of_memory


class WasmtimeHost:
    """Runs modules with wasmtime's optimising compiler.

    It leaves the bits of a NaN as the processor makes them: they may differ from a browser's, all other bits do not.
    """

    def __init__(self) -> None:
        import wasmtime

        config = wasmtime.Config()
        config.cranelift_opt_level = "speed"
        config.wasm_simd = True
        config.wasm_relaxed_simd = True
        config.wasm_relaxed_simd_deterministic = False  # or it would round twice even where the processor fuses
        self._engine = wasmtime.Engine(config)
        weakref.finalize(self, self._engine.close)  # at the interpreter's end its own finalizers come too late
        self.name = f"wasmtime {importlib.metadata.version('wasmtime')}"
        self._instances: weakref.WeakSet[WasmtimeInstance] = weakref.WeakSet()
        self.relaxed = fuses(self)

    @property
    def bytes(self) -> int:
        """As in `Host`."""
        return sum(instance.bytes for instance in self._instances)

    def instantiate(self, code: Code, nbytes: int) -> WasmtimeInstance:
        """As in `Host`."""
        import wasmtime

        store = wasmtime.Store(self._engine)
        try:
            pages = wasmtime.Limits(-(-nbytes // PAGE), None)
            memory = wasmtime.Memory(store, wasmtime.MemoryType(pages))
        except wasmtime.WasmtimeError as error:
            raise out_of_memory(nbytes, _cause(error)) from None
        try:
            instance = wasmtime.Instance(store, wasmtime.Module(self._engine, code), [memory])
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            raise not_a_module(self.name, _cause(error)) from None
        made = WasmtimeInstance(self.name, store, memory, instance)
        self._instances.add(made)
        return made


class WasmtimeInstance:
    """As in `Instance`. Threads take turns: a store must not be entered twice, and a call lets other threads run."""

    def __init__(self, name: str, store: Any, memory: Any, instance: Any) -> None:
        self._name, self._store, self._memory = name, store, memory
        self._exports = instance.exports(store)
        self._functions: dict[str, _Function] = {}
        self._lock = threading.Lock()
        self._seen = self._view()
        self._free = weakref.finalize(self, store.close)

    @property
    def bytes(self) -> int:
        """The size of its memory."""
        return len(self._seen)

    def write(self, address: int, array: np.ndarray) -> None:
        """As in `Instance`."""
        if array.nbytes:
            self._seen[address : address + array.nbytes] = array.data.cast("B")

    def read(self, address: int, array: np.ndarray) -> None:
        """As in `Instance`."""
        if array.nbytes:
            array.data.cast("B")[:] = self._seen[address : address + array.nbytes]

    def grow(self, nbytes: int) -> None:
        """As in `Instance`."""
        import wasmtime

        missing = nbytes - len(self._seen)
        if missing <= 0:
            return
        with self._lock:
            try:
                self._memory.grow(self._store, -(-missing // PAGE))
            except wasmtime.WasmtimeError as error:
                raise out_of_memory(missing, _cause(error)) from None
            self._seen = self._view()

    def call(self, name: str, *arguments: int) -> int:
        """As in `Instance`."""
        with self._lock:
            function = self._functions.get(name)
            if function is None:
                function = self._functions[name] = _Function(self._store, self._exports[name], name)
            reason = function(arguments)
            if reason:
                raise broken_off(self._name, name, reason)
            return function.result()

    def close(self) -> None:
        """As in `Instance`."""
        with self._lock:
            self._seen = memoryview(b"")
            self._functions.clear()
            self._free()

    def _view(self) -> memoryview:
        if self._memory.data_len(self._store) == 0:
            return memoryview(b"")
        return memoryview(self._memory.get_buffer_ptr(self._store)).cast("B")


class _Function:
    """An exported function of i32s, with its arguments' places and all that a call needs made beforehand."""

    def __init__(self, store: Any, function: Any, name: str) -> None:
        from wasmtime import _ffi

        kind = function.type(store)
        types = [str(each) for each in (*kind.params, *kind.results)]
        if types != ["i32"] * len(types) or len(kind.results) > 1:
            raise TypeError(f"{name}: expected i32 parameters and at most one i32 result, received {kind}")
        self.name, self.parameters, self.gives = name, len(kind.params), bool(kind.results)
        self._values = (_ffi.wasmtime_val_raw_t * max(1, len(types)))()  # arguments, then the result in their place
        self._trap = ctypes.POINTER(_ffi.wasm_trap_t)()
        self._run = _ffi.wasmtime_func_call_unchecked
        self._arguments = (
            store._context(), ctypes.byref(function._func), self._values, len(self._values), ctypes.byref(self._trap)
        )  # fmt: skip

    def __call__(self, arguments: tuple[int, ...]) -> str:
        """Runs it; the reason why it broke off, or nothing."""
        if len(arguments) != self.parameters:
            raise TypeError(f"{self.name}: expected {self.parameters} arguments, received {len(arguments)}")
        for place, argument in zip(self._values, arguments):
            place.i32 = argument
        error = self._run(*self._arguments)
        return self._reason(error) if error or self._trap else ""

    def result(self) -> int:
        """What the last call gave."""
        return int(self._values[0].i32) if self.gives else 0

    def _reason(self, error: Any) -> str:
        import wasmtime

        if error:
            return _cause(wasmtime.WasmtimeError._from_ptr(error))
        trap = wasmtime.Trap._from_ptr(ctypes.cast(self._trap, type(self._trap)))  # which frees it
        ctypes.memset(ctypes.byref(self._trap), 0, ctypes.sizeof(self._trap))
        return trap.message.strip().splitlines()[-1].rpartition("wasm trap: ")[2]


def _cause(error: Exception) -> str:
    """The last line of what wasmtime says: the innermost reason."""
    return str(error).strip().splitlines()[-1].strip()
