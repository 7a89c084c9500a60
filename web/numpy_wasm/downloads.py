"""What the build is made from, fetched at the same time through the machine's own clients: NumPy's source
release and Cython through pip, Emscripten's and CPython's headers as Debian packages through apt. The
packages are unpacked, not installed, since they belong to a newer Debian than most machines run."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..assets import tools
from ..assets.errors import SourceError
from .target import NUMPY_VERSION, Target
from .workshop import Workshop

NUMPY_SHA256 = "f3a3570c4a2a16746ac2c31a7c7c7b0c186b95ce902e33db6f28094ed7387dda"  # of the source release
CYTHON_VERSION = "3.2.9"
SUITES = ("forky", "sid")  # Debian 14, the first with Python 3.14; unstable where that fails
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PIP_DOWNLOAD = ("download", "--no-deps", "--no-input", "--disable-pip-version-check", "--retries=1", "--timeout=15")

# Asked to download a source release, pip asks the release's build system for its metadata, and NumPy's real
# one would configure all of NumPy for this machine. This stand-in answers from the release's own PKG-INFO.
BUILD_SYSTEM = f'''
import os, shutil

def get_requires_for_build_wheel(config_settings=None):
    return []

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    name = "numpy-{NUMPY_VERSION}.dist-info"
    os.makedirs(os.path.join(folder, name), exist_ok=True)
    shutil.copy("PKG-INFO", os.path.join(folder, name, "METADATA"))
    return name
'''


@dataclass(frozen=True)
class Sources:
    numpy: Path  # .tar.gz
    cython: Path  # .whl
    debs: tuple[Path, ...]


def fetch(shop: Workshop, target: Target) -> Sources:
    shop.stage("download sources and headers")
    folder = shop.scratch / "downloads"
    folder.mkdir()
    pip = tools.pip(shop.scratch)
    with ThreadPoolExecutor() as pool:
        debs = pool.submit(_debs, shop, folder, ("emscripten", f"libpython{target.python_short}-dev"))
        numpy = pool.submit(_numpy, shop, pip, folder)
        cython = pool.submit(_cython, shop, pip, folder)
        return Sources(numpy.result(), cython.result(), debs.result())


def _numpy(shop: Workshop, pip: list[str], folder: Path) -> Path:
    stub = shop.scratch / "build-system"
    stub.mkdir()
    (stub / "mesonpy.py").write_text(BUILD_SYSTEM)
    wanted = stub / "requirements.txt"
    wanted.write_text(f"numpy=={NUMPY_VERSION} --hash=sha256:{NUMPY_SHA256}\n")
    shop.run("download-numpy", [*pip, *PIP_DOWNLOAD, "--no-binary=numpy", "--no-build-isolation",
                                "-d", folder, "-r", wanted], dict(os.environ, PYTHONPATH=str(stub)))
    return _the(folder, f"numpy-{NUMPY_VERSION}.tar.gz")


def _cython(shop: Workshop, pip: list[str], folder: Path) -> Path:
    shop.run("download-cython", [*pip, *PIP_DOWNLOAD, "--only-binary=:all:", "-d", folder,
                                 f"Cython=={CYTHON_VERSION}"])
    return _the(folder, "[Cc]ython-*.whl")


def _debs(shop: Workshop, folder: Path, packages: tuple[str, ...]) -> tuple[Path, ...]:
    """From the Debian mirror that this machine is set up for, by an apt configuration of our own: nothing of
    the machine's is changed."""
    mirror = _mirror(shop)
    if not KEYRING.exists():
        raise SourceError(f"{KEYRING} is missing (Debian package debian-archive-keyring)")
    apt = shop.scratch / "apt"
    for part in ("lists/partial", "cache/archives/partial"):
        (apt / part).mkdir(parents=True)
    options = [f"Dir::Etc::sourcelist={apt}/sources.list", "Dir::Etc::sourceparts=-",
               f"Dir::State::Lists={apt}/lists", f"Dir::Cache={apt}/cache", "Acquire::Languages=none",
               "Acquire::Retries=2", "APT::Sandbox::User=root"]
    apt_get = ["apt-get", "-q", *(word for option in options for word in ("-o", option))]
    for suite in SUITES:
        (apt / "sources.list").write_text(f"deb [signed-by={KEYRING} arch=amd64] {mirror} {suite} main\n")
        try:
            shop.run(f"apt-update-{suite}", [*apt_get, "update"])
            shop.run(f"apt-download-{suite}", [*apt_get, "download", *packages], cwd=folder)
            return tuple(_the(folder, f"{package}_*.deb") for package in packages)
        except SourceError as error:
            failure = error
    raise failure


def _mirror(shop: Workshop) -> str:
    """The address that most of this machine's package lists come from, those of security updates aside."""
    sites = shop.run("apt-mirror", ["apt-get", "indextargets", "--no-release-info", "--format", "$(SITE)",
                                    "Created-By: Packages"]).split()
    mirrors = [site for site in sites if "security" not in site]
    if not mirrors:
        raise SourceError("apt's configuration names no Debian mirror")
    return max(mirrors, key=mirrors.count)


def _the(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise SourceError(f"the download of {pattern} left {[path.name for path in found] or 'nothing'}")
    return found[0]
