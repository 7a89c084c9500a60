"""The wheel is taken only when it works: Pyodide loads it under node, and numpy_check.py computes with it."""

from pathlib import Path

from .workshop import Workshop

HERE = Path(__file__).parent


def run(shop: Workshop, pyodide_dir: Path, wheel: Path) -> None:
    shop.run("check", ["node", HERE / "check.mjs", pyodide_dir, wheel, HERE / "numpy_check.py"])
