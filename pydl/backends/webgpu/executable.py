"""Executable and Feed of the webgpu backend: a compiled step on its GPU, and the Variables that live there.

The state goes up when a run begins and stays there; steps are submitted many at a time and nothing waits for one of
them; in the end the records of all of them are read back at once. Who reads a Variable has the whole state brought
home, in one read-back, which costs 5 to 15 milliseconds in Chrome however little it is (2026-11).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from ...jit.program import Program, Value
from ...variable import Holder, Variable
from ..errors import InvalidOnDevice, OutOfDeviceMemory
from ..executable import moving
from ..rows import are_bytes, check_count, check_numbers
from .compiler import Compiled, Dispatched, compile_program
from .gpu import Gpu
from .hosts import Buffer, Commands, Dispatch
from .kernels.control import Source
from .kernels.shader import CONTROL, HALTED, NONFINITE, ORDERED, OUT_OF_RANGE, SLOT, STEP, Place
from .words import WORD, pack, unpack

CHUNK = 0.1  # seconds of steps in a call: the page hears ten times a second, and a read-back is a tenth of it


class Executable:
    """A Program on a GPU, bound to the Variables of its state.

    holder:       what Variables that are kept here name as their holder
    bytes:        of buffers that it holds; module_bytes: of WGSL
    dispatches:   of a step, those that take its rows from a feed included
    """

    def __init__(self, program: Program, gpu: Gpu) -> None:
        self.program, self.gpu = program, gpu
        self.compiled: Compiled = compile_program(program, gpu.host.limits, gpu.tuning)
        self.module_bytes = sum(len(each.text.code) for each in self.compiled.step)
        self.dispatches = len(self.compiled.step) + 1
        self.holder: Holder = self
        self._held: dict[int, int] = {}  # by a Variable's id: the version of it that lies here
        unit = self.compiled.unit
        self._state = [(variable, unit.places[value], value) for variable, value in program.state]
        self._updated = [variable for variable, _ in program.updates]
        banks = self._banks()
        self.bytes = sum(size for _, size in banks)
        self._give_back = gpu.keeper(self, banks)
        self.banks: list[Buffer] = [buffer for buffer, _ in banks]
        self._step = self.bound(self.compiled.step)
        self._once = gpu.host.sequence(self._step)
        for place, words in self.compiled.constants:
            self._write(place, words)

    @property
    def adapter(self) -> str:
        """The GPU, as it calls itself."""
        return self.gpu.host.adapter

    def _banks(self) -> list[tuple[Buffer, int]]:
        found: list[tuple[Buffer, int]] = []
        try:
            for number, words in enumerate(self.compiled.placement.banks):
                what = f"{self.program.name}: memory {number} of {words * WORD / 1e6:.1f} MB"
                found.append(take(self.gpu, words * WORD, what))
        except BaseException:
            for each in found:
                self.gpu.give_back(*each)
            raise
        return found

    def bound(self, dispatched: Sequence[Dispatched], extra: Sequence[Sequence[Buffer]] = ()) -> list[Dispatch]:
        """Dispatches with this executable's banks, and further buffers for each."""
        host = self.gpu.host
        pipelines = self.gpu.pipelines([each.text for each in dispatched])
        found = []
        for number, (each, pipeline) in enumerate(zip(dispatched, pipelines)):
            buffers = [self.banks[bank] for bank in each.banks] + list(extra[number] if extra else ())
            found.append(Dispatch(pipeline, host.bind(pipeline, buffers), each.x, each.y))
        return found

    def __call__(self, *inputs: np.ndarray) -> list[np.ndarray]:
        words = [pack(np.asarray(array, value.dtype)) for value, array in zip(self.program.inputs, inputs)]
        with self._running():
            for value, array in zip(self.program.inputs, words):
                self._write(self.compiled.unit.places[value], array)
            _, outputs = self.run(self._once, 0, 1, False)
        return [array[0, ...] for array in outputs]  # of a single number, too, an array

    def feed(self, *data: np.ndarray) -> Feed:
        """Rows for the inputs, in buffers of the GPU. Raises OutOfDeviceMemory."""
        return Feed(self, data)

    # ---- steps

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Steps may run inside of it: the state is here, and what they change of it stays, whatever becomes of them."""
        with moving:
            for variable, place, value in self._state:
                self._bring(variable, place, value)
            for variable in self._updated:
                variable._elsewhere = self.holder
                variable._version += 1  # what others hold of it is old
            yield

    def _bring(self, variable: Variable, place: Place, value: Value) -> None:
        """Sees to it that a Variable's newest value lies here: copied on the GPU where it is there, else written.

        One that is at home is always written: somebody may have changed its array.
        """
        holder = variable._elsewhere
        if holder is self.holder or (holder is not None and self._held.get(id(variable)) == variable._version):
            return
        other = getattr(holder, "current", holder)
        updated = any(variable is each for each in self._updated)
        if isinstance(other, Executable) and other.gpu is self.gpu and not updated:
            source = other.place_of(variable)
            self.gpu.host.copy(
                other.banks[source.bank], source.start * WORD,
                self.banks[place.bank], place.start * WORD, value.spec.size * WORD,
            )  # fmt: skip
        else:
            self._write(place, pack(variable._home()))
        self._held[id(variable)] = variable._version

    def place_of(self, variable: Variable) -> Place:
        """Where a Variable of its state lies."""
        return next(place for each, place, _ in self._state if each is variable)

    def _write(self, place: Place, words: np.ndarray) -> None:
        if words.size:
            self.gpu.host.write(self.banks[place.bank], place.start * WORD, words)

    def run(self, commands: Commands, first: int, count: int, ordered: bool) -> tuple[int, list[np.ndarray]]:
        """Runs up to as many steps as the ring has records: how many were done, and their outputs, stacked."""
        control = np.zeros(CONTROL, np.uint32)
        control[STEP], control[ORDERED] = first, ordered
        host = self.gpu.host
        host.write(self.banks[0], 0, control)
        host.run(commands, count)
        record = self.compiled.placement.record
        words = np.empty(record.ring.start + count * record.words, np.uint32)
        host.read(self.banks[0], 0, words)
        done = int(words[SLOT])
        if words[HALTED] == OUT_OF_RANGE:
            raise IndexError(f"{self.program.name}: gather met an index out of range; the step has changed nothing")
        if done < count and words[HALTED] != NONFINITE:
            raise InvalidOnDevice(f"{self.program.name}: of {count} steps that were submitted {done} were done")
        records = words[record.ring.start :].reshape(count, record.words)[:done]
        outputs = []
        for value, at in zip(self.program.outputs, record.offsets):
            stack = np.ascontiguousarray(records[:, at : at + value.spec.size])
            outputs.append(_stacked(stack, value))
        return done, outputs

    # ---- the state at home

    def sync(self) -> None:
        """Brings the newest values of all Variables that are kept here into their arrays; they stay the holder's."""
        with moving:
            held = [each for each in self._state if each[0]._elsewhere is self.holder and each[2].spec.size]
            arrays: list[tuple[Variable, np.ndarray]] = []
            for bank in {place.bank for _, place, _ in held}:
                here = [each for each in held if each[1].bank == bank]
                start = min(place.start for _, place, _ in here)
                end = max(place.start + value.spec.size for _, place, value in here)
                words = np.empty(end - start, np.uint32)
                self.gpu.host.read(self.banks[bank], start * WORD, words)
                for variable, place, value in here:
                    part = words[place.start - start :][: value.spec.size]
                    arrays.append((variable, unpack(part, value)))
            for variable, array in arrays:  # all or nothing: nothing can fail from here on
                np.copyto(variable._value, array)
                self._held[id(variable)] = variable._version

    def fetch(self, variable: Variable) -> None:
        """Brings home a value that is kept here, and all others with it."""
        with moving:
            if variable._elsewhere is not self:
                return
            self.sync()
            for each in self._updated:
                if each._elsewhere is self:
                    each._elsewhere = None

    def close(self) -> None:
        """Brings home what is kept here and gives the buffers back."""
        with moving:
            for variable in self._updated:
                if variable._elsewhere is self:
                    self.fetch(variable)
            self._give_back()


