"""A compiled step as a contestant: made once, its rows brought to where it runs once, then many steps per call.

That is the way `fit` takes. The time that compiling took is kept, from the Python function to what can be called.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from ..backends import Unsupported
from ..jit import Jitted
from .networks import SEED, Network


class Compiled:
    """`run(count)` takes that many steps; close it when it is done.

    step:   a jitted function of a batch of each of `rows`, whose first output is a single number
    rows:   (rows, ...) each. batch: how many of them a step takes
    device: where it is to run. Raises Unsupported where another one has to go on

    seconds:      that compiling took: trace, passes, machine code, instance
    program:      what was compiled
    module_bytes: the length of the machine code, or of WGSL; None where there is none
    memory_bytes: what the step works in
    dispatches:   of a step on a GPU; None elsewhere
    """

    def __init__(self, step: Jitted, rows: Sequence[np.ndarray], batch: int, device: str) -> None:
        start = time.perf_counter()
        prepared = step.prepared(*(array[:batch] for array in rows))
        self.seconds = time.perf_counter() - start
        self.program = prepared.program
        executable = getattr(prepared.executable, "current", prepared.executable)  # what is watched over on a GPU
        self.module_bytes: int | None = getattr(executable, "module_bytes", None)
        self.memory_bytes = executable.bytes
        self.dispatches: int | None = getattr(executable, "dispatches", None)
        self._prepared, self._device = prepared, device
        self._rows = prepared.feed(*rows)
        self._batch = batch
        self._numbers = np.random.default_rng(SEED).permutation(len(rows[0])).astype(np.int32)
        self._order = self._numbers
        self._stays()

    def __call__(self, count: int) -> float:
        """The loss of the last of `count` steps."""
        if len(self._order) < count * self._batch:
            self._order = np.resize(self._numbers, count * self._batch)
        losses = self._rows.run(self._order, 0, count)[0]
        if len(losses) < count or not np.isfinite(losses[-1]):
            raise ArithmeticError(f"the loss became {losses[-1]} at step {len(losses)}: its times mean nothing")
        self._stays()
        return float(losses[-1])

    def _stays(self) -> None:
        """Another device's times are not to stand under this one's name."""
        if self._prepared.device != self._device:
            raise Unsupported(f"{self._device} has failed, and {self._prepared.device} went on: see the notice")

    def close(self) -> None:
        """Gives back the memory of the rows; that of the step goes with the step."""
        self._rows.close()


def training(network: Network, device: str) -> Compiled:
    """The training step of a fresh model of the network."""
    model = network.model()
    x, y = network.rows()
    model.optimizer.build(model.trainable_weights)
    return Compiled(model.compiled("train", device), (x, y), network.batch, device)
