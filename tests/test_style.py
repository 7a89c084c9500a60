"""The whole tree keeps to the rules of pyproject.toml's [tool.ruff], and the package is typed, strictly."""

import os
import subprocess
import sys

import pytest

from tests.support.process import ROOT

SCRIPT = "tests/user_script.py"


def complaints(package, *arguments):
    """What a checker says of the tree; nothing where it finds nothing."""
    pytest.importorskip(package, reason=f"{package} is not installed; `python3 -m tests` installs it")
    found = subprocess.run([sys.executable, "-m", package, *arguments], cwd=ROOT, capture_output=True, text=True)
    return "" if found.returncode == 0 else f"{found.stdout}{found.stderr}"


def test_ruff_finds_nothing():
    found = complaints("ruff", "check", "--output-format=concise", ".")
    assert not found, f"\n{found}"


def test_mypy_finds_nothing_in_the_package_and_in_a_script_that_uses_it(tmp_path):
    found = complaints("mypy", "--strict", "--cache-dir", str(tmp_path), "pydl", SCRIPT)
    assert not found, f"\n{found}"


def test_the_script_runs_as_it_stands(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, SCRIPT, str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "model.npz").is_file()
