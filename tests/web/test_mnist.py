"""MNIST for the site: where it is looked for, what is accepted, and the balanced subset made of it."""

import gzip
import hashlib
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from web.assets.errors import SourceError
from web.site import mnist

NAMES = [row.name for row in mnist.FULL]


def find() -> mnist.Mnist:
    return mnist.find(lambda stage, done=None, total=None: None)


def raw_hashes(packed: dict[str, bytes]) -> dict[str, str]:
    """{file: SHA-256} in the form of the table, from {"folder/file.gz": content}."""
    return {Path(name).stem: hashlib.sha256(gzip.decompress(content)).hexdigest()
            for name, content in packed.items()}


def labels_of(idx: bytes) -> list[int]:
    assert int.from_bytes(idx[4:8], "big") == len(idx) - 8
    return list(idx[8:])


class Mirror:
    """A source that hands out `files` and counts how often it was asked."""

    def __init__(self, files, url="https://mirror.example/"):
        self.files, self.url, self.asked = files, url, 0

    def fetch(self, asset, run):
        self.asked += 1
        if asset.name not in self.files:
            raise SourceError("mirror.example: name not known")
        path = run.folder / asset.name
        path.write_bytes(self.files[asset.name])
        return path


def use_mirrors(monkeypatch, *mirrors):
    monkeypatch.setattr(mnist, "FULL", tuple(replace(row, sources=mirrors) for row in mnist.FULL))


def test_the_subset_is_spread_evenly_over_every_digit_in_its_order(small_mnist):
    subset = mnist.make_subset(small_mnist)
    labels = labels_of(subset["train-labels-idx1-ubyte"])
    assert Counter(labels) == dict.fromkeys(range(10), 2)
    assert Counter(labels_of(subset["t10k-labels-idx1-ubyte"])) == dict.fromkeys(range(10), 1)
    images = subset["train-images-idx3-ubyte"]
    assert images[:16] == bytes.fromhex("00000803 00000014 00000003 00000003") and len(images) == 16 + 20 * 9
    # Labels repeat every ten images; of each digit's six images the first and the fourth. Image i is filled with i.
    assert [images[16 + 9 * i] for i in range(20)] == [*range(10), *range(30, 40)]


def test_the_full_set_and_its_subset_are_found_in_the_data_folder(small_mnist, mnist_folder):
    found = find()
    assert {name: gzip.decompress(content) for name, content in found.full.items()} == {
        f"mnist/{name}.gz": raw for name, raw in small_mnist.items()}
    assert raw_hashes(found.subset) == mnist.SUBSET
    assert found.notes == []


def test_the_subset_is_made_once_and_then_read_from_the_cache(small_mnist, mnist_folder, monkeypatch):
    first = find()
    monkeypatch.setattr(mnist, "make_subset", lambda raw: pytest.fail("made again"))
    assert find() == first


def test_packed_files_carry_no_date(small_mnist, mnist_folder):
    assert all(content[4:8] == bytes(4) for content in find().subset.values())


def test_unpacked_files_will_do_and_are_packed_once(small_mnist, data_folder, monkeypatch):
    for name, raw in small_mnist.items():
        (data_folder / "mnist" / name).write_bytes(raw)
    first = find()
    assert len(first.full) == 4
    monkeypatch.setattr(mnist, "_packed", lambda *arguments: pytest.fail("packed again"))
    assert find() == first


@pytest.mark.parametrize("damage", [
    lambda packed: packed[:-20], lambda packed: b"<html>log in</html>", lambda packed: b"",
    lambda packed: gzip.compress(b"other bytes")], ids=["cut off", "a web page", "empty", "other bytes"])
def test_a_damaged_file_is_left_aside_and_named(small_mnist, mnist_folder, damage):
    path = mnist_folder / f"{NAMES[0]}.gz"
    path.write_bytes(damage(path.read_bytes()))
    found = find()
    assert (found.full, found.subset) == ({}, {})
    assert str(path) in found.notes[0] and "left aside" in found.notes[0]
    assert len(found.notes) == 2


def test_without_mnist_there_is_one_line_that_says_what_to_do(small_mnist, data_folder):
    found = find()
    assert (found.full, found.subset) == ({}, {})
    [note] = found.notes
    assert "drawn digits" in note and str(data_folder / "mnist") in note and "start again" in note
    assert "\n" not in note


def test_the_subset_alone_serves_where_the_full_set_is_gone(small_mnist, mnist_folder):
    subset = find().subset
    for path in mnist_folder.iterdir():
        path.unlink()
    found = find()
    assert (found.full, found.subset) == ({}, subset)
    assert "a subset of MNIST only" in found.notes[0]


def test_a_mirror_brings_what_is_missing_and_the_cache_keeps_it(small_mnist, data_folder, monkeypatch):
    mirror = Mirror({name: gzip.compress(raw, 1) for name, raw in small_mnist.items()})
    use_mirrors(monkeypatch, mirror)
    first = find()
    assert len(first.full) == 4 and first.notes == [] and mirror.asked == 4
    assert find() == first and mirror.asked == 4


def test_a_mirror_with_other_bytes_is_passed_over(small_mnist, data_folder, monkeypatch):
    good = {name: gzip.compress(raw) for name, raw in small_mnist.items()}
    portal = Mirror(dict.fromkeys(good, b"<html>log in</html>"), "https://portal.example/x.gz")
    use_mirrors(monkeypatch, portal, Mirror(good))
    assert len(find().full) == 4
    use_mirrors(monkeypatch, portal)
    for path in (Path(os.environ["PYDL_CACHE"]) / "mnist").iterdir():
        path.unlink()
    assert "https://portal.example/x.gz is not MNIST's file" in find().notes[0]


def test_patience_with_mirrors_that_do_not_answer_is_limited(small_mnist, data_folder, monkeypatch):
    monkeypatch.setattr(mnist, "PATIENCE", 0)
    mirrors = Mirror({}), Mirror({})
    use_mirrors(monkeypatch, *mirrors)
    assert "mirror.example: name not known" in find().notes[0]
    assert [mirror.asked for mirror in mirrors] == [1, 0]


def test_a_cache_that_cannot_be_written_does_no_harm(small_mnist, mnist_folder, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PYDL_CACHE", str(tmp_path / "file"))
    assert len(find().subset) == 4


def test_real_mnist_gives_the_known_subset(tmp_path, monkeypatch):
    folder = Path(os.environ.get("PYDL_DATA", "")) / "mnist"
    if not all((folder / f"{name}.gz").is_file() for name in NAMES):
        pytest.skip("no MNIST in the folder that PYDL_DATA names")
    monkeypatch.setenv("PYDL_CACHE", str(tmp_path))
    found = find()
    assert raw_hashes(found.subset) == mnist.SUBSET
    labels = labels_of(gzip.decompress(found.subset["mnist-subset/train-labels-idx1-ubyte.gz"]))
    assert Counter(labels) == dict.fromkeys(range(10), 1000)
    assert sum(map(len, found.subset.values())) < 2_100_000
