"""The builder of NumPy's wheel: its pure parts on made-up input, and, as a slow test, the whole way."""

import base64
import csv
import hashlib
import io
import json
import os
import platform
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from web.assets import TABLE, AssetError, resolve
from web.assets.errors import SourceError
from web.assets.resolver import pyodide_folder
from web.numpy_wasm import NUMPY_VERSION, build, downloads, symbols, sysroot, toolchain, wheel, wrappers
from web.numpy_wasm.target import Target
from web.numpy_wasm.workshop import Workshop

SYSCONFIG = {"VERSION": "3.14", "EXT_SUFFIX": ".cpython-314-wasm32-emscripten.so"}
TARGET = Target("3.14.2", "5.0.3", "2026_0", SYSCONFIG)

needs_bash = pytest.mark.skipif(not Path("/bin/bash").exists(), reason="the compiler wrappers are for Debian's bash")


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path / "scratch of it", tmp_path / "logs", lambda stage: None)


# ------------------------------------------------------------------------------------------- the wheel's tags

def test_the_wheel_is_the_one_that_the_table_asks_for():
    assert f"numpy-{NUMPY_VERSION}-{TARGET.wheel_tag}.whl" in TABLE


def pyodide_files(folder, lock=None, version="3.14"):
    info = {"python": "3.14.2", "platform": "emscripten_5_0_3", "abi_version": "2026_0", "arch": "wasm32"}
    (folder / "pyodide-lock.json").write_text(json.dumps({"info": info}) if lock is None else lock)
    with zipfile.ZipFile(folder / "python_stdlib.zip", "w") as archive:
        archive.writestr("os.py", "")
        archive.writestr("_sysconfigdata__emscripten_wasm32-emscripten.py",
                         f"build_time_vars = {SYSCONFIG | {'VERSION': version}!r}\n")
    return folder


def test_the_target_is_read_from_pyodides_files(tmp_path):
    assert Target.of(pyodide_files(tmp_path)) == TARGET


@pytest.mark.parametrize("fault, message", [
    ({"lock": "{"}, "does not hold Pyodide's npm package"),
    ({"lock": '{"info": {}}'}, "does not hold Pyodide's npm package"),
    ({"version": "3.15"}, "Pyodide's files disagree: Python 3.14.2 in pyodide-lock.json, 3.15 in "),
])
def test_files_that_are_not_pyodides_are_refused(tmp_path, fault, message):
    with pytest.raises(SourceError, match=message):
        Target.of(pyodide_files(tmp_path, **fault))


# ------------------------------------------------------------------------------------------- symbols

