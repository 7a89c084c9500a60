"""IDX files: what is written comes back, and what is broken is refused with one line, whatever is wrong with it."""

import gzip
import os
import struct
import tracemalloc

import numpy as np
import pytest

from pydl.data import DataError, read_idx, write_idx

from .mutations import mutated

DTYPES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def an_array(dtype="uint8", shape=(3, 4, 5)):
    return (np.random.default_rng(7).random(shape) * 100).astype(dtype)


def idx_bytes(array):
    """The format as its description says, without pydl."""
    head = struct.pack(">HBB", 0, DTYPES[array.dtype.name], array.ndim)
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return head + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("name", ["array", "array.gz"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_comes_back(tmp_path, dtype, name):
    array = an_array(dtype)
    write_idx(tmp_path / name, array)
    back = read_idx(tmp_path / name)
    assert back.dtype == array.dtype and back.dtype.isnative
    np.testing.assert_array_equal(back, array)
    back[0] = 0  # a reader's array is its own


@pytest.mark.parametrize("shape", [(5,), (0,), (0, 28, 28), (2, 1, 3, 1, 2), (1,) * 32])
def test_every_shape_comes_back(tmp_path, shape):
    write_idx(tmp_path / "array", an_array("int32", shape))
    assert read_idx(tmp_path / "array").shape == shape


@pytest.mark.parametrize("dtype", DTYPES)
def test_files_are_as_the_format_says(tmp_path, dtype):
    array = an_array(dtype)
    write_idx(tmp_path / "plain", array)
    write_idx(tmp_path / "packed.gz", array)
    assert (tmp_path / "plain").read_bytes() == idx_bytes(array)
    assert gzip.decompress((tmp_path / "packed.gz").read_bytes()) == idx_bytes(array)
    np.testing.assert_array_equal(read_idx(idx_bytes(array)), array)
    np.testing.assert_array_equal(read_idx(gzip.compress(idx_bytes(array))), array)


def test_packed_files_are_always_the_same_bytes(tmp_path):
    for name in ("one.gz", "other.gz"):
        write_idx(tmp_path / name, an_array())
    packed = (tmp_path / "one.gz").read_bytes()
    assert packed == (tmp_path / "other.gz").read_bytes()
    assert packed[3:8] == bytes(5), "no name and no time in the header"


def test_arrays_in_any_memory_order_and_endianness(tmp_path):
    array = an_array("int16")
    write_idx(tmp_path / "a", np.asfortranarray(array).astype(">i2"))
    np.testing.assert_array_equal(read_idx(tmp_path / "a"), array)


@pytest.mark.parametrize("array", [np.zeros(3, np.int64), np.zeros(3, bool), np.float32(1), np.array(["a"])])
def test_what_idx_cannot_hold_is_refused(tmp_path, array):
    with pytest.raises(DataError, match="IDX holds .*, received"):
        write_idx(tmp_path / "a", array)
    assert os.listdir(tmp_path) == []


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    write_idx(tmp_path / "a.gz", an_array())

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(DataError, match="cannot be written .No space left"):
        write_idx(tmp_path / "a.gz", an_array(shape=(2,)))
    assert os.listdir(tmp_path) == ["a.gz"]
    np.testing.assert_array_equal(read_idx(tmp_path / "a.gz"), an_array())


GOOD = idx_bytes(np.arange(12, dtype=np.uint8).reshape(3, 4))
REFUSED = {
    "empty": (b"", "truncated: expected 4 bytes of header, received 0"),
    "not IDX": (b"<!DOCTYPE html>", "not an IDX file: expected 00 00 and .*, received 3c 21 44 4f"),
    "unknown dtype": (b"\0\0\x0a" + GOOD[3:], r"dtype of 0x08 \(uint8\).*, received 00 00 0a 02"),
    "no axes": (b"\0\0\x08\0", "expected 1 to 32 axes, received 0"),
    "too many axes": (b"\0\0\x08\xff" + bytes(4 * 255), "expected 1 to 32 axes, received 255"),
    "sizes cut": (GOOD[:9], "truncated: expected 8 bytes of sizes, received 5"),
    "values cut": (GOOD[:-1], r"truncated: expected 12 bytes for shape \(3, 4\) of uint8, received 11"),
    "too long": (GOOD + b"\0", r"expected the end after 12 bytes for shape \(3, 4\) of uint8, received more"),
    "huge": (b"\0\0\x0e\x04" + b"\xff" * 16, "expected sizes that fit into memory, received shape"),
    "huge and empty": (b"\0\0\x0e\x04" + b"\xff" * 12 + bytes(4), "expected sizes that fit into memory"),
    "packed, cut": (gzip.compress(GOOD)[:-9], "damaged gzip file"),
    "packed, wrong checksum": (gzip.compress(GOOD)[:-8] + bytes(8), "damaged gzip file"),
    "packed, then junk": (gzip.compress(GOOD) + b"junk", "damaged gzip file"),
    "packed, too long": (gzip.compress(GOOD + b"\0"), "expected the end after 12 bytes"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_broken_file_is_refused_with_a_line_that_names_it(tmp_path, what):
    content, message = REFUSED[what]
    path = tmp_path / "digits-idx"
    path.write_bytes(content)
    for source in (path, content):
        with pytest.raises(DataError, match=message) as caught:
            read_idx(source)
        assert "\n" not in str(caught.value)
        assert str(caught.value).startswith(str(path) if source is path else "the IDX data")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(DataError, match="none: cannot be read .No such file"):
        read_idx(tmp_path / "none")
    with pytest.raises(DataError, match="cannot be read"):
        read_idx(tmp_path)


def test_a_header_that_promises_more_than_there_is_takes_no_memory():
    promise = b"\0\0\x08\x01" + struct.pack(">I", 2_000_000_000) + bytes(10)
    modest = b"\0\0\x08\x01" + struct.pack(">I", 200_000_000) + bytes(10)
    for content, message in (
        (promise, "expected 2000000000 bytes .*, received 10"),
        (gzip.compress(modest), "expected 200000000 bytes .*, received 10"),
        (gzip.compress(promise), r"at most 268435456 bytes when unpacked, .*\(2000000000,\)"),
    ):
        tracemalloc.start()
        with pytest.raises(DataError, match=message):
            read_idx(content)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10e6


def assert_read_or_refused(packed, trials, seed):
    array = an_array("int16", (6, 7))
    whole = gzip.compress(idx_bytes(array), mtime=0) if packed else idx_bytes(array)
    outcomes = {"read": 0, "refused": 0}
    for damaged in mutated(whole, trials, seed):
        try:
            back = read_idx(damaged)
        except DataError as error:
            outcomes["refused"] += 1
            assert "\n" not in str(error)
        else:
            outcomes["read"] += 1
            if packed:  # its checksum leaves only damage that does not touch the content
                np.testing.assert_array_equal(back, array)
            else:  # a changed value is not to be seen
                assert back.nbytes == len(damaged) - 4 - 4 * back.ndim
    assert outcomes["refused"] > trials / 2 and (packed or outcomes["read"]), outcomes


@pytest.mark.parametrize("packed", [False, True])
def test_hundreds_of_damaged_files_give_the_array_or_one_line(packed):
    assert_read_or_refused(packed, trials=900, seed=3)


@pytest.mark.slow
@pytest.mark.parametrize("packed", [False, True])
def test_thousands_of_damaged_files_give_the_array_or_one_line(packed):
    assert_read_or_refused(packed, trials=50_000, seed=4)
