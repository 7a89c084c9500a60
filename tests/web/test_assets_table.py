"""The table of assets, the licences, the cache's place and the progress line."""

import io
import re
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from web.assets import COMPONENTS, TABLE, AssetError, ConsoleProgress, Resolved, cache_dir, licence_text
from web.assets.cache import place_of
from web.assets.licences import TEXTS
from web.assets.sources import Cdn, NpmPackage
from web.assets.tools import reason


@pytest.mark.parametrize("asset", TABLE.values(), ids=list(TABLE))
def test_a_row_is_well_formed(asset):
    for sha256, origin in ((asset.sha256, asset.origin), *asset.variants):
        assert re.fullmatch("[0-9a-f]{64}", sha256) and origin
        assert asset.origin_of(sha256) == origin
    assert asset.origin_of("0" * 64) is None
    assert asset.size > 0 and asset.sources
    assert Path(asset.name).name == asset.name and place_of(asset).name == asset.name
    assert asset.component in COMPONENTS
    for source in asset.sources:
        if isinstance(source, Cdn):
            assert source.url.startswith("https://cdn.jsdelivr.net/")
            assert asset.component.version in source.url or "/pyodide/v314.0.7/" in source.url
        if isinstance(source, NpmPackage):
            assert source.version == asset.component.version


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.name)
def test_a_component_says_where_its_licence_is(component):
    assert re.fullmatch(r"[A-Za-z0-9.-]+", component.licence)
    assert component.homepage.startswith("https://")
    assert component.texts and all(text in TABLE or (TEXTS / text).is_file() for text in component.texts)


def test_every_file_has_a_place_of_its_own_in_the_cache():
    assert len({place_of(asset) for asset in TABLE.values()}) == len(TABLE)


def test_a_licence_comes_from_the_projects_copy_an_asset_or_a_wheel(tmp_path):
    wheel = tmp_path / "thing-1.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("thing/vendored/LICENSE.APACHE", "the vendored one")
        archive.writestr("thing/licensing.py", "code")
        archive.writestr("thing/LICENSE", "the main one\n")
        archive.writestr("thing-1.dist-info/licenses/LICENSE", "the main one\n")
    (tmp_path / "LICENSE").write_text("as a file\n")
    resolved = {name: Resolved(next(iter(TABLE.values())), tmp_path / name, "", "")
                for name in ("thing-1.whl", "LICENSE")}
    component = replace(COMPONENTS[0], texts=("LICENSE", "MPL-2.0.txt", "thing-1.whl"))
    text = licence_text(component, resolved)
    assert text.startswith("as a file\n\nMozilla Public License Version 2.0\n")
    assert text.endswith("--- thing-1.dist-info/licenses/LICENSE ---\n\nthe main one\n\n"
                         "--- thing/vendored/LICENSE.APACHE ---\n\nthe vendored one\n")


def test_the_cache_is_where_the_environment_or_the_platform_says(monkeypatch, tmp_path):
    monkeypatch.setenv("PYDL_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
    monkeypatch.setenv("PYDL_CACHE", "relative")
    assert cache_dir() == Path.cwd() / "relative"
    monkeypatch.delenv("PYDL_CACHE")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_dir() == tmp_path / "xdg" / "pydl"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # the XDG rules say: ignore it
    assert cache_dir() == tmp_path / "home/.cache/pydl"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_dir() == tmp_path / "home/Library/Caches/pydl"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache_dir() == tmp_path / "local/pydl/cache"


def test_without_a_home_the_cache_asks_for_a_place(monkeypatch):
    def home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", home)
    for name in ("PYDL_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(AssetError, match="Set PYDL_CACHE"):
        cache_dir()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_in_a_log_is_one_line_per_stage():
    log = io.StringIO()
    with ConsoleProgress(log) as report:
        for done in range(0, 1001, 10):
            report("first", done, 1000)
        report("second", None, None)
    assert log.getvalue() == "first\nsecond\n"


def test_progress_on_a_terminal_is_one_line_that_changes():
    terminal = Terminal()
    with ConsoleProgress(terminal) as report:
        for done in range(0, 2_000_001, 10_000):
            report("first", done, 2_000_000)
        report("second", 1500, None)
        report("third", None, None)
    lines = terminal.getvalue().split("\n")
    assert [line.rpartition("\r")[2].rstrip() for line in lines] == [
        "first  2.0 MB of 2.0 MB (100%)", "second  1.5 kB", "third", ""]
    assert terminal.getvalue().count("\r") < 20


def test_a_long_stage_is_cut_so_that_the_changing_line_fits_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    terminal = Terminal()
    with ConsoleProgress(terminal) as report:
        report("a-file-with-a-very-long-name.whl from a host", 1000, 2000)
    assert terminal.getvalue() == "\ra-file-with-a-v  1.0 kB of 2.0 kB (50%)\n"


@pytest.mark.parametrize("output, told", [
    ("npm error code E404\nnpm error syscall x\nnpm error A complete log of this run: /x", "code E404"),
    ("npm ERR! old npm", "old npm"),
    ("WARNING: NewConnectionError\nERROR: no such thing", "no such thing"),
    ("Reading lists\nE: Unable to locate package clang", "Unable to locate package clang"),
    ("cc -Werror x.c\nx.c:1: error: a\nx.c:2: error: b", "x.c:1: error: a; x.c:2: error: b"),
    ("one\ntwo\nthree\nfour\n\n", "two; three; four"),
    ("", ""),
])
def test_the_reason_of_a_failure_is_found_in_its_output(output, told):
    assert reason(output) == told
