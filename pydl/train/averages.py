"""Averages: the loss and the metrics of an epoch, exact however it is cut into batches.

Every step hands over its mean loss and the metrics' counts, many steps at once where they were run so; `fit` and
`evaluate` read the logs off the sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np

from ..metrics import Metric
from ..tensor import Tensor


class Averages:
    """Sums up what every batch gives: its mean loss, and the counts of its metrics."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self.names = ["loss", *(metric.name for metric in metrics)]
        # Most metrics are shares of the samples: for these a division will do, the others compute with Tensors.
        self._results = [None if type(metric).result is Metric.result else metric.result for metric in metrics]
        self.reset()

    def reset(self) -> None:
        """Forgets all batches."""
        self._samples = 0
        self._loss = 0.0
        self._counts: list[Any] = [np.float64(0)] * len(self._results)

    def add(self, loss: float, counts: Sequence[np.ndarray], samples: int) -> None:
        """Takes a batch of so many samples in: its mean loss, and what each metric has counted."""
        self._samples += samples
        self._loss += loss * samples
        for index, count in enumerate(counts):
            self._counts[index] = self._counts[index] + count  # in float64

    def add_all(self, losses: np.ndarray, counts: Sequence[np.ndarray], samples: int) -> None:
        """Takes several batches of so many samples each in, to the bit as `add` does one after the other.

        losses: (batches,) their mean losses. counts: of each metric what it has counted, (batches, ...)
        """
        if len(losses) == 1:
            return self.add(float(losses[0]), [count[0] for count in counts], samples)
        self._samples += samples * len(losses)
        self._loss = float(_summed(self._loss, losses.astype(np.float64) * samples))
        for index, count in enumerate(counts):
            self._counts[index] = _summed(self._counts[index], count)
        return None

    def logs_of_each(self, losses: np.ndarray, counts: Sequence[np.ndarray], samples: int) -> dict[str, list[float]]:
        """The logs of epochs of one batch each, by name; arguments as for `add_all`. What was added is left alone."""
        lists = [((0.0 + losses.astype(np.float64) * samples) / samples).tolist()]
        for result, count in zip(self._results, counts):
            if result is None:
                lists.append((count.astype(np.float64).reshape(len(losses)) / samples).tolist())
            else:
                lists.append([])
                # A result takes 0.1 ms and more (2026-11), and among thousands of counts few are different.
                known: dict[bytes, float] = {}
                for each in count.astype(np.float64):
                    if (key := each.tobytes()) not in known:
                        known[key] = result(Tensor(each), samples).item()
                    lists[-1].append(known[key])
        return dict(zip(self.names, lists))

    def logs(self) -> dict[str, float]:
        """The loss and the metrics of everything added since the last reset; all 0 before the first batch."""
        samples = self._samples
        if not samples:
            return dict.fromkeys(self.names, 0.0)
        values = [self._loss / samples]
        for result, counts in zip(self._results, self._counts):
            values.append(float(counts) / samples if result is None else result(Tensor(counts), samples).item())
        return dict(zip(self.names, values))

    def state(self) -> dict[str, Any]:
        """The sums so far, for a checkpoint."""
        return {"samples": self._samples, "loss": self._loss, "counts": [np.asarray(count) for count in self._counts]}

    def check_state(self, state: Mapping[str, Any]) -> None:
        """Raises ValueError for what `state()` of other metrics gave."""
        numbers = [np.asarray(value) for value in (state["samples"], state["loss"], *state["counts"])]
        trial = copy(self)
        trial.load_state(state)
        try:
            trial.logs()
            fits = len(state["counts"]) == len(self._counts) and all(each.dtype.kind in "iuf" for each in numbers)
        except (TypeError, ValueError):  # counts of another shape
            fits = False
        if not fits:
            raise ValueError(f"it was written within an epoch with other metrics than {', '.join(self.names)}")

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state()` gave."""
        self._samples, self._loss, self._counts = state["samples"], state["loss"], list(state["counts"])


def _summed(start: Any, parts: np.ndarray) -> Any:
    """start + parts[0] + parts[1] + ... in float64, added from left to right; `numpy.sum` adds in another order."""
    column = np.empty((len(parts) + 1, *parts.shape[1:]))
    column[0], column[1:] = start, parts
    with np.errstate(all="ignore"):
        return np.add.accumulate(column)[-1]
