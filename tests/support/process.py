"""Running the programs that set-up needs, so that a person sees it move and a failure is one clear message.

A long command is quiet but for a sign of life every ten seconds; when it fails, the end of what it said
becomes part of the `SetupError`, which `python3 -m tests` prints in place of a traceback.
"""

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SIGN_OF_LIFE = 10.0  # seconds between two progress lines of a quiet command
TAIL = 12            # lines of a failed command's output that its message repeats


class SetupError(Exception):
    """Something the tests need could not be had: what it is, where it was sought, and what to do."""


def say(line):
    """Prints one line of progress at once, also into a pipe."""
    print(f"tests: {line}", flush=True)


@contextlib.contextmanager
def stage(name):
    """Announces a stage of the set-up and how long it took."""
    say(f"{name} ...")
    start = time.monotonic()
    yield
    say(f"{name}: ready, {time.monotonic() - start:.1f} s")


def run(command, limit, environment=None):
    """Runs `command` from the repository root and returns its output.

    Raises `SetupError` when it cannot be started, fails, or takes longer than `limit` seconds.
    """
    title = " ".join(str(part) for part in command[:4])
    try:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=ROOT, env=os.environ | (environment or {}), text=True,
            errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True)
    except OSError as error:
        raise SetupError(f"`{title}` could not be started: {error}") from None
    lines, start, shown = [], time.monotonic(), time.monotonic()
    try:
        for line in _lines_or_ticks(process.stdout):
            now = time.monotonic()
            if line is None and process.poll() is not None:
                break  # it ended, though a child of its own still holds the pipe
            if line:
                lines.append(line)
            if now - start > limit:
                raise SetupError(f"`{title}` took longer than {limit:.0f} s and was ended.\n{_tail(lines)}")
            if now - shown > SIGN_OF_LIFE:
                shown = now
                say(f"  {now - start:4.0f} s  {lines[-1][:100] if lines else ''}")
        if process.wait():
            raise SetupError(f"`{title}` failed (exit code {process.returncode}).\n{_tail(lines)}")
    finally:
        if process.poll() is None:
            _end(process)
    return "\n".join(lines)


def _lines_or_ticks(stream):
    """Yields the stream's lines as they come, and None once a second while none comes."""
    lines, end = queue.Queue(), object()

    def read():
        with contextlib.suppress(ValueError):  # the stream may be closed under a killed command
            for line in stream:
                lines.put(line.rstrip())
        lines.put(end)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=1.0)
        except queue.Empty:
            line = None
        if line is end:
            return
        yield line


def _end(process):
    """Ends a command and the programs it started: Playwright's download runs in a Node of its own."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _tail(lines):
    return "\n".join(f"    {line}" for line in lines[-TAIL:])
