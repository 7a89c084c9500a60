"""Functions written in Python, run in wasmtime: arithmetic, locals, blocks, loops, memory, calls."""

import math

import numpy as np
import pytest

from pydl.backends.wasm.assembler import (
    Module,
    call,
    const,
    load,
    load_splat,
    madd,
    op,
    shuffle,
    splat,
    validate,
    where,
)  # fmt: skip
from tests.support.wasm import run_module


def given(build, *arguments, parameters=None, result="i32", **memory):
    """What a function returns that `build(f)` writes."""
    module = Module(65536)
    f = module.function("go", parameters or {}, result, export=True)
    build(f)
    return run_module(module, "go", *arguments, **memory)[0]


def of_lanes(type_, expression, **memory):
    """The lanes of a vector."""
    module = Module(65536)
    f = module.function("go", export=True)
    f.store(expression(f), const("i32", 1024))
    dtype = {"f32x4": np.float32, "i32x4": np.int32, "f64x2": np.float64, "i64x2": np.int64}[type_]
    return run_module(module, "go", read=[(1024, dtype, int(type_[-1]))], **memory)[1][0].tolist()


INTEGERS = {
    "add": lambda a, b: a + b, "radd": lambda a, b: 7 + a, "sub": lambda a, b: a - b, "rsub": lambda a, b: 100 - a,
    "mul": lambda a, b: a * b, "and": lambda a, b: a & b, "or": lambda a, b: a | b, "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << 3, "shr": lambda a, b: a >> 2, "lt": lambda a, b: a < b, "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b, "ge": lambda a, b: a >= b,
}  # fmt: skip


@pytest.mark.parametrize("type_", ["i32", "i64"])
@pytest.mark.parametrize("name", INTEGERS)
def test_operators_of_integers_are_pythons(name, type_):
    result = "i32" if name in ("lt", "gt", "le", "ge") else type_
    for a, b in ((13, 5), (-13, 5), (5, 5), (0, -1)):
        build = lambda f: f.give(INTEGERS[name](f["a"], f["b"]))  # noqa: E731
        received = given(build, a, b, parameters={"a": type_, "b": type_}, result=result)
        assert received == INTEGERS[name](a, b), (name, a, b)


@pytest.mark.parametrize("type_", ["f32", "f64"])
def test_operators_of_numbers_are_pythons(type_):
    def build(f):
        a, b = f["a"], f["b"]
        f.give(-(a + b) * 2.0 / (1.0 - a) + 3.0 / b - (b - 0.5))

    expected = -(4.0 + 2.0) * 2.0 / (1.0 - 4.0) + 3.0 / 2.0 - (2.0 - 0.5)
    assert given(build, 4.0, 2.0, parameters={"a": type_, "b": type_}, result=type_) == pytest.approx(expected)


def test_operators_of_vectors_work_lane_by_lane():
    a, b = const("f32x4", (1, 2, 3, 4)), const("f32x4", (4, 2, -1, 0.5))
    assert of_lanes("f32x4", lambda f: a * b + 1.0) == [5, 5, -2, 3]
    assert of_lanes("f32x4", lambda f: 8.0 / a - b) == pytest.approx([4, 2, 8 / 3 + 1, 1.5])
    assert of_lanes("i32x4", lambda f: a < b) == [-1, 0, 0, 0]
    assert of_lanes("f32x4", lambda f: where(a.equals(b), a, b)) == [4, 2, -1, 0.5]
    assert of_lanes("f32x4", lambda f: where(a.unequal(b), a, b)) == [1, 2, 3, 4]
    assert of_lanes("i32x4", lambda f: ~const("i32x4", (0, -1, 5, 6))) == [-1, 0, -6, -7]
    assert of_lanes("i64x2", lambda f: const("i64x2", (2**40, -8)) >> 2) == [2**38, -2]
    assert of_lanes("i32x4", lambda f: const("i32x4", -16).shift_right_unsigned(28)) == [15] * 4
    assert of_lanes("f64x2", lambda f: const("f64x2", (9, 16)).apply("sqrt")) == [3, 4]
    assert of_lanes("f32x4", lambda f: madd(a, b, a, relaxed=False)) == [5, 6, 0, 6]
    assert of_lanes("f32x4", lambda f: madd(a, b, a, relaxed=True)) == [5, 6, 0, 6]


def test_lanes_are_moved_picked_and_replaced():
    a, b = const("f32x4", (1, 2, 3, 4)), const("f32x4", (5, 6, 7, 8))
    assert of_lanes("f32x4", lambda f: shuffle(a, b, (0, 7, 2, 4))) == [1, 8, 3, 5]
    assert of_lanes("f64x2", lambda f: shuffle(const("f64x2", (1, 2)), const("f64x2", (3, 4)), (3, 0))) == [4, 1]
    assert of_lanes("f32x4", lambda f: splat("f32x4", a.lane(2)).with_lane(1, b.lane(3))) == [3, 8, 3, 3]
    assert of_lanes("i32x4", lambda f: a.seen_as("i32x4") & 0)[0] == 0


