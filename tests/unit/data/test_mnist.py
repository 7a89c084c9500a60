"""load_mnist looks in the places it says, in that order, and believes only the SHA-256."""

import gzip
import sys
from pathlib import Path

import numpy as np
import pytest

from pydl import files
from pydl.data import DataError, load_mnist, register_source, write_idx
from pydl.data import mnist as loader

from .conftest import SUBSET, evenly_spread

IMAGES = "train-images-idx3-ubyte"


def assert_whole(found, small):
    for part, expected in zip(found, (small.train, small.test), strict=True):
        for array, original in zip(part, expected, strict=True):
            assert array.dtype == np.uint8
            np.testing.assert_array_equal(array, original)


# ---- the places


@pytest.mark.parametrize("packed", [True, False])
def test_the_users_folder_comes_first(small, monkeypatch, packed):
    small.put(small.data, packed=packed)
    small.put(small.cache)
    (small.cache / "mnist" / f"{IMAGES}.gz").write_bytes(b"never looked at")
    register_source(lambda path: pytest.fail("asked although the files are here"))
    monkeypatch.setenv("PYDL_DATA", str(small.data))
    assert_whole(load_mnist(), small)


def test_the_cache_comes_second(small):
    small.put(small.cache)
    register_source(lambda path: pytest.fail("asked although the files are here"))
    found = load_mnist()
    assert_whole(found, small)
    assert [type(part) for part in found] == [tuple, tuple]


def test_each_file_is_looked_for_by_itself(small, monkeypatch):
    small.put(small.data, only=IMAGES)
    small.put(small.cache)
    (small.cache / "mnist" / f"{IMAGES}.gz").unlink()
    monkeypatch.setenv("PYDL_DATA", str(small.data))
    assert_whole(load_mnist(), small)


def test_a_hosts_source_comes_third_and_replaces_the_mirrors(small, monkeypatch):
    monkeypatch.setattr(loader, "MIRRORS", ("http://127.0.0.1:1/",))
    asked = []

    def fetch(path):
        asked.append(path)
        kind, name = path.removesuffix(".gz").split("/")
        return small.packed(kind, name)

    register_source(fetch)
    assert_whole(load_mnist(), small)
    assert asked == [f"mnist/{name}.gz" for name in loader.FILES["mnist"]]


def test_a_source_may_unpack_on_its_way(small):
    """As a browser does when a server calls the file's gzip a transfer encoding."""
    register_source(lambda path: bytearray(small.raw[tuple(path.removesuffix(".gz").split("/"))]))
    assert_whole(load_mnist(), small)


def test_a_source_that_fails_is_told_in_one_line(small):
    def fetch(path):
        raise RuntimeError("the network is down")

    register_source(fetch)
    with pytest.raises(DataError, match=r"^mnist/train-images-idx3-ubyte.gz could not be fetched \(the network"):
        load_mnist()


def test_what_a_source_brings_is_checked(small):
    register_source(lambda path: b"<!DOCTYPE html>")
    with pytest.raises(DataError, match="of this page's site is not mnist's train-images-idx3-ubyte: expected"):
        load_mnist()


