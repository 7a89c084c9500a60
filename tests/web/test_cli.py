"""`python3 -m web`: what it prints, what it refuses and with which exit code."""

import ast
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from web import assets, cli, wheel
from web.site import BuildResult, SiteError

REPOSITORY = Path(__file__).resolve().parents[2]


def web(*arguments, cwd=REPOSITORY, start=("-m", "web")):
    command = [sys.executable, *start, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)


def refused(capsys, *arguments) -> str:
    """What a command line in vain prints; it must be one line, with exit code 2."""
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (2, "") and printed.err.startswith("pydl: ")
    assert printed.err.count("\n") == 1
    return printed.err


@pytest.fixture
def no_build(monkeypatch):
    """Nothing is built; returns the list of what was asked for."""
    asked = []

    def build(out, allow_network, report):
        asked.append((out, allow_network))
        return BuildResult(out, {"index.html": 1_500_000}, ["index.html"], [], ["there is no MNIST"])

    monkeypatch.setattr(cli, "build", build)
    return asked


def test_help_shows_every_option_and_examples():
    done = web("--help")
    assert done.returncode == 0
    for part in ("--port", "--host", "--no-open", "--allow-network", "build [--out DIR]", "PYDL_DATA"):
        assert part in done.stdout
    done = web("build", "--help")
    assert done.returncode == 0 and "--out" in done.stdout and "examples:" in done.stdout


@pytest.mark.parametrize("arguments, told", [
    (["--port", "x"], "expected a port number from 0 to 65535, received 'x'"),
    (["--port", "65536"], "received '65536'"), (["--port", "-1"], "received '-1'"),
    (["--port"], "expected one argument"), (["bild"], "unrecognized arguments: bild"),
    (["--out", "x"], "unrecognized arguments: --out x"), (["build", "--port", "1"], "unrecognized arguments"),
    (["build", "--out"], "expected one argument"), (["--allow"], "unrecognized arguments: --allow")])
def test_bad_usage_is_one_line(capsys, arguments, told):
    line = refused(capsys, *arguments)
    assert told in line and "--help" in line


def test_a_port_in_use_is_told_before_anything_is_built(capsys, no_build):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "in use by another program" in refused(capsys, "--port", str(taken.getsockname()[1]))
    assert no_build == []


@pytest.mark.parametrize("error", [assets.AssetError("no wheel"), SiteError("no room")])
def test_errors_for_the_user_are_one_line(capsys, monkeypatch, error):
    def build(*arguments):
        raise error

    monkeypatch.setattr(cli, "build", build)
    assert refused(capsys, "build") == f"pydl: {error}\n"


def test_build_goes_to_dist_or_to_the_named_folder(capsys, no_build, tmp_path):
    assert cli.main(["build"]) == 0
    assert cli.main(["build", "--out", str(tmp_path)]) == 0
    assert no_build == [(wheel.ROOT / "dist", False), (tmp_path, False)]
    printed = capsys.readouterr().out
    assert f"{tmp_path}: 1 files written (1 files, 1.5 MB" in printed and "note: there is no MNIST" in printed


def test_an_interrupted_build_ends_quietly(capsys, monkeypatch):
    def build(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "build", build)
    assert cli.main(["build"]) == 130
    assert "stopped" in capsys.readouterr().err


@pytest.mark.parametrize("platform, environment, likely", [
    ("linux", {}, False), ("linux", {"DISPLAY": ":0"}, True), ("linux", {"WAYLAND_DISPLAY": "w"}, True),
    ("linux", {"DISPLAY": ":0", "CI": "true"}, False), ("win32", {}, True), ("darwin", {}, True),
    ("darwin", {"CI": "1"}, False)])
def test_a_browser_is_opened_only_where_someone_sees_it(monkeypatch, platform, environment, likely):
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "CI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cli.browser_is_likely() is likely


@pytest.mark.skipif(os.name != "posix", reason="sends a signal as a terminal on POSIX does")
def test_serving_prints_the_address_and_ends_on_ctrl_c(tmp_path):
    """The real program, but for the build."""
    (tmp_path / "index.html").write_text("hello")
    script = ("import sys; from pathlib import Path; from web import cli; from web.site import BuildResult\n"
              f"cli.DIST = Path({str(tmp_path)!r})\n"
              "cli.build = lambda out, allow, report: BuildResult(out, {'index.html': 5}, [], [], [])\n"
              "sys.exit(cli.main(['--no-open', '--port', '0', '--allow-network']))\n")
    process = subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        line = next(line for line in process.stdout if "pydl is at" in line)
        with urllib.request.urlopen(line.split()[3]) as answer:
            assert answer.read() == b"hello"
            assert "connect-src 'self' https:" in answer.headers["Content-Security-Policy"]
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "\npydl: the server has ended\n")


def test_it_starts_from_any_folder_by_its_path(tmp_path):
    done = web("--help", cwd=tmp_path, start=(str(REPOSITORY / "web"),))
    assert done.returncode == 0 and "--allow-network" in done.stdout


def test_the_entry_file_can_be_read_by_every_python_3():
    ast.parse((REPOSITORY / "web" / "__main__.py").read_text(encoding="utf-8"), feature_version=(3, 0))


def test_an_old_python_is_told_what_is_needed():
    pretend = "import runpy, sys; sys.version_info = (3, 10, 2); runpy.run_module('web', run_name='__main__')"
    done = web(start=("-c", pretend))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("pydl: Python 3.11 or later is needed, and this is Python ")
    assert done.stderr.count("\n") == 1