def test_bits_are_seen_as_another_type():
    one = int(np.float32(1.5).view(np.int32))
    assert given(lambda f: f.give(f["x"].seen_as("i32")), 1.5, parameters={"x": "f32"}) == one
    assert given(lambda f: f.give(f["x"].seen_as("f32")), one, parameters={"x": "i32"}, result="f32") == 1.5
    assert of_lanes("i32x4", lambda f: const("f32x4", 1.5).seen_as("i32x4")) == [one] * 4


@pytest.mark.parametrize(
    "type_, value, expected",
    [("i32", 2**32 - 1, -1), ("i32", 2**31, -(2**31)), ("i64", 2**64 - 2, -2), ("i64", -(2**63), -(2**63)),
     ("f32", 0.1, float(np.float32(0.1))), ("f64", 0.1, 0.1), ("f64", -math.inf, -math.inf)],
)  # fmt: skip
def test_constants_of_numbers(type_, value, expected):
    assert given(lambda f: f.give(const(type_, value)), result=type_) == expected


def test_constants_of_vectors():
    assert of_lanes("i32x4", lambda f: const("i32x4", (2**32 - 1, -1, 2**31, 7))) == [-1, -1, -(2**31), 7]
    assert of_lanes("i64x2", lambda f: const("i64x2", 2**63)) == [-(2**63)] * 2
    assert of_lanes("f32x4", lambda f: const("f32x4", 0.1)) == [float(np.float32(0.1))] * 4


def test_numbers_and_vectors_come_from_memory_and_go_there():
    module = Module(65536)
    f = module.function("go", {"at": "i32"}, export=True)
    f.store(load("f32", f["at"]) + 1.0, f["at"], 100)
    f.store(load("f32x4", f["at"], 4) * load_splat("f32x4", f["at"], 8), f["at"], 200)
    f.store_lane(const("i32x4", (1, 2, 3, 0x0A0B0C0D)), 3, f["at"], 300)
    f.store_lane(const("i32x4", (1, 2, 3, 0x0A0B0C0D)), 12, f["at"], 304, bits=8)
    f.store(load("i64", f["at"], 16), f["at"], 308)
    numbers = np.arange(8, dtype=np.float32)
    _, found = run_module(
        module, "go", 64, memory=[(64, numbers)],
        read=[(164, np.float32, 1), (264, np.float32, 4), (364, np.uint32, 2), (372, np.float32, 2)],
    )  # fmt: skip
    assert [each.tolist() for each in found] == [[1], [2, 4, 6, 8], [0x0A0B0C0D, 0x0D], [4, 5]]


def test_data_stands_in_memory_before_anything_runs():
    module = Module(65536)
    module.place(40, b"\x01\x02\x03\x04")
    f = module.function("go", {}, "i32", export=True)
    f.give(load("i32", const("i32", 40)))
    assert run_module(module, "go")[0] == 0x04030201


def test_locals_are_zero_at_first_and_names_are_made_unique():
    module = Module()
    f = module.function("go", {"x": "i32"}, "i32", export=True)
    names = [f.local("x", "i32").operand, f.local("x", "f32").operand, f.let("y", const("i32", 1)).operand]
    names += [f.local("x.1", "i32").operand, f.local("y", "i32").operand]
    assert len({*names, "x"}) == 6
    f.give(f["x"] + f[names[0]] + f[names[2]])
    assert run_module(module, "go", 5)[0] == 6


def test_when_and_otherwise_choose():
    def build(f):
        answer = f.local("answer", "i32")
        with f.when(f["x"] < 10):
            with f.when(f["x"] < 0):
                f.set(answer, -1)
            with f.otherwise():
                f.set(answer, 1)
        with f.otherwise():
            f.set(answer, 2)
        f.give(answer)

    assert [given(build, x, parameters={"x": "i32"}) for x in (-5, 5, 50)] == [-1, 1, 2]


def test_otherwise_belongs_to_a_when():
    f = Module().function("go")
    f.set(f.local("x", "i32"), 1)
    with pytest.raises(AssertionError, match="right after a when"), f.otherwise():
        pass


