"""Failover: an Executable whose device may fail, and which then goes on with another as if nothing had happened.

Weights that live on a GPU are gone when it is lost. So the state comes home every second or so (`sync`), and what ran
since then is written down: on a failure another device repeats it on copies of the state, which then become the state,
and does what was asked for. A learning rate that was changed, a random mask, the order of the samples: each repeated
step has what it had, and the caller sees nothing of it but correct results.
"""

from __future__ import annotations

import time
from collections.abc import Callable, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from . import executable, notices
from .copies import on_copies
from .errors import DeviceError, DeviceFailure, ExecutionError
from .executable import Executable, Losable, LosableBackend, moving

if TYPE_CHECKING:
    from ..jit.program import Program
    from ..variable import Variable

DEVICE = "webgpu"
FALLBACKS = ("wasm", "numpy")  # in this order, where they are here
# Seconds between two synchronisations. One costs a read-back, 5 to 15 ms in Chrome (2026-11), so about 1 % of the
# time; and a device ten times as slow repeats a lost second in ten.
SYNC = 1.0
LOG = 64 * 2**20  # bytes of inputs that are kept for a repetition: with more, the state is synchronised earlier

Compile = Callable[[str, "Program"], Executable]
Feeds = MutableMapping["Feed", executable.Feed]


class Failover:
    """A Program on a device that may fail, and then on another one.

    program: what is run, bound to the Variables of its state
    backend: of the device that may fail
    compile: compile(device, program) for the others; raises DeviceError where one is not here

    Raises Unsupported; and DeviceFailure where the device fails and no other one can run it.
    """

    def __init__(self, program: Program, backend: LosableBackend, compile: Compile) -> None:
        self.program = program
        self._compile = compile
        self._state = [variable for variable, _ in program.state]
        self._updated = [variable for variable, _ in program.updates]
        self._log: list[_Call | _Steps] = []  # what ran since the state was last at home
        self._kept = 0  # bytes in it
        self._snapshot: list[np.ndarray] = []  # the state when the log began
        self._since = 0.0  # when that was
        self._unsure = False  # an interrupt may have come between a step and its entry in the log
        self._told: int | None = None  # notices of others, when this device was well
        failure = backend.failure()
        if failure is None:
            try:
                self._place = self._begin(backend.compile(program))
                return
            except DeviceFailure as found:
                failure = found
        self._place = self._next(failure, _named(backend.adapter()), [])

    def _begin(self, first: Losable) -> _Place:
        first.holder = self
        self._first: Losable = first
        self._told = notices.told()
        return _Place(DEVICE, first, WeakKeyDictionary())

    @property
    def device(self) -> str:
        """Where it runs now."""
        return self._place.device

    @property
    def current(self) -> Executable:
        """What runs it now."""
        return self._place.executable

    @property
    def adapter(self) -> str:
        """What it runs on now, in that one's own words."""
        return self.current.adapter

    @property
    def bytes(self) -> int:
        """Of memory that it holds where it runs now."""
        return self.current.bytes

    def __call__(self, *inputs: np.ndarray) -> list[np.ndarray]:
        repeatable = self._updated and self.device == DEVICE
        return self._run(_Call([np.array(array) for array in inputs] if repeatable else inputs))

    def feed(self, *data: np.ndarray) -> Feed:
        """Rows for the inputs; they are kept, too, for the case that another device must take them."""
        with moving:
            feed = Feed(self, data)
            try:
                self._place.feeds[feed] = self.current.feed(*data)
            except DeviceFailure as failure:
                self._move(failure, feed)
            return feed

    def fetch(self, variable: Variable) -> None:
        """Brings home a value that is kept here, and all others with it: they are of the same step."""
        with moving:
            if variable._elsewhere is not self:
                return
            try:
                self._sync()
            except DeviceFailure as failure:
                self._move(failure)
            self._let_go()

    def close(self) -> None:
        """Brings home what is kept here and gives the memory back."""
        for variable in self._updated:
            self.fetch(variable)
        with suppress(DeviceFailure):
            self.current.close()

    def _run(self, entry: _Call | _Steps) -> list[np.ndarray]:
        with moving:
            if self.device == DEVICE:
                try:
                    return self._watched(entry) if self._updated else entry.run(*self._place[1:])
                except DeviceFailure as failure:
                    self._move(failure)
        return entry.run(*self._place[1:])

    def _watched(self, entry: _Call | _Steps) -> list[np.ndarray]:
        """Steps that can be repeated elsewhere."""
        if self._unsure or (self._log and self._outdated()):
            self._sync()
        if not self._log:
            self._snapshot = [self._at_home(variable).copy() for variable in self._state]
            self._since, self._kept = time.perf_counter(), 0
        self._unsure = True
        outputs = entry.run(*self._place[1:])
        self._log.append(entry.done(outputs))
        self._unsure = False
        self._kept += entry.bytes
        if time.perf_counter() - self._since > SYNC or self._kept > LOG:
            try:
                self._sync()
            except DeviceFailure as failure:  # too late for these steps, which are done
                self._move(failure)
        return outputs

    def _at_home(self, variable: Variable) -> np.ndarray:
        """Its array, which is up to date where nothing is in the log."""
        return variable._value if variable._elsewhere is self else variable._home()

    def _outdated(self) -> bool:
        """Whether somebody else has changed the state since the log began, so that no later step belongs into it."""
        written = set(map(id, self._updated))
        return any(
            variable._elsewhere is not self
            and (id(variable) in written or not np.array_equal(variable._home(), before))
            for variable, before in zip(self._state, self._snapshot)
        )

    def _sync(self) -> None:
        self._first.sync()
        self._log, self._unsure = [], False

    def _let_go(self) -> None:
        """The arrays of the Variables count, all of them."""
        for variable in self._updated:
            if variable._elsewhere is self:
                variable._elsewhere = None

    # ---- after a failure

    def _move(self, failure: DeviceFailure, *more: Feed) -> None:
        """Brings the state home and goes on with another device, with the feeds that are open. Raises the failure."""
        left = self._place
        self._place = self._next(failure, _named(left.executable.adapter), [*left.feeds, *more])
        with suppress(ExecutionError):
            left.executable.close()

    def _next(self, failure: DeviceFailure, failed: str, feeds: Sequence[Feed]) -> _Place:
        for device in FALLBACKS:
            try:
                self._recover(device)
                found = self._compile(device, self.program)
                place = _Place(device, found, WeakKeyDictionary())
                for feed in feeds:
                    place.feeds[feed] = found.feed(*feed.data)
            except (DeviceError, ExecutionError, MemoryError):
                continue
            notices.tell(notices.Notice(failure.cause, failed, device, str(failure)), self._told)
            return place
        raise failure

    def _recover(self, device: str) -> None:
        """Repeats on a device what the log holds. The Variables have the result in the end, or all is as before."""
        if self._log:
            program = on_copies(self.program, self._snapshot)
            repeated = self._compile(device, program)
            try:
                feeds: Feeds = {}
                for entry in self._log:
                    entry.repeat(repeated, feeds)
                values = [copy._home() for copy, _ in program.state]
            finally:
                repeated.close()
            # What somebody has assigned meanwhile is newer. All arrays come first: an interrupt between two of them
            # leaves the log, and who reads a Variable that is still held here has everything repeated.
            for variable, value in zip(self._state, values):
                if variable._elsewhere is self:
                    np.copyto(variable._value, value)
        self._let_go()
        self._log, self._unsure = [], False


