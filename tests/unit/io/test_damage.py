"""Damaged and hostile files: one line that names the file, or the very same arrays where the damage touches nothing."""

import json
import pickle
import re
import struct
import tracemalloc
import zipfile
import zlib
from io import BytesIO

import numpy as np
import pytest

from pydl.io import FileError, load_checkpoint, load_npz, load_safetensors
from tests.unit.io.files import FORMATS, assert_same, content_of, damaged, some_arrays

META = {"history": {"loss": [0.5, 0.25]}, "note": "메모"}


def refused(content):
    """The line that a file is refused with."""
    with pytest.raises(FileError) as caught:
        load_checkpoint(content)
    message = str(caught.value)
    assert message.startswith("the data: ") and "\n" not in message and len(message) < 700, message
    return message


def read_or_refuse(content):
    """Whether a file is read, which it may be with the arrays and meta of `some_arrays` and META only."""
    try:
        arrays, meta = load_checkpoint(content)
    except FileError as error:
        assert "\n" not in str(error)
        return False
    assert_same(arrays, some_arrays())
    assert meta == META
    return True


@pytest.mark.parametrize("format", FORMATS)
def test_every_truncated_file_is_refused(format):
    content = content_of(some_arrays(), META, format)
    assert read_or_refuse(content)
    assert not any(read_or_refuse(content[:length]) for length in range(len(content)))


@pytest.mark.parametrize("format", FORMATS)
def test_a_flipped_bit_anywhere_is_noticed_or_harmless(format):
    content = content_of(some_arrays(), META, format)
    for at in range(len(content)):
        flipped = bytearray(content)
        flipped[at] ^= 1 << at % 8
        read_or_refuse(bytes(flipped))


@pytest.mark.parametrize("format", FORMATS)
def test_hundreds_of_damaged_files_are_refused_or_harmless(format):
    random = np.random.default_rng(3)
    content = content_of(some_arrays(), META, format)
    read = sum(read_or_refuse(damaged(content, random)) for _ in range(600))
    assert read < 60, "most damage is noticed"


@pytest.mark.slow
@pytest.mark.parametrize("format", FORMATS)
def test_thousands_of_damaged_files_are_refused_or_harmless(format):
    random = np.random.default_rng(4)
    content = content_of(some_arrays(), META, format)
    for _ in range(20_000):
        twice = damaged(content, random)
        read_or_refuse(twice)
        read_or_refuse(damaged(twice, random) if twice else twice)
    for at in range(len(content)):
        for bit in range(8):
            flipped = bytearray(content)
            flipped[at] ^= 1 << bit
            read_or_refuse(bytes(flipped))


def test_compressed_files_are_checked_as_well():
    file = BytesIO()
    arrays = {"a": np.arange(500, dtype=np.int16), "b": np.ones((3, 3))}
    np.savez_compressed(file, **arrays)
    random = np.random.default_rng(6)
    for _ in range(400):
        try:
            found, _ = load_npz(damaged(file.getvalue(), random))
        except FileError:
            continue
        assert_same(found, arrays)


@pytest.mark.parametrize("content", [b"", b"{", b"no file of weights at all", b"PK\3\4", bytes(1000), b"\xff" * 1000])
def test_what_is_no_file_of_weights_is_refused(content):
    refused(content)


# ---- hostile .npz


def zipped(members, method=zipfile.ZIP_STORED):
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as target:
        for name, content in members:
            target.writestr(name, content)
    return file.getvalue()


def npy(descr="<f4", shape="(2,)", data=bytes(8), fortran="False", version=1):
    header = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n".encode()
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + data


def test_the_hostile_files_are_good_ones_but_for_one_thing():
    for version in (1, 2, 3):
        found, _ = load_npz(zipped([("a.npy", npy(version=version))]))
        assert_same(found, {"a": np.zeros(2, np.float32)})


def test_pickled_objects_are_never_read():
    class Bomb:
        def __reduce__(self):
            return pytest.fail, ("a pickle was opened",)

    file = BytesIO()
    np.savez(file, a=np.array([Bomb(), None], dtype=object))
    assert "pickled objects are never read" in refused(file.getvalue())
    refused(zipped([("a.npy", pickle.dumps([1]))]))


