"""Every rule of simplification where it holds, to the bit, and next to it where it must not be applied."""

import numpy as np
import pytest

from pydl.jit import Instruction, Program, Value
from pydl.jit.passes import optimize, remove_dead_code, simplify
from pydl.ops import REGISTRY, spec_of
from pydl.tensor import apply, as_input
from tests.unit.support import interpret, program_of

TINY = np.finfo(np.float32).smallest_subnormal
SPECIAL = np.array([0, -0.0, 1, -1, 3.3, np.inf, -np.inf, np.nan, TINY, 2e-38, 3e38, -0.1, 7e-39], np.float32)
HOLES = SPECIAL.reshape(13, 1)


def number(x, value, dtype=np.float32):
    """The number in the shape of x."""
    value = as_input(np.array(value, dtype))
    return value.broadcast_to(x.shape)


def names_of(program):
    return [i.primitive.name for i in program.instructions if i.primitive.name != "broadcast"]


def simplified(function, *arrays):
    """The names of what is left (broadcasts apart), after a look at the bits of the results."""
    raw = program_of(lambda *tensors: [function(*tensors)], *arrays).validate()
    program = remove_dead_code(simplify(raw)).validate()
    expected, received = (interpret(each, list(arrays), [])[0][0] for each in (raw, program))
    assert (expected.shape, expected.dtype) == (received.shape, received.dtype)
    assert np.array_equal(np.isnan(expected), np.isnan(received))
    numbers = ~np.isnan(expected)
    assert expected[numbers].tobytes() == received[numbers].tobytes(), f"{expected}\n{received}\n{program}"
    return names_of(program)


def negated(x, times):
    for _ in range(times):
        x = -x
    return x


def op(name, *inputs, **params):
    return apply(REGISTRY[name], *inputs, **params)


HOLD = {
    "x 1": (lambda x: op("mul", x, number(x, 1)), []),
    "1 x": (lambda x: op("mul", number(x, 1), x), []),
    "x + (-0)": (lambda x: op("add", x, number(x, -0.0)), []),
    "-0 + x": (lambda x: op("add", number(x, -0.0), x), []),
    "x - 0": (lambda x: op("sub", x, number(x, 0)), []),
    "x / 1": (lambda x: op("div", x, number(x, 1)), []),
    "x / 4": (lambda x: op("div", x, number(x, 4)), ["mul"]),
    "x / -0.25": (lambda x: op("div", x, number(x, -0.25)), ["mul"]),
    "x / 2^126": (lambda x: op("div", x, number(x, 2.0**126)), ["mul"]),
    "-(-x)": (lambda x: negated(x, 2), []),
    "-(-(-x))": (lambda x: negated(x, 3), ["neg"]),
    "x^1": (lambda x: op("pow", x, number(x, 1)), []),
    "cast to the same": (lambda x: op("cast", x, dtype=np.dtype(np.float32)), []),
    "reshape to the same": (lambda x: op("reshape", x, shape=x.shape), []),
    "reshaped twice": (lambda x: x.reshape((1, 13)).reshape((13, 1, 1)), ["reshape"]),
    "reshaped and back": (lambda x: x.reshape((1, 13)).reshape(x.shape), []),
    "transposed twice": (lambda x: x.T.T, []),
    "transposed twice, to another": (
        lambda x: x.reshape((1, 13, 1)).transpose(1, 2, 0).transpose(1, 0, 2),
        ["reshape", "transpose"],
    ),
    "axes in order": (lambda x: op("transpose", x, axes=tuple(range(len(x.shape)))), []),
    "broadcast to the same": (lambda x: op("broadcast", x, shape=x.shape), []),
    "broadcast by axes of 1": (lambda x: op("broadcast", x, shape=(1, *x.shape)), ["reshape"]),
    "all of a slice": (lambda x: op("slice", x, start=(0, 0), stop=x.shape, step=(1, 1)), []),
    "after the activation": (
        lambda x: op("where", op("greater", x, number(x, 0)), op("maximum", x, number(x, 0)), x),
        ["greater", "maximum", "where"],
    ),
}  # fmt: skip

