"""Batches: samples as a step takes them, many steps at a time.

The rows are handed over once and cut into batches where the steps run; Python comes back after a moment, the chunk of
the device (50 ms, on a GPU 100), for whatever else there is to do. A last, smaller batch has a Program of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from ..backends import ExecutionError
from ..jit import Jitted
from ..jit.compiled import Prepared, Rows
from ..ops import Spec
from .pace import Pace
from .samples import Samples

GROWTH = 10  # a chunk has at most so many times the steps of the one before: the first may have been quick by chance


class Batches:
    """Samples cut into batches for a step.

    step:    the jitted function of a batch: its first output the loss, the others the metrics' counts
    samples: all of them
    size:    samples of a batch; of the last one what is left
    once:    True where every batch is run once only: then the rows are not handed over, but batch by batch
    pace:    counts the steps of whole batches, if given

    step, size, steps: the step, samples of a batch, and batches in all
    prepared:          the step for batches of that size
    """

    def __init__(
        self, step: Jitted, samples: Samples, size: int, once: bool = False, pace: Pace | None = None
    ) -> None:
        count = len(samples.x)
        self.step, self.samples = step, samples
        self.size = min(size, count)
        self.steps = -(-count // self.size)
        self._whole = count // self.size
        self._once = once
        self._pace = pace
        self.prepared = step.prepared(*self._specs(self.size))
        self._rows: Rows | None = None
        self._rest: Prepared | None = None
        self._count = 1  # steps of the next chunk
        self._after = 0.0  # seconds that a step takes beside its own

    def arrays(self, step: int, order: np.ndarray | None = None) -> list[np.ndarray]:
        """The arrays of one batch, (samples, ...) each; order as for `run`."""
        return self.samples.batch(step * self.size, (step + 1) * self.size, order)

    def size_of(self, step: int) -> int:
        """The samples of one batch."""
        return min(self.size, len(self.samples.x) - step * self.size)

    def run(self, first: int, limit: int, order: np.ndarray | None = None) -> list[np.ndarray]:
        """Runs steps from `first` on, at most `limit`, for a moment: their outputs stacked, (steps, ...) each.

        order: the samples in the order in which they are taken, (samples,); None: as they come. Steps of one size
        only; a step whose loss is not finite is the last.
        """
        if first < self._whole and self._handed_over():
            return self._timed(min(limit, self._whole - first), lambda rows, count: rows.run(order, first, count))
        if first == self._whole and self._rest is None:
            self._rest = self.step.prepared(*self._specs(self.size_of(first)))
        if first == self._whole and self._rest:
            return [array[None] for array in self._rest(*self.arrays(first, order))]
        return self._called(self.arrays(first, order))

    def repeat(self, limit: int) -> list[np.ndarray]:
        """As `run`, where all samples are one batch: each step takes them all."""
        if not self._handed_over():
            return self._called(self.arrays(0))
        return self._timed(limit, lambda rows, count: rows.repeat(count))

    def slow_down(self, steps: int, seconds: float) -> None:
        """Says how long it took to deal with the outputs of so many steps, so that chunks become shorter by that."""
        self._after = seconds / max(1, steps)
        if self._after > 0 and self._rows:
            self._count = max(1, min(self._count, int(self._rows.chunk / self._after)))

    def close(self) -> None:
        """Gives the memory of the rows back."""
        if self._rows is not None:
            self._rows.close()
            self._rows = None

    def _handed_over(self) -> bool:
        """Whether the rows are where the steps run. With device="auto" they need not find room there."""
        if self._rows is None and not self._once:
            try:
                self._rows = self.prepared.feed(*self.samples.rows())
            except ExecutionError:
                if not self.step.chooses:
                    raise
                self._once = True
        return self._rows is not None

    def _timed(self, limit: int, run: Callable[[Rows, int], list[np.ndarray]]) -> list[np.ndarray]:
        assert self._rows is not None
        count = min(self._count, limit)
        start = time.perf_counter()
        outputs = run(self._rows, count)
        seconds = time.perf_counter() - start
        done = len(outputs[0])
        self._add(done, seconds)
        seconds += done * self._after
        fitting = int(done * self._rows.chunk / seconds) if seconds > 0 else GROWTH * done
        if done == self._count or fitting < self._count:  # a chunk cut short by a limit says little of longer ones
            self._count = max(1, min(fitting, GROWTH * done))
        return outputs

    def _called(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        start = time.perf_counter()
        outputs = self.prepared(*arrays)
        self._add(1, time.perf_counter() - start)
        return [array[None] for array in outputs]

    def _add(self, steps: int, seconds: float) -> None:
        if self._pace:
            self._pace.add(self.prepared, steps, seconds)

    def _specs(self, size: int) -> list[Spec]:
        return [Spec((size, *array.shape[1:]), array.dtype) for array in self.samples.batch(0, 1, None)]
