"""Where downloads are kept, and files that appear whole or not at all.

It stands at the bottom, for `data` (downloads, CSV files) and `io` (models) alike.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """The folder for everything that pydl downloads: $PYDL_CACHE, else where the platform keeps caches."""
    if named := os.environ.get("PYDL_CACHE"):
        return Path(os.path.expanduser(named)).absolute()
    home = Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else home / "AppData" / "Local") / "pydl" / "cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "pydl"
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if os.path.isabs(named) else home / ".cache") / "pydl"


def write_whole(path: Path, *parts: bytes | bytearray | memoryview) -> None:
    """Write a file under another name first, so that `path` is the old file or the whole new one at any moment.

    parts: the content, in one piece or several. Raises OSError; the old file, if there was one, is then still there.
    """
    passing = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}")
    try:
        with open(passing, "xb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())  # else a power cut can leave the new name with no content
        os.replace(passing, path)
    except BaseException:
        passing.unlink(missing_ok=True)
        raise
