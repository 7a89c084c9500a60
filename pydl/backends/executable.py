"""What a backend is, and what it makes of a Program: the few methods by which `jit` and `fit` know them all.

State lives in Variables. An Executable may keep the newest value of one to itself; it says so in the Variable's
`_elsewhere`, and whoever reads the Variable has it brought home by `fetch`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .errors import DeviceFailure

if TYPE_CHECKING:
    from ..jit.program import Program
    from ..variable import Holder, Variable

# Of who brings state from one memory to another, whichever the backends are: taken before any Executable's own lock.
# It also makes for fairness: who reads a Variable gets its turn between two runs of a training, which would take its
# own lock again at once.
moving = threading.RLock()

CHUNK = 0.05  # seconds of steps between two looks at the world: short enough for Stop, long beside Python's own work


class Feed(Protocol):
    """Rows for the inputs of a Program, kept where its steps run, so that many steps are one call."""

    @property
    def chunk(self) -> float:
        """How many seconds of steps one call of `run` had best take here."""

    def run(self, order: np.ndarray | None, first: int, count: int) -> list[np.ndarray]:
        """Runs the steps first .. first + count - 1 and gives their outputs, stacked: (done, *shape) each.

        order: row numbers, (rows,) of any length: step i takes order[i * batch : (i + 1) * batch]. None: the rows as
               they come. The same array is handed over again and again, and is not changed between

        done < count where the first output of a step was a single float and not finite: that step is the last one
        done. Raises ExecutionError; the state is then that of the last finished step.
        """

    def close(self) -> None:
        """Gives the memory of the rows back: the feed is not to be used again."""


class Executable(Protocol):
    """A Program ready to run."""

    @property
    def bytes(self) -> int:
        """The memory that it holds."""

    @property
    def adapter(self) -> str:
        """What it runs on, in that one's own words: an engine, a GPU; "" where there is nothing to tell."""

    def __call__(self, *inputs: np.ndarray) -> list[np.ndarray]:
        """One step: arrays of the inputs' shapes and dtypes in, those of the outputs out.

        It raises before any state is changed, or finishes the step.
        """

    def feed(self, *data: np.ndarray) -> Feed:
        """Takes rows for the inputs: data[i] of shape (rows, *input.shape[1:]) in the input's dtype.

        Bytes (uint8) will do for floats: they are converted a batch at a time.
        """

    def fetch(self, variable: Variable) -> None:
        """Brings home a value that is kept here: writes it into the Variable's array, and ends its being elsewhere."""

    def close(self) -> None:
        """Brings home what it keeps and gives its memory back: it is not to be used again."""


class Losable(Executable, Protocol):
    """An Executable whose device may fail with all that is kept there: a GPU's. `failover.py` watches over it.

    holder: what it writes into the `_elsewhere` of the Variables that it keeps, and takes as its own there
    """

    holder: Holder

    def sync(self) -> None:
        """Brings what is kept here into the Variables' arrays, in one read-back, all of it or nothing.

        Only Variables whose `_elsewhere` is the holder are written, and they stay the holder's.
        """


class Backend(Protocol):
    """What turns Programs into Executables: `pydl.backends.numpy` is one, a module."""

    def available(self) -> bool:
        """Whether it can run anything here."""

    def compile(self, program: Program) -> Executable:
        """A Program bound to the Variables of its state. Raises Unsupported."""


class LosableBackend(Protocol):
    """A backend whose device may fail: `pydl.backends.webgpu`, a module."""

    def available(self) -> bool:
        """Whether it can run anything here."""

    def why_not(self) -> str:
        """Why it cannot, and what would help; "" where it can."""

    def failure(self) -> DeviceFailure | None:
        """What has become of a device that was here, and is not used any more; None where there is no such thing."""

    def adapter(self) -> str:
        """What Programs would run on, in its own words; "" where there is none."""

    def compile(self, program: Program) -> Losable:
        """A Program bound to the Variables of its state. Raises Unsupported, and DeviceFailure."""
