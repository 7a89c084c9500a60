"""The page's pure JavaScript, in node's own test runner."""

import subprocess

from tests.support.process import ROOT


def test_the_pages_helpers_hold(node):
    files = sorted(map(str, (ROOT / "tests" / "page" / "js").glob("*.test.mjs")))
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, f"\n{done.stdout}{done.stderr}"
