"""The text form is WebAssembly's own: wasmtime reads it and comes to the same instructions."""

import pytest

from pydl.backends.wasm import mathematics
from pydl.backends.wasm.assembler import Module, call, const, load, shuffle, splat, where
from pydl.backends.wasm.kernels.threefry import write_random_bits

from .reading import instructions_of, sections


def _small():
    module = Module(100_000)
    f = module.function("scale", {"start": "i32", "factor": "f32"}, export=True)
    with f.range("at", f["start"], 64, 16) as at:
        x = f.let("x", load("f32x4", at, 4))
        with f.when(x.lane(2) > 0.1):
            f.store_lane(where(x < 1.0, x, const("f32x4", (1, 2.5, -0.0, 1e20))), 1, at, 32)
        with f.otherwise():
            f.store(shuffle(x, splat("f32x4", f["factor"]), (0, 5, 2, 3)), at)
    f.do(call("answer", "i64"))
    module.function("answer", {}, "i64").give(const("i64", -42))
    return module


def _functions():
    module = Module()
    for name, function in mathematics.FUNCTIONS.items():
        for type_ in ("f32x4", "f64x2"):
            f = module.function(f"{name}_{type_}", {"x": type_, "y": type_}, type_)
            f.give(function(f, *(f["x"], f["y"])[: 2 if name == "pow" else 1]))
    write_random_bits(module, "bits", 0, 64, 128, 100)
    return module


@pytest.mark.parametrize("build", [_small, _functions])
def test_text_and_bytes_are_the_same_module(build):
    module = build()
    assert instructions_of(str(module)) == sections(module.encode())[10]


def test_text_shows_names_blocks_and_constants():
    lines = [line.strip() for line in str(_small()).splitlines()]
    assert '(func $scale (export "scale") (param $start i32) (param $factor f32)' in lines
    assert "(local $x v128)  ;; f32x4" in lines
    assert "v128.const f32x4 1 2.5 -0 1e+20" in lines
    assert "v128.load offset=4" in lines
    assert "call $answer" in lines
    assert '(import "env" "memory" (memory 2))' in lines


def test_vectors_are_shown_as_the_numbers_they_are_likely_to_be():
    module = Module()
    f = module.function("f")
    for type_, value in (("f32x4", 0.5), ("f64x2", 0.1), ("i32x4", -(2**31)), ("i32x4", 0x3F800000)):
        f.do(const(type_, value))
    shown = [line.strip() for line in str(module).splitlines() if "v128.const" in line]
    assert shown == [
        "v128.const f32x4 0.5 0.5 0.5 0.5", "v128.const f64x2 0.1 0.1",
        "v128.const f32x4 -0 -0 -0 -0", "v128.const f32x4 1 1 1 1",
    ]  # fmt: skip
