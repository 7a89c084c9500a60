"""Where the bytes of a file come from and go to: a path, bytes in memory, or an open binary file.

The formats beside this module know bytes only. What is written to a path appears there whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from ..files import write_whole
from .errors import FileError

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
Target = str | os.PathLike[str] | BinaryIO


def read(source: Source) -> tuple[memoryview, str]:
    """(content, what messages call it). Raises FileError."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return memoryview(source).cast("B"), "the data"
    if not isinstance(source, (str, os.PathLike)) and not hasattr(source, "read"):
        raise FileError(f"expected a path, the content as bytes, or an open file, received {source!r}")
    name = named(source)
    try:
        content = Path(source).read_bytes() if isinstance(source, (str, os.PathLike)) else source.read()
    except OSError as error:
        raise FileError(f"{name}: cannot be read ({error.strerror or error})") from None
    if not isinstance(content, bytes):
        raise FileError(f"{name}: expected a file opened for bytes (mode 'rb'), received one that gives text")
    return memoryview(content), name


def write(target: Target, parts: Iterable[bytes | memoryview]) -> None:
    """Writes the content, given in pieces. A file that is there already stays until the new one is whole."""
    name = named(target)
    try:
        if isinstance(target, (str, os.PathLike)):
            write_whole(Path(target), *parts)
        else:
            for part in parts:
                target.write(part)
    except OSError as error:
        raise FileError(f"{name}: cannot be written ({error.strerror or error})") from None


def named(place: Any) -> str:
    """What messages call a source or target."""
    if isinstance(place, (str, os.PathLike)):
        return str(os.fspath(place))
    name = getattr(place, "name", None)
    return name if isinstance(name, str) else "the data"
