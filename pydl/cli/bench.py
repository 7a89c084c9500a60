"""`python -m pydl bench`: its options, and the run from the first part to the report.

What is measured, and how, is said in `pydl.bench`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pydl import bench
from pydl.files import write_whole

DESCRIPTION = """\
Times the training of four networks on every device, beside NumPy written by hand and PyTorch where it is installed.
NumPy should use one thread: OPENBLAS_NUM_THREADS=1 python -m pydl bench, or pip install threadpoolctl."""
MISSED = 1  # the exit code where --check finds a bar that is not met


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = DESCRIPTION
    names = ", ".join(bench.NETWORKS)
    parser.add_argument("--device", default="auto", help="some of numpy, wasm, webgpu, with commas; auto: all")
    parser.add_argument("--networks", type=lambda text: text.split(","), help=f"some of {names}, with commas")
    parser.add_argument("--rounds", type=_positive, default=5, help="of which the medians are taken (default 5)")
    parser.add_argument("--seconds", type=_seconds, default=0.1, help="that a turn lasts at least (default 0.1)")
    parser.add_argument(
        "--models", type=_count, default=200, help="compiled and dropped, to see whether memory grows (default 200)"
    )
    parser.add_argument("--peak", type=_peak, metavar="TFLOPS", help="of the GPU in float32, for the matrix product")
    parser.add_argument("--full", action="store_true", help=f"15 rounds of 0.3 seconds, {bench.FULL_MODELS:,} models")
    parser.add_argument(
        "--json", nargs="?", const="-", metavar="FILE", help="print the figures as JSON, or write them into a file"
    )
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument(
        "--check",
        action="store_true",
        help="exit with 1 and name every bar that is not met; they are meant for the page: python3 -m web bench",
    )


def run(options: argparse.Namespace) -> int:
    """Measures, prints, and answers with the exit code."""
    if options.full:
        options.rounds, options.seconds, options.models = 15, 0.3, bench.FULL_MODELS
    wanted = {name: getattr(options, name) for name in ("device", "networks", "rounds", "seconds", "models", "peak")}
    session = bench.Bench(**wanted)
    for number, part in enumerate(session.parts, start=1):
        if sys.stderr.isatty():
            print(f"\r\033[K{number} of {len(session.parts)}: {part}", end="", file=sys.stderr, flush=True)
        session.measure(part)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return finish(session.figures, options)


def finish(figures: dict[str, object], options: argparse.Namespace) -> int:
    """Prints the report that was asked for; with --check the exit code tells of missed bars."""
    if options.json == "-":
        print(bench.as_json(figures))
    else:
        print(bench.as_markdown(figures) if options.markdown else bench.as_text(figures))
        if options.json:
            _write(Path(options.json), bench.as_json(figures))
    missed = bench.missed(figures) if options.check else []
    for line in missed:
        print(f"pydl: missed: {line}", file=sys.stderr)
    return MISSED if missed else 0


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, f"{text}\n".encode())
    except OSError as error:
        raise bench.BenchError(f"cannot write {path}: {error.strerror}") from None


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, received {text!r}")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number, 0 or more, received {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    return _between(text, "seconds", 60)


def _peak(text: str) -> float:
    return _between(text, "TFLOP/s", 100_000)


def _between(text: str, unit: str, limit: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < limit:
        raise argparse.ArgumentTypeError(f"expected {unit} above 0 and below {limit:,}, received {text!r}")
    return value