def name(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


def section(number: int, *items: bytes) -> bytes:
    body = bytes([len(items)]) + b"".join(items)
    # The size as a LEB128 number of two bytes, as linkers write it.
    return bytes([number, len(body) & 0x7F | 0x80, len(body) >> 7]) + body


MODULE = b"\0asm\1\0\0\0" + b"".join([
    section(1, b"\x60\0\0"),
    section(2,
            name("env") + name("from_javascript") + b"\x00\x00",
            name("wasi") + name("elsewhere") + b"\x00\x00",
            name("env") + name("table") + b"\x01\x70\x01\x01\x80\x02",
            name("env") + name("memory") + b"\x02\x00\x10",
            name("env") + name("__stack_pointer") + b"\x03\x7f\x01",
            name("env") + name("__cpp_exception") + b"\x04\x00\x00",
            name("env") + name("last") + b"\x00\x81\x01"),
    section(7,
            name("malloc") + b"\x00\x90\x01",
            name("PyType_Type") + b"\x03\x05"),
])


def test_exports_and_the_javascript_functions_are_offered():
    assert symbols.symbols(MODULE) == {"malloc", "PyType_Type", "from_javascript", "last"}


def test_a_module_that_lacks_what_pyodide_has_is_refused(tmp_path):
    path = tmp_path / "pyodide.asm.wasm"
    path.write_bytes(MODULE)
    with pytest.raises(SourceError, match="does not export _Znwm, __addtf3, sin$"):
        symbols.offered(path)


# ------------------------------------------------------------------------------------------- headers

PYCONFIG = """\
#define HAVE_FORK 1
/* #undef HAVE_EMSCRIPTEN */
#define SIZEOF_LONG 8
#  define SIZEOF_SIZE_T 8
#define SIZEOF_TIME_T 8
#define SIZEOF_VOID_P 8
#define PY_SUPPORT_TIER 1
#define PLATLIBDIR "lib64"
#define UNKNOWN_TO_THE_TARGET 1
"""
VALUES = {"HAVE_FORK": 0, "HAVE_EMSCRIPTEN": 1, "SIZEOF_LONG": 4, "SIZEOF_SIZE_T": 4, "SIZEOF_VOID_P": 4,
          "PY_SUPPORT_TIER": 3, "PLATLIBDIR": '"lib"'}


def test_pyconfig_says_what_is_true_in_pyodide():
    assert sysroot.pyconfig(PYCONFIG, VALUES) == """\
/* #undef HAVE_FORK */
#define HAVE_EMSCRIPTEN 1
#define SIZEOF_LONG 4
#define SIZEOF_SIZE_T 4
#define SIZEOF_TIME_T 8
#define SIZEOF_VOID_P 4
#define PY_SUPPORT_TIER 3
#define PLATLIBDIR "lib"
#define UNKNOWN_TO_THE_TARGET 1
"""


def test_a_pyconfig_of_the_wrong_size_is_refused():
    with pytest.raises(SourceError, match="does not define SIZEOF_LONG as 4"):
        sysroot.pyconfig(PYCONFIG, VALUES | {"SIZEOF_LONG": 8})


# ------------------------------------------------------------------------------------------- wrappers

@pytest.fixture
def compiler(shop):
    """compiler(*arguments) is the command that the wrapper runs in place of emcc."""
    tools = toolchain.Toolchain("/bin/echo", "/usr/bin/wasm-ld-22", "/usr/bin/ar", "/usr/bin/ninja")
    wrappers.write(shop, TARGET, tools, shop.scratch / "exports.txt")

    def run(*arguments, tool="emcc"):
        done = subprocess.run([shop.bin / tool, *arguments], capture_output=True, text=True, check=True)
        return done.stdout.split()
    return run


@needs_bash
def test_compiling_adds_pyodides_flags(compiler):
    words = compiler("-c", "-O2", "a.c", "-o", "a.o")
    assert "--target=wasm32-unknown-emscripten" in words and "-fwasm-exceptions" in words
    assert words[-5:] == ["-c", "-O2", "a.c", "-o", "a.o"]
    assert "-nostdlib" not in words
    assert "--driver-mode=g++" in compiler("-c", "a.cpp", tool="em++")


@needs_bash
def test_linking_a_module_exports_its_init_function_only(compiler, shop):
    words = compiler("-shared", "-lm", "-Wl,--as-needed", "a.o", "-o", "numpy/_core/_mod.cpython-314-wasm32.so")
    assert "-Wl,--export=PyInit__mod" in words and "-nostdlib" in words
    assert words[-3:] == ["a.o", "-o", "numpy/_core/_mod.cpython-314-wasm32.so"]
    assert " ".join(words).count(f"--allow-undefined-file={shop.scratch}/exports.txt") == 1


@needs_bash
def test_linking_a_probe_keeps_code_that_nothing_calls(compiler):
    assert "-Wl,--no-gc-sections" in compiler("probe.c", "-o", "probe.exe")


@needs_bash
def test_meson_takes_the_wrappers_for_emscripten_and_for_pyodides_python(compiler):
    assert " ".join(compiler("--version")) == "emcc (Emscripten gcc/clang-like replacement) 5.0.3"
    assert compiler("--version", tool="python") == ["Python", "3.14.2"]
    info = json.loads(" ".join(compiler("/x/python_info.py", tool="python")))
    assert info["suffix"] == SYSCONFIG["EXT_SUFFIX"] and info["version"] == "3.14"
    assert compiler("-c", f"print({NUMPY_VERSION!r})", tool="python") == [NUMPY_VERSION]


def test_the_users_compiler_flags_do_not_reach_the_build(shop, monkeypatch):
    monkeypatch.setenv("CFLAGS", "-march=native")
    monkeypatch.setenv("MINE", "kept")
    env = wrappers.environment(shop)
    assert "CFLAGS" not in env and env["MINE"] == "kept"
    assert env["PATH"].startswith(str(shop.bin))


# ------------------------------------------------------------------------------------------- the wheel

def installed(folder: Path) -> Path:
    site = folder / "installed/usr/site"
    for path, content in {"numpy/__init__.py": "", "numpy/__init__.pyi": "", "numpy/f2py/x.py": "",
                          "numpy/py.typed": "", "numpy/_core/a.h": "",
                          "numpy/__config__.py": f"cc = '{folder}/scratch of it/bin/emcc'",
                          **{f"numpy/_m{number}.so": "wasm" for number in range(12)}}.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(content)
    source = folder / "source"
    (source / "deep").mkdir(parents=True)
    (source / "PKG-INFO").write_text(f"Name: numpy\nVersion: {NUMPY_VERSION}\nLicense-File: L\nLicense-File: deep/L\n")
    (source / "L").write_text("BSD")
    (source / "deep/L").write_text("MIT")
    return source


def test_the_wheel_holds_what_runs_and_a_true_record(shop, tmp_path):
    source = installed(tmp_path)
    path = wheel.pack(shop, tmp_path / "installed", source, TARGET, tmp_path / "out")
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    info = f"numpy-{NUMPY_VERSION}.dist-info"
    assert sorted(files) == sorted([
        "numpy/__init__.py", "numpy/__config__.py", *(f"numpy/_m{number}.so" for number in range(12)),
        f"{info}/METADATA", f"{info}/WHEEL", f"{info}/RECORD", f"{info}/licenses/L", f"{info}/licenses/deep/L"])
    assert files["numpy/__config__.py"] == b"cc = 'emcc'"
    assert f"Tag: {TARGET.wheel_tag}\n".encode() in files[f"{info}/WHEEL"]
    for name, digest, size in csv.reader(io.StringIO(files[f"{info}/RECORD"].decode())):
        if name != f"{info}/RECORD":
            content = files.pop(name)
            expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            assert (digest, size) == (f"sha256={expected}", str(len(content)))
    assert list(files) == [f"{info}/RECORD"]


def test_the_same_content_gives_the_same_bytes(shop, tmp_path):
    source = installed(tmp_path)
    first = wheel.pack(shop, tmp_path / "installed", source, TARGET, tmp_path / "first")
    for path in (tmp_path / "installed").rglob("*"):
        os.utime(path, (1e9, 1e9))
    second = wheel.pack(shop, tmp_path / "installed", source, TARGET, tmp_path / "second")
    assert first.read_bytes() == second.read_bytes()


def test_a_wheel_with_too_few_modules_is_not_packed(shop, tmp_path):
    source = installed(tmp_path)
    for number in range(5):
        (tmp_path / f"installed/usr/site/numpy/_m{number}.so").unlink()
    with pytest.raises(SourceError, match="7 extension modules only"):
        wheel.pack(shop, tmp_path / "installed", source, TARGET, tmp_path / "out")


# ------------------------------------------------------------------------------------------- where it cannot work

def test_another_machine_than_debian_is_told_at_once(monkeypatch, tmp_path):
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "arch", "PRETTY_NAME": "Arch Linux"})
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(SourceError, match="on Debian on x86-64 only, and this is Arch Linux on aarch64$"):
        build(tmp_path, tmp_path)
    assert not list(tmp_path.iterdir())