ARRAYS_REFUSED = {
    "unknown dtype": (npy(descr="<c8"), "received dtype '<c8'"),
    "text": (npy(descr="<U4"), "received dtype '<U4'"),
    "a negative size": (npy(shape="(-2,)"), "expected an array's dtype, order and shape"),
    "an expression": (npy(shape="(2**9,)"), "expected an array's dtype, order and shape"),
    "a record": (npy(descr="[('a', '<f4')]"), "expected an array's dtype, order and shape"),
    "more than there is": (npy(shape="(3,)"), r"expected 12 bytes for shape \(3,\) of float32, received 8"),
    "less than there is": (npy(shape="(1,)"), r"expected 4 bytes for shape \(1,\) of float32, received 8"),
    "far more than there is": (npy(shape="(9999999999999, 999999999)"), "expected up to 64 axes that fit memory"),
    "huge and empty": (npy(shape="(9999999999999999999, 0)", data=b""), "expected up to 64 axes that fit memory"),
    "too many axes": (npy(shape=f"({'1, ' * 65})", data=bytes(4)), "expected up to 64 axes"),
    "very many digits": (npy(shape=f"({'9' * 5000},)"), "expected an array's dtype, order and shape"),
    "no header": (b"\x93NUMPY\1\0", "expected an array in NumPy's format"),
    "a header beyond the end": (b"\x93NUMPY\1\0\xff\xff{'descr'", "expected version 1 to 3 and a header that fits"),
    "a huge header": (b"\x93NUMPY\2\0\xff\xff\xff\xff{'descr'", "expected version 1 to 3 and a header that fits"),
    "an unknown version": (npy(version=1).replace(b"NUMPY\1", b"NUMPY\7"), "received version 7.0"),
}


@pytest.mark.parametrize("what", ARRAYS_REFUSED)
def test_an_array_that_lies_about_itself_is_refused(what):
    content, message = ARRAYS_REFUSED[what]
    assert re.search(message, refused(zipped([("a.npy", content)])))


@pytest.mark.parametrize("name", ["../a.npy", "/a.npy", "a/../../b.npy", "..\\a.npy", "a\\b.npy", "./a.npy", ".npy"])
def test_names_that_lead_out_of_a_folder_are_refused(name):
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        info = zipfile.ZipInfo("x")
        info.filename = name  # past the constructor, which changes backslashes on some systems
        target.writestr(info, npy())
    assert "cannot hold an array named" in refused(file.getvalue())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_stands_there_twice_is_refused():
    assert "twice" in refused(zipped([("a.npy", npy()), ("a.npy", npy())]))


def test_members_that_are_no_arrays_are_refused():
    assert "expected arrays" in refused(zipped([("readme.txt", b"hello")]))


@pytest.mark.parametrize("text", [b"[1]", b"{", b'{"a": 1, "a": 2}', b"\xff", b'{"a": ' + b"[" * 70 + b"]" * 70 + b"}"])
def test_metadata_that_is_no_sound_json_is_refused(text):
    assert "metadata.json" in refused(zipped([("metadata.json", text)]))


def test_a_zip_bomb_takes_no_memory():
    bomb = zipped([("a.npy", npy(shape="(100000000,)", data=bytes(400_000_000)))], zipfile.ZIP_DEFLATED)
    assert len(bomb) < 500_000
    tracemalloc.start()
    assert "expected at most 268435456 bytes when expanded" in refused(bomb)
    # The same with a directory that lies about the size.
    at = bomb.rindex(b"PK\1\2") + 24
    refused(bomb[:at] + struct.pack("<I", 1000) + bomb[at + 4 :])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6


def test_members_that_share_their_bytes_are_refused():
    content = zipped([("a.npy", npy()), ("b.npy", npy())])
    first, second = content.index(b"PK\1\2"), content.rindex(b"PK\1\2")
    changed = bytearray(content)
    changed[second + 42 : second + 46] = content[first + 42 : first + 46]  # where the member begins
    changed[second + 46 : second + 51] = b"a.npy"
    refused(bytes(changed))
    changed[second + 46 : second + 51] = b"b.npy"
    refused(bytes(changed))


def test_a_member_within_another_is_refused():
    inner = zipped([("b.npy", npy())])
    member, entry = inner[: inner.index(b"PK\1\2")], inner[inner.index(b"PK\1\2") : -22]
    outer = zipped([("a.npy", npy("|u1", f"({len(member)},)", member))])
    start = outer.index(b"PK\1\2")
    directory = outer[start:-22] + entry[:42] + struct.pack("<I", outer.index(member)) + entry[46:]
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 2, 2, len(directory), start, 0)
    assert "'b.npy' overlaps another member" in refused(outer[:start] + directory + end)


@pytest.mark.parametrize("offset, value", [(8, 0x0001), (10, 12), (10, 99)])
def test_encrypted_members_and_unknown_methods_are_refused(offset, value):
    content = bytearray(zipped([("a.npy", npy())]))
    at = content.rindex(b"PK\1\2") + offset
    content[at : at + 2] = struct.pack("<H", value)
    assert "stored or deflated" in refused(bytes(content))


def test_more_members_than_the_directory_counts_are_refused():
    content = bytearray(zipped([("a.npy", npy()), ("b.npy", npy())]))
    content[-14:-10] = struct.pack("<HH", 1, 1)
    assert "received more" in refused(bytes(content))


# ---- hostile .safetensors


def tensors(header, data=bytes(8), length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype="F32", shape=(2,), span=(0, 8), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(span), **more}


def test_the_hostile_headers_are_good_ones_but_for_one_thing():
    assert_same(load_safetensors(tensors({"a": entry()}))[0], {"a": np.zeros(2, np.float32)})


