"""Figures: how a lesson shows a picture without knowing who looks.

`show` hands the data of a picture to whoever listens: the page's worker, the command line, a test. Nobody listening,
it does nothing. A lesson lists what it shows in its FIGURES: a kind alone, or "plot:cost" where the kind needs a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from pydl.callbacks import Callback

Listener = Callable[[str, dict[str, Any]], None]

_listeners: list[Listener] = []


def show(kind: str, **data: Any) -> None:
    """Shows a picture of a kind ("decision_surface", "digits", ...) from its data: numbers, lists and arrays."""
    for listener in list(_listeners):
        listener(kind, data)


def plot(
    name: str,
    x: Any,
    lines: Mapping[str, Any],
    points: Sequence[Sequence[float]] | np.ndarray | None = None,
    walk: bool = False,
    log: bool = False,
    ordered: bool = False,
) -> None:
    """Shows curves over the same x, (points,).

    name: the figure's, by which its words are found. lines: each one's key and its values, NaN for a gap.
    points: (x, y) beside the curves; walk joins them, first to last. log: a logarithmic y axis. ordered: the lines are
    a sequence (layer 1, 2, 3, ...), coloured as one.
    """
    extra = {} if points is None else {"points": np.asarray(points, float).tolist(), "walk": walk}
    values = np.array([np.asarray(line, np.float32) for line in lines.values()])
    show("plot", name=name, x=np.asarray(x, np.float32), lines=list(lines), values=values, log=log, ordered=ordered,
         **extra)  # fmt: skip


def table(name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], percent: Sequence[str] = ()) -> None:
    """Shows columns and rows of texts, numbers, booleans, None for an empty cell.

    name: the figure's, by which its words are found. percent: the columns that hold shares, 0 to 1
    """
    show("table", name=name, columns=list(columns), rows=[list(row) for row in rows], percent=list(percent))


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Has `listener(kind, data)` called for every figure shown inside of this `with`."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


# ---- when to draw


def due(epoch: int, epochs: int) -> bool:
    """Whether to draw after this epoch (they count from 0).

    After the 1st, 2nd, 4th, 8th, ..., at equal steps later on, and after the last: a picture costs more than an epoch
    of a small network.
    """
    done = epoch + 1
    return done == epochs or done % max(1, epochs // 50) == 0 or done & epoch == 0


def next_due(epoch: int, epochs: int) -> int:
    """The first epoch, from this one on, after which a picture is due."""
    done, every = epoch + 1, max(1, epochs // 50)
    return min(-(-done // every) * every, 1 << epoch.bit_length(), max(done, epochs)) - 1


class Drawing(Callback):
    """Calls `draw()` in a `fit` whenever a picture is due, and at its end."""

    def __init__(self, draw: Callable[[], object]) -> None:
        self.draw = draw
        self.drawn = True

    def next_epoch(self, epoch: int) -> int:
        return next_due(epoch, self.params["epochs"])

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        self.drawn = due(epoch, self.params["epochs"])
        if self.drawn:
            self.draw()

    def on_epochs_end(self, first_epoch: int, logs: dict[str, list[float]]) -> None:
        self.on_epoch_end(first_epoch + len(logs["loss"]) - 1, {})

    def on_train_end(self, logs: dict[str, float]) -> None:
        if not self.drawn:  # training has ended before its last epoch
            self.draw()