@pytest.mark.parametrize("start, stop, step", [(0, 10, 1), (3, 3, 1), (5, 2, 1), (0, 10, 4), (-4, 4, 3)])
@pytest.mark.parametrize("known", [True, False])
def test_ranges_count_as_pythons_do(start, stop, step, known):
    def build(f):
        total = f.local("total", "i32")
        limits = (start, stop) if known else (f["start"], f["stop"])
        with f.range("number", *limits, step) as number:
            f.set(total, total * 31 + number + 1)
        f.give(total)

    expected = 0
    for number in range(start, stop, step):
        expected = (expected * 31 + number + 1 + 2**31) % 2**32 - 2**31
    assert given(build, start, stop, parameters={"start": "i32", "stop": "i32"}) == expected


def test_loops_within_loops_and_jumps_out_of_both():
    def build(f):
        rounds = f.local("rounds", "i32")
        with f.block("out"), f.range("row", 0, 10) as row, f.range("column", 0, 10) as column:
            f.break_to("out", (row * 10 + column).equals(37))
            f.set(rounds, rounds + 1)
        f.give(rounds)

    assert given(build) == 37


def test_a_loop_runs_as_long_as_something_jumps_back():
    def build(f):
        n, power = f.local("n", "i32"), f.let("power", const("i32", 1))
        with f.block("end"), f.loop("again"):
            f.break_to("end", power > f["limit"])
            f.set(power, power * 2)
            f.set(n, n + 1)
            f.break_to("again")
        f.give(n)

    assert given(build, 1000, parameters={"limit": "i32"}) == 10


def test_a_function_can_be_left_early():
    def build(f):
        with f.when(f["x"] > 3):
            f.leave(const("i32", 99))
        f.give(f["x"])

    assert [given(build, x, parameters={"x": "i32"}) for x in (3, 4)] == [3, 99]


def test_functions_call_each_other_before_and_after_they_are_written():
    module = Module()
    f = module.function("even", {"n": "i32"}, "i32", export=True)
    with f.when(f["n"].equals(0)):
        f.leave(const("i32", 1))
    f.give(call("odd", "i32", f["n"] - 1))
    g = module.function("odd", {"n": "i32"}, "i32")
    with g.when(g["n"].equals(0)):
        g.leave(const("i32", 0))
    g.give(call("even", "i32", g["n"] - 1))
    assert [run_module(module, "even", n)[0] for n in (10, 7)] == [1, 0]
    with pytest.raises(ValueError, match="'odd' already"):
        module.function("odd")


def test_a_result_that_nobody_wants_is_dropped():
    module = Module(65536)
    f = module.function("go", export=True)
    f.do(load("f32x4", const("i32", 0)))
    f.do(op("memory.fill", "", const("i32", 8), const("i32", 7), const("i32", 4)))
    f.do(op("memory.copy", "", const("i32", 12), const("i32", 8), const("i32", 2)))
    assert run_module(module, "go", read=[(8, np.uint8, 8)])[1][0].tolist() == [7, 7, 7, 7, 7, 7, 0, 0]
    assert ("drop", None) in f.body


def test_many_locals_and_a_long_body_are_encoded():
    def build(f):
        total = f.let("total", const("i32", 0))
        for number in range(300):  # more than a byte of LEB128 numbers
            f.set(total, total + f.let("term", const("i32", number)))
            f.local("unused", "f64" if number % 3 else "f32x4")
        f.give(total)

    assert given(build) == sum(range(300))


def test_constants_are_hoisted_out_of_loops_and_each_is_made_once():
    def built(hoisted):
        module = Module(65536)
        f = module.function("go", export=True)
        f.store(const("f32x4", 9), const("i32", 512))
        with f.range("row", 0, 3) as row, f.range("at", 0, 64, 16) as at, f.when(row < 2):
            f.store(load("f32x4", at) * 2.0 + 1.0 + 2.0 + 0.0, at)
        if hoisted:
            f.hoist_constants()
        return module, f

    (plain, _), (module, f) = built(False), built(True)
    constants = [operand for name, operand in f.body if name == "v128.const"]
    assert len(constants) == len(set(constants)) == 4  # 2 and 1 at the start; 9 and 0 where they stood
    assert [name for name, _ in f.body[:4]] == ["v128.const", "local.set"] * 2
    numbers = np.arange(16, dtype=np.float32)
    received, expected = (
        run_module(each, "go", memory=[(0, numbers)], read=[(0, np.float32, 16), (512, np.float32, 1)])[1]
        for each in (module, plain)
    )
    assert received[0].tolist() == expected[0].tolist() == [4 * each + 9 for each in range(16)]
    assert received[1] == [9]


def test_memory_has_as_many_pages_as_the_module_needs():
    for nbytes, pages in ((0, 0), (1, 1), (65536, 1), (65537, 2)):
        assert f"(memory {pages})" in str(Module(nbytes))
        assert validate(Module(nbytes)).encode()
