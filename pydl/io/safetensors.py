"""`.safetensors`: a length, a JSON header that says where each array lies, then the arrays' bytes, and nothing else.

The `safetensors` package opens what is written here. The format itself cannot tell a changed weight from an honest one:
files written here carry a checksum over names, dtypes, shapes, values and meta, and are refused where it does not fit.
Source: the format's description at https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from .arrays import MOST_AXES, Arrays, Meta, array_of, parsed, raw, shortened, storable, text_of
from .content import Source, Target, named, read, write
from .errors import FileError

DTYPES = {
    "BOOL": "bool", "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64", "U8": "uint8", "U16": "uint16",
    "U32": "uint32", "U64": "uint64", "F16": "float16", "F32": "float32", "F64": "float64",
}  # fmt: skip
_CODES = {name: code for code, name in DTYPES.items()}
_METADATA = "__metadata__"  # a table of strings: ours are "pydl", the meta as JSON, and "crc32"
_LONGEST_HEADER = 100_000_000  # as in the safetensors package
_ALIGNMENT = 8


def save_safetensors(path: Target, arrays: Mapping[str, Any], meta: Mapping[str, Any] | None = None) -> None:
    """Writes named arrays to a .safetensors file, whole or not at all.

    path:   where to; or a file opened for writing bytes
    arrays: numbers or bools of any shape, by name
    meta:   anything that JSON can hold, kept in the header
    Raises FileError.
    """
    write(path, pack(arrays, meta or {}, named(path)))


def load_safetensors(path: Source) -> tuple[Arrays, Meta]:
    """(arrays, meta) of a .safetensors file: of `save_safetensors`, or of another writer (meta is then its strings).

    path: the file; or its content; or a file opened for reading bytes. Raises FileError for whatever is wrong with it.
    """
    return unpack(*read(path))


def pack(arrays: Mapping[str, Any], meta: Mapping[str, Any], where: str) -> list[bytes | memoryview]:
    """The pieces of a .safetensors file. The widest dtypes lie first, so that every array is aligned."""
    stored = storable(arrays, where)
    if _METADATA in stored:
        raise FileError(f"{where}: .safetensors cannot hold an array named {_METADATA}")
    text = text_of(meta, where)
    ordered = sorted(stored, key=lambda name: -stored[name].itemsize)
    ends = list(accumulate(stored[name].nbytes for name in ordered))
    spans = dict(zip(ordered, pairwise([0, *ends])))
    header: dict[str, Any] = {_METADATA: {"pydl": text, "crc32": _checksum(stored, text)}}
    for name, array in stored.items():
        header[name] = {"dtype": _CODES[array.dtype.name], "shape": array.shape, "data_offsets": spans[name]}
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % _ALIGNMENT)
    if len(head) > _LONGEST_HEADER:
        raise FileError(f"{where}: expected names and meta of up to {_LONGEST_HEADER} bytes, received {len(head)}")
    return [len(head).to_bytes(8, "little"), head, *(raw(stored[name]) for name in ordered)]


def unpack(content: memoryview, where: str) -> tuple[Arrays, Meta]:
    """(arrays, meta) from the content of a .safetensors file."""
    length = int.from_bytes(content[:8], "little")
    if length > min(_LONGEST_HEADER, len(content) - 8) or bytes(content[8:9]) != b"{":
        raise FileError(
            f"{where}: truncated, or not a safetensors file: expected {length} bytes of JSON (at most "
            f"{_LONGEST_HEADER}) after the first 8, received {bytes(content[8:12])!r}... of {len(content)} bytes in all"
        )
    header = parsed(content[8 : 8 + length], f"{where}: header")
    strings = header.pop(_METADATA, {})
    if not isinstance(strings, dict) or not all(isinstance(text, str) for text in strings.values()):
        raise FileError(f"{where}: expected {_METADATA} to hold strings, received {shortened(strings)}")
    entries = {name: _entry(fields, f"{where}: {shortened(name)}") for name, fields in header.items()}
    _check_spans(entries, len(content) - 8 - length, where)
    data = content[8 + length :]
    arrays = {
        name: array_of(data[start:end], dtype, shape, f"{where}: {shortened(name)}")
        for name, (dtype, shape, start, end) in entries.items()
    }
    if "pydl" not in strings and "crc32" not in strings:
        return arrays, strings
    if strings.get("crc32") != _checksum(arrays, strings.get("pydl", "")):
        raise FileError(f"{where}: damaged: its checksum is not that of its content")
    return arrays, parsed(strings.get("pydl", ""), f"{where}: metadata")


def _entry(fields: Any, where: str) -> tuple[np.dtype[Any], tuple[int, ...], int, int]:
    """(dtype, shape, first byte, byte after the last) as a header gives them."""
    if not isinstance(fields, dict) or set(fields) != {"dtype", "shape", "data_offsets"}:
        raise FileError(f"{where}: expected dtype, shape and data_offsets, received {shortened(fields)}")
    code, shape, span = fields["dtype"], fields["shape"], fields["data_offsets"]
    if not isinstance(code, str) or code not in DTYPES:
        raise FileError(f"{where}: expected a dtype of {', '.join(DTYPES)}, received {shortened(code)}")
    for sizes in (shape, span):
        most = MOST_AXES if sizes is shape else 2
        if not isinstance(sizes, list) or len(sizes) > most or not all(map(_is_size, sizes)):
            raise FileError(f"{where}: expected up to {most} sizes of 0 or more, received {shortened(sizes)}")
    if len(span) != 2:
        raise FileError(f"{where}: expected a first and a last offset, received {shortened(span)}")
    return np.dtype(DTYPES[code]).newbyteorder("<"), tuple(shape), span[0], span[1]


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _check_spans(entries: Mapping[str, tuple[Any, tuple[int, ...], int, int]], size: int, where: str) -> None:
    """The arrays must lie one behind the other, without overlaps and holes, to the end of the file."""
    position = 0
    for name, (dtype, shape, start, end) in sorted(entries.items(), key=lambda entry: entry[1][2:]):
        label = f"{where}: {shortened(name)}"
        if start != position or end < start or end > size:
            raise FileError(f"{label}: expected its bytes from {position} and within {size}, received {start} to {end}")
        if math.prod(shape) * dtype.itemsize != end - start:
            raise FileError(f"{label}: expected {math.prod(shape) * dtype.itemsize} bytes, received {end - start}")
        position = end
    if position != size:
        raise FileError(f"{where}: expected {position} bytes of arrays, received {size}")


def _checksum(arrays: Arrays, text: str) -> str:
    """CRC-32 of the meta and of name, dtype, shape and bytes of every array, in the order of names."""
    checksum = zlib.crc32(text.encode("utf-8", "surrogatepass"))
    for name in sorted(arrays):
        array = arrays[name]
        label = f"\0{name}\0{array.dtype.name}{array.shape}\0"
        checksum = zlib.crc32(label.encode("utf-8", "surrogatepass"), checksum)
        checksum = zlib.crc32(raw(array), checksum)
    return f"{checksum:08x}"
