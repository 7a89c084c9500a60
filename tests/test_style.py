"""The whole tree keeps to the rules of pyproject.toml's [tool.ruff], and the package is typed, strictly."""

import subprocess
import sys

import pytest

from tests.support.process import ROOT


def complaints(package, *arguments):
    """What a checker says of the tree; nothing where it finds nothing."""
    pytest.importorskip(package, reason=f"{package} is not installed; `python3 -m tests` installs it")
    found = subprocess.run([sys.executable, "-m", package, *arguments], cwd=ROOT, capture_output=True, text=True)
    return "" if found.returncode == 0 else f"{found.stdout}{found.stderr}"


def test_ruff_finds_nothing():
    found = complaints("ruff", "check", "--output-format=concise", ".")
    assert not found, f"\n{found}"


def test_mypy_finds_nothing_in_the_package(tmp_path):
    found = complaints("mypy", "--strict", "--cache-dir", str(tmp_path), "pydl")
    assert not found, f"\n{found}"
