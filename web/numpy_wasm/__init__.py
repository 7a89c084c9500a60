"""Builds NumPy's wheel for Pyodide from NumPy's source release, with stock sources, where Pyodide's own wheel
cannot be had. Emscripten's SDK is not needed: an extension module of Pyodide is a WebAssembly shared
library, so a stock clang and wasm-ld make it, given Emscripten's headers, CPython's headers and the list of
what Pyodide exports.

The way: toolchain (clang from the machine's own packages) -> downloads (sources and headers, through apt and
pip) -> sysroot (headers as the target has them) -> wrappers (clang dressed up for NumPy's build system) ->
meson and ninja -> wheel -> check (the wheel runs in Pyodide under node).
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from ..assets import cache
from ..assets.errors import SourceError
from ..assets.progress import Report, silent
from . import check, downloads, symbols, sysroot, toolchain, wheel, wrappers
from .target import NUMPY_VERSION, Target
from .workshop import Workshop

__all__ = ["NUMPY_VERSION", "SourceError", "build"]

FREE_BYTES = 1_000_000_000  # the scratch folder takes 450 MB; clang, where it is not installed, 600 MB more
TAGS = ("runtime", "python-runtime")  # meson's names for what a wheel needs: no tests, no static libraries


def build(output_dir: Path, pyodide_dir: Path, report: Report = silent) -> Path:
    """The path of the wheel, made in `output_dir`. `pyodide_dir` holds the files of Pyodide's npm package.

    Takes about two minutes on two cores. Raises SourceError; the logs of all commands stay in the cache's
    build folder. One build at a time: callers hold the cache's lock of NumpyBuild.
    """
    toolchain.require_platform()
    target = Target.of(pyodide_dir)
    home = cache.cache_dir() / "build" / f"numpy-{NUMPY_VERSION}"
    shutil.rmtree(home, ignore_errors=True)  # whatever a killed build has left
    home.mkdir(parents=True, exist_ok=True)
    # A name of its own: compilers of a killed build may still be writing into theirs.
    shop = Workshop(Path(tempfile.mkdtemp(prefix="scratch-", dir=home)), home / "logs",
                    lambda stage: report(f"NumPy {NUMPY_VERSION} from source: {stage}", None, None))
    try:
        if shutil.disk_usage(home).free < FREE_BYTES:
            raise SourceError(f"less than {FREE_BYTES / 1e9:.0f} GB of free space in {home}")
        return _build(shop, target, pyodide_dir, output_dir)
    finally:
        shutil.rmtree(shop.scratch, ignore_errors=True)


def _build(shop: Workshop, target: Target, pyodide_dir: Path, output_dir: Path) -> Path:
    tools = toolchain.provide(shop)
    sources = downloads.fetch(shop, target)
    shop.stage("headers and compiler wrappers")
    source = sysroot.unpack(shop, sources)
    sysroot.lay_out(shop, target)
    exports = shop.scratch / "exports.txt"
    exports.write_text("\n".join(sorted(symbols.offered(pyodide_dir / "pyodide.asm.wasm"))) + "\n")
    cross_file = wrappers.write(shop, target, tools, exports)
    env = wrappers.environment(shop)

    meson = [sys.executable, source / "vendored-meson/meson/meson.py"]
    build_dir = shop.scratch / "build"
    shop.stage("configure")
    shop.run("configure", [
        *meson, "setup", build_dir, source, "--cross-file", cross_file, "--prefix=/usr", "-Dbuildtype=release",
        "-Doptimization=2", "-Db_ndebug=true", "-Dallow-noblas=true", "-Dblas=none", "-Dlapack=none",
        "-Dcpu-baseline=none", "-Dcpu-dispatch=none", "-Dpython.bytecompile=-1",
        f"-Dpython.platlibdir={wheel.SITE}", f"-Dpython.purelibdir={wheel.SITE}"], env)
    shop.stage("compile (one to two minutes)")
    jobs = len(os.sched_getaffinity(0))
    shop.run("compile", [tools.ninja, "-C", build_dir, "-j", jobs, *_modules(build_dir)], env)
    shop.stage("package")
    installed = shop.scratch / "installed"
    shop.run("install", [*meson, "install", "-C", build_dir, "--no-rebuild", "--tags", ",".join(TAGS),
                         "--destdir", installed], env)
    made = wheel.pack(shop, installed, source, target, output_dir)
    shop.stage("check in Pyodide")
    check.run(shop, pyodide_dir, made)
    return made


def _modules(build_dir: Path) -> list[str]:
    """The files that ninja has to make for a wheel; all of NumPy would take half as long again."""
    plan = json.loads((build_dir / "meson-info/intro-install_plan.json").read_text())["targets"]
    return [os.path.relpath(path, build_dir) for path, entry in plan.items() if entry["tag"] in TAGS]
