"""What a backend is, and what it makes of a Program: the few methods by which `jit` and `fit` know them all.

State lives in Variables. An Executable may keep the newest value of one to itself; it says so in the Variable's
`_elsewhere`, and whoever reads the Variable has it brought home by `fetch`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from ..jit.program import Program
    from ..variable import Variable


class Feed(Protocol):
    """Rows for the inputs of a Program, kept where its steps run, so that many steps are one call."""

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


class Backend(Protocol):
    """What turns Programs into Executables: `pydl.backends.numpy` is one, a module."""

    def available(self) -> bool:
        """Whether it can run anything here."""

    def compile(self, program: Program) -> Executable:
        """A Program bound to the Variables of its state. Raises Unsupported."""
