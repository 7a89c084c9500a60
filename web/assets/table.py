"""Every file that the site needs at run time and does not write itself, in one table.

A row names the file, its SHA-256, its size and the sources that can bring it, in the order in which they
are asked; what the files of one project share (version, licence, home page) stands in its Component. The
resolver reads this table to fetch, the site builder to lay out `dist/` and to write the notices.
"""

from dataclasses import dataclass

from .sources import Cdn, NpmPackage, NumpyBuild, PipDownload


@dataclass(frozen=True)
class Component:
    """A project whose files are shipped. `texts` says where its licence stands: in a file of
    `licence_texts/`, in an asset that is the text, or in an asset that is a wheel and carries it."""

    name: str
    title: str
    version: str
    licence: str  # SPDX
    homepage: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Asset:
    """One file. `name` is unique in the table and is the file's name, in the cache and in a PYDL_ASSETS
    folder; `size` is for progress and for people, the hash is what is checked."""

    name: str
    component: Component
    sha256: str
    origin: str  # who made the bytes with that hash
    size: int
    sources: tuple
    # Other bytes that are as good, as pairs of SHA-256 and origin.
    variants: tuple[tuple[str, str], ...] = ()
    # A way that takes minutes, and is gone only when nothing else is missing.
    last_resort: NumpyBuild | None = None

    @property
    def title(self) -> str:
        return f"{self.component.title} {self.component.version}"

    def origin_of(self, sha256: str) -> str | None:
        """Who made the bytes with this hash; None for bytes that the table does not know."""
        return {self.sha256: self.origin, **dict(self.variants)}.get(sha256)


_NUMPY_WHEEL = "numpy-2.4.6-cp314-cp314-pyemscripten_2026_0_wasm32.whl"
_MICROPIP_WHEEL = "micropip-0.11.1-py3-none-any.whl"

PYODIDE = Component("pyodide", "Pyodide", "314.0.7", "MPL-2.0", "https://pyodide.org",
                    ("MPL-2.0.txt", "pyodide-bundled.txt"))
NUMPY = Component("numpy", "NumPy", "2.4.6", "BSD-3-Clause", "https://numpy.org", (_NUMPY_WHEEL,))
MICROPIP = Component("micropip", "micropip", "0.11.1", "MPL-2.0", "https://micropip.pyodide.org",
                     (_MICROPIP_WHEEL,))
UPLOT = Component("uplot", "uPlot", "1.6.32", "MIT", "https://github.com/leeoniya/uPlot",
                  ("uplot-LICENSE.txt",))
COMLINK = Component("comlink", "Comlink", "4.4.2", "Apache-2.0",
                    "https://github.com/GoogleChromeLabs/comlink", ("comlink-LICENSE.txt",))
COMPONENTS = (PYODIDE, NUMPY, MICROPIP, UPLOT, COMLINK)

_PYODIDE_CDN = f"https://cdn.jsdelivr.net/pyodide/v{PYODIDE.version}/full/"


def _npm(component: Component, member: str, size: int, sha256: str, name: str = "") -> Asset:
    """A file of an npm package: from the npm client, or from the CDN, which has such packages by the file."""
    package = NpmPackage(component.name, component.version, member)
    cdn = Cdn(f"https://cdn.jsdelivr.net/npm/{component.name}@{component.version}/{member}")
    return Asset(name or member.rpartition("/")[2], component, sha256, f"npm package {component.name}", size,
                 (package, cdn))


_ROWS = (
    _npm(PYODIDE, "pyodide.mjs", 17_931,
         "6f1d60f7bf529beb300f0f47983c921d3982363640ba20af0e38efdddbc66109"),
    _npm(PYODIDE, "pyodide.asm.mjs", 1_250_344,
         "f7cdc8ece80678ceb712f8e65ebe6d3a83203a180c399865f49612a051693635"),
    _npm(PYODIDE, "pyodide.asm.wasm", 9_598_218,
         "cc36e3cab04fdfc9a63ff13eb52eae2b911bf46c025cc7b281f394bd3de1d5e6"),
    _npm(PYODIDE, "python_stdlib.zip", 2_545_637,
         "fa1957e5777068fc4f7437f96d860ae2fbe9c19732ba06c84e004ec16dd7dd7a"),
    _npm(PYODIDE, "pyodide-lock.json", 119_077,
         "5dc2fc119108bc148c7457dc86e7675b5c87e1cafd420b9c34c1eaef7b36c010"),
    _npm(UPLOT, "dist/uPlot.esm.js", 145_423,
         "5dd9b3281aa64b461b42d9945f6adb2649d346502b12281a9ae0d46599a80eba"),
    _npm(UPLOT, "dist/uPlot.min.css", 1_857,
         "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04"),
    _npm(UPLOT, "LICENSE", 1_078,
         "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd", "uplot-LICENSE.txt"),
    _npm(COMLINK, "dist/esm/comlink.mjs", 12_629,
         "ba9d0de49a44aa9f42c70d6e98e2f00ef3836ca11b785dccd707917d6a4c719b"),
    _npm(COMLINK, "LICENSE", 11_341,
         "bcf29b4fd3ec2cb5f9d40a0866da446f6da62170d2ccedf4aeca9cf9406dd20c", "comlink-LICENSE.txt"),
    # The first hash is that of Pyodide's lock file. Pyodide builds micropip anew; the wheel on PyPI is the
    # same version in other bytes (seen 2026-11). The lock names no dependency of micropip.
    Asset(_MICROPIP_WHEEL, MICROPIP, "e2d52886594fd4cd0d0847110a1c34ae0134d3a970eb4496d3b5eb31ee2d8af6",
          "Pyodide distribution", 115_488,
          (Cdn(_PYODIDE_CDN + _MICROPIP_WHEEL), PipDownload("micropip", "0.11.1")),
          variants=(("768de165adb8e66906039d8fec4127a57f522dfdf8e6fbff877a4616941ecfd3", "PyPI"),)),
    # The hash is the lock's. This wheel is on the CDN only; where that cannot be reached it is built.
    Asset(_NUMPY_WHEEL, NUMPY, "a292c1f5d7d8a2208cd5e94fc467604c131cabcd2fc14fed6eefde121e7fabdf",
          "Pyodide distribution", 2_960_568,
          (Cdn(_PYODIDE_CDN + _NUMPY_WHEEL),), last_resort=NumpyBuild(),
          # What web/numpy_wasm makes with clang 22 (every whole build, 2026-11), so that it can be handed on.
          variants=(("17b8c43d7d246d117e1c8159083f321fd73d8dd76a714b473177462339402b61", "built from source"),)),
)

TABLE = {asset.name: asset for asset in _ROWS}
