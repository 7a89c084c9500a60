"""The whole tree keeps to the rules of pyproject.toml's [tool.ruff]."""

import subprocess
import sys

import pytest

from tests.support.process import ROOT


def test_ruff_finds_nothing():
    pytest.importorskip("ruff", reason="ruff is not installed; `python3 -m tests` installs it")
    found = subprocess.run([sys.executable, "-m", "ruff", "check", "--output-format=concise", "."],
                           cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, f"\n{found.stdout}{found.stderr}"
