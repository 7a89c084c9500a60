"""The zip format as far as .npz needs it: members one after the other, then a directory of them.

Written here are stored members only (weights hardly compress) without dates, so that the same content gives the same
bytes. Read is what NumPy and other tools write, deflated members too, but strictly: every length is checked against the
bytes that are there before it is used, the directory must account for all members, and each must pass its checksum.
Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .arrays import shortened
from .errors import FileError

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_ENTRY = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_VERSION = 20  # of the format: folders and deflate
_DATE = 0x0021  # 1980-01-01, the earliest there is
_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 0x0001, 0x0008, 0x0800
_STORED, _DEFLATED = 0, 8
_ZIP64 = 0xFFFFFFFF  # in a local header: the size is in its extra field; the directory's is used here anyway
_MOST_BYTES, _MOST_MEMBERS = 0xFFFFFFFE, 0xFFFE
# A deflated file may hold a thousand times its size. Arrays of zeros do so honestly, while they are small.
_EXPANDED, _EXPANSION = 1 << 28, 20

Parts = list[bytes | memoryview]


class Member(NamedTuple):
    """A line of the directory: where a member lies, its two sizes, and its checksum."""

    name: str
    method: int
    checksum: int
    packed: int
    size: int
    start: int


def pack(members: Iterable[tuple[str, Parts]], where: str) -> Iterator[bytes | memoryview]:
    """The pieces of a zip file with these members. Raises FileError where they are too much for the format."""
    directory, position, count = b"", 0, 0
    for name, parts in members:
        label = name.encode()
        size = sum(map(len, parts))
        checksum = 0
        for part in parts:
            checksum = zlib.crc32(part, checksum)
        end = position + _LOCAL.size + len(label) + size
        if end + len(directory) > _MOST_BYTES or count >= _MOST_MEMBERS or len(label) > 0xFFFF:
            raise FileError(
                f"{where}: .npz holds up to 4 GiB in {_MOST_MEMBERS} arrays here, and this is more; use .safetensors"
            )
        common = (_UTF8, _STORED, 0, _DATE, checksum, size, size, len(label), 0)
        yield _LOCAL.pack(b"PK\3\4", _VERSION, *common) + label
        yield from parts
        directory += _ENTRY.pack(b"PK\1\2", _VERSION, _VERSION, *common, 0, 0, 0, 0, position) + label
        position, count = end, count + 1
    yield directory
    yield _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), position, 0)


def unpack(content: memoryview, where: str) -> dict[str, bytes | memoryview]:
    """The members' contents by name. Raises FileError."""
    members, content = _directory(content, where)
    total, limit = sum(member.size for member in members), max(_EXPANDED, _EXPANSION * len(content))
    if total > limit:
        raise FileError(f"{where}: expected at most {limit} bytes when expanded, its directory promises {total}")
    found: dict[str, bytes | memoryview] = {}
    free = 0
    for member in sorted(members, key=lambda member: member.start):
        label = f"{where}: {shortened(member.name)}"
        if member.name in found:
            raise FileError(f"{label} stands there twice")
        if member.start < free:
            raise FileError(f"{label} overlaps another member")
        packed, free = _packed(content, member, label)
        found[member.name] = _expanded(packed, member, label)
    return {member.name: found[member.name] for member in members}


def _directory(content: memoryview, where: str) -> tuple[list[Member], memoryview]:
    """(the members, the content before the directory: theirs)."""
    if len(content) < _END.size:
        raise FileError(f"{where}: truncated: expected {_END.size} bytes of zip or more, received {len(content)}")
    end = len(content) - _END.size
    mark, disk, first, here, count, size, start, comment = _END.unpack_from(content, end)
    if mark != b"PK\5\6" or comment or disk or first or here != count:
        raise FileError(f"{where}: truncated or damaged: expected a zip directory at its end")
    if start + size != end:
        raise FileError(f"{where}: damaged: expected its directory at {end - size}, received {start}")
    members: list[Member] = []
    position = start
    for _ in range(count):
        if position + _ENTRY.size > end:
            raise FileError(f"{where}: damaged: expected {count} members in its directory, received {len(members)}")
        (mark, _, _, flags, method, _, _, checksum, packed, expanded, label, extra, comment, disk, _, _, at) = (
            _ENTRY.unpack_from(content, position)
        )
        name = position + _ENTRY.size
        position = name + label + extra + comment
        if mark != b"PK\1\2" or position > end or disk:
            raise FileError(f"{where}: damaged: expected {count} members in its directory, received {len(members)}")
        members.append(
            Member(_text(content[name : name + label], flags, where), method, checksum, packed, expanded, at)
        )
        if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED) or _ZIP64 in (packed, expanded, at):
            raise FileError(
                f"{where}: {shortened(members[-1].name)}: expected a member of less than 4 GiB, stored or deflated, "
                f"received method {method}, flags {flags:#x}, {expanded} bytes"
            )
    if position != end:
        raise FileError(f"{where}: damaged: expected {count} members in its directory, received more")
    return members, content[:start]


def _text(label: memoryview, flags: int, where: str) -> str:
    try:
        return bytes(label).decode("utf-8" if flags & _UTF8 else "cp437")
    except UnicodeDecodeError:
        raise FileError(f"{where}: damaged: expected names in UTF-8, received {bytes(label[:40])!r}") from None


def _packed(content: memoryview, member: Member, label: str) -> tuple[memoryview, int]:
    """(a member's bytes as they stand in the file, where they end)."""
    if member.start + _LOCAL.size > len(content):
        raise FileError(f"{label}: damaged: expected a member at byte {member.start}")
    mark, _, flags, method, _, _, _, packed, size, name, extra = _LOCAL.unpack_from(content, member.start)
    start = member.start + _LOCAL.size
    same_name = _text(content[start : start + name], flags, label) == member.name
    sizes_agree = flags & _SIZES_FOLLOW or all(
        here in (_ZIP64, there) for here, there in ((packed, member.packed), (size, member.size))
    )
    if mark != b"PK\3\4" or method != member.method or not same_name or not sizes_agree:
        raise FileError(f"{label}: damaged: its header differs from the directory")
    start += name + extra
    end = start + member.packed
    if end > len(content):
        raise FileError(f"{label}: truncated: expected {member.packed} bytes, received {max(0, len(content) - start)}")
    return content[start:end], end


def _expanded(packed: memoryview, member: Member, label: str) -> bytes | memoryview:
    data: bytes | memoryview = packed
    if member.method == _DEFLATED:
        inflater = zlib.decompressobj(-15)
        try:
            data = inflater.decompress(packed, member.size + 1)  # one more, so that a longer one shows
        except zlib.error as error:
            raise FileError(f"{label}: damaged ({error})") from None
        if not inflater.eof or inflater.unused_data:
            raise FileError(f"{label}: damaged: expected {member.size} bytes when expanded, received others")
    if len(data) != member.size:
        raise FileError(f"{label}: damaged: expected {member.size} bytes, received {len(data)}")
    if zlib.crc32(data) != member.checksum:
        raise FileError(f"{label}: damaged: its checksum is not that of its content")
    return data
