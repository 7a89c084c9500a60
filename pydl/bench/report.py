"""A run's figures in words: as text for a terminal, as Markdown that the README takes as it stands, as JSON.

Figures that were not measured are left out, so that a part of a run can be shown, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from ..backends.failover import DEVICE as GPU
from . import bars

Table = tuple[str, list[list[str]]]  # what its numbers are; the head and the rows
Cell = Callable[[dict[str, Any]], str]
NONE, CANNOT = "", "cannot"
LARGE = "1024x1024x1024"  # the product that a GPU's peak is compared with


def as_json(figures: dict[str, Any]) -> str:
    """All figures, and whether they meet the bars."""
    judged = [
        {"what": bar.what, "unit": bar.unit, "measured": bar.measured, "limit": bar.limit, "met": bar.met}
        for bar in bars.check(figures)
    ]
    return json.dumps(figures | {"bars": judged}, indent=1)


def as_text(figures: dict[str, Any]) -> str:
    """For a terminal."""
    tables = [f"{title}\n{_aligned(rows)}" for title, rows in _tables(figures)]
    return "\n\n".join([_head(figures), *tables, "\n".join(_sentences(figures))]).rstrip()


def as_markdown(figures: dict[str, Any]) -> str:
    """For the README."""
    tables = ["\n".join(_piped(title, rows)) for title, rows in _tables(figures)]
    sentences = "\n".join(f"- {line}" for line in _sentences(figures))
    return "\n\n".join([_head(figures) + ".", *tables, sentences]).rstrip()


def missed(figures: dict[str, Any]) -> list[str]:
    """A line for every bar that is not met."""
    return [str(bar) for bar in bars.check(figures) if not bar.met]


def _head(figures: dict[str, Any]) -> str:
    threads = "one thread" if figures["threads"] == 1 else "NumPy's threads as they are (OPENBLAS_NUM_THREADS=1: one)"
    return (
        f"{figures['date']}, {figures['machine']}; pydl {figures['pydl']}, Python {figures['python']}, "
        f"NumPy {figures['numpy']}; {threads}; medians of {figures['rounds']} rounds"
    )


def _tables(figures: dict[str, Any]) -> list[Table]:
    networks = figures["networks"]
    found: list[Table] = []
    if networks:
        names = list(dict.fromkeys(name for network in networks.values() for name in network["contestants"]))
        found.append(("ms per training step (images per second)", _by_network(networks, names, _speed)))
        compiled = [name for name in names if name in figures["devices"]]
        title = "compiling: ms (of it the backend's); module or WGSL, kB; memory, MB"
        dispatches = "; dispatches of a step" if "gpu" in figures else ""
        found.append((title + dispatches, _by_network(networks, compiled, _compiled)))
    if matmuls := figures.get("matmul"):
        rows = [[device, *(_product(sizes.get(device)) for sizes in matmuls.values())] for device in figures["devices"]]
        found.append(("GFLOP/s of a matrix product", [["", *matmuls], *rows]))
    return [(title, [[_named(name, figures), *cells] for name, *cells in rows]) for title, rows in found]


def _named(name: str, figures: dict[str, Any]) -> str:
    """A contestant, and a GPU by its own name, too."""
    return f"{name}, {figures['gpu']['adapter']}" if name == GPU else name


def _product(speed: float | None) -> str:
    return NONE if speed is None else f"{speed:.1f}"


def _by_network(networks: dict[str, Any], names: Sequence[str], cell: Cell) -> list[list[str]]:
    rows = [["", *networks]]
    for name in names:
        entries = [network["contestants"].get(name) for network in networks.values()]
        rows.append([name, *(_cell(cell, entry) for entry in entries)])
    return rows


def _cell(cell: Cell, entry: dict[str, Any] | None) -> str:
    if entry is None:
        return NONE
    return CANNOT if "unsupported" in entry else cell(entry)


def _speed(entry: dict[str, Any]) -> str:
    return f"{significant(entry['milliseconds'])} ({entry['images_per_second']:,.0f})"


def _compiled(entry: dict[str, Any]) -> str:
    module = "" if entry["module_bytes"] is None else f"; {entry['module_bytes'] / 1e3:,.0f}"
    milliseconds = f"{1000 * entry['compile_seconds']:,.0f} ({1000 * entry['backend_seconds']:,.0f})"
    dispatches = "" if entry["dispatches"] is None else f"; {entry['dispatches']}"
    return f"{milliseconds}{module}; {significant(entry['memory_bytes'] / 1e6)}{dispatches}"


def _sentences(figures: dict[str, Any]) -> list[str]:
    said = []
    for name, network in figures["networks"].items():
        for entry in network["ratios"]:
            said.append(f"{name}, {entry['of']} to {entry['to']}: {entry['ratio']:.2f} times as long")
    if eager := figures.get("eager"):
        times = eager["times_as_fast"]
        said.append(f"matrix product {eager['size']} line by line: {times:.1f} times as fast as plain NumPy's")
    if long_run := figures.get("long_run"):
        for device, seconds in long_run["seconds"].items():
            said.append(f"{long_run['steps']:,} steps of {long_run['network']} on {device}: {seconds:.2f} s")
    if endurance := figures.get("endurance"):
        steps, (first, last) = f"{endurance['steps']:,} steps of {endurance['network']}", endurance["bytes"]
        said.append(f"buffers after {steps} on {_named(GPU, figures)}: {last - first:+,} bytes")
    peak, speed = figures.get("gpu", {}).get("peak"), figures.get("matmul", {}).get(LARGE, {}).get(GPU)
    if peak and speed:
        said.append(f"matmul {LARGE} on {_named(GPU, figures)}: {speed / peak / 10:.0f} % of its {peak:g} TFLOP/s")
    grown = bars.growth(figures)
    if grown is not None:
        memory = figures["memory"]
        said.append(
            f"memory after {sum(memory['models']):,} models compiled and dropped on {memory['device']}: "
            f"{grown:+.1f} MB from the first {memory['models'][0]:,} to the last"
        )
    return said


def significant(value: float, digits: int = 3) -> str:
    """Three digits, without powers of ten: 0.00912, 1.42, 59.3, 5,280."""
    whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    if whole:
        return f"{value:,.{max(0, digits - whole)}f}"
    return f"{value:.{digits}g}" if abs(value) >= 1e-4 else f"{value:.6f}"


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows]
    return "\n".join("  " + "  ".join(line).rstrip() for line in lines)


def _piped(title: str, rows: list[list[str]]) -> list[str]:
    head, *body = rows
    lines = [[title, *head[1:]], ["---", *["---:"] * len(head[1:])], *body]
    return [f"| {' | '.join(line)} |" for line in lines]
