"""A small MNIST of its own for every test of the loader: the same names and forms, other images and hashes."""

import gzip
import hashlib

import numpy as np
import pytest

from pydl.data import mnist as loader
from pydl.data import write_idx

PER_DIGIT = {"train": 12, "t10k": 4}  # images of every digit in the small full set
SUBSET = (20, 10)  # training and test images in the small subset's files


def a_part(seed, per_digit):
    random = np.random.default_rng(seed)
    labels = random.permutation(np.repeat(np.arange(10, dtype=np.uint8), per_digit))
    return random.integers(0, 256, (len(labels), 28, 28), np.uint8), labels


def evenly_spread(images, labels, count):
    """The rule of the subset in plain Python: of every digit, images at equal steps through all that there are."""
    keep = []
    for digit in range(10):
        places = [place for place, label in enumerate(labels) if label == digit]
        wanted = min(len(range(digit, count, 10)), len(places))
        keep += [places[step * len(places) // wanted] for step in range(wanted)]
    return images[sorted(keep)], labels[sorted(keep)]


class SmallMnist:
    """The arrays, and the raw bytes of the files by folder and name."""

    def __init__(self, folder):
        self.train, self.test = (a_part(seed, count) for seed, count in enumerate(PER_DIGIT.values()))
        subset = evenly_spread(*self.train, SUBSET[0]), evenly_spread(*self.test, SUBSET[1])
        self.raw = {}
        for kind, parts in (("mnist", (self.train, self.test)), ("mnist-subset", subset)):
            arrays = dict(zip(loader.FILES["mnist"], (array for part in parts for array in part)))
            for name, array in arrays.items():
                write_idx(folder / "written", array)
                self.raw[kind, name] = (folder / "written").read_bytes()

    def packed(self, kind, name):
        return gzip.compress(self.raw[kind, name], mtime=0)

    def put(self, folder, kind="mnist", packed=True, only=None):
        """Writes the files into `folder`/`kind`."""
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for of, name in self.raw:
            if of == kind and only in (None, name):
                path = folder / kind / (f"{name}.gz" if packed else name)
                path.write_bytes(self.packed(kind, name) if packed else self.raw[kind, name])

    def files(self):
        """The loader's table for this set."""
        table = {}
        for (kind, name), raw in self.raw.items():
            table.setdefault(kind, {})[name] = (hashlib.sha256(raw).hexdigest(), len(raw))
        return table


@pytest.fixture
def small(tmp_path, monkeypatch):
    """The small MNIST, known to the loader but nowhere to be found: no PYDL_DATA, an empty cache, no mirror."""
    small = SmallMnist(tmp_path)
    small.data, small.cache = tmp_path / "data", tmp_path / "cache"
    monkeypatch.setattr(loader, "FILES", small.files())
    monkeypatch.setattr(loader, "SUBSET", SUBSET)
    monkeypatch.setattr(loader, "MIRRORS", ())
    monkeypatch.setenv("PYDL_CACHE", str(small.cache))
    monkeypatch.delenv("PYDL_DATA", raising=False)
    yield small
    loader.register_source(None)