def test_packages_that_only_root_can_install_are_named(shop, monkeypatch):
    monkeypatch.setattr(toolchain, "LLVM", "none")
    monkeypatch.setattr(toolchain.os, "geteuid", lambda: 1000, raising=False)
    with pytest.raises(SourceError, match="only root can install: apt-get install clang-none lld-none"):
        toolchain.provide(shop)


@needs_bash
@pytest.mark.parametrize("lists, calls", [("good", ["install"]), ("old", ["install", "update", "install"])])
def test_apt_is_asked_for_what_is_missing_and_for_its_lists_only_when_they_are_old(shop, tmp_path, monkeypatch,
                                                                                 lists, calls):
    apt = tmp_path / "apt-get"
    apt.write_text(f"""#!/bin/bash
cd {tmp_path}
[ "$1" = update ] && {{ echo update >>calls; echo good >lists; exit; }}
echo install >>calls; echo "$@" >arguments; [ "$(<lists)" = good ]
""")
    apt.chmod(0o755)
    (tmp_path / "lists").write_text(lists)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(toolchain, "LLVM", "none")
    monkeypatch.setattr(toolchain.os, "geteuid", lambda: 0, raising=False)
    toolchain.provide(shop)
    assert (tmp_path / "calls").read_text().split() == calls
    assert (tmp_path / "arguments").read_text().endswith(" clang-none lld-none ninja-build\n")


