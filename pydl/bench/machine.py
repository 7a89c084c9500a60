"""Where a bench runs: the line that every table of times needs, its threads, and how much memory is held."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__

IN_A_PAGE = sys.platform == "emscripten"
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def here() -> dict[str, Any]:
    """Date, machine and versions, in the types that JSON knows."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "pydl": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "threads": threads(),
        "in_a_page": IN_A_PAGE,
    }


def machine() -> str:
    """As in "2 cores of AMD EPYC, Linux"; a page knows its cores and its browser."""
    if IN_A_PAGE:
        navigator = importlib.import_module("js").navigator
        return f"{navigator.hardwareConcurrency} cores, {browser(navigator.userAgent)}"
    system = {"Darwin": "macOS"}.get(platform.system(), platform.system())
    return f"{os.cpu_count()} cores of {_processor()}, {system}"


def browser(user_agent: str) -> str:
    """As in "Chromium 156" of what a browser says of itself."""
    for mark, name in (("Firefox/", "Firefox"), ("Edg/", "Edge"), ("Chrome/", "Chromium"), ("Version/", "Safari")):
        if mark in user_agent:
            return f"{name} {user_agent.partition(mark)[2].split('.')[0]}"
    return "an unknown browser"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def threads() -> int | None:
    """1 where the matrix products of NumPy are known to use one thread, else None.

    NumPy reads the environment variables when it is loaded; the package threadpoolctl, where it is installed, asks
    and limits a library that runs already.
    """
    if IN_A_PAGE or any(os.environ.get(name) == "1" for name in THREADS):
        return 1
    try:
        importlib.import_module("threadpoolctl").threadpool_limits(1)
    except ImportError:
        return None
    return 1


def memory() -> int | None:
    """Bytes that this process holds now: on Linux all of it, in a page Python's memory; None where nobody says."""
    if IN_A_PAGE:
        heap: int = importlib.import_module("pyodide_js")._module.HEAP8.length
        return heap
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None
