"""The compiler and linker: clang and lld of one version, with ninja and ar, from the machine's own Debian
packages. What is installed is used as it is; apt is asked only for what is missing."""

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ..assets.errors import SourceError
from ..assets.tools import apt_install
from .workshop import Workshop

# Emscripten 5.0 goes with LLVM 23 as it was being developed; 22 knows all the flags that matter here, and
# Debian has it from bookworm on.
LLVM = 22


@dataclass(frozen=True)
class Toolchain:
    clang: str
    wasm_ld: str
    ar: str
    ninja: str


def require_platform() -> None:
    """Says at once where a build cannot work."""
    try:
        system = platform.freedesktop_os_release()
    except OSError:
        system = {}
    if sys.platform != "linux" or platform.machine() != "x86_64" or system.get("ID") != "debian":
        here = f"{system.get('PRETTY_NAME') or platform.system()} on {platform.machine()}"
        raise SourceError(f"NumPy's wheel can be built on Debian on x86-64 only, and this is {here}")
    if missing := [tool for tool in ("apt-get", "dpkg-deb", "node") if not shutil.which(tool)]:
        raise SourceError(f"the build of NumPy's wheel needs {', '.join(missing)}, not found on PATH")


def provide(shop: Workshop) -> Toolchain:
    clang, wasm_ld, ar = f"/usr/bin/clang-{LLVM}", f"/usr/bin/wasm-ld-{LLVM}", "/usr/bin/ar"
    packages = [package for tool, package in ((clang, f"clang-{LLVM}"), (wasm_ld, f"lld-{LLVM}"), (ar, "binutils"))
                if not Path(tool).exists()]
    if not shutil.which("ninja"):
        packages.append("ninja-build")
    if packages:
        _install(shop, packages)
    return Toolchain(clang, wasm_ld, ar, shutil.which("ninja"))


def _install(shop: Workshop, packages: list[str]) -> None:
    if os.geteuid() != 0:
        raise SourceError("the build of NumPy's wheel needs Debian packages that only root can install: "
                          f"apt-get install {' '.join(packages)}")
    shop.stage(f"apt-get install {' '.join(packages)}")
    apt_install(packages, shop.run)
