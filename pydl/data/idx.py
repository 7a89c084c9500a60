"""IDX, the file format of MNIST: two zero bytes, a dtype, the number of axes, their sizes, then big-endian values.

A file is taken whole and exact or refused with one line; plain and gzipped files are told apart by their first bytes.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import sys
import zlib
from pathlib import Path

import numpy as np

from ..files import write_whole
from .errors import DataError

DTYPES = {0x08: "uint8", 0x09: "int8", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}
_CODES = {name: code for code, name in DTYPES.items()}
_KNOWN = ", ".join(f"0x{code:02x} ({name})" for code, name in DTYPES.items())
MOST_AXES = 32  # what NumPy 1 could hold; no known file has more than four
_BLOCK = 1 << 20  # a header may promise more than there is: memory grows only with what is read
_GZIP = b"\x1f\x8b"
# A gzip file may hold a thousand times its size. Arrays of zeros do so honestly, while they are small.
_EXPANDED, _EXPANSION = 1 << 28, 20


def read_idx(source: str | os.PathLike[str] | bytes, name: str | None = None) -> np.ndarray:
    """The array in an IDX file, plain or gzipped.

    source: a path, or the file's content.
    name: what messages call it; the path unless given.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _read(io.BytesIO(source), name or "the IDX data")
    name = name or os.fspath(source)
    try:
        with open(source, "rb") as file:
            return _read(file, name)
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({error.strerror or error})") from None


def write_idx(path: str | os.PathLike[str], array: np.ndarray) -> None:
    """Writes an array of any shape to a path as IDX; gzipped, always to the same bytes, where it ends in ".gz".

    A file that is there already stays whole until the new one is. Raises DataError for what IDX cannot hold.
    """
    path, array = Path(path), np.asarray(array)
    if array.dtype.name not in _CODES:
        raise DataError(f"{path}: IDX holds {', '.join(_CODES)}, received {array.dtype}")
    if not 1 <= array.ndim <= MOST_AXES or max(array.shape) >= 2**32:
        raise DataError(f"{path}: IDX holds 1 to {MOST_AXES} axes below 2^32, received shape {array.shape}")
    head = np.array(array.shape, ">u4").tobytes()
    content = bytes([0, 0, _CODES[array.dtype.name], array.ndim]) + head
    content += array.astype(array.dtype.newbyteorder(">")).tobytes()
    if path.suffix == ".gz":
        content = pack(content)
    try:
        write_whole(path, content)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from None


def pack(content: bytes) -> bytes:
    """Gzip without name and time, so that the same content gives the same file."""
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as file:
        file.write(content)
    return packed.getvalue()


def unpack(content: bytes, name: str, limit: int) -> bytes:
    """The content of a gzip file, or `content` itself where it is none; DataError past `limit` bytes."""
    if not content.startswith(_GZIP):
        return content
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        unpacked = _up_to(file, limit + 1, name)
    if len(unpacked) > limit:
        raise DataError(f"{name}: expected {limit} bytes when unpacked, received more")
    return bytes(unpacked)


def _read(file: io.BufferedIOBase, name: str) -> np.ndarray:
    limit = sys.maxsize
    if _up_to(file, 2, name) == _GZIP:
        limit = max(_EXPANDED, _EXPANSION * file.seek(0, os.SEEK_END))
        file.seek(0)
        file = gzip.GzipFile(fileobj=file)
    else:
        file.seek(0)
    magic = _exactly(file, 4, name, "of header")
    if magic[:2] != b"\0\0" or magic[2] not in DTYPES:
        raise DataError(f"{name}: not an IDX file: expected 00 00 and a dtype of {_KNOWN}, received {magic.hex(' ')}")
    if not 1 <= magic[3] <= MOST_AXES:
        raise DataError(f"{name}: expected 1 to {MOST_AXES} axes, received {magic[3]}")
    sizes = np.frombuffer(_exactly(file, 4 * magic[3], name, "of sizes"), ">u4")
    shape, dtype = tuple(sizes.tolist()), np.dtype(DTYPES[magic[2]])
    if math.prod(max(size, 1) for size in shape) * dtype.itemsize > sys.maxsize:
        raise DataError(f"{name}: expected sizes that fit into memory, received shape {shape} of {dtype}")
    if math.prod(shape) * dtype.itemsize > limit:
        raise DataError(f"{name}: expected at most {limit} bytes when unpacked, its header promises shape {shape}")
    values = _exactly(file, math.prod(shape) * dtype.itemsize, name, f"for shape {shape} of {dtype}")
    if _up_to(file, 1, name):
        raise DataError(
            f"{name}: expected the end after {len(values)} bytes for shape {shape} of {dtype}, received more"
        )
    array = np.frombuffer(values, dtype.newbyteorder(">")).reshape(shape)
    return array.astype(dtype, copy=False) if dtype.itemsize > 1 else array


def _exactly(file: io.BufferedIOBase, count: int, name: str, what: str) -> bytearray:
    content = _up_to(file, count, name)
    if len(content) < count:
        raise DataError(f"{name}: truncated: expected {count} bytes {what}, received {len(content)}")
    return content


def _up_to(file: io.BufferedIOBase, count: int, name: str) -> bytearray:
    """The next `count` bytes, or as many as there are."""
    content = bytearray()
    try:
        while len(content) < count and (block := file.read(min(_BLOCK, count - len(content)))):
            content += block
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{name}: damaged gzip file ({error})") from None
    return content
