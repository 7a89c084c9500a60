"""The Python environment of the tests: `.venv` in the repository root, with the package and its `test` extra.

It is made once, remade when it is broken or belongs to another Python, and installed into again only when
`pyproject.toml`, the pinned versions or the checkout's place have changed; a stamp inside it tells.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys

from tests.support import debian
from tests.support.process import ROOT, SetupError, run, say

VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed-for"
PINS = ROOT / "tests" / "requirements.txt"


def provide():
    """Makes `.venv` ready and returns the path of its Python."""
    if not _works():
        _make()
    wanted = _fingerprint()
    if not STAMP.is_file() or STAMP.read_text() != wanted:
        STAMP.unlink(missing_ok=True)
        _install()
        STAMP.write_text(wanted)
    return PYTHON


def _works():
    """Whether `.venv` holds a Python of this version that starts and has pip."""
    if not PYTHON.exists():
        return False
    question = "import pip, sys; print(sys.version_info[:2], sys.prefix != sys.base_prefix)"
    try:
        answer = subprocess.run([PYTHON, "-c", question], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.strip() == f"{sys.version_info[:2]} True"


def _make():
    if VENV.exists() or VENV.is_symlink():
        if not _is_ours():
            raise SetupError(f"{VENV} is wanted for the Python environment, but something else is there.\n"
                             "Move it away, then run the command again.")
        say("  the .venv here is broken or of another Python: making it anew")
        try:
            shutil.rmtree(VENV)
        except OSError as error:
            raise SetupError(f"The broken {VENV} could not be removed ({error}).\n"
                             "Remove it by hand, then run the command again.") from None
    if importlib.util.find_spec("ensurepip") is None:
        _provide_ensurepip()
    try:
        run([sys.executable, "-m", "venv", VENV], limit=300)
    except SetupError as error:
        raise SetupError(f"{VENV} could not be made with {sys.executable}.\n{error}") from None


def _is_ours():
    """Whether what stands at `.venv` may be removed: an environment, or the empty folder that one begins as."""
    if VENV.is_symlink() or not VENV.is_dir():
        return False
    return (VENV / "pyvenv.cfg").is_file() or not any(VENV.iterdir())


def _provide_ensurepip():
    """Debian and Ubuntu leave pip's installer out of their Python; it comes in a package of its own."""
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    advice = (f"This Python ({sys.executable}) has no ensurepip, which makes a virtual environment.\n"
              f"On Debian and Ubuntu: apt-get install python3-venv (or {package}); "
              "elsewhere use a Python from python.org.")
    if not debian.may_install():
        raise SetupError(advice)
    try:
        debian.install(package)
    except SetupError as error:
        raise SetupError(f"{advice}\n{error}") from None


def _install():
    try:
        run([PYTHON, "-m", "pip", "install", "--no-input", "--disable-pip-version-check",
             "--constraint", PINS, "--editable", f"{ROOT}[test]"],
            limit=1200, environment={"PIP_USER": "0"})
    except SetupError as error:
        raise SetupError("The package and what its tests need could not be installed into .venv.\n"
                         f"Wanted: pydl-lab[test] with the versions of {PINS.relative_to(ROOT)}, from the "
                         f"package index that pip is set to. Is there a connection?\n{error}") from None


def _fingerprint():
    parts = [(ROOT / "pyproject.toml").read_bytes(), PINS.read_bytes(), str(ROOT).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
