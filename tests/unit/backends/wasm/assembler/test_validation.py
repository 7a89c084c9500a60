"""The validator finds every kind of mistake, says where, and never calls valid what wasmtime refuses."""

import pytest

from pydl.backends.wasm.assembler import Expr, InvalidModule, Module, call, const, load, validate

from .reading import accepted, wasmtime


def _body(*instructions, result="", parameters=None):
    module = Module(65536)
    f = module.function("broken", parameters or {}, result)
    f.body += instructions
    return module


ONE, TWO, VECTOR = ("i32.const", 1), ("f32.const", 2.0), ("v128.const", bytes(16))
MISTAKES = {
    "an operand of another type": (_body(ONE, TWO, ("i32.add", None)), "expected i32 on the stack, found f32"),
    "an operand is missing": (_body(ONE, ("i32.add", None)), "expected i32 on the stack, which is empty"),
    "a value is left": (_body(ONE), "1 values are left"),
    "no result": (_body(result="i32"), "expected i32 on the stack, which is empty"),
    "another result": (_body(TWO, result="i32"), "expected i32 on the stack, found f32"),
    "no such local": (_body(("local.get", "x")), "no local is called 'x'"),
    "a local of another type": (_body(TWO, ("local.set", "x"), parameters={"x": "i32"}), "expected i32"),
    "no such function": (_body(("call", "other")), "no function is called 'other'"),
    "an argument of another type": (
        _body(TWO, ("call", "broken"), parameters={"x": "i32"}), "expected i32 on the stack, found f32",
    ),
    "no such instruction": (_body(("i32.sqrt", None)), "unknown instruction 'i32.sqrt'"),
    "an open block": (_body(("block", "")), "a block is not closed"),
    "an end too many": (_body(("end", None)), "no block to close"),
    "an else without an if": (_body(("block", ""), ("else", None), ("end", None)), "belongs to an if"),
    "a second else": (_body(ONE, ("if", ""), ("else", None), ("else", None), ("end", None)), "belongs to an if"),
    "a block leaves a value": (_body(("block", ""), ONE, ("end", None)), "the block leaves values"),
    "a value from outside of the block": (
        _body(ONE, ("block", ""), ("drop", None), ("end", None)), "nothing to drop",
    ),
    "a jump too far": (_body(("block", ""), ("br", 2), ("end", None)), "no 3 blocks"),
    "a jump with a condition of another type": (_body(("loop", ""), TWO, ("br_if", 0), ("end", None)), "expected i32"),
    "if with a condition of another type": (_body(TWO, ("if", ""), ("end", None)), "expected i32"),
    "nothing to drop": (_body(("drop", None)), "nothing to drop"),
    "select between vectors": (_body(VECTOR, VECTOR, ONE, ("select", None)), "v128.bitselect"),
    "select between two types": (_body(ONE, TWO, ONE, ("select", None)), "expected f32 on the stack, found i32"),
    "return without a result": (_body(("return", None), result="i32"), "expected i32"),
    "a lane too many": (_body(VECTOR, ("f32x4.extract_lane", 4), ("drop", None)), "4 lanes"),
    "a lane too many in memory": (_body(ONE, VECTOR, ("v128.store64_lane", (0, 2))), "2 lanes"),
    "a byte that neither vector has": (
        _body(VECTOR, VECTOR, ("i8x16.shuffle", bytes([32] * 16)), ("drop", None)), "of 32 bytes",
    ),
    "an offset below 0": (_body(ONE, ("i32.load", -4), ("drop", None)), "offset -4"),
    "an offset beyond all memory": (_body(ONE, ("i32.load", 2**32), ("drop", None)), "offset 4294967296"),
    "a vector too short": (_body(("v128.const", bytes(15)), ("drop", None)), "16 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_and_named(mistake):
    module, message = MISTAKES[mistake]
    with pytest.raises(InvalidModule, match=f"broken, instruction .*{message}"):
        validate(module)


ENCODABLE = [name for name in MISTAKES if not name.startswith(("no such", "an offset", "a vector too"))]


@pytest.mark.parametrize("mistake", ENCODABLE)
def test_wasmtime_calls_it_a_mistake_too(mistake):
    with pytest.raises(wasmtime.WasmtimeError):
        accepted(MISTAKES[mistake][0].encode())


VALID = {
    "nothing follows a return": _body(ONE, ("return", None), ("i32.add", None), result="i32"),
    "nothing follows unreachable": _body(("unreachable", None), ("i32.add", None), ("drop", None)),
    "nothing follows a jump": _body(("block", ""), ("br", 0), ("drop", None), ("i32.eqz", None), ("drop", None),
                                    ("end", None)),
    "a jump out of the function": _body(("br", 0)),
    "a block between an operand and its use": _body(ONE, ("block", ""), ("end", None), ("drop", None)),
    "select": _body(TWO, TWO, ONE, ("select", None), result="f32"),
    "if and else": _body(ONE, ("if", ""), ("else", None), ("end", None)),
}  # fmt: skip


@pytest.mark.parametrize("case", VALID)
def test_what_is_valid_passes_here_and_in_wasmtime(case):
    assert accepted(validate(VALID[case]).encode())


def test_the_message_shows_what_stands_before_the_mistake():
    module = Module(64)
    f = module.function("mean", {"at": "i32"}, export=True)
    f.store(Expr("f32x4.add", "f32x4", (load("f32x4", f["at"]), const("i32", 1))), f["at"])
    with pytest.raises(InvalidModule) as caught:
        validate(module)
    assert str(caught.value) == (
        "mean, instruction 4 (local.get, v128.load, i32.const, f32x4.add): expected v128 on the stack, found i32"
    )


def test_a_call_gives_what_the_called_function_gives():
    module = Module()
    module.function("pi", {}, "f64").give(const("f64", 3.14))
    module.function("wrong", {}, "f32").give(call("pi", "f32"))
    with pytest.raises(InvalidModule, match="wrong.*expected f32 on the stack, found f64"):
        validate(module)
