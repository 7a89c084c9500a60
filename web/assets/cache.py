"""The cache of fetched files: where it is, what is in it, and how a file gets in.

A file enters whole or not at all: it is written elsewhere in the cache, checked, flushed to the disk and
then renamed into its place, so neither an interruption nor a second process at the same time can leave half
a file. What lies in the cache is trusted by its hash only, at every use.
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import AssetError

STALE_SECONDS = 24 * 3600  # a working folder that old belongs to a run that was killed


def cache_dir() -> Path:
    """The folder for everything that pydl downloads: $PYDL_CACHE, else where the platform keeps caches."""
    if named := os.environ.get("PYDL_CACHE"):
        return Path(named).expanduser().absolute()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else _home() / "AppData" / "Local") / "pydl" / "cache"
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches" / "pydl"
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if os.path.isabs(named) else _home() / ".cache") / "pydl"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise AssetError("there is no home folder to keep downloads in.\n"
                         "Set PYDL_CACHE to a folder that you can write to.") from None


def sha256_of(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def place_of(asset) -> Path:
    """Where an asset lies in the cache."""
    return cache_dir() / "assets" / f"{asset.component.name}-{asset.component.version}" / asset.name


def note_of(path: Path) -> Path:
    """The note beside a file that was built here: its hash, its origin and the recipe it was built by."""
    return path.with_name(path.name + ".json")


def built_origin(asset, path: Path, sha256: str) -> str | None:
    """The origin of a file that was built here by today's recipe, else None."""
    if asset.last_resort is None:
        return None
    try:
        note = json.loads(note_of(path).read_text(encoding="utf-8"))
        return note["origin"] if note == _note(asset, sha256) else None
    except (OSError, ValueError, TypeError):
        return None


def _note(asset, sha256: str) -> dict:
    return {"sha256": sha256, "origin": asset.last_resort.origin, "recipe": asset.last_resort.recipe}


def store(asset, path: Path, built: bool = False) -> Path:
    """Moves a checked file into its place in the cache."""
    place = place_of(asset)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if built:  # the note first: a wheel without it would be taken for a broken one
            note_of(path).write_text(json.dumps(_note(asset, sha256_of(path))) + "\n", encoding="utf-8")
            _move(note_of(path), note_of(place))
        _move(path, place)
    except OSError as error:
        raise _unusable(error) from None
    return place


def _move(path: Path, place: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())
    try:
        os.replace(path, place)
    except PermissionError:  # Windows, while another process reads the file that it has just put there
        if not place.is_file() or sha256_of(place) != sha256_of(path):
            raise


@contextmanager
def working_folder():
    """A fresh folder inside the cache, so that no rename from it crosses file systems; gone afterwards."""
    try:
        parent = cache_dir() / "tmp"
        parent.mkdir(parents=True, exist_ok=True)
        for old in parent.iterdir():
            with suppress(FileNotFoundError):  # another process may be sweeping too
                if time.time() - old.stat().st_mtime > STALE_SECONDS:
                    shutil.rmtree(old, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(dir=parent))
    except OSError as error:
        raise _unusable(error) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def lock(name: str, waiting: Callable[[], None]):
    """Held by one process at a time; `waiting()` is called where another has it. It goes with the process
    that holds it, however that ends."""
    try:
        import fcntl
    except ImportError:  # Windows, where nothing is built that needs a lock
        yield
        return
    with _lock_file(name) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _lock_file(name: str):
    try:
        cache_dir().mkdir(parents=True, exist_ok=True)
        return open(cache_dir() / f"{name}.lock", "w")
    except OSError as error:
        raise _unusable(error) from None


def _unusable(error: OSError) -> AssetError:
    return AssetError(f"cannot write to the cache folder {cache_dir()}: {error}.\n"
                      "Make room there, or set PYDL_CACHE to a folder that you can write to.")
