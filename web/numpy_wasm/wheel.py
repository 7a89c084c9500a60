"""Packs what was built into a wheel: only what runs, with NumPy's own metadata and licences, and the same
bytes for the same content."""

import base64
import hashlib
import os
import re
import zipfile
from pathlib import Path

from ..assets.errors import SourceError
from .target import NUMPY_VERSION, Target
from .workshop import Workshop

SITE = "/usr/site"  # where meson is told to install Python modules
# What a browser has no use for: stubs, sources, headers, f2py and helpers of other tools.
UNUSED = re.compile(r"\.(pyi|pxd|pyx|pyc|a|c|h)$|/py\.typed$"
                    r"|^numpy/(f2py|_pyinstaller|typing/mypy_plugin|conftest)\b")
FEWEST_MODULES = 10  # NumPy 2.4 has 19


def pack(shop: Workshop, installed: Path, source: Path, target: Target, output_dir: Path) -> Path:
    files = collect(installed / SITE.lstrip("/"))
    modules = [name for name in files if name.endswith(".so")]
    if len(modules) < FEWEST_MODULES:
        raise SourceError(f"the build made {len(modules)} extension modules only: {', '.join(modules)}")
    # numpy.show_config() should not tell where the wheel was built.
    config = "numpy/__config__.py"
    files[config] = files[config].replace(f"{shop.bin}/".encode(), b"")
    metadata = (source / "PKG-INFO").read_bytes()
    licences = re.findall(r"(?m)^License-File: (.+)$", metadata.decode())
    files |= dist_info(metadata, target.wheel_tag, {name: (source / name).read_bytes() for name in licences})
    output_dir.mkdir(parents=True, exist_ok=True)
    path = output_dir / f"numpy-{NUMPY_VERSION}-{target.wheel_tag}.whl"
    write(path, files)
    return path


def collect(root: Path) -> dict[str, bytes]:
    files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if not UNUSED.search(name)}


def dist_info(metadata: bytes, tag: str, licences: dict[str, bytes]) -> dict[str, bytes]:
    folder = f"numpy-{NUMPY_VERSION}.dist-info"
    wheel = f"Wheel-Version: 1.0\nGenerator: numpy-wasm\nRoot-Is-Purelib: false\nTag: {tag}\n"
    return {f"{folder}/METADATA": metadata, f"{folder}/WHEEL": wheel.encode(),
            **{f"{folder}/licenses/{name}": text for name, text in licences.items()}}


def write(path: Path, files: dict[str, bytes]) -> None:
    """A wheel with its RECORD, which lists every file's hash; entries in order and without dates of their
    own."""
    folder = next(name for name in files if name.endswith(".dist-info/WHEEL")).rpartition("/")[0]
    record = "".join(f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in sorted(files.items()))
    files = files | {f"{folder}/RECORD": f"{record}{folder}/RECORD,,\n".encode()}
    draft = path.with_name(path.name + ".part")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    os.replace(draft, path)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
