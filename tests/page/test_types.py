"""The page's JavaScript is type-checked: TypeScript reads its JSDoc comments (web/tsconfig.json)."""

import shutil
import subprocess

import pytest

from tests.support.process import ROOT

WEB = ROOT / "web"
INSTALLED = WEB / "node_modules"  # where editors look for it, too


@pytest.fixture(scope="module")
def typescript():
    """TypeScript's compiler in the version of the lock file, installed at the first run and when that changes."""
    npm = shutil.which("npm") or pytest.skip("npm is not installed: the page's types are not checked here")
    mark = INSTALLED / ".package-lock.json"
    if not mark.is_file() or mark.stat().st_mtime < (WEB / "package-lock.json").stat().st_mtime:
        done = subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=WEB, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"npm could not install TypeScript: the page's types are not checked here\n{done.stderr}")
    return INSTALLED / "typescript" / "bin" / "tsc"


def test_the_types_of_the_page_hold(node, typescript):
    done = subprocess.run([node, typescript, "--project", WEB / "tsconfig.json"], capture_output=True, text=True)
    assert done.returncode == 0, f"\n{done.stdout}{done.stderr}"


def test_the_lock_file_names_no_registry():
    assert "resolved" not in (WEB / "package-lock.json").read_text()
