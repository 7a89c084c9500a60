"""Stopping and pausing: how the world outside of a synchronous `fit` gets a word in.

`fit` asks here after every step. Whoever wants it to end calls `request_stop` (a signal handler, the page's worker);
whoever needs a moment now and then (a worker that must read its messages) sets a pause.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class TrainingStopped(KeyboardInterrupt):
    """Raised out of `fit` (`evaluate`, `predict`) at the first batch boundary after a stop was asked for.

    history: the epochs that were finished, as in `History.history`. The model keeps what it has learned.
    """

    def __init__(self, history: dict[str, list[float]]) -> None:
        epochs = max(map(len, history.values()), default=0)
        super().__init__(f"training was stopped after {epochs} finished epochs")
        self.history = history


_stop_requested = False
_pause: Callable[[], object] | None = None
_pause_every = 0.05
_last_pause = 0.0


def request_stop() -> None:
    """Asks the training under way to end at its next batch boundary."""
    global _stop_requested
    _stop_requested = True


def stop_requested() -> bool:
    """Whether the training under way was asked to end."""
    return _stop_requested


def reset() -> None:
    """Forgets a request to stop: before a new run."""
    global _stop_requested
    _stop_requested = False


def set_pause(function: Callable[[], object] | None, every: float = 0.05) -> None:
    """Has `function` called between batches, at least `every` seconds apart; None for no pauses."""
    global _pause, _pause_every
    _pause, _pause_every = function, every


def boundary(history: dict[str, list[float]]) -> None:
    """Called by every loop between two batches: pauses where it is time to, stops where it was asked to.

    history: the epochs done so far, for TrainingStopped, which is raised then
    """
    global _last_pause
    if _pause is not None and (now := time.monotonic()) - _last_pause >= _pause_every:
        _pause()
        _last_pause = now
    if _stop_requested:
        raise TrainingStopped(history)
