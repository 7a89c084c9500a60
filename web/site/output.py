"""Brings the output folder to a wanted set of files: only what differs is written, what is no longer wanted
goes.

The folder carries a marker that lists the builder's own files. A folder with content and without the marker
belongs to someone else and is refused; files that others put beside ours are left alone. A file is written
under a passing name and then put in place in one step, so a server beside the build never hands out half of
one.
"""

import os
import time
from contextlib import contextmanager
from pathlib import Path

MARKER = ".pydl-site"
MARKER_TEXT = "Made by `python3 -m web`, which overwrites and removes the files that are listed here.\n\n"
LAST = ("index.html", "site.json")  # written after all that they speak of
PASSING = ".new-"
PASSING_SECONDS = 600  # a passing file older than this was left by a build that was cut off


class SiteError(Exception):
    """The site cannot be built; the message is one line for the user."""


@contextmanager
def _told(out: Path):
    """Whatever the file system refuses becomes one line for the user."""
    try:
        yield
    except OSError as error:
        where = error.filename2 or error.filename or out
        raise SiteError(f"cannot build the site into {out}: {where}: {error.strerror}") from None


def claim(out: Path) -> set[str]:
    """The names that an earlier build wrote into `out`; a folder that is not the builder's own is refused."""
    with _told(out):
        if not out.exists():
            return set()
        if not out.is_dir():
            raise SiteError(f"cannot build the site into {out}: it is a file; name another folder with --out")
        if not (out / MARKER).is_file():
            if any(not entry.name.startswith(PASSING) for entry in out.iterdir()):
                raise SiteError(f"will not build the site into {out}: it holds files that the builder did not "
                                "make; name an empty or new folder with --out")
            return set()
        names = (out / MARKER).read_text(encoding="utf-8", errors="replace").splitlines()
    inside = (name for name in names[MARKER_TEXT.count("\n"):] if ".." not in name.split("/"))
    return {name for name in inside if not Path(name).is_absolute()}


def sync(out: Path, files: dict[str, bytes]) -> tuple[list[str], list[str]]:
    """Make `out` hold `files` ({posix path: content}); returns the names written and the names removed."""
    before = claim(out)
    with _told(out):
        out.mkdir(parents=True, exist_ok=True)
        if not before >= set(files):  # first, so that a build that is cut off can be taken up again
            _mark(out, before | set(files))
        removed = sorted(name for name in before - set(files) if _remove(out, name))
        order = sorted(files, key=lambda name: (name in LAST, name))
        written = [name for name in order if _write(out, name, files[name])]
        if before != set(files):
            _mark(out, set(files))
        _sweep(out)
    return written, removed


def _mark(out: Path, names: set[str]):
    _write(out, MARKER, (MARKER_TEXT + "".join(f"{name}\n" for name in sorted(names))).encode())


def _write(out: Path, name: str, content: bytes) -> bool:
    """Write one file unless it is there as it should be; says whether it wrote."""
    path = out / name
    if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    passing = out / f"{PASSING}{os.getpid()}-{path.name}"
    passing.write_bytes(content)
    os.replace(passing, path)
    return True


def _remove(out: Path, name: str) -> bool:
    """Remove one file and the folders that it leaves empty; says whether it was there."""
    path = out / name
    if not path.is_file():
        return False
    path.unlink()
    for folder in path.parents:
        if folder == out or any(folder.iterdir()):
            break
        folder.rmdir()
    return True


def _sweep(out: Path):
    for path in out.glob(f"{PASSING}*"):
        if time.time() - path.stat().st_mtime > PASSING_SECONDS:
            path.unlink()
