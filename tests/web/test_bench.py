"""`python3 -m web bench` up to the browser: its options, and what it says where something is missing."""

import argparse
import sys

import pytest

from web import bench, cli


def refused(capsys, *arguments) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", *map(str, arguments)])
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (2, "") and printed.err.startswith("pydl: ")
    assert printed.err.count("\n") == 1
    return printed.err


def test_help_names_what_it_needs_and_every_option(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", "--help"])
    told = capsys.readouterr().out
    assert ended.value.code == 0
    for part in ("Playwright", "PYDL_CHROMIUM", "--reference DIR", "--variants", "--check", "--json", "--full",
                 "--webgpu", "--adapter NAME", "--peak TFLOPS"):
        assert part in told


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["--rounds", "many"], "expected a whole number from 1, received 'many'"),
        (["--rounds", "0"], "expected a whole number from 1, received '0'"),
        (["--seconds", "x"], "'x'"),
        (["--peak", "x"], "'x'"),
        (["--fast"], "unrecognized arguments: --fast"),
        (["--reference", "nowhere"], "--reference nowhere: there is no step_simd.wasm or step_relaxed.wasm"),
        (["--reference", ".", "--variants", "avx"], "expected some of simd,relaxed, received 'avx'"),
    ],
)
def test_a_mistake_is_one_line(capsys, arguments, told):
    assert told in refused(capsys, *arguments)


def test_without_playwright_it_says_how_to_get_it(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "playwright", None)
    assert f"{sys.executable} -m pip install playwright" in refused(capsys)


def test_without_a_chromium_it_says_how_to_get_one():
    said = "BrowserType.launch: Executable doesn't exist at /nowhere/chrome\nLooks like Playwright was just installed"
    assert f"{sys.executable} -m playwright install chromium" in bench._reason(Exception(said))


@pytest.mark.parametrize(
    "arguments, wanted, unwanted",
    [
        ([], [], ["webgpu"]),
        (["--webgpu"], ["--enable-unsafe-webgpu"], ["adapter"]),
        (["--adapter", "swiftshader"], ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"], []),
    ],
)
def test_webgpu_is_asked_for_when_it_is_wanted(arguments, wanted, unwanted):
    parser = argparse.ArgumentParser()
    bench.add_options(parser)
    found = bench.flags(parser.parse_args(arguments))
    assert set(wanted) <= set(found) and "--headless=new" in found
    assert not any(word in flag for flag in found for word in unwanted)


def test_playwrights_other_errors_are_one_line():
    assert bench._reason(Exception("\nPage crashed\n  at somewhere")) == "Page crashed"


def test_the_browser_that_is_named_comes_first(monkeypatch):
    monkeypatch.setenv("PYDL_CHROMIUM", "/my/browser")
    assert bench.find_chromium() == "/my/browser"


def test_modules_are_found_by_their_variant(tmp_path):
    (tmp_path / "step_relaxed.wasm").write_bytes(b"")
    assert bench.find_modules(tmp_path, ["simd", "relaxed"]) == {"relaxed": tmp_path / "step_relaxed.wasm"}
