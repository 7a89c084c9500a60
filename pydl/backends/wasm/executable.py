"""Executable and Feed of the wasm backend: a compiled module in its host, and the Variables that live in its memory.

The state goes up when a run begins and stays there: who reads a Variable has it brought home (`fetch`). Nothing in
between costs Python any work, so thousands of steps are one call.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy

import numpy as np

from ...jit.memory import Block
from ...jit.program import Program
from ...variable import Variable
from ..executable import CHUNK, moving
from ..rows import are_bytes, check_count, check_numbers
from .compiler import COPY, FROM_BYTES, Compiled, compile_program
from .hosts import Host
from .kernels.movement import STATUS

RESULTS = 1 << 20  # bytes for the outputs of the steps of one call, at most


class Executable:
    """A Program as machine code, bound to the Variables of its state.

    bytes:        of memory that it holds
    module_bytes: of code
    adapter:      the engine: "wasmtime 50.0.1", "Chromium 156"
    """

    def __init__(self, program: Program, host: Host, relaxed: bool) -> None:
        # There is one memory: a second thread waits until the first has its outputs. A thread that an interrupt
        # (Ctrl-C) has torn away just behind `acquire` must not wait for itself later on.
        self._lock = threading.RLock()
        self.program, self.adapter = program, host.name
        self.compiled: Compiled = compile_program(program, relaxed)
        code = self.compiled.module.encode()
        self.module_bytes = len(code)
        self.instance = host.instantiate(code, self.compiled.size)
        self.instance.write(STATUS, np.zeros(1, np.int32))
        for address, array in self.compiled.constants:
            self.instance.write(address, np.ascontiguousarray(array))
        self._state = [(variable, address) for (variable, _), address in zip(program.state, self.compiled.state)]
        self._addresses = {id(variable): address for variable, address in self._state}
        self._updated = [variable for variable, _ in program.updates]
        self._heap = Block()
        self._taking = threading.Lock()  # of the heap: a feed may be made while another thread runs steps

    @property
    def bytes(self) -> int:
        """Of memory that it holds."""
        return self.compiled.size + self._heap.size

    def __call__(self, *inputs: np.ndarray) -> list[np.ndarray]:
        with self._running():
            for value, address, array in zip(self.program.inputs, self.compiled.inputs, inputs):
                self.instance.write(address, np.ascontiguousarray(array, value.dtype))
            if self.instance.call("step"):
                raise self._failed()
            outputs = []
            for value, address in zip(self.program.outputs, self.compiled.outputs):
                array = np.empty(value.shape, value.dtype)
                self.instance.read(address, array)
                outputs.append(array)
            return outputs

    def feed(self, *data: np.ndarray) -> Feed:
        """Rows for the inputs, copied into the module's memory."""
        return Feed(self, data)

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Steps may run inside of it: the state is here, and what they change of it stays, whatever becomes of them."""
        with moving:
            self._lock.acquire()
            try:
                for variable, address in self._state:
                    if variable._elsewhere is not self:
                        self.instance.write(address, variable._home())
                for variable in self._updated:
                    variable._elsewhere = self
            except BaseException:
                self._lock.release()
                raise
        try:
            yield
        finally:
            self._lock.release()

    def _failed(self) -> IndexError:
        self.instance.write(STATUS, np.zeros(1, np.int32))
        return IndexError(f"{self.program.name}: gather met an index out of range; the step has changed nothing")

    def fetch(self, variable: Variable) -> None:
        """Brings home a value that is kept here."""
        with moving, self._lock:
            if variable._elsewhere is self:
                self.instance.read(self._addresses[id(variable)], variable._value)
                variable._elsewhere = None

    def close(self) -> None:
        """Brings home what is kept here and gives the memory back."""
        for variable in self._updated:
            self.fetch(variable)
        self.instance.close()

    def take(self, nbytes: int) -> int:
        """The address of memory for a feed; it may have to grow. Raises ExecutionError, and nothing is taken then."""
        with self._taking:
            heap = deepcopy(self._heap)
            offset = heap.take(nbytes)
            self.instance.grow(self.compiled.size + heap.size)
            self._heap = heap
        return self.compiled.size + offset

    def give_back(self, address: int, nbytes: int) -> None:
        """The counterpart of `take`."""
        with self._taking:
            self._heap.give_back(address - self.compiled.size, nbytes)


class Feed:
    """Rows for the inputs of an Executable, in its memory."""

    chunk = CHUNK

    def __init__(self, executable: Executable, data: Sequence[np.ndarray]) -> None:
        self._executable = executable
        values = executable.program.inputs
        self._rows = min((len(rows) for rows in data), default=0)
        self._held: list[tuple[int, int]] = []  # addresses and bytes
        self._batch = max((value.shape[0] if value.shape else 1 for value in values), default=0)
        self._order: np.ndarray | None = None  # the last one
        self._order_place = (0, 0)  # where it is, and the bytes that there are
        self._capacity = max(1, min(16384, RESULTS // executable.compiled.record))
        self._arguments: list[int] = []  # of `run`: address and kind of every input's rows
        try:
            self._results = self._take(self._capacity * executable.compiled.record)
            for value, rows in zip(values, data):
                kind = FROM_BYTES if are_bytes(value, rows) else COPY
                address = self._take(rows.nbytes)
                executable.instance.write(address, np.ascontiguousarray(rows))
                self._arguments += [address, kind]
        except BaseException:
            self.close()
            raise

    def _take(self, nbytes: int) -> int:
        address = self._executable.take(nbytes)
        self._held.append((address, nbytes))
        return address

    def run(self, order: np.ndarray | None, first: int, count: int) -> list[np.ndarray]:
        """Runs the steps first .. first + count - 1; see `Feed` in `backends/executable.py`."""
        executable = self._executable
        records = np.empty((count, executable.compiled.record), np.uint8)
        done = 0
        check_count(first, count, self._batch, self._rows if order is None else order.size)
        with executable._running():
            place = self._placed(order)
            while done < count:
                several = min(count - done, self._capacity)
                ran = executable.instance.call("run", first + done, several, place, self._results, *self._arguments)
                if ran < 0:
                    raise executable._failed()
                if ran:
                    executable.instance.read(self._results, records[done : done + ran])
                done += ran
                if ran < several:
                    break
        outputs = []
        for value, offset in zip(executable.program.outputs, executable.compiled.offsets):
            stacked = np.ascontiguousarray(records[:done, offset : offset + value.spec.nbytes])
            outputs.append(stacked.view(value.dtype).reshape(done, *value.shape))
        return outputs

    def _placed(self, order: np.ndarray | None) -> int:
        """Where the row numbers are that say what a step takes; the same array is taken in once."""
        if order is None:
            return 0
        if self._order is not order:
            check_numbers(order, self._rows)
            numbers = order.astype(np.int32)
            if self._order_place[1] < numbers.nbytes:
                if self._order_place[1]:
                    self._give_back(self._order_place)
                self._order, self._order_place = None, (0, 0)
                self._order_place = self._take(numbers.nbytes), numbers.nbytes
            self._executable.instance.write(self._order_place[0], numbers)
            self._order = order
        return self._order_place[0]

    def close(self) -> None:
        """Gives the memory of the rows back."""
        for held in list(self._held):
            self._give_back(held)

    def _give_back(self, held: tuple[int, int]) -> None:
        self._held.remove(held)
        self._executable.give_back(*held)

