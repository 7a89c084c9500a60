"""The report: the same figures as text, as Markdown and as JSON."""

import json

import pytest

from pydl.bench import as_json, as_markdown, as_text, missed
from pydl.bench.report import significant
from tests.unit.bench.figures import on_gpu, whole


def test_the_text_holds_every_figure_in_columns():
    lines = as_text(whole()).splitlines()
    assert lines[0].startswith("2026-11-21, 2 cores of a processor, Chromium 156; ") and "one thread" in lines[0]
    rows = {line.split()[0]: line for line in lines if line.startswith("  ")}
    assert rows["wasm:simd"].split() == ["wasm:simd", "26.0", "26.0", "26.0"]
    step = next(line for line in lines if line.startswith("  wasm:relaxed"))
    assert step.split() == ["wasm:relaxed", "3.50", "(28,571)", "18.0", "(5,556)", "45.0", "(2,222)", "0.009",
                            "(11,111,111)"]  # fmt: skip
    assert "400 (250); 34; 5" in as_text(whole())
    for words in (
        "wasm:relaxed to C, by hand, relaxed: 1.20 times as long",
        "30.0 times as fast as plain NumPy's",
        "200,000 steps of deep-xor on wasm:relaxed: 1.90 s",
        "memory after 1,000 models compiled and dropped on wasm:relaxed: +0.0 MB from the first 500 to the last",
    ):
        assert words in as_text(whole())


def test_every_line_of_a_markdown_table_has_as_many_cells():
    tables = [block.splitlines() for block in as_markdown(whole()).split("\n\n") if block.startswith("|")]
    assert len(tables) == 3
    for lines in tables:
        assert len({line.count("|") for line in lines}) == 1
        assert all(line.startswith("| ") and line.endswith(" |") for line in lines)


def test_the_json_holds_the_figures_and_their_bars():
    told = json.loads(as_json(whole()))
    bars = told.pop("bars")
    assert told == whole()
    assert all(bar["met"] for bar in bars)
    assert set(bars[0]) == {"what", "unit", "measured", "limit", "met"}


@pytest.mark.parametrize("part", ["networks", "matmul", "eager", "long_run", "memory"])
def test_a_part_of_a_run_can_be_shown(part):
    figures = whole()
    kept = {name: value for name, value in figures.items() if name == part or not isinstance(value, dict)}
    figures = {"networks": {}} | kept
    for form in (as_text, as_markdown, as_json):
        assert figures["date"] in form(figures)


def test_a_network_that_a_device_cannot_run_is_said_so():
    figures = whole()
    figures["networks"]["cnn"]["contestants"]["wasm:relaxed"] = {"unsupported": "no convolutions"}
    assert "cannot" in as_text(figures)


def test_more_than_one_thread_is_said_too():
    assert "OPENBLAS_NUM_THREADS" in as_text(whole() | {"threads": None})


def test_missed_bars_are_named_with_what_was_measured():
    figures = whole()
    figures["eager"]["times_as_fast"] = 1.0
    assert missed(figures) == ["eager matmul to plain NumPy: 1 times, at least 10 times"]


@pytest.mark.parametrize(
    "value, words",
    [(5280.4, "5,280"), (237.0, "237"), (59.26, "59.3"), (1.4249, "1.42"), (0.4626, "0.463"), (0.00912, "0.00912")],
)
def test_three_digits_are_shown(value, words):
    assert significant(value) == words


def test_a_gpu_is_named_wherever_its_figures_stand():
    text = as_text(on_gpu())
    rows = [line for line in text.splitlines() if line.startswith("  webgpu, NVIDIA H200")]
    assert len(rows) == 3
    assert "400 (250); 34; 5.00; 14" in rows[1] and "dispatches of a step" in text
    assert rows[2].split()[-2:] == ["20000.0", "25000.0"]
    assert "buffers after 10,000 steps of relu-mlp on webgpu, NVIDIA H200: +0 bytes" in text
    assert "matmul 1024x1024x1024 on webgpu, NVIDIA H200: 33 % of its 60 TFLOP/s" in text
    assert "TFLOP/s" not in as_text(on_gpu(software=True)) and "webgpu, SwiftShader" in as_markdown(on_gpu(True))


def test_a_product_that_only_the_gpu_has_leaves_the_others_empty():
    figures = whole() | {"gpu": on_gpu()["gpu"], "devices": ["numpy", "webgpu"]}
    figures["matmul"] = {"128x784x256": {"numpy": 1.0, "webgpu": 90.0}, "2048x2048x2048": {"webgpu": 99.0}}
    rows = {line.split()[0]: line.split() for line in as_text(figures).splitlines() if line.startswith("  ")}
    assert rows["numpy"][1:] == ["1.0"] and rows["webgpu,"][-2:] == ["90.0", "99.0"]
