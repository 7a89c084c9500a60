"""The bars that the compiled backends are held to, and which of them a run's figures meet.

Those of machine code are meant for a page in headless Chromium on two cores (2026-11). A GPU has its own: times where
it is one, and where a CPU plays it in a page a time that only shows that nothing is badly wrong. A bar whose figure is
missing is not met.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..backends.failover import DEVICE as GPU
from .networks import NETWORKS
from .session import ENDURANCE_STEPS, LONG_RUN, LONG_RUN_STEPS

RATIO = 1.25  # to the same step written in C
GFLOPS = {"wasm:simd": 25, "wasm:relaxed": 40}
MATMULS = ("128x784x256", "512x512x512")
EAGER = 10  # times as fast as plain NumPy, which has no BLAS in a page
LONG_RUN_SECONDS = 2.0
COMPILE_SECONDS = 0.5
GPU_STEPS = {"relu-mlp": 0.3, "cnn": 1.5}  # milliseconds
SOFTWARE_STEP = 64  # milliseconds of relu-mlp on SwiftShader, what jax-js's webgpu backend takes on it
DISPATCHES = 20  # of a step of relu-mlp
PEAK_SHARE = 0.3  # of the float32 peak, for a product of 1024 x 1024 matrices
MEMORY = 16e6  # bytes between two readings that say nothing: pages that an allocator keeps, garbage not yet collected


@dataclass(frozen=True)
class Bar:
    """What is measured, in which unit, the figure (None: there is none) and its limit: at most, or at least."""

    what: str
    unit: str
    measured: float | None
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is there and keeps the limit."""
        if self.measured is None:
            return False
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def __str__(self) -> str:
        measured = "not measured" if self.measured is None else f"{_short(self.measured)} {self.unit}"
        bound = "at least" if self.at_least else "at most"
        return f"{self.what}: {measured}, {bound} {_short(self.limit)} {self.unit}"


def check(figures: dict[str, Any]) -> list[Bar]:
    """Every bar, with what was measured. Those of the page alone are left out elsewhere."""
    of_gpu = list(_bars_of_gpu(figures)) if "gpu" in figures else []
    return of_gpu if figures["devices"] == [GPU] else [*_bars(figures), *of_gpu]


def _bars_of_gpu(figures: dict[str, Any]) -> Iterator[Bar]:
    gpu = figures["gpu"]
    steps = GPU_STEPS if not gpu["software"] else {"relu-mlp": SOFTWARE_STEP} if figures["in_a_page"] else {}
    for name, most in steps.items():
        milliseconds = _at(figures, "networks", name, "contestants", GPU, "milliseconds")
        yield Bar(f"a step of {name} on {GPU}", "ms", milliseconds, most)
    dispatches = _at(figures, "networks", "relu-mlp", "contestants", GPU, "dispatches")
    yield Bar(f"a step of relu-mlp on {GPU}", "dispatches", dispatches, DISPATCHES)
    if gpu["peak"]:
        share = PEAK_SHARE * 1000 * gpu["peak"]
        speed = _at(figures, "matmul", "1024x1024x1024", GPU)
        yield Bar(f"matmul 1024x1024x1024 on {GPU}", "GFLOP/s", speed, share, at_least=True)
    sizes = _at(figures, "endurance", "bytes")
    grown = sizes[1] - sizes[0] if sizes else None
    yield Bar(f"buffers on {GPU} after {ENDURANCE_STEPS:,} steps", "bytes more", grown, 0)


def _bars(figures: dict[str, Any]) -> Iterator[Bar]:
    device = next((name for name in ("wasm:relaxed", "wasm:simd", "wasm") if name in figures["devices"]), "wasm")
    for name, network in NETWORKS.items():
        milliseconds = _at(figures, "networks", name, "contestants", device, "milliseconds")
        yield Bar(f"a step of {name} on {device}", "ms", milliseconds, network.most)
    if figures["in_a_page"]:
        found = _at(figures, "networks", "relu-mlp", "ratios") or []
        ratio = next((entry["ratio"] for entry in found if entry["of"] == device), None)
        yield Bar(f"relu-mlp on {device} to the same step in C", "times", ratio, RATIO)
    for variant, least in GFLOPS.items():
        for size in MATMULS:
            speed = _at(figures, "matmul", size, variant)
            yield Bar(f"matmul {size} on {variant}", "GFLOP/s", speed, least, at_least=True)
    if figures["in_a_page"]:
        yield Bar("eager matmul to plain NumPy", "times", _at(figures, "eager", "times_as_fast"), EAGER, at_least=True)
    taken = _at(figures, "long_run", "seconds", device)
    yield Bar(f"{LONG_RUN_STEPS:,} steps of {LONG_RUN} on {device}", "s", taken, LONG_RUN_SECONDS)
    seconds = _at(figures, "networks", "relu-mlp", "contestants", device, "compile_seconds")
    yield Bar(f"compiling relu-mlp on {device}", "s", seconds, COMPILE_SECONDS)
    yield Bar(_memory_words(figures), "MB", growth(figures), MEMORY / 1e6)


def growth(figures: dict[str, Any]) -> float | None:
    """Megabytes that compiled and dropped models have left behind, from the first half of them to the last."""
    memory = figures.get("memory", {})
    readings = [memory.get(name, []) for name in ("bytes", "process_bytes")]
    growths = [(values[-1] - values[0]) / 1e6 for values in readings if len(values) == 2 and None not in values]
    return max(growths, default=None)


def _memory_words(figures: dict[str, Any]) -> str:
    models = sum(_at(figures, "memory", "models") or [0])
    return f"memory after {models:,} compiled and dropped models"


def _at(figures: Any, *path: str) -> Any:
    for name in path:
        figures = figures.get(name) if isinstance(figures, dict) else None
    return figures


def _short(value: float) -> str:
    return f"{value:.4g}"
