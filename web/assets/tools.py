"""Running the clients of package registries. A command that fails becomes one exception with the lines of
its output that say why.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from .errors import SourceError

# apt writes "E: "; of npm's error lines some say nothing to a user.
COMPLAINT = re.compile(r"(?<!\w)(error|err!|fatal)(?!\w)(?! (A complete log|syscall|errno))|^E: ", re.IGNORECASE)
PREFIX = re.compile(r"^(npm )?(error|err!|E):? ", re.IGNORECASE)


def run(command: list, timeout: float, cwd: Path | None = None, env: dict | None = None) -> None:
    """Raises SourceError with the reason when the command cannot be started, fails or takes too long."""
    try:
        done = subprocess.run([str(word) for word in command], cwd=cwd, env=env, timeout=timeout, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              encoding="utf-8", errors="replace")
    except subprocess.TimeoutExpired:
        raise SourceError(f"did not end within {timeout} s") from None
    except OSError as error:
        raise SourceError(f"cannot be started: {error}") from None
    if done.returncode:
        raise SourceError(f"failed: {reason(done.stdout) or f'exit code {done.returncode}'}")


def reason(output: str) -> str:
    """What a failed command's output says is wrong, as one line: its first complaints, which tell the cause,
    and its last one, which tells the outcome; the end of the output where it does not say "error"."""
    said = [line.strip()[:300] for line in output.splitlines() if line.strip()]
    errors = [PREFIX.sub("", line) for line in said if COMPLAINT.search(line)]
    return "; ".join(errors[:4] + errors[4:][-1:] or said[-3:])


def npm() -> str:
    """The npm client."""
    found = shutil.which("npm")
    if found is None:
        raise SourceError("npm is not installed")
    return found


def pip(folder: Path) -> list[str]:
    """The command that runs pip with this Python. Where pip is not installed, one is made in `folder` from
    the copy that Python carries; Debian's own Python, which carries none, gets its package (as root)."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if importlib.util.find_spec("ensurepip"):
        home = folder / "pip"
        try:
            run([sys.executable, "-m", "venv", home], timeout=120)
            python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
            return [str(python), "-m", "pip"]
        except SourceError:
            pass  # Debian may have the module without the copy of pip
    if Path(sys.executable).parent == Path("/usr/bin") and shutil.which("apt-get") and os.geteuid() == 0:
        apt_install(["python3-pip"], lambda _, command, env: run(command, timeout=600, env=env))
        return [sys.executable, "-m", "pip"]
    raise SourceError(f"{sys.executable} has no pip (on Debian and Ubuntu: apt install python3-pip)")


def apt_install(packages: list[str], execute: Callable[[str, list[str], dict], object]) -> None:
    """Installs Debian packages, as root; `execute(name, command, env)` runs a command or raises SourceError."""
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C")
    # Another apt may be at work on the machine: wait for it.
    install = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends", *packages]
    try:
        execute("apt-install", install, env)
    except SourceError:  # the package lists are missing or old
        execute("apt-update", ["apt-get", "update"], env)
        execute("apt-install", install, env)