class Feed:
    """Rows for the inputs of an Executable, in buffers of their own; a large data set has several."""

    chunk = CHUNK

    def __init__(self, executable: Executable, data: Sequence[np.ndarray]) -> None:
        self._executable = executable
        self._gpu, values = executable.gpu, executable.program.inputs
        self._rows = min((len(rows) for rows in data), default=0)
        self._batch = max((value.shape[0] if value.shape else 1 for value in values), default=0)
        self._order: np.ndarray | None = None  # the last one
        self._lock = threading.Lock()
        self._held: list[tuple[Buffer, int]] = []
        try:
            self._sources, self._buffers = self._upload(values, data)
            self._order_buffer, self._order_size = self._take(WORD * max(1, self._rows), "row numbers")
            self._commands = self._sequence()
        except BaseException:
            self.close()
            raise

    def _take(self, nbytes: int, what: str) -> tuple[Buffer, int]:
        taken = take(self._gpu, nbytes, f"{self._executable.program.name}: {what}")
        self._held.append(taken)
        return taken

    def _upload(self, values: Sequence[Value], data: Sequence[np.ndarray]) -> tuple[list[Source], list[Buffer]]:
        limits = self._gpu.host.limits
        sources, buffers = [], []
        for value, rows in zip(values, data):
            as_bytes = are_bytes(value, rows)
            elements = int(np.prod(value.shape[1:]))
            row_bytes = max(1, elements * (1 if as_bytes else WORD))
            most = max(4, min(limits.binding, limits.buffer) // row_bytes // 4 * 4)  # rows; fours end with a word
            for first in range(0, max(1, len(rows)), most):
                some = rows[first : first + most]
                buffer, _ = self._take(WORD * -(-max(4, len(some) * row_bytes) // WORD), f"{len(some)} rows")
                words = _bytes_as_words(some) if as_bytes else pack(some)
                if words.size:
                    self._gpu.host.write(buffer, 0, words)
                sources.append(Source(value, first, len(some), max(1, elements), as_bytes, len(rows) > most))
                buffers.append(buffer)
        return sources, buffers

    def _sequence(self) -> Commands:
        takes = self._executable.compiled.take(self._sources)
        extra = [[self._order_buffer, *(self._buffers[n] for n in numbers)] if numbers else [] for _, numbers in takes]
        begin = self._executable.bound([each for each, _ in takes], extra)
        return self._gpu.host.sequence([*begin, *self._executable._step])

    def run(self, order: np.ndarray | None, first: int, count: int) -> list[np.ndarray]:
        """Runs the steps first .. first + count - 1; see `Feed` in `backends/executable.py`."""
        executable = self._executable
        check_count(first, count, self._batch, self._rows if order is None else order.size)
        if not count:
            return [np.zeros((0, *value.shape), value.dtype) for value in executable.program.outputs]
        capacity = executable.compiled.placement.capacity
        parts: list[list[np.ndarray]] = []
        done = 0
        with executable._running():
            self._place(order)
            while done < count:
                several = min(count - done, capacity)
                ran, outputs = executable.run(self._commands, first + done, several, order is not None)
                parts.append(outputs)
                done += ran
                if ran < several:
                    break
        if len(parts) == 1:
            return parts[0]
        return [np.concatenate(stacks) for stacks in zip(*parts)]

    def _place(self, order: np.ndarray | None) -> None:
        """Brings row numbers to the GPU; the same array once."""
        if order is None or self._order is order:
            return
        check_numbers(order, self._rows)
        numbers = order.astype(np.uint32)
        if numbers.nbytes > self._order_size:
            self._order_buffer, self._order_size = self._take(numbers.nbytes, "row numbers")
            self._commands = self._sequence()
        if numbers.size:
            self._gpu.host.write(self._order_buffer, 0, numbers)
        self._order = order

    def close(self) -> None:
        """Gives the memory of the rows back."""
        with self._lock:
            while self._held:
                self._gpu.give_back(*self._held.pop())


def take(gpu: Gpu, nbytes: int, what: str) -> tuple[Buffer, int]:
    """A buffer from the pool; where the device has no memory for it, once more without what waits there."""
    try:
        return gpu.take(nbytes, what)
    except OutOfDeviceMemory:
        gpu.forget()
        return gpu.take(nbytes, what)


def _stacked(words: np.ndarray, value: Value) -> np.ndarray:
    many = Value(value.name, type(value.spec)((len(words), *value.shape), value.dtype))
    return unpack(words, many)


def _bytes_as_words(rows: np.ndarray) -> np.ndarray:
    """uint8 numbers, four in a word, the first one in its lowest bits on every machine."""
    flat = np.ascontiguousarray(rows).reshape(-1)
    padded = np.zeros(-(-flat.size // WORD) * WORD, np.uint8)
    padded[: flat.size] = flat
    return padded.view("<u4")