def test_a_command_that_fails_tells_why_and_where_its_log_is(shop):
    with pytest.raises(SourceError) as caught:
        shop.run("stage", [sys.executable, "-c", "print('much'); import sys; sys.exit('error: it broke')"])
    assert str(caught.value) == f"stage failed: it broke (whole log: {shop.logs / 'stage.log'})"
    assert (shop.logs / "stage.log").read_text().split("\n")[:2] in (["much", "error: it broke"],
                                                                     ["error: it broke", "much"])


def test_the_mirror_is_the_one_that_most_package_lists_come_from(shop, monkeypatch):
    sites = "http://a.example/debian\nhttp://b.example/debian\nhttp://b.example/debian\n" + \
            "http://b.example/debian-security\n" * 5
    monkeypatch.setattr(shop, "run", lambda *arguments: sites)
    assert downloads._mirror(shop) == "http://b.example/debian"
    monkeypatch.setattr(shop, "run", lambda *arguments: "")
    with pytest.raises(SourceError, match="names no Debian mirror"):
        downloads._mirror(shop)


# ------------------------------------------------------------------------------------------- the whole way

@pytest.mark.slow
def test_the_whole_build_gives_a_wheel_that_works_in_pyodide(tmp_path, monkeypatch):
    """About two minutes on two cores. The build itself runs the wheel in Pyodide under node."""
    try:
        toolchain.require_platform()
        resolve(["pyodide.asm.wasm"])
    except (SourceError, AssetError) as error:
        pytest.skip(f"NumPy cannot be built here: {error}")
    pyodide = pyodide_folder(tmp_path / "pyodide", lambda *event: None)
    monkeypatch.setenv("PYDL_CACHE", str(tmp_path / "cache"))
    stages = []
    made = build(tmp_path / "out", pyodide, lambda stage, *bytes: stages.append(stage))
    assert made.name == f"numpy-{NUMPY_VERSION}-{TARGET.wheel_tag}.whl"
    assert 2e6 < made.stat().st_size < 4e6
    assert stages[-1] == f"NumPy {NUMPY_VERSION} from source: check in Pyodide"
    logs = tmp_path / f"cache/build/numpy-{NUMPY_VERSION}/logs"
    assert f"numpy {NUMPY_VERSION} works" in (logs / "check.log").read_text()
    assert [path.name for path in logs.parent.iterdir()] == ["logs"]
