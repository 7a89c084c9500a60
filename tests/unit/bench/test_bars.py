"""The bars: each is missed by a figure on its wrong side, and by none at all."""

import pytest

from pydl.bench.bars import check
from tests.unit.bench.figures import on_gpu, whole


def missed(figures):
    return [bar.what for bar in check(figures) if not bar.met]


def test_figures_on_the_right_side_meet_all_bars():
    assert missed(whole()) == []


def at(figures, path):
    for name in path[:-1]:
        figures = figures[name]
    return figures, path[-1]


SPOILED = {
    ("networks", "relu-mlp", "contestants", "wasm:relaxed", "milliseconds"): (4.1, "a step of relu-mlp"),
    ("networks", "dropout-mlp", "contestants", "wasm:relaxed", "milliseconds"): (20.1, "a step of dropout-mlp"),
    ("networks", "cnn", "contestants", "wasm:relaxed", "milliseconds"): (50.1, "a step of cnn"),
    ("networks", "deep-xor", "contestants", "wasm:relaxed", "milliseconds"): (0.0101, "a step of deep-xor"),
    ("networks", "relu-mlp", "ratios", 0, "ratio"): (1.26, "to the same step in C"),
    ("networks", "relu-mlp", "contestants", "wasm:relaxed", "compile_seconds"): (0.51, "compiling"),
    ("matmul", "128x784x256", "wasm:simd"): (24.9, "128x784x256 on wasm:simd"),
    ("matmul", "512x512x512", "wasm:simd"): (24.9, "512x512x512 on wasm:simd"),
    ("matmul", "128x784x256", "wasm:relaxed"): (39.9, "128x784x256 on wasm:relaxed"),
    ("matmul", "512x512x512", "wasm:relaxed"): (39.9, "512x512x512 on wasm:relaxed"),
    ("eager", "times_as_fast"): (9.9, "eager"),
    ("long_run", "seconds", "wasm:relaxed"): (2.01, "200,000 steps"),
    ("memory", "bytes", 1): (70_000_000, "memory after 1,000"),
}


@pytest.mark.parametrize("path", SPOILED, ids=lambda path: "/".join(map(str, path)))
def test_a_figure_on_the_wrong_side_misses_its_bar_alone(path):
    value, words = SPOILED[path]
    figures = whole()
    place, name = at(figures, path)
    place[name] = value
    (what,) = missed(figures)
    assert words in what


def test_there_is_a_figure_to_spoil_for_every_bar():
    assert len(check(whole())) == len(SPOILED)


def test_what_was_not_measured_is_not_met():
    empty = {"in_a_page": True, "devices": ["numpy"], "networks": {}}
    bars = check(empty)
    assert len(bars) == len(SPOILED)
    assert not any(bar.met for bar in bars)
    assert all("not measured" in str(bar) for bar in bars)


def test_elsewhere_than_in_a_page_its_own_bars_are_left_out():
    figures = whole() | {"in_a_page": False}
    words = " ".join(bar.what for bar in check(figures))
    assert " in C" not in words and "eager" not in words and len(check(figures)) == len(SPOILED) - 2


def test_the_browsers_own_memory_counts_too():
    figures = whole()
    figures["memory"]["process_bytes"] = [300_000_000, 400_000_000]
    assert [str(bar) for bar in check(figures) if not bar.met] == [
        "memory after 1,000 compiled and dropped models: 100 MB, at most 16 MB"
    ]


# ---- on a GPU

SPOILED_ON_GPU = {
    ("networks", "relu-mlp", "contestants", "webgpu", "milliseconds"): (0.31, "a step of relu-mlp"),
    ("networks", "cnn", "contestants", "webgpu", "milliseconds"): (1.51, "a step of cnn"),
    ("networks", "relu-mlp", "contestants", "webgpu", "dispatches"): (21, "a step of relu-mlp"),
    ("matmul", "1024x1024x1024", "webgpu"): (17_999.0, "matmul 1024x1024x1024"),
    ("endurance", "bytes", 1): (5_000_004, "buffers"),
}


@pytest.mark.parametrize("path", SPOILED_ON_GPU, ids=lambda path: "/".join(map(str, path)))
def test_a_gpu_has_bars_of_its_own(path):
    figures = on_gpu()
    assert missed(figures) == [] and len(check(figures)) == len(SPOILED_ON_GPU)
    value, words = SPOILED_ON_GPU[path]
    place, name = at(figures, path)
    place[name] = value
    (what,) = missed(figures)
    assert words in what and "on webgpu" in what


def test_a_peak_that_is_not_said_is_no_bar():
    figures = on_gpu()
    figures["gpu"]["peak"] = None
    assert not any("matmul" in bar.what for bar in check(figures))


def test_a_gpu_that_a_cpu_plays_only_has_to_be_no_disaster_in_a_page():
    figures = on_gpu(software=True, in_a_page=True)
    assert missed(figures) == []
    figures["networks"]["relu-mlp"]["contestants"]["webgpu"]["milliseconds"] = 64.1
    assert len(missed(figures)) == 1
    assert missed(figures | {"in_a_page": False}) == []


def test_beside_machine_code_both_have_theirs():
    figures = whole() | {name: on_gpu()[name] for name in ("gpu", "endurance")}
    figures["devices"] = ["numpy", "wasm:relaxed", "webgpu"]
    assert len(check(figures)) == len(SPOILED) + len(SPOILED_ON_GPU)
