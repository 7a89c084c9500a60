"""Pace: where a training runs at the moment, and how fast, for its History and for whoever watches.

A device may fail and another one go on, so both are looked at after every chunk of steps.
"""

from __future__ import annotations

from typing import Any

from ..callbacks import History
from ..jit.compiled import Prepared


class Pace:
    """Steps and the seconds that they took, written into a History and into the params that callbacks see.

    The first steps on a device are not counted: what they take longer is warming up, or moving there.
    """

    def __init__(self, history: History, params: dict[str, Any]) -> None:
        self._history, self._params = history, params
        self._device: str | None = None
        self._begin()

    def _begin(self) -> None:
        self._steps, self._seconds = 0, 0.0

    def place(self, prepared: Prepared) -> None:
        """Tells where the steps will run, before the first of them."""
        history = self._history
        history.device, history.adapter, history.trial = prepared.device, prepared.adapter, prepared.trial
        self._params.update(device=history.device, adapter=history.adapter, trial=history.trial)
        self._params["operations"] = prepared.program.operations

    def add(self, prepared: Prepared, steps: int, seconds: float) -> None:
        """Counts steps that were run."""
        if prepared.device != self._device:
            self._device = prepared.device
            self._begin()
            self.place(prepared)
        else:
            self._steps += steps
            self._seconds += seconds

    def tell(self) -> None:
        """Has the History and the params say how fast it was so far; without more than the first steps, None."""
        if self._seconds > 0:
            self._history.steps_per_second = self._steps / self._seconds
            self._history.gflops = self._history.steps_per_second * self._params["operations"] / 1e9
        self._params.update(steps_per_second=self._history.steps_per_second, gflops=self._history.gflops)
