"""The headers that the target has: libc and libc++ laid out as Emscripten's own SDK does it, and CPython's,
with a pyconfig.h that says what is true in Pyodide."""

import json
import re
import shutil
import zipfile
from pathlib import Path

from ..assets.errors import SourceError
from .downloads import Sources
from .target import NUMPY_VERSION, Target
from .workshop import Workshop

# Where Emscripten's package keeps the parts of its include folder; a later part goes over an earlier one.
C_HEADERS = ("include", "lib/compiler-rt/include", "lib/libunwind/include", "lib/libc/musl/arch/generic",
             "lib/libc/musl/arch/emscripten", "lib/libc/musl/include")
CXX_HEADERS = ("lib/libcxx/include", "lib/libcxxabi/include")
# Sizes that a 64-bit pyconfig.h would have wrong.
SIZES = {"SIZEOF_VOID_P": 4, "SIZEOF_LONG": 4, "SIZEOF_SIZE_T": 4, "SIZEOF_TIME_T": 8}


def unpack(shop: Workshop, sources: Sources) -> Path:
    """Everything into the scratch folder; returns NumPy's source folder."""
    shop.run("unpack-numpy", ["tar", "xzf", sources.numpy, "-C", shop.scratch])
    with zipfile.ZipFile(sources.cython) as wheel:
        wheel.extractall(shop.scratch / "cython")
    for deb in sources.debs:
        shop.run(f"unpack-{deb.name.partition('_')[0]}", ["dpkg-deb", "-x", deb, shop.scratch / "debian"])
    return shop.scratch / f"numpy-{NUMPY_VERSION}"


def include_dir(shop: Workshop) -> Path:
    return shop.scratch / "sysroot/include"


def python_include_dir(shop: Workshop) -> Path:
    return shop.scratch / "python-include"


def lay_out(shop: Workshop, target: Target) -> None:
    _c_headers(shop, target)
    _python_headers(shop, target)


def _c_headers(shop: Workshop, target: Target) -> None:
    system = shop.scratch / "debian/usr/share/emscripten/system"
    if not (system / "lib/libc/musl/include").is_dir():
        raise SourceError("Debian's package emscripten is laid out in another way than expected")
    include = include_dir(shop)
    for parts, place in ((C_HEADERS, include), (CXX_HEADERS, include / "c++/v1")):
        for part in parts:
            if (system / part).is_dir():
                shutil.copytree(system / part, place, dirs_exist_ok=True)
    # Emscripten writes this one when it is set up; the version is Pyodide's, not the package's.
    numbers = zip(("MAJOR", "MINOR", "TINY"), target.emscripten.split("."), strict=True)
    (include / "emscripten/version.h").write_text("".join(
        f"#define __EMSCRIPTEN_{part}__ {number}\n#define __EMSCRIPTEN_{part.lower()}__ {number}\n"
        for part, number in numbers))


def _python_headers(shop: Workshop, target: Target) -> None:
    name = f"python{target.python_short}"
    usr_include = shop.scratch / "debian/usr/include"
    include = python_include_dir(shop)
    shutil.copytree(usr_include / name, include)
    text = (usr_include / "x86_64-linux-gnu" / name / "pyconfig.h").read_text()
    (include / "pyconfig.h").write_text(pyconfig(text, target.sysconfig))
    # The package may be of another patch release than Pyodide.
    patchlevel = (include / "patchlevel.h").read_text()
    micro = target.python.rpartition(".")[2]
    patchlevel = re.sub(r"(#define PY_MICRO_VERSION\s+)\d+", rf"\g<1>{micro}", patchlevel)
    patchlevel = re.sub(r'(#define PY_VERSION\s+)".*"', rf'\g<1>"{target.python}"', patchlevel)
    (include / "patchlevel.h").write_text(patchlevel)


def pyconfig(text: str, sysconfig: dict) -> str:
    """A pyconfig.h for the target. Debian's names every macro there is, defined or not; Pyodide's sysconfig
    has the value of each on wasm32-emscripten."""

    def line(match: re.Match) -> str:
        macro = match[1] or match[2]
        if macro not in sysconfig:
            return match[0]
        value = sysconfig[macro]
        if value == 0 and not macro.startswith(("SIZEOF_", "ALIGNOF_")):
            return f"/* #undef {macro} */"
        if isinstance(value, str) and not re.fullmatch(r'[\w() *+-]+|".*"', value):
            value = json.dumps(value)
        return f"#define {macro} {value}"

    text = re.sub(r"(?m)^(?:#\s*define\s+(\w+)\b.*|/\*\s*#\s*undef\s+(\w+)\s*\*/)$", line, text)
    for macro, size in SIZES.items():
        if not re.search(rf"(?m)^#define {macro} {size}$", text):
            raise SourceError(f"the pyconfig.h made for Pyodide does not define {macro} as {size}")
    return text