STAY = {
    "x + 0": (lambda x: op("add", x, number(x, 0)), ["add"]),
    "x - (-0)": (lambda x: op("sub", x, number(x, -0.0)), ["sub"]),
    "0 - x": (lambda x: op("sub", number(x, 0), x), ["sub"]),
    "1 / x": (lambda x: op("div", number(x, 1), x), ["div"]),
    "x 0": (lambda x: op("mul", x, number(x, 0)), ["mul"]),
    "x / 3": (lambda x: op("div", x, number(x, 3)), ["div"]),
    "x / 0": (lambda x: op("div", x, number(x, 0)), ["div"]),
    "x / inf": (lambda x: op("div", x, number(x, np.inf)), ["div"]),
    "x / 2^127": (lambda x: op("div", x, number(x, 2.0**127)), ["div"]),
    "x / 2^-149": (lambda x: op("div", x, number(x, TINY)), ["div"]),
    "x^0.5": (lambda x: op("pow", x, number(x, 0.5)), ["pow"]),
    "x^3": (lambda x: op("pow", x, number(x, 3)), ["pow"]),
    "-x": (lambda x: -x, ["neg"]),
    "one element of a slice": (lambda x: x[1:2], ["slice"]),
    "the one axis of a product": (lambda x: x @ x.T, ["transpose", "matmul"]),
}  # fmt: skip


@pytest.mark.parametrize("name", HOLD)
def test_a_rule_keeps_every_bit(name):
    function, left = HOLD[name]
    received = simplified(function, HOLES)
    assert left is None or received == left


@pytest.mark.parametrize("name", STAY)
def test_what_would_change_a_bit_stays(name):
    function, left = STAY[name]
    assert simplified(function, HOLES) == left


def test_whole_numbers_have_one_zero():
    x = np.array([0, 1, -5], np.int32)
    assert simplified(lambda x: op("add", x, number(x, 0, np.int32)), x) == []
    assert simplified(lambda x: op("mul", number(x, 1, np.int32), x), x) == []


def test_division_by_two_is_exact_in_float64_too():
    x = np.random.default_rng(0).standard_normal(100) * 1e-310
    assert simplified(lambda x: op("div", x, number(x, 8, np.float64)), x) == ["mul"]


def test_a_comparison_reads_the_activation_where_there_is_one():
    x = SPECIAL

    def relu_and_its_slope(x):
        return [op("maximum", x, number(x, 0)), op("greater", x, number(x, 0))]

    program = simplify(optimize(program_of(relu_and_its_slope, x)))
    maximum, greater = [i for i in program.instructions if not i.primitive.view]
    assert greater.inputs == (maximum.result, maximum.inputs[1])
    assert interpret(program, [x], [])[0][1].tolist() == (x > 0).tolist()


@pytest.mark.parametrize("bound", [0.5, -1.0, np.nan, np.inf])
def test_a_comparison_reads_an_activation_with_any_bound(bound):
    def f(x):
        y = op("maximum", x, number(x, bound))
        return op("where", op("greater", x, number(x, bound)), y, y)

    simplified(f, SPECIAL)


def test_a_comparison_with_another_bound_reads_what_was_before():
    def f(x):
        return [op("maximum", x, number(x, 0)), op("greater", x, number(x, 1))]

    program = simplify(optimize(program_of(f, SPECIAL)))
    greater = next(i for i in program.instructions if i.primitive.name == "greater")
    assert greater.inputs[0] is program.inputs[0]


def test_a_copy_that_is_read_twice_is_made_once():
    def f(x):
        rows = x.T.reshape((6,))  # not in line with memory: a copy
        return [rows.exp(), rows.reshape((2, 3)).exp()]

    program = optimize(program_of(f, np.ones((2, 3))))
    reshapes = [i for i in program.instructions if i.primitive.name == "reshape"]
    assert reshapes[1].inputs == (reshapes[0].result,)


def test_rules_follow_one_another():
    assert simplified(lambda x: op("div", negated(op("mul", x, number(x, 1)), 2), number(x, 1)), SPECIAL) == []


def test_a_value_that_is_returned_may_be_an_input():
    x = Value("%x", spec_of(SPECIAL))
    y = Value("%y", x.spec)
    program = Program(
        "f", [x], instructions=[Instruction(y, REGISTRY["cast"], (x,), {"dtype": x.dtype})], outputs=[y, x]
    )
    assert simplify(program).validate().outputs == [x, x]
