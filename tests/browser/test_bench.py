"""The bench page and `python3 -m web bench`: a small measurement in a real browser, from the button to the report."""

import json
import subprocess
import sys

import pytest

from tests.support.process import ROOT

SMALL = {"networks": ["relu-mlp", "deep-xor"], "rounds": 1, "seconds": 0.001, "models": 1}
PATIENCE = 120  # seconds that a small measurement may take; about 5


def section(number, *parts):
    """A section of a WebAssembly module, shorter than 128 bytes, of as many entries as there are parts."""
    content = bytes([len(parts)]) + b"".join(parts)
    return bytes([number, len(content)]) + content


def step_module():
    """What stands for the step written in C: w, x and y give addresses in 4 MB, step(rate) gives 0.5."""
    results = [b"\x41\x00", b"\x41\x80\x80\x80\x01", b"\x41\x80\x80\xc0\x01", b"\x43\x00\x00\x00\x3f"]  # 0, 2 MB, 3 MB
    bodies = [bytes([len(code) + 2, 0]) + code + b"\x0b" for code in results]
    functions = [(name, bytes([0, at])) for at, name in enumerate((b"w", b"x", b"y", b"step"))]
    return b"".join(
        [
            b"\0asm\x01\0\0\0",
            section(1, b"\x60\x00\x01\x7f", b"\x60\x01\x7d\x01\x7d"),
            section(3, b"\x00", b"\x00", b"\x00", b"\x01"),
            section(5, b"\x00\x40"),
            section(7, *(bytes([len(name)]) + name + what for name, what in [(b"memory", b"\x02\x00"), *functions])),
            section(10, *bodies),
        ]
    )


@pytest.fixture
def bench_lab(new_lab):
    """The bench page, its worker ready."""
    return new_lab().open("bench.html")


def measure_by_button(lab):
    """Presses the button; the page's own run takes minutes, so less is asked for beforehand."""
    lab.call(f"""(() => {{
        const begin = bench.begin.bind(bench);
        bench.begin = () => begin({json.dumps(SMALL)});
    }})()""")
    lab.click("#measure")


def test_the_button_measures_and_the_tables_fill_up(bench_lab, artifacts):
    measure_by_button(bench_lab)
    bench_lab.wait("!document.querySelector('#copy').disabled", limit=PATIENCE)
    headings = bench_lab.page.locator("#tables h2").all_inner_texts()
    assert headings == [
        "Milliseconds per training step",
        "Matrix product, billions of operations a second",
        "Compiling a step",
        "And",
    ]
    labels = bench_lab.page.locator("#tables tbody th").all_inner_texts()
    assert set(bench_lab.exec("session.devices")["value"]) | {"NumPy, by hand"} == set(labels)
    assert bench_lab.call("bench.report('markdown')").count("| relu-mlp | deep-xor |") == 2
    for language, theme in (("ko", "dark"), ("en", "light")):
        bench_lab.page.locator("#language").select_option(language)
        bench_lab.page.locator("#theme").select_option(theme)
        bench_lab.wait(f"document.documentElement.lang === '{language}'")
        bench_lab.page.screenshot(path=artifacts / f"bench-{language}-{theme}.png", full_page=True)
        assert bench_lab.call("document.scrollingElement.scrollWidth <= innerWidth")
    bench_lab.page.set_viewport_size({"width": 390, "height": 844})
    bench_lab.page.wait_for_timeout(150)
    bench_lab.page.screenshot(path=artifacts / "bench-phone.png", full_page=True)
    assert bench_lab.call("document.scrollingElement.scrollWidth <= innerWidth")


def test_stop_ends_the_measurement_and_the_next_one_works(bench_lab):
    bench_lab.click("#measure")
    bench_lab.wait("document.querySelector('#part').textContent !== ''")
    bench_lab.click("#stop")
    bench_lab.wait("!document.querySelector('#measure').disabled")
    assert bench_lab.page.is_hidden("#error")
    measure_by_button(bench_lab)
    bench_lab.wait("!document.querySelector('#copy').disabled", limit=PATIENCE)


def test_what_cannot_be_measured_is_said(bench_lab):
    with pytest.raises(Exception, match="unknown network 'resnet'"):
        bench_lab.call("bench.begin({networks: ['resnet']})")


@pytest.mark.slow
def test_the_command_measures_a_gpu_that_it_asks_the_browser_for(browser, site, tmp_path):
    figures = tmp_path / "figures.json"
    options = ["--adapter", "swiftshader", "--device", "webgpu", "--networks", "deep-xor", "--rounds", "1"]
    command = [sys.executable, "-m", "web", "bench", *options, "--seconds", "0.001", "--json", figures]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr
    assert "webgpu, SwiftShader" in done.stdout
    told = json.loads(figures.read_text())
    assert told["gpu"] == {"adapter": "SwiftShader", "software": True, "peak": None}
    first, last = told["endurance"]["bytes"]
    assert told["endurance"]["steps"] == 10_000 and first == last


def test_the_about_dialog_leads_to_it(lab):
    lab.click("#about-button")
    assert lab.page.locator("#about a[href='bench.html']").is_visible()
    lab.page.keyboard.press("Escape")


def test_the_command_measures_beside_a_module_of_ones_own(browser, site, tmp_path):
    for variant in ("simd", "relaxed"):
        (tmp_path / f"step_{variant}.wasm").write_bytes(step_module())
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "web",
            "bench",
            "--networks",
            "relu-mlp",
            "--rounds",
            "1",
            "--seconds",
            "0.001",
            "--models",
            "1",
            "--reference",
            tmp_path,
            "--json",
            figures,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert "ms per training step" in done.stdout and "headless Chromium" in done.stdout
    told = json.loads(figures.read_text())
    rows = told["networks"]["relu-mlp"]["contestants"]
    assert {"numpy", "NumPy, by hand", "C, by hand, simd", "C, by hand, relaxed"} <= set(rows)
    assert rows["C, by hand, relaxed"]["milliseconds"] < rows["NumPy, by hand"]["milliseconds"]
    assert told["in_a_page"] and told["threads"] == 1 and len(told["memory"]["process_bytes"]) == 2
