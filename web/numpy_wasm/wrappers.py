"""The commands that NumPy's build system finds in place of a toolchain for Pyodide, and the cross file that
names them: a compiler that passes for Emscripten's, a Python that answers for Pyodide's, a Cython, and a
pkg-config that finds nothing."""

import json
import os
import shlex
import sys
from pathlib import Path

from .sysroot import python_include_dir
from .target import Target
from .toolchain import Toolchain
from .workshop import Workshop

COMPILER = Path(__file__).with_name("compiler.sh")
# The user's own flags are for the user's own machine.
FOREIGN_VARIABLES = ("CC", "CXX", "CPP", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "AR", "PKG_CONFIG_PATH")

# Exceptions and setjmp as Pyodide's main module has them, since its libraries are shared; SIMD, since every
# browser that Pyodide 314 supports has it; hidden symbols, since Pyodide asks for PyInit_... only.
CFLAGS = ("-fPIC", "-fvisibility=hidden", "-fwasm-exceptions", "-mllvm", "-wasm-enable-sjlj",
          "-mllvm", "-wasm-use-legacy-eh", "-mllvm", "-combiner-global-alias-analysis=false",
          "-msimd128", "-g0", "-Wno-unused-command-line-argument")
LDFLAGS = ("-shared", "-nostdlib",
           "-Wl,--no-entry,--experimental-pic,-Bsymbolic,--import-memory,--strip-all,-O2",
           "-Wl,--unresolved-symbols=report-all,--no-export-dynamic",
           "-Wl,--export-if-defined=__wasm_call_ctors,--export-if-defined=__wasm_apply_data_relocs")


def write(shop: Workshop, target: Target, tools: Toolchain, exports: Path) -> Path:
    """Writes the commands into the workshop's bin folder; returns the cross file."""
    cflags = ["--target=wasm32-unknown-emscripten", f"--sysroot={shop.scratch}/sysroot",
              "-Xclang", "-iwithsysroot/include/compat", f"-ffile-prefix-map={shop.scratch}=.", *CFLAGS]
    ldflags = [f"-fuse-ld={tools.wasm_ld}", *LDFLAGS, "-Xlinker", f"--allow-undefined-file={exports}"]
    for name, clang in (("emcc", [tools.clang]), ("em++", [tools.clang, "--driver-mode=g++"])):
        _command(shop, name, f"name={name} version={target.emscripten} wasm_ld={tools.wasm_ld}\n"
                             f"clang=({shlex.join(clang)})\ncflags=({shlex.join(cflags)})\n"
                             f"ldflags=({shlex.join(ldflags)})\n{COMPILER.read_text()}")

    info = shop.scratch / "python_info.json"
    info.write_text(json.dumps(python_info(target, python_include_dir(shop))))
    python, cython = shlex.quote(sys.executable), shlex.quote(str(shop.scratch / "cython"))
    _command(shop, "python", f"""\
# This machine's Python; asked about itself by meson, it answers for Pyodide's.
case ${{1:-}} in
  --version) echo 'Python {target.python}'; exit;;
  */python_info.py) exec cat {shlex.quote(str(info))};;
esac
exec {python} "$@"
""")
    _command(shop, "cython", f'PYTHONPATH={cython} exec {python} -m cython "$@"\n')
    _command(shop, "pkg-config", "[ $# = 1 ] && [ $1 = --version ] && echo 1.8.0\n")

    cross_file = shop.scratch / "cross.ini"
    cross_file.write_text(f"""[binaries]
c = '{shop.bin}/emcc'
cpp = '{shop.bin}/em++'
ar = '{tools.ar}'
strip = 'true'
cython = '{shop.bin}/cython'
pkg-config = '{shop.bin}/pkg-config'
python = '{shop.bin}/python'
[properties]
needs_exe_wrapper = true
skip_sanity_check = true
longdouble_format = 'IEEE_QUAD_LE'
[host_machine]
system = 'emscripten'
cpu_family = 'wasm32'
cpu = 'wasm'
endian = 'little'
""")
    return cross_file


def environment(shop: Workshop) -> dict[str, str]:
    """What NumPy's build system should see of this machine's environment."""
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN_VARIABLES}
    return env | {"PATH": f"{shop.bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}", "LC_ALL": "C",
                  "PYTHONDONTWRITEBYTECODE": "1"}


def _command(shop: Workshop, name: str, body: str) -> None:
    path = shop.bin / name
    path.write_text("#!/bin/bash\n" + body)
    path.chmod(0o755)


def python_info(target: Target, include: Path) -> dict:
    """What meson would learn from a Python that runs on the target."""
    library = f"/usr/lib/python{target.python_short}"
    packages = f"{library}/site-packages"
    paths = {"stdlib": library, "platstdlib": library, "purelib": packages, "platlib": packages,
             "include": str(include), "platinclude": str(include), "scripts": "/usr/bin", "data": "/usr"}
    variables = target.sysconfig | {"INCLUDEPY": str(include), "CONFINCLUDEPY": str(include), "LIBPC": "",
                                    "LIBPYTHON": "", "base_prefix": "/usr", "prefix": "/usr"}
    return {"variables": variables, "paths": paths, "sysconfig_paths": paths,
            "install_paths": {name: path.removeprefix("/usr") for name, path in paths.items()},
            "version": target.python_short, "platform": "emscripten-wasm32", "is_pypy": False,
            "is_venv": False, "link_libpython": False, "suffix": target.sysconfig["EXT_SUFFIX"],
            "limited_api_suffix": ".abi3.so", "is_freethreaded": False}
