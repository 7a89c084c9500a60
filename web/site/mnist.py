"""MNIST for the site: the four files of the full set, and a compact subset balanced over the digits.

The files are looked for in $PYDL_DATA/mnist, in the cache, then at public mirrors; wherever they come from,
the SHA-256 of the unpacked bytes decides. A site without MNIST is a good site: the lessons then use drawn
digits.
"""

import gzip
import hashlib
import os
import tempfile
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from web.assets import Asset, Component, cache_dir
from web.assets.errors import SourceError
from web.assets.sources import Cdn, Run

AUTHORS = "Yann LeCun, Corinna Cortes, Christopher J. C. Burges"
LICENCE_URL = "https://creativecommons.org/licenses/by-sa/3.0/"
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://cdn.jsdelivr.net/gh/fgnt/mnist/",
)
PATIENCE = 8  # seconds; no further mirror is asked after that, so that an offline machine soon goes on

MNIST = Component("mnist", "MNIST", "", "CC BY-SA 3.0", "http://yann.lecun.com/exdb/mnist/", ())


def _row(name: str, size: int, sha256: str) -> Asset:
    return Asset(name, MNIST, sha256, AUTHORS, size, tuple(Cdn(f"{mirror}{name}.gz") for mirror in MIRRORS))


# The hash and the size are those of the raw bytes: every mirror may pack in its own way.
FULL = (
    _row("train-images-idx3-ubyte", 47_040_016,
         "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    _row("train-labels-idx1-ubyte", 60_008,
         "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    _row("t10k-images-idx3-ubyte", 7_840_016,
         "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    _row("t10k-labels-idx1-ubyte", 10_008,
         "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
)
SUBSET = {
    "train-images-idx3-ubyte": "96defee2ab685483b9a3e40d749565b36760c0072a8b8a3f6d989614bd22ff4d",
    "train-labels-idx1-ubyte": "306eb44c58c72aea6431270542616c67dd483edc08e92917cd180d90aad4772c",
    "t10k-images-idx3-ubyte": "0a2a978ac97c9ffe5524643f23f15c688c7c4b82e1ce271f4060492e4a74cae4",
    "t10k-labels-idx1-ubyte": "601a3cc86da79e5dcf5265d52b4dd14eb2e0ee0c69c9792c036ed8b98dcb05fa",
}
SUBSET_SIZE = {"train": 10_000, "t10k": 2_000}


@dataclass(frozen=True)
class Copy:
    """A checked file: its IDX bytes and their gzip file."""

    raw: bytes
    packed: bytes


@dataclass
class Mnist:
    """What was found: {"mnist/<file>.gz": content}, empty unless it is complete; notes are for the user."""

    full: dict[str, bytes] = field(default_factory=dict)
    subset: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def find(report) -> Mnist:
    found = Mnist()
    report("looking for MNIST", None, None)
    hashes = {row.name: row.sha256 for row in FULL}
    full = _on_this_machine("mnist", hashes, found.notes)
    failure = "" if len(full) == len(FULL) else _download(full, report)
    subset = _on_this_machine("mnist-subset", SUBSET, [])
    if len(full) == len(FULL):
        found.full = {f"mnist/{name}.gz": copy.packed for name, copy in full.items()}
        if len(subset) < len(SUBSET):
            report("choosing the MNIST subset", None, None)
            chosen = make_subset({name: copy.raw for name, copy in full.items()})
            subset = {name: _packed("mnist-subset", name, raw) for name, raw in chosen.items()}
    if len(subset) == len(SUBSET):
        found.subset = {f"mnist-subset/{name}.gz": copy.packed for name, copy in subset.items()}
    if not found.full:
        data = _data_dir()
        offer = "a subset of MNIST only" if found.subset else "drawn digits instead of MNIST"
        found.notes.append(
            f"The site has {offer}: the full set is neither in {data / 'mnist' if data else 'PYDL_DATA (not set)'} "
            f"nor in the cache, and no public mirror brought it ({failure}). "
            f"To add it, put its four .gz files into {cache_dir() / 'mnist'} and start again.")
    return found


def make_subset(raw: dict[str, bytes]) -> dict[str, bytes]:
    """{file: IDX bytes} of the full set -> those of pydl.data.load_mnist(subset=10_000)."""
    chosen = {}
    for part, size in SUBSET_SIZE.items():
        images, labels = f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"
        keep = _spread(raw[labels][8:], size)
        chosen[images] = _pick(raw[images], 16, keep)
        chosen[labels] = _pick(raw[labels], 8, keep)
    return chosen


def _spread(labels: bytes, count: int) -> list[int]:
    """Where `count` images lie, as many of every digit and spread evenly over the set."""
    chosen = []
    for digit in range(10):
        places = [index for index, label in enumerate(labels) if label == digit]
        chosen += [places[step * len(places) // (count // 10)] for step in range(count // 10)]
    return sorted(chosen)


def _pick(idx: bytes, header: int, keep: list[int]) -> bytes:
    """The items `keep` of an IDX file. Its header: magic, number of items, then the sizes of one item."""
    size = (len(idx) - header) // int.from_bytes(idx[4:8], "big")
    items = (idx[header + size * index:header + size * (index + 1)] for index in keep)
    return idx[:4] + len(keep).to_bytes(4, "big") + idx[8:header] + b"".join(items)


# ---------------------------------------------------------------- this machine

def _data_dir() -> Path | None:
    named = os.environ.get("PYDL_DATA")
    return Path(named).expanduser() if named else None


def _on_this_machine(folder: str, hashes: dict[str, str], notes: list[str]) -> dict[str, Copy]:
    """{file: copy} of what lies here and is right; what is wrong is left aside, with a note."""
    found = {}
    data = _data_dir()
    for name, sha256 in hashes.items():
        places = [cache_dir() / folder / f"{name}.gz"]
        if data:  # a file that is not packed comes last: packing it takes seconds, and leaves it in the cache
            places = [data / folder / f"{name}.gz", *places, data / folder / name]
        for path in filter(Path.is_file, places):
            content = path.read_bytes()
            raw = _checked(_unpacked(content) if path.suffix == ".gz" else content, sha256)
            if raw is not None:
                found[name] = Copy(raw, content) if path.suffix == ".gz" else _packed(folder, name, raw)
                break
            notes.append(f"{path} is left aside: it is not MNIST's file of that name, or not all of it")
    return found


def _checked(raw: bytes, sha256: str) -> bytes | None:
    return raw if hashlib.sha256(raw).hexdigest() == sha256 else None


def _unpacked(packed: bytes) -> bytes:
    """The content of a gzip file; nothing where it is damaged."""
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error):
        return b""


def _packed(folder: str, name: str, raw: bytes) -> Copy:
    copy = Copy(raw, gzip.compress(raw, 9, mtime=0))
    _keep(folder, name, copy.packed)
    return copy


def _keep(folder: str, name: str, packed: bytes):
    """Put a checked file into the cache, whole or not at all. A cache that cannot be written costs time."""
    place = cache_dir() / folder
    try:
        place.mkdir(parents=True, exist_ok=True)
        handle, passing = tempfile.mkstemp(dir=place)
        with os.fdopen(handle, "wb") as file:
            file.write(packed)
        os.replace(passing, place / f"{name}.gz")
    except OSError:
        pass


# ---------------------------------------------------------------- public mirrors

def _download(full: dict[str, Copy], report) -> str:
    """Add what is missing in `full` from the mirrors; returns what went wrong first."""
    failures = []
    give_up = time.monotonic() + PATIENCE
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder), report)
        for row in FULL:
            for source in row.sources:
                if row.name in full or (failures and time.monotonic() > give_up):
                    break
                try:
                    packed = source.fetch(row, run).read_bytes()
                except SourceError as error:
                    failures.append(str(error))
                    continue
                raw = _checked(_unpacked(packed), row.sha256)
                if raw is None:
                    failures.append(f"{source.url} is not MNIST's file")
                else:
                    full[row.name] = Copy(raw, packed)
                    _keep("mnist", row.name, packed)
    return failures[0] if failures else ""
