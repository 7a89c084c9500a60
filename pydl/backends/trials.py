"""What trials of devices have shown, remembered: in this process, and in a small file in pydl's cache.

The file is a convenience: where it is damaged, of another version or another machine, or cannot be written, trials are
made anew, and nothing is said.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..files import cache_folder, write_whole

if TYPE_CHECKING:
    from ..jit.program import Program

LIMIT = 500  # trials that are remembered; the oldest go first

Figures = dict[str, float]  # milliseconds per step, by device

_known: dict[str, Figures] = {}


def recall(program: Program, names: list[str]) -> Figures | None:
    """The figures of a trial of this Program among these devices, if there was one on this machine."""
    key = _key(program, names)
    if key not in _known:
        for kept, figures in _read().items():
            _known.setdefault(kept, figures)
    return _known.get(key)


def keep(program: Program, names: list[str], figures: Figures) -> None:
    """Remembers the figures of a trial of this Program among these devices."""
    key = _key(program, names)
    _bounded(_known)[key] = figures
    path = _path()
    kept = _bounded(_read()) | {key: {name: round(value, 4) for name, value in figures.items()}}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(_origin() | {"trials": kept}, indent=1).encode())
    except OSError:
        pass


def _bounded(trials: dict[str, Figures]) -> dict[str, Figures]:
    while len(trials) >= LIMIT:
        del trials[next(iter(trials))]
    return trials


def _key(program: Program, names: list[str]) -> str:
    return hashlib.sha256(f"{sorted(names)}\n{program}".encode()).hexdigest()[:24]


def _path() -> Path:
    return cache_folder() / "devices.json"


def _origin() -> dict[str, str]:
    """On what the figures were taken: they hold for nothing else."""
    from .. import __version__

    machine = [platform.node(), platform.machine(), sys.platform, str(os.cpu_count()), f"numpy {np.__version__}"]
    return {"pydl": __version__, "machine": ", ".join(machine)}


def _read() -> dict[str, Figures]:
    try:
        content = json.loads(_path().read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict) or any(content.get(name) != value for name, value in _origin().items()):
        return {}
    trials = content.get("trials")
    if not isinstance(trials, dict):
        return {}
    return {key: figures for key, figures in trials.items() if _are_figures(figures)}


def _are_figures(thing: Any) -> bool:
    return (
        isinstance(thing, dict)
        and len(thing) > 1
        and all(isinstance(each, (int, float)) and math.isfinite(each) and each >= 0 for each in thing.values())
    )
