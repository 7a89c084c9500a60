"""MNIST: 60,000 training and 10,000 test images of handwritten digits, found wherever they are.

The files are looked for in $PYDL_DATA, in the cache, then where a host's source has them (a page's site) or, without
a host, at public mirrors; wherever they come from, the SHA-256 of the unpacked bytes decides. What $PYDL_DATA names is
the user's own: a wrong file there is an error. A wrong file in the cache is told of and fetched anew.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..files import cache_folder, write_whole
from .errors import DataError
from .idx import read_idx, unpack
from .labels import Part

MNIST_AUTHORS = "Yann LeCun, Corinna Cortes, Christopher J. C. Burges"
MNIST_LICENCE = "CC BY-SA 3.0"
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://cdn.jsdelivr.net/gh/fgnt/mnist/",
)
TIMEOUT = 8  # seconds without a byte from a mirror
REPORT_FROM = 1_000_000  # packed bytes from which a download shows how far it is

# SHA-256 of the raw IDX bytes (each mirror packs in its own way) and their number, by folder and file. The subset is
# 10,000 training and 2,000 test images as `_spread` takes them.
FILES = {
    "mnist": {
        "train-images-idx3-ubyte": ("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", 47_040_016),
        "train-labels-idx1-ubyte": ("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", 60_008),
        "t10k-images-idx3-ubyte": ("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", 7_840_016),
        "t10k-labels-idx1-ubyte": ("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", 10_008),
    },
    "mnist-subset": {
        "train-images-idx3-ubyte": ("96defee2ab685483b9a3e40d749565b36760c0072a8b8a3f6d989614bd22ff4d", 7_840_016),
        "train-labels-idx1-ubyte": ("306eb44c58c72aea6431270542616c67dd483edc08e92917cd180d90aad4772c", 10_008),
        "t10k-images-idx3-ubyte": ("0a2a978ac97c9ffe5524643f23f15c688c7c4b82e1ce271f4060492e4a74cae4", 1_568_016),
        "t10k-labels-idx1-ubyte": ("601a3cc86da79e5dcf5265d52b4dd14eb2e0ee0c69c9792c036ed8b98dcb05fa", 2_008),
    },
}
SUBSET = (10_000, 2_000)  # training and test images of the subset's files

_source: Callable[[str], bytes | None] | None = None


def register_source(fetch: Callable[[str], bytes | None] | None) -> None:
    """Lets a host bring files: `fetch("mnist/train-images-idx3-ubyte.gz")` gives the content, or None.

    It is asked in place of the mirrors; None takes it away again.
    """
    global _source
    _source = fetch


def load_mnist(subset: int = 0) -> tuple[Part, Part]:
    """`(x_train, y_train), (x_test, y_test)`: uint8 images (n, 28, 28), ink 255 on 0, and uint8 labels (n,).

    subset: 0 for everything; else so many training images and a fifth as many for the test (at least 10), as many
        of every digit and spread evenly over the set.
    """
    if not isinstance(subset, (int, np.integer)) or not 0 <= subset <= 60_000:
        raise DataError(f"load_mnist: expected subset 0 (all) or a number up to 60000, received {subset!r}")
    tried: list[str] = []
    small = 0 < subset <= SUBSET[0]
    arrays = _find_all("mnist-subset", tried) if small else None
    made = arrays is not None
    arrays = arrays or _find_all("mnist", tried)
    if arrays is None:
        raise DataError(f"MNIST was not found. Looked for: {'; '.join(dict.fromkeys(tried))}. {_advice()}")
    x_train, y_train, x_test, y_test = arrays
    train, test = (x_train, y_train), (x_test, y_test)
    if small and not made:  # by way of the subset, so that the images are the same with its files and without
        train, test = _spread(*train, SUBSET[0]), _spread(*test, SUBSET[1])
    if subset:
        train, test = _spread(*train, int(subset)), _spread(*test, max(int(subset) // 5, 10))
    return train, test


def _advice() -> str:
    if _source is not None or sys.platform == "emscripten":
        return 'Train on drawn digits (dataset "drawn_digits"), or build the site where MNIST can be had'
    return (
        "Put its four .gz files into a folder named mnist and set PYDL_DATA to the folder above, "
        'or train on drawn digits (dataset "drawn_digits")'
    )


def _spread(images: np.ndarray, labels: np.ndarray, count: int) -> Part:
    """`count` images, as many of every digit as there are, spread evenly over the set and in its order.

    The first of each digit would not stand for the whole: MNIST is not shuffled, and the first 5,000 test images are
    harder to read than the others (94.6% against 96.0% of all, for the network of `mnist_relu` trained on 10,000).
    """
    chosen = []
    for digit in range(10):
        places = np.flatnonzero(labels == digit)
        wanted = min((count + 9 - digit) // 10, len(places))
        chosen.append(places[np.arange(wanted) * len(places) // max(wanted, 1)])
    rows = np.sort(np.concatenate(chosen))
    return images[rows], labels[rows]


def _find_all(folder: str, tried: list[str]) -> list[np.ndarray] | None:
    arrays = []
    for name in FILES[folder]:
        raw = _find(folder, name, tried)
        if raw is None:
            return None
        arrays.append(read_idx(raw, name))
    return arrays


def _find(folder: str, name: str, tried: list[str]) -> bytes | None:
    """The raw bytes of a file, checked; None where nobody has it, with every place looked at added to `tried`."""
    if (raw := _from_data_folder(folder, name, tried)) is not None:
        return raw
    cached = cache_folder() / folder / f"{name}.gz"
    broken = ""
    try:
        if (raw := _read_file(cached, folder, name)) is not None:
            return raw
        tried.append(f"{cached} (no such file)")
    except DataError as error:
        broken = str(error)
        tried.append(broken)
        now = "trying to get it anew" if folder == "mnist" else "the full set is looked for instead"
        print(f"pydl: in the cache, {broken}; {now}", file=sys.stderr)
    if _source is not None:
        raw = _from_source(folder, name, tried)
    elif folder == "mnist" and sys.platform != "emscripten":
        raw = _from_mirrors(folder, name, cached, tried)
    if raw is None and broken and folder == "mnist":
        raise DataError(
            f"The cache holds a wrong file and no other was found: {'; '.join(tried)}. "
            f"Delete {cached} and start again with a connection, or put a good copy in its place"
        )
    return raw


def _from_data_folder(folder: str, name: str, tried: list[str]) -> bytes | None:
    named = os.environ.get("PYDL_DATA")
    if not named:
        tried.append("PYDL_DATA (not set)")
        return None
    base = Path(os.path.expanduser(named)) / folder
    for path in (base / name, base / f"{name}.gz"):
        try:
            if (raw := _read_file(path, folder, name)) is not None:
                return raw
        except DataError as error:
            raise DataError(f"{error}. Put a good copy in its place, or unset PYDL_DATA") from None
    tried.append(f"{base / name}[.gz] (no such file)")
    return None


def _read_file(path: Path, folder: str, name: str) -> bytes | None:
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error})") from None
    return _checked(content, str(path), folder, name)


def _checked(content: bytes, where: str, folder: str, name: str) -> bytes:
    """The raw bytes in `content`, which may be gzipped."""
    expected, size = FILES[folder][name]
    raw = unpack(content, where, size)
    received = hashlib.sha256(raw).hexdigest()
    if received != expected:
        raise DataError(
            f"{where} is not {folder}'s {name}: expected {size} bytes with SHA-256 {expected}, "
            f"received {len(raw)} with {received}"
        )
    return raw


def _from_source(folder: str, name: str, tried: list[str]) -> bytes | None:
    assert _source is not None  # the caller has looked
    path = f"{folder}/{name}.gz"
    try:
        content = _source(path)
    except Exception as error:  # whatever a host raises: the user is told where, not shown its insides
        raise DataError(f"{path} could not be fetched ({error})") from error
    if content is None:
        tried.append(f"{path} of this page's site (not there)")
        return None
    return _checked(bytes(content), f"{path} of this page's site", folder, name)


# ---- public mirrors


def _from_mirrors(folder: str, name: str, cached: Path, tried: list[str]) -> bytes | None:
    from http.client import HTTPException

    for mirror in MIRRORS:
        url = f"{mirror}{name}.gz"
        try:
            content = _download(url, limit=FILES[folder][name][1] * 101 // 100 + 1000)  # gzip can add a little
            raw = _checked(content, url, folder, name)
        except DataError as error:
            tried.append(str(error))
        except (OSError, HTTPException, ValueError) as error:
            tried.append(f"{url} ({getattr(error, 'reason', None) or error or type(error).__name__})")
        else:
            _keep(cached, content)
            return raw
    return None


def _download(url: str, limit: int) -> bytes:
    """The content at `url`, with a line on stderr that says how far a long download is."""
    from urllib.request import urlopen  # here: what is behind it takes 10 ms of every import of pydl, and few download

    content = bytearray()
    with urlopen(url, timeout=TIMEOUT) as response:
        total = int(response.headers.get("Content-Length") or 0)
        try:
            next_report = 0.0
            while block := response.read(1 << 16):
                content += block
                if len(content) > limit:
                    raise DataError(f"{url} holds more than the {limit} bytes expected at most")
                if total >= REPORT_FROM and (time.monotonic() > next_report or len(content) == total):
                    next_report = time.monotonic() + 0.1
                    done = f"{len(content) / 1e6:.1f} of {total / 1e6:.1f} MB"
                    print(f"\rMNIST from {url}: {done}", end="", file=sys.stderr, flush=True)
        finally:
            if total >= REPORT_FROM:
                print(file=sys.stderr)
    if len(content) < total:
        raise DataError(f"{url} broke off: expected {total} bytes, received {len(content)}")
    return bytes(content)


def _keep(cached: Path, content: bytes) -> None:
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        write_whole(cached, content)
    except OSError as error:  # the images are here all the same; only the next start must fetch them again
        print(f"pydl: {cached} cannot be written ({error.strerror or error})", file=sys.stderr)
