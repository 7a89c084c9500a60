"""Notices: what the trouble of a device becomes for the learner, while the work itself goes on elsewhere.

`failover.py` tells them. In the page an event shows them, on the desktop a line on standard error, and the History of
a training keeps them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_SENTENCES = {
    "lost": "{device} was lost ({detail}): pydl goes on with {to} from the last synchronised state; nothing is lost "
    "but a moment",
    "memory": "{device} has not enough memory ({detail}): pydl goes on with {to}; the results are the same, the steps "
    "may take longer",
    "invalid": "{device} did not do what it was asked ({detail}): pydl goes on with {to} from the last synchronised "
    "state; nothing is lost but a moment",
    "wrong": "{device} computes wrong numbers ({detail}): pydl does not use it and goes on with {to}; the results are "
    "right, the steps may take longer",
}


@dataclass(frozen=True)
class Notice:
    """A device has failed, and where the work goes on; as a text it is one sentence in English.

    cause:  the kind, a word for programs, as of DeviceFailure: "lost", "memory", "invalid" or "wrong"
    device: what has failed, with its adapter where that is known: "webgpu (SwiftShader)"
    to:     the device where it goes on: "wasm"
    detail: the failure in its own words
    """

    cause: str
    device: str
    to: str
    detail: str

    def __str__(self) -> str:
        return _SENTENCES[self.cause].format(device=self.device, to=self.to, detail=self.detail.rstrip("."))


_told: list[Notice] = []
_listeners: list[Callable[[Notice], object]] = []
_trainings: list[tuple[int, list[str]]] = []  # under way: how many were told before, and where to keep them


def told() -> int:
    """How many there were so far: a place in time, for `tell`."""
    return len(_told)


def tell(notice: Notice, since: int | None = None) -> None:
    """Tells a notice to those who listen; where nobody does, to standard error.

    since: as of `told()`: an equal one that has been told after that was of the same failure, and is enough; None
           stands for the beginning of the training under way
    """
    if since is None:
        since = _trainings[0][0] if _trainings else 0
    if notice in _told[since:]:
        return
    _told.append(notice)
    for _, kept in _trainings:
        kept.append(str(notice))
    for listener in list(_listeners):
        listener(notice)
    if not _listeners:
        print(f"pydl: {notice}", file=sys.stderr, flush=True)


@contextmanager
def listening(function: Callable[[Notice], object]) -> Iterator[None]:
    """Inside of this `with`, function(notice) is called for each notice, and standard error stays silent."""
    _listeners.append(function)
    try:
        yield
    finally:
        _listeners.remove(function)


@contextmanager
def kept_in(texts: list[str]) -> Iterator[None]:
    """A training is under way inside of this `with`: its notices are added to the texts, whoever else is told."""
    _trainings.append(training := (len(_told), texts))
    try:
        yield
    finally:
        _trainings[:] = [each for each in _trainings if each is not training]
