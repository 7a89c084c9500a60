"""Runs modules of ours in wasmtime, which knows nothing of pydl: for tests of what was written."""

import ctypes

import numpy as np


class Memory:
    """A memory, and the instance of a module that works on it."""

    def __init__(self, code, nbytes):
        import wasmtime

        from pydl.backends.wasm.assembler import PAGE

        engine = wasmtime.Engine()
        self._store = wasmtime.Store(engine)
        limits = wasmtime.Limits(-(-nbytes // PAGE), None)
        self._memory = wasmtime.Memory(self._store, wasmtime.MemoryType(limits))
        instance = wasmtime.Instance(self._store, wasmtime.Module(engine, code), [self._memory])
        self._exports = instance.exports(self._store)
        self.nbytes = size = self._memory.data_len(self._store)
        pointer = ctypes.cast(self._memory.data_ptr(self._store), ctypes.POINTER(ctypes.c_uint8))
        self._content = np.ctypeslib.as_array(pointer, (size,))  # valid as long as this object

    def write(self, address, array):
        self._content[address : address + array.nbytes] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)

    def read(self, address, dtype, count):
        return self._content[address : address + np.dtype(dtype).itemsize * count].view(dtype).copy()

    def call(self, name, *arguments):
        return self._exports[name](self._store, *arguments)


def run_module(module, name, *arguments, memory=(), read=()):
    """Calls an exported function.

    arguments: numbers; memory: (address, array) pairs that are written before; read: (address, dtype, count) triples.
    Returns (result, [arrays read afterwards]).
    """
    from pydl.backends.wasm.assembler import validate

    instance = Memory(validate(module).encode(), module.nbytes)
    for address, array in memory:
        instance.write(address, array)
    result = instance.call(name, *arguments)
    return result, [instance.read(*place) for place in read]
