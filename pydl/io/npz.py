"""`.npz`, NumPy's file of named arrays: a zip file with a `.npy` member for each, and here `metadata.json` beside them.

`numpy.load` opens what is written here. Reading is our own and strict, and unlike NumPy's knows no pickled objects.
Source: NumPy enhancement proposal 1, "A Simple File Format for NumPy Arrays".
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from . import zip as zipped
from .arrays import DTYPES, Arrays, Meta, array_of, parsed, raw, shortened, storable, text_of
from .content import Source, Target, named, read, write
from .errors import FileError

METADATA = "metadata.json"
_NPY = b"\x93NUMPY"
_LONGEST_HEADER = 10_000  # as in NumPy
_ALIGNMENT = 64
_HEADER = re.compile(
    r"\{'descr': ?'(?P<descr>[<>|]?[a-zA-Z][0-9]*)', ?'fortran_order': ?(?P<fortran>True|False), "
    r"?'shape': ?\((?P<shape>(?:[0-9]{1,19}(?:, ?|(?=\))))*)\),? ?\} *\n?"
)
_CODES = {np.dtype(name).str[1:]: np.dtype(name) for name in DTYPES}  # "f4": float32


def save_npz(path: Target, arrays: Mapping[str, Any], meta: Mapping[str, Any] | None = None) -> None:
    """Writes named arrays to a .npz file, whole or not at all.

    path:   where to; or a file opened for writing bytes
    arrays: numbers or bools of any shape, by name; a "/" in a name is fine, ".." is not
    meta:   anything that JSON can hold, kept beside them as `metadata.json`
    Raises FileError.
    """
    write(path, pack(arrays, meta or {}, named(path)))


def load_npz(path: Source) -> tuple[Arrays, Meta]:
    """(arrays, meta) of a .npz file: of `save_npz`, or with plain arrays of any other writer (meta is then empty).

    path: the file; or its content; or a file opened for reading bytes. Raises FileError for whatever is wrong with it.
    """
    return unpack(*read(path))


def pack(arrays: Mapping[str, Any], meta: Mapping[str, Any], where: str) -> list[bytes | memoryview]:
    """The pieces of a .npz file."""
    return list(zipped.pack(_members(storable(arrays, where), meta, where), where))


def unpack(content: memoryview, where: str) -> tuple[Arrays, Meta]:
    """(arrays, meta) from the content of a .npz file."""
    arrays: Arrays = {}
    meta: Meta = {}
    for name, data in zipped.unpack(content, where).items():
        if name == METADATA:
            meta = parsed(data, f"{where}: {METADATA}")
        elif not name.endswith(".npy"):
            raise FileError(f"{where}: expected arrays (.npy) and {METADATA}, received {shortened(name)}")
        else:
            name = _checked(name.removesuffix(".npy"), where)
            arrays[name] = _array(memoryview(data), f"{where}: {shortened(name)}")
    return arrays, meta


def _members(arrays: Arrays, meta: Mapping[str, Any], where: str) -> Iterator[tuple[str, zipped.Parts]]:
    if meta:
        yield METADATA, [text_of(meta, where).encode()]
    for name, array in arrays.items():
        # 0-d shapes are "()", those of one axis "(3,)": Python's own way to write tuples.
        header = f"{{'descr': '{array.dtype.str}', 'fortran_order': False, 'shape': {array.shape}, }}"
        padding = -(len(_NPY) + 4 + len(header) + 1) % _ALIGNMENT
        header += " " * padding + "\n"
        start = _NPY + bytes([1, 0]) + struct.pack("<H", len(header)) + header.encode()
        yield f"{_checked(name, where)}.npy", [start, raw(array)]


def _checked(name: str, where: str) -> str:
    """A name that stays inside a folder, should someone unzip the file, and that NumPy takes for that of an array."""
    inside = all(part not in ("", ".", "..") for part in name.split("/"))
    if not inside or name == METADATA or name.endswith(".npy") or re.search(r"[\x00-\x1f\x7f\\]", name):
        raise FileError(
            f"{where}: .npz cannot hold an array named {shortened(name)}: expected parts between single '/', "
            f"no '..', backslash or control character, and neither {METADATA} nor .npy at the end"
        )
    return name


def _array(data: memoryview, where: str) -> np.ndarray:
    """The array in a .npy file."""
    if bytes(data[:6]) != _NPY or len(data) < 12:
        raise FileError(f"{where}: expected an array in NumPy's format, received {bytes(data[:8])!r}")
    wide = data[6] > 1  # version 1 has two bytes for the header's length, 2 and 3 have four
    start = 12 if wide else 10
    length = int.from_bytes(data[8:start], "little")
    if data[6] not in (1, 2, 3) or data[7] or length > min(_LONGEST_HEADER, len(data) - start):
        raise FileError(
            f"{where}: expected version 1 to 3 and a header that fits, received version {data[6]}.{data[7]} "
            f"and {length} bytes of header in {len(data)}"
        )
    header = bytes(data[start : start + length]).decode("latin-1")
    known = _HEADER.fullmatch(header)
    if known is None:
        raise FileError(f"{where}: expected an array's dtype, order and shape, received {shortened(header)}")
    descr = known["descr"]
    dtype = _CODES.get(descr.lstrip("<>|"))
    if dtype is None:
        raise FileError(
            f"{where}: expected one of {', '.join(DTYPES)}, received dtype {shortened(descr)}; "
            "pickled objects are never read"
        )
    shape = tuple(int(size) for size in known["shape"].replace(",", " ").split())
    dtype = dtype.newbyteorder(">") if descr[0] == ">" else dtype.newbyteorder("<")
    data = data[start + length :]
    if known["fortran"] == "True":
        return array_of(data, dtype, shape[::-1], where).T.copy()
    return array_of(data, dtype, shape, where)
