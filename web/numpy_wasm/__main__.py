"""Builds the wheel by hand: python3 -m web.numpy_wasm OUTPUT_DIR"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from ..assets import AssetError, ConsoleProgress, cache
from ..assets.progress import size_text
from ..assets.resolver import pyodide_folder
from ..assets.sources import NumpyBuild
from ..assets.table import PYODIDE
from . import NUMPY_VERSION, SourceError, build

FAILED, INTERRUPTED = 2, 130


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m web.numpy_wasm", description=(
        f"Builds NumPy {NUMPY_VERSION} for Pyodide {PYODIDE.version} from its source release. Needs Debian on "
        "x86-64, node, pip, and root where clang is not installed yet."))
    parser.add_argument("output", type=Path, help="the folder that the wheel is written to")
    output = parser.parse_args().output.absolute()
    begun = time.monotonic()
    try:
        with ConsoleProgress() as report, tempfile.TemporaryDirectory() as folder:
            pyodide = pyodide_folder(Path(folder), report)
            with cache.lock(NumpyBuild.lock, lambda: report("waiting for another build", None, None)):
                wheel = build(output, pyodide, report)
    except (AssetError, SourceError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    print(f"{wheel}: {size_text(wheel.stat().st_size)}, SHA-256 {cache.sha256_of(wheel)}, "
          f"{time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