def test_the_cache_is_where_the_platform_keeps_caches(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("USERPROFILE", "/home/ada")
    monkeypatch.delenv("PYDL_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    places = {"linux": ".cache/pydl", "darwin": "Library/Caches/pydl", "win32": "AppData/Local/pydl/cache"}
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    for platform, place in places.items():
        monkeypatch.setattr(sys, "platform", platform)
        assert files.cache_folder() == Path("/home/ada") / place
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/caches")
    assert files.cache_folder() == Path("/var/caches/pydl")
    monkeypatch.setenv("PYDL_CACHE", "~/elsewhere")
    assert files.cache_folder() == Path("/home/ada/elsewhere")


# ---- what is not there, and what is broken


def test_a_failure_names_every_place_and_what_to_do(small, monkeypatch):
    monkeypatch.setattr(loader, "MIRRORS", ("http://127.0.0.1:1/one/", "http://127.0.0.1:1/two/"))
    with pytest.raises(DataError) as caught:
        load_mnist()
    message = str(caught.value)
    assert "\n" not in message
    for place in (
        "PYDL_DATA (not set)",
        f"{small.cache}/mnist/{IMAGES}.gz (no such file)",
        f"http://127.0.0.1:1/one/{IMAGES}.gz ([Errno",
        f"http://127.0.0.1:1/two/{IMAGES}.gz ([Errno",
        "set PYDL_DATA to the folder above",
        "drawn_digits",
    ):
        assert place in message, f"{place!r} is not in {message!r}"
    monkeypatch.setenv("PYDL_DATA", str(small.data))
    with pytest.raises(DataError, match=f"{small.data}/mnist/{IMAGES}.*gz.* .no such file"):
        load_mnist()


def test_under_emscripten_no_mirror_is_asked(small, monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(loader, "MIRRORS", ("http://127.0.0.1:1/",))
    monkeypatch.setattr(loader, "_download", lambda *_, **__: pytest.fail("a mirror was asked"))
    with pytest.raises(DataError, match="Train on drawn digits"):
        load_mnist()


BROKEN = {
    "other bytes": lambda packed, raw: raw[:-1] + bytes([raw[-1] ^ 1]),
    "cut": lambda packed, raw: raw[:-1],
    "packed and cut": lambda packed, raw: packed[: len(packed) // 2],
    "a page": lambda packed, raw: b"<!DOCTYPE html>",
    "empty": lambda packed, raw: b"",
    "much too long": lambda packed, raw: gzip.compress(raw + bytes(10**6)),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_of_the_users_own_is_an_error(small, monkeypatch, how):
    small.put(small.data)
    small.put(small.cache)
    broken = small.data / "mnist" / f"{IMAGES}.gz"
    broken.write_bytes(BROKEN[how](small.packed("mnist", IMAGES), small.raw["mnist", IMAGES]))
    monkeypatch.setenv("PYDL_DATA", str(small.data))
    with pytest.raises(DataError) as caught:
        load_mnist()
    message = str(caught.value)
    assert message.startswith(str(broken)) and "\n" not in message
    assert message.endswith("Put a good copy in its place, or unset PYDL_DATA")


def test_a_wrong_hash_is_told_with_expected_and_received(small, monkeypatch):
    small.put(small.data)
    (small.data / "mnist" / f"{IMAGES}.gz").write_bytes(b"hello")
    monkeypatch.setenv("PYDL_DATA", str(small.data))
    expected, size = loader.FILES["mnist"][IMAGES]
    received = "5 with 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    with pytest.raises(DataError, match=f"expected {size} bytes with SHA-256 {expected}, received {received}"):
        load_mnist()


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_in_the_cache_is_kept_until_there_is_a_better_one(small, capsys, how):
    small.put(small.cache)
    broken = small.cache / "mnist" / f"{IMAGES}.gz"
    content = BROKEN[how](small.packed("mnist", IMAGES), small.raw["mnist", IMAGES])
    broken.write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_mnist()
    message = str(caught.value)
    assert "\n" not in message and str(broken) in message and f"Delete {broken}" in message
    assert broken.read_bytes() == content
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and str(broken) in told[0] and "trying to get it anew" in told[0]


def test_a_source_makes_up_for_a_broken_cache(small, capsys):
    small.put(small.cache)
    (small.cache / "mnist" / f"{IMAGES}.gz").write_bytes(b"broken")
    register_source(lambda path: small.packed(*path.removesuffix(".gz").split("/")))
    assert_whole(load_mnist(), small)
    assert "trying to get it anew" in capsys.readouterr().err


def test_a_broken_subset_in_the_cache_is_passed_over(small, capsys):
    small.put(small.cache)
    small.put(small.cache, "mnist-subset")
    expected = load_mnist(10)
    (small.cache / "mnist-subset" / f"{IMAGES}.gz").write_bytes(b"broken")
    assert_same(load_mnist(10), expected)
    assert "the full set is looked for instead" in capsys.readouterr().err


# ---- the subset


def assert_same(found, expected):
    for part, other in zip(found, expected, strict=True):
        for array, original in zip(part, other, strict=True):
            np.testing.assert_array_equal(array, original)


@pytest.mark.parametrize("subset", [30, 57, 100])
def test_a_large_subset_is_spread_over_the_full_set(small, subset):
    small.put(small.cache)
    expected = evenly_spread(*small.train, subset), evenly_spread(*small.test, max(subset // 5, 10))
    assert_same(load_mnist(subset), expected)


def test_more_than_there_is_gives_all(small):
    small.put(small.cache)
    assert_same(load_mnist(60_000), (small.train, small.test))


@pytest.mark.parametrize("subset", [10, 15, SUBSET[0]])
def test_a_small_subset_is_the_same_with_the_subsets_files_and_without(small, monkeypatch, subset):
    small.put(small.cache)
    from_full = load_mnist(subset)
    for path in (small.cache / "mnist").iterdir():
        path.unlink()
    small.put(small.data, "mnist-subset")
    monkeypatch.setenv("PYDL_DATA", str(small.data))
    assert_same(load_mnist(subset), from_full)
    assert len(from_full[0][0]) == subset and len(from_full[1][0]) == 10


def test_a_larger_subset_needs_the_full_set(small, monkeypatch):
    small.put(small.data, "mnist-subset")
    monkeypatch.setenv("PYDL_DATA", str(small.data))
    with pytest.raises(DataError, match="MNIST was not found"):
        load_mnist(SUBSET[0] + 10)


def test_a_site_with_the_subset_only_answers_small_subsets(small):
    register_source(lambda path: small.packed(*path.removesuffix(".gz").split("/")) if "subset" in path else None)
    assert load_mnist(SUBSET[0])[0][0].shape == (SUBSET[0], 28, 28)
    with pytest.raises(DataError, match="of this page's site .not there"):
        load_mnist()


@pytest.mark.parametrize("subset", [-10, 60_001, 10.0, "10", None])
def test_malformed_subsets_are_refused(subset):
    with pytest.raises(DataError, match="expected subset 0 .all. or a number up to 60000, received"):
        load_mnist(subset)


# ---- the real thing


def test_real_mnist_is_what_everybody_knows(mnist):
    (x_train, y_train), (x_test, y_test) = mnist
    assert x_train.shape == (60000, 28, 28) and x_test.shape == (10000, 28, 28)
    assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert round(x_train.mean() / 255, 4) == 0.1307


def test_the_real_subset_has_the_hashes_in_the_code(mnist, tmp_path, monkeypatch):
    """Made anew from the full set, its files pass the loader's check and give the same arrays."""
    (tmp_path / "mnist-subset").mkdir()
    arrays = [array for part, count in zip(mnist, loader.SUBSET) for array in evenly_spread(*part, count)]
    for name, array in zip(loader.FILES["mnist-subset"], arrays, strict=True):
        write_idx(tmp_path / "mnist-subset" / name, array)
    monkeypatch.setenv("PYDL_DATA", str(tmp_path))
    (x_train, y_train), (x_test, y_test) = load_mnist(10_000)
    for loaded, array in zip((x_train, y_train, x_test, y_test), arrays, strict=True):
        np.testing.assert_array_equal(loaded, array)
    assert np.bincount(y_train).tolist() == [1000] * 10 and np.bincount(y_test).tolist() == [200] * 10
