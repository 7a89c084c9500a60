"""Arrays and what stands beside them come back from a file as they were, here and in the formats' own libraries."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given

from pydl.io import FileError, load_checkpoint, load_npz, load_safetensors, save_checkpoint, save_npz, save_safetensors
from tests.unit.io.files import FORMATS, assert_same, content_of, metas, named_arrays, some_arrays


@pytest.mark.parametrize("format", FORMATS)
@given(arrays=named_arrays, meta=metas)
def test_any_arrays_and_meta_come_back(format, arrays, meta):
    found, beside = load_checkpoint(content_of(arrays, meta, format))
    assert_same(found, arrays)
    assert list(found) == list(arrays) and beside == meta


@given(arrays=named_arrays, meta=metas)
def test_numpy_opens_every_npz(arrays, meta):
    with np.load(BytesIO(content_of(arrays, meta, ".npz")), allow_pickle=False) as file:
        assert_same({name: file[name] for name in file.files if name != "metadata.json"}, arrays)


@given(arrays=named_arrays, meta=metas)
def test_the_safetensors_package_opens_every_safetensors_file(arrays, meta):
    safetensors = pytest.importorskip("safetensors.numpy")
    assert_same(safetensors.load(content_of(arrays, meta, ".safetensors")), arrays)


@given(arrays=named_arrays)
def test_every_npz_of_numpy_opens(arrays):
    arrays = {name: array for name, array in arrays.items() if name not in ("file", "allow_pickle")}  # NumPy's own
    for save in (np.savez, np.savez_compressed):
        file = BytesIO()
        save(file, **arrays)
        found, meta = load_npz(file.getvalue())
        assert_same(found, arrays)
        assert meta == {}


@given(arrays=named_arrays)
def test_every_file_of_the_safetensors_package_opens(arrays):
    safetensors = pytest.importorskip("safetensors.numpy")
    found, meta = load_safetensors(safetensors.save(arrays, metadata={"format": "np"}))
    assert_same(found, arrays)
    assert meta == {"format": "np"}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("array", [np.asfortranarray(np.arange(12.0).reshape(3, 4)), np.arange(6, dtype=">i4")[::2]])
def test_arrays_in_any_memory_order_and_endianness(format, array):
    found = load_checkpoint(content_of({"a": array}, format=format))[0]["a"]
    np.testing.assert_array_equal(found, array)
    assert found.dtype.isnative and found.flags.c_contiguous and found.flags.writeable


def test_fortran_order_and_big_endian_files_of_numpy_open():
    array = np.asfortranarray(np.arange(24, dtype=">f4").reshape(2, 3, 4))
    file = BytesIO()
    np.savez(file, a=array)
    assert_same(load_npz(file.getvalue())[0], {"a": np.arange(24, dtype=np.float32).reshape(2, 3, 4)})


@pytest.mark.parametrize("format", FORMATS)
def test_nan_and_infinity_come_back_beside_the_arrays(format):
    history = {"loss": [1.5, float("inf"), float("nan")]}
    back = load_checkpoint(content_of({}, {"history": history}, format))[1]["history"]
    assert back["loss"][:2] == [1.5, float("inf")] and np.isnan(back["loss"][2])


@pytest.mark.parametrize("format", FORMATS)
def test_a_reader_has_arrays_of_its_own(format):
    content = content_of(some_arrays(), format=format)
    load_checkpoint(content)[0]["hidden1/bias"][0] = 1
    assert_same(load_checkpoint(content)[0], some_arrays())


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_arrays_give_the_same_bytes(format):
    assert content_of(some_arrays(), {"a": 1}, format) == content_of(some_arrays(), {"a": 1}, format)


@pytest.mark.parametrize(
    "save, load, name", [(save_npz, load_npz, "a.npz"), (save_safetensors, load_safetensors, "a.safetensors")]
)
def test_paths_open_files_and_bytes_are_read_alike(tmp_path, save, load, name):
    path = tmp_path / name
    save(path, some_arrays(), {"note": "메모"})
    with open(path, "rb") as file:
        for source in (path, str(path), path.read_bytes(), bytearray(path.read_bytes()), file):
            arrays, meta = load(source)
            assert_same(arrays, some_arrays())
            assert meta == {"note": "메모"}


def test_what_a_file_is_is_known_by_its_content_and_not_by_its_name(tmp_path):
    path = tmp_path / "weights.dat"
    for format in FORMATS:
        path.write_bytes(content_of(some_arrays(), format=format))
        assert_same(load_checkpoint(path)[0], some_arrays())


def test_a_safetensors_file_whose_length_looks_like_a_zip_is_still_one():
    content = content_of({"a": np.zeros(2, np.float32)}, {"text": "x" * 19100}, ".safetensors")
    missing = 19280 - int.from_bytes(content[:8], "little")
    content = content_of({"a": np.zeros(2, np.float32)}, {"text": "x" * (19100 + missing)}, ".safetensors")
    assert content[:2] == b"PK"
    assert load_checkpoint(content)[0]["a"].shape == (2,)


@pytest.mark.parametrize("path", ["weights", "weights.h5", "weights.npz.bak", ".npz"])
def test_a_name_without_a_known_ending_is_refused(tmp_path, path):
    with pytest.raises(FileError, match="expected a name that ends in .npz or .safetensors"):
        save_checkpoint(tmp_path / path, {})


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "array", [np.array(["text"]), np.array([object()]), np.array([1j]), np.array(["2026-01-01"], "datetime64[D]")]
)
def test_what_is_no_number_is_refused(tmp_path, format, array):
    with pytest.raises(FileError, match="expected names with arrays of bool, int8, .*; received .* for 'a'"):
        save_checkpoint(tmp_path / f"a{format}", {"a": array})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", FORMATS)
def test_what_json_cannot_hold_is_refused(tmp_path, format):
    with pytest.raises(FileError, match="expected meta that JSON can hold; .*set"):
        save_checkpoint(tmp_path / f"a{format}", {}, {"a": {1, 2}})


@pytest.mark.parametrize("name", ["", "..", "a/../b", "/a", "a//b", "a\\b", "a\nb", "metadata.json", "a.npy", "\ud800"])
def test_names_that_could_lead_out_of_a_folder_or_confuse_numpy_are_refused(name):
    with pytest.raises(FileError, match="cannot hold an array named|expected names in Unicode") as caught:
        content_of({name: np.zeros(2)}, format=".npz")
    assert "\n" not in str(caught.value)
