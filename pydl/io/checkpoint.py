"""Named arrays with JSON beside them, in either format: what a checkpoint is, and every other file of weights.

The name's ending chooses the format that is written; what is read is known by its first bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from types import ModuleType
from typing import Any

from . import npz, safetensors
from .arrays import Arrays, Meta
from .content import Source, Target, named, read, write
from .errors import FileError

FORMATS: dict[str, ModuleType] = {".npz": npz, ".safetensors": safetensors}


def save_checkpoint(
    path: Target, arrays: Mapping[str, Any], meta: Mapping[str, Any] | None = None, format: str | None = None
) -> None:
    """Writes named arrays, and anything that JSON can hold beside them, to a file: whole or not at all.

    path:   ends in .npz or .safetensors; or a file opened for writing bytes
    arrays: numbers or bools of any shape, by name
    meta:   anything that JSON can hold
    format: ".npz" or ".safetensors" where the name does not say it
    Raises FileError; a file that was there before is then still there.
    """
    name = named(path)
    ending = format or PurePath(name).suffix
    if ending not in FORMATS:
        raise FileError(f"{name}: expected a name that ends in {' or '.join(FORMATS)}")
    write(path, FORMATS[ending].pack(arrays, meta or {}, name))


def load_checkpoint(path: Source) -> tuple[Arrays, Meta]:
    """(arrays, meta) of a .npz or .safetensors file, by whomever it was written.

    path: the file; or its content; or a file opened for reading bytes. Raises FileError for whatever is wrong with it.
    """
    content, name = read(path)
    if bytes(content[:2]) == b"PK" and bytes(content[8:9]) != b"{":  # JSON of 19,280 bytes begins with "PK", too
        return npz.unpack(content, name)
    return safetensors.unpack(content, name)
