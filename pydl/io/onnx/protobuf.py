"""Protocol buffers, as far as ONNX needs them: a message is its fields one after the other, each with its number.

A field's number and kind come first, then a whole number (seven bits to a byte, the highest bit says that more follow)
or a length and that many bytes. Source: https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

_VARINT, _LENGTH, _FIXED32 = 0, 2, 5


def varint(value: int) -> bytes:
    """A whole number; one below 0 as its 64 bits."""
    value &= 0xFFFFFFFFFFFFFFFF
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def integer(field: int, *values: int) -> bytes:
    """A whole number, or several by repeating the field."""
    return b"".join(varint(field << 3 | _VARINT) + varint(value) for value in values)


def real(field: int, value: float) -> bytes:
    """A float32."""
    return varint(field << 3 | _FIXED32) + struct.pack("<f", value)


def data(field: int, content: bytes | memoryview) -> bytes:
    """Bytes, or another message."""
    return b"".join((varint(field << 3 | _LENGTH), varint(len(content)), content))


def text(field: int, *values: str) -> bytes:
    """A text, or several by repeating the field."""
    return b"".join(data(field, value.encode()) for value in values)


def messages(field: int, contents: Iterable[bytes]) -> bytes:
    """Messages in a repeated field."""
    return b"".join(data(field, content) for content in contents)
