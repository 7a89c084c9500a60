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
    "train-images-idx3-ubyte": "96448e792027ae8c3d693bf7f6685beb422442276734ffe24b7860a3581dcb08",
    "train-labels-idx1-ubyte": "dfa6309ccbfc44ab3df730fa9d1b133e2baeb0fe7db8e4bbdcd05d3e5bd811ea",
    "t10k-images-idx3-ubyte": "780e99a56e963f3affe4791a03545a6ddbdc0904dd880c7f3c50753282177303",
    "t10k-labels-idx1-ubyte": "b547e409b08f1d55c77b7f0964dfb27202f97c41c014d9427a3acecfcf6a7129",
}
SUBSET_PER_DIGIT = {"train": 1000, "t10k": 200}


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
    """{file: IDX bytes} of the full set -> those of the first images of every digit, in their order."""
    chosen = {}
    for part, per_digit in SUBSET_PER_DIGIT.items():
        images, labels = f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"
        seen = [0] * 10
        keep = []
        for index, digit in enumerate(raw[labels][8:]):
            if seen[digit] < per_digit:
                seen[digit] += 1
                keep.append(index)
        chosen[images] = _pick(raw[images], 16, keep)
        chosen[labels] = _pick(raw[labels], 8, keep)
    return chosen


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
