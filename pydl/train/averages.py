"""Averages: the loss and the metrics of an epoch, exact however it is cut into batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        self._samples = 0
        self._loss = 0.0
        self._counts: list[Any] = [np.float64(0)] * len(self._results)

    def add(self, loss: float, counts: Sequence[np.ndarray], samples: int) -> None:
        self._samples += samples
        self._loss += loss * samples
        for index, count in enumerate(counts):
            self._counts[index] = self._counts[index] + count  # in float64

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
        return {"samples": self._samples, "loss": self._loss, "counts": [np.asarray(count) for count in self._counts]}

    def check_state(self, state: Mapping[str, Any]) -> None:
        """Raises ValueError for what `state()` of other metrics gave."""
        numbers = [np.asarray(value) for value in (state["samples"], state["loss"], *state["counts"])]
        if len(state["counts"]) != len(self._counts) or any(each.dtype.kind not in "iuf" for each in numbers):
            raise ValueError(f"it was written within an epoch with other metrics than {', '.join(self.names)}")

    def load_state(self, state: Mapping[str, Any]) -> None:
        self._samples, self._loss, self._counts = state["samples"], state["loss"], list(state["counts"])
