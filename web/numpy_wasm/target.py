"""What the wheel is built for, read from Pyodide's own files: the version of its Python, of its Emscripten, of
its ABI, and the values that its Python's build has left in sysconfig."""

import json
import re
import runpy
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from ..assets.errors import SourceError

NUMPY_VERSION = "2.4.6"


@dataclass(frozen=True)
class Target:
    python: str  # "3.14.2"
    emscripten: str  # "5.0.3"
    abi: str  # "2026_0"
    sysconfig: dict

    @property
    def python_short(self) -> str:
        return self.python.rpartition(".")[0]

    @property
    def wheel_tag(self) -> str:
        cp = "cp" + self.python_short.replace(".", "")
        return f"{cp}-{cp}-pyemscripten_{self.abi}_wasm32"

    @classmethod
    def of(cls, pyodide_dir: Path) -> "Target":
        try:
            info = json.loads((pyodide_dir / "pyodide-lock.json").read_text(encoding="utf-8"))["info"]
            emscripten = info["platform"].removeprefix("emscripten_").replace("_", ".")
            sysconfig = _sysconfig(pyodide_dir / "python_stdlib.zip")
            target = cls(info["python"], emscripten, info["abi_version"], sysconfig)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise SourceError(f"{pyodide_dir} does not hold Pyodide's npm package: {error}") from None
        if sysconfig["VERSION"] != target.python_short:
            raise SourceError(f"Pyodide's files disagree: Python {target.python} in pyodide-lock.json, "
                              f"{sysconfig['VERSION']} in python_stdlib.zip")
        return target


def _sysconfig(stdlib: Path) -> dict:
    """`build_time_vars` of the target: a generated Python module in the archive of the standard library."""
    with zipfile.ZipFile(stdlib) as archive, tempfile.TemporaryDirectory() as folder:
        pattern = re.compile(r"_sysconfigdata_\w*emscripten[-\w]*\.py")
        [name] = [name for name in archive.namelist() if pattern.fullmatch(name)]
        return runpy.run_path(archive.extract(name, folder))["build_time_vars"]
