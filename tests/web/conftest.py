"""A small made-up project, made-up run-time assets and a made-up MNIST: the site builder's tests need no
network.
"""

import gzip
import hashlib
import io
import json
import struct
import zipfile

import pytest

from web import assets, wheel
from web.site import builder, mnist

PYPROJECT = """
[project]
name = "pydl-lab"
dynamic = ["version"]
description = "A laboratory"
readme = "README.md"
requires-python = ">=3.11"
license = "MIT"
license-files = ["LICENSE"]
dependencies = ["numpy>=2.0"]
keywords = ["learning", "education"]
authors = [{name = "Ann"}, {name = "Bo", email = "bo@example.org"}]
urls = {Home = "https://example.org"}

[project.optional-dependencies]
test = ["pytest", "tomli; python_version < '3.11'"]

[project.scripts]
pydl = "pydl.cli:main"
"""

SOURCES = {
    "pyproject.toml": PYPROJECT,
    "README.md": "# Read me, 한국어\n",
    "LICENSE": "MIT License\n",
    "pydl/__init__.py": '"""Made up."""\n\n__version__ = "1.2.3"\n',
    "pydl/cli/__init__.py": "def main():\n    return 0\n",
    "pydl/lessons/texts/ko.json": '{"title": "배타적 논리합"}\n',
    "pydl/__pycache__/junk.pyc": "no",
    "pydl/.hidden": "no",
    "web/page/index.html": '<!doctype html>\n<html><head>\n  <meta charset="utf-8">\n</head></html>\n',
    "web/page/bench.html": "<!doctype html>\n<html><head>\n</head></html>\n",
    "web/page/js/main.js": "export const answer = 42;\n",
    "web/page/worker/bridge.py": "# made up\n",
    "web/page/js/main.test.js": "no",
    "web/page/js/types.d.ts": "no",
    "web/page/node_modules/x/index.js": "no",
    "web/page/package.json": "{}",
    "static/favicon.svg": "<svg/>\n",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The root of a made-up project, which the backend and the builder take for their own."""
    root = tmp_path / "project"
    for name, text in SOURCES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(wheel, "ROOT", root)
    monkeypatch.setattr(builder, "PAGE", root / "web" / "page")
    monkeypatch.setattr(builder, "STATIC", root / "static")
    return root


def wheel_of(name: str, version: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "")
        archive.writestr(f"{name}-{version}.dist-info/licenses/LICENSE", f"the licence of {name}")
    return packed.getvalue()


@pytest.fixture
def fake_assets(tmp_path, monkeypatch):
    """The asset resolver answers with small files; returns the folder that they lie in."""
    folder = tmp_path / "assets"
    folder.mkdir()
    packages = {
        name: {"name": name, "version": "0", "file_name": "", "sha256": "", "depends": []}
        for name in ("numpy", "micropip", "pandas")
    }
    for name in assets.TABLE:
        if name == "pyodide-lock.json":
            content = json.dumps({"info": {"python": "3.14.2"}, "packages": packages}).encode()
        elif name.endswith(".whl"):
            content = wheel_of(*name.split("-")[:2])
        else:
            content = f"this is {name}".encode()
        (folder / name).write_bytes(content)

    def resolve(names=None, report=None):
        return {
            name: assets.Resolved(
                asset, folder / name, "made up", hashlib.sha256((folder / name).read_bytes()).hexdigest()
            )
            for name, asset in assets.TABLE.items()
        }

    monkeypatch.setattr(assets, "resolve", resolve)
    return folder


def idx_images(count: int, size: int = 3) -> bytes:
    """Image i is filled with i."""
    pixels = b"".join(bytes([i % 251]) * size * size for i in range(count))
    return struct.pack(">IIII", 0x803, count, size, size) + pixels


def idx_labels(labels: list[int]) -> bytes:
    return struct.pack(">II", 0x801, len(labels)) + bytes(labels)


@pytest.fixture
def small_mnist(monkeypatch):
    """{file: raw} of a made-up MNIST of 60 + 30 images, whose subset has 2 + 1 of every digit."""
    train, test = [i * 7 % 10 for i in range(60)], [i * 3 % 10 for i in range(30)]
    raw = {
        "train-images-idx3-ubyte": idx_images(60),
        "train-labels-idx1-ubyte": idx_labels(train),
        "t10k-images-idx3-ubyte": idx_images(30),
        "t10k-labels-idx1-ubyte": idx_labels(test),
    }
    rows = [
        assets.Asset(name, mnist.MNIST, hashlib.sha256(content).hexdigest(), "made up", len(content), ())
        for name, content in raw.items()
    ]
    monkeypatch.setattr(mnist, "FULL", tuple(rows))
    monkeypatch.setattr(mnist, "SUBSET_SIZE", {"train": 20, "t10k": 10})
    monkeypatch.setattr(
        mnist, "SUBSET", {name: hashlib.sha256(content).hexdigest() for name, content in mnist.make_subset(raw).items()}
    )
    return raw


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    """PYDL_DATA and PYDL_CACHE name empty folders of this test; returns the first."""
    monkeypatch.setenv("PYDL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PYDL_CACHE", str(tmp_path / "cache"))
    (tmp_path / "data" / "mnist").mkdir(parents=True)
    return tmp_path / "data"


@pytest.fixture
def mnist_folder(small_mnist, data_folder):
    """The made-up MNIST lies in the data folder; returns its own folder there."""
    for name, raw in small_mnist.items():
        (data_folder / "mnist" / f"{name}.gz").write_bytes(gzip.compress(raw))
    return data_folder / "mnist"