class Feed:
    """Rows for the inputs of a Failover, opened where it runs.

    data: the rows, one array (rows, ...) for each input
    """

    def __init__(self, owner: Failover, data: Sequence[np.ndarray]) -> None:
        self._owner, self.data = owner, data

    @property
    def chunk(self) -> float:
        """As of the feed where it runs now."""
        return self._owner._place.feeds[self].chunk

    def run(self, order: np.ndarray | None, first: int, count: int) -> list[np.ndarray]:
        """Runs the steps first .. first + count - 1; see `Feed` in `executable.py`."""
        return self._owner._run(_Steps(self, order, first, count))

    def close(self) -> None:
        """Gives the memory of the rows back; steps that they might be needed for again are synchronised."""
        owner = self._owner
        with moving:
            if any(entry.feed is self for entry in owner._log):
                try:
                    owner._sync()
                except DeviceFailure as failure:
                    owner._move(failure)
            if opened := owner._place.feeds.pop(self, None):
                with suppress(DeviceFailure):
                    opened.close()
            self.data = ()


class _Place(NamedTuple):
    """Where a Failover runs: one thing, so that no interrupt finds half of it."""

    device: str
    executable: Executable
    feeds: Feeds


@dataclass(frozen=True)
class _Call:
    """A step with inputs of its own."""

    inputs: Sequence[np.ndarray]
    feed = None

    @property
    def bytes(self) -> int:
        return sum(array.nbytes for array in self.inputs)

    def run(self, on: Executable, feeds: Feeds) -> list[np.ndarray]:
        return on(*self.inputs)

    repeat = run

    def done(self, outputs: list[np.ndarray]) -> _Call:
        return self


@dataclass(frozen=True)
class _Steps:
    """Steps of a feed."""

    feed: Feed
    order: np.ndarray | None
    first: int
    count: int
    bytes = 0  # the rows are there anyway

    def run(self, on: Executable, feeds: Feeds) -> list[np.ndarray]:
        if self.feed not in feeds:
            feeds[self.feed] = on.feed(*self.feed.data)
        return feeds[self.feed].run(self.order, self.first, self.count)

    def repeat(self, on: Executable, feeds: Feeds) -> None:
        """All of them, also where rounding has a loss that is not finite come earlier than it did."""
        left = self
        while left.count:
            done = left.done(left.run(on, feeds)).count
            left = replace(left, first=left.first + done, count=left.count - done)

    def done(self, outputs: list[np.ndarray]) -> _Steps:
        """Those that were done: one with a loss that is not finite was the last."""
        return replace(self, count=len(outputs[0])) if outputs else self


def _named(adapter: str) -> str:
    return f"{DEVICE} ({adapter})" if adapter else DEVICE