HEADERS_REFUSED = {
    "a huge length": (tensors({"a": entry()}, length=2**63), "expected 9223372036854775808 bytes of JSON"),
    "a length beyond the end": (tensors({"a": entry()}, length=5000), "expected 5000 bytes of JSON"),
    "no JSON": (tensors(b"{hello}"), "damaged JSON"),
    "not an object": (tensors(b"[1, 2]"), "not a safetensors file"),
    "not UTF-8": (tensors(b'{"\xff": 1}'), "damaged JSON"),
    "a key twice": (tensors(b'{"a": ' + json.dumps(entry()).encode() + b', "a": {}}'), "key 'a' stands there twice"),
    "deep JSON": (tensors(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "more than 64 levels"),
    "deep and unclosed": (tensors(b'{"a":' + b"[" * 1_000_000), "more than 64 levels"),
    "unclosed text": (tensors(b'{"' + b'\\"' * 1_000_000), "damaged JSON"),
    "a very long number": (tensors(b'{"a": ' + b"9" * 10_000 + b"}"), "damaged JSON"),
    "no dtype": (tensors({"a": {"shape": [2], "data_offsets": [0, 8]}}), "expected dtype, shape and data_offsets"),
    "something more": (tensors({"a": entry(more=1)}), "expected dtype, shape and data_offsets"),
    "not a table": (tensors({"a": 5}), "expected dtype, shape and data_offsets, received 5"),
    "unknown dtype": (tensors({"a": entry("F8_E4M3")}), "expected a dtype of BOOL, .*, received 'F8_E4M3'"),
    "a list as dtype": (tensors({"a": entry(["F32"])}), "expected a dtype of"),
    "a negative size": (tensors({"a": entry(shape=(-2,))}), r"expected up to 64 sizes of 0 or more, received \[-2\]"),
    "two negative sizes": (tensors({"a": entry(shape=(-2, -1))}), "sizes of 0 or more"),
    "a size that is none": (tensors({"a": entry(shape=(2.0,))}), "sizes of 0 or more"),
    "true as a size": (tensors({"a": entry(shape=(True, 2))}), "sizes of 0 or more"),
    "a huge size": (tensors({"a": entry(shape=(2**64, 0), span=(0, 0))}, b""), "sizes of 0 or more"),
    "huge sizes": (tensors({"a": entry(shape=(2**62, 2**62, 0), span=(0, 0))}, b""), "that fit memory"),
    "too many axes": (tensors({"a": entry(shape=[1] * 65, span=(0, 4))}, bytes(4)), "expected up to 64 sizes"),
    "three offsets": (tensors({"a": entry(span=(0, 4, 8))}), "expected up to 2 sizes"),
    "one offset": (tensors({"a": entry(span=(0,))}), "expected a first and a last offset"),
    "a span of another length": (tensors({"a": entry(shape=(3,))}), "expected 12 bytes, received 8"),
    "a span beyond the end": (tensors({"a": entry(shape=(3,), span=(0, 12))}), "within 8, received 0 to 12"),
    "a span backwards": (tensors({"a": entry(span=(8, 0))}), "received 8 to 0"),
    "a hole": (tensors({"a": entry(span=(4, 12))}, bytes(12)), "expected its bytes from 0"),
    "bytes at the end": (tensors({"a": entry()}, bytes(9)), "expected 8 bytes of arrays, received 9"),
    "an overlap": (tensors({"a": entry(), "b": entry(span=(4, 12))}, bytes(12)), "'b': expected its bytes from 8"),
    "the same bytes twice": (tensors({"a": entry(), "b": entry()}), "'b': expected its bytes from 8"),
    "metadata that is a list": (tensors({"__metadata__": [], "a": entry()}), "expected __metadata__ to hold strings"),
    "metadata of numbers": (tensors({"__metadata__": {"a": 1}, "a": entry()}), "expected __metadata__ to hold strings"),
    "a checksum alone": (tensors({"__metadata__": {"crc32": "0"}, "a": entry()}), "its checksum is not that"),
    "meta alone": (tensors({"__metadata__": {"pydl": "{}"}, "a": entry()}), "its checksum is not that"),
    "half a letter": (tensors({"__metadata__": {"pydl": "\ud800"}, "\ud800": entry()}), "its checksum is not that"),
}


@pytest.mark.parametrize("what", HEADERS_REFUSED)
def test_a_header_that_lies_is_refused(what):
    content, message = HEADERS_REFUSED[what]
    assert re.search(message, refused(content))


def test_a_right_checksum_over_a_bad_meta_is_refused():
    strings = {"pydl": "", "crc32": f"{zlib.crc32(b''):08x}"}
    assert "metadata: damaged JSON" in refused(tensors({"__metadata__": strings}, b""))


def test_a_header_that_promises_more_than_there_is_takes_no_memory():
    tracemalloc.start()
    refused(tensors({"a": entry(shape=(10**12,), span=(0, 4 * 10**12))}))
    refused(tensors(b"{}", length=99_999_999))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6
