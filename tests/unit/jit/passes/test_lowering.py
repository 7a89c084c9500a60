"""What is written in terms of plainer primitives: ones at places, and powers with simple exponents."""

import numpy as np
import pytest

from pydl.jit.passes import optimize, simplify
from pydl.ops import REGISTRY
from pydl.tensor import apply, as_input
from tests.unit.support import interpret, program_of


def power(x, exponent):
    return apply(REGISTRY["pow"], x, as_input(np.array(exponent, x.dtype)).broadcast_to(x.shape))


def simple_names(function, x):
    raw = program_of(lambda x: [function(x)], x)
    program = optimize(raw).validate()
    expected, received = (interpret(each, [x], [])[0][0] for each in (raw, program))
    np.testing.assert_array_max_ulp(received, expected, maxulp=1)
    return [i.primitive.name for i in program.instructions if i.primitive.name != "broadcast"]


X = np.array([0.3, 1.0, -2.5, 1e-20, -0.0, 7e18, np.inf, -np.inf], np.float32)


@pytest.mark.parametrize("exponent, name", [(2, "mul"), (-1, "div"), (3, "pow"), (-2, "pow")])
def test_powers_with_simple_exponents_are_products_and_quotients(exponent, name):
    assert simple_names(lambda x: power(x, exponent), X) == [name]


def test_the_first_power_is_the_number_itself():
    assert simple_names(lambda x: power(x, 1), X) == []


ROOTS = {
    "a square": (lambda x: x * x, "sqrt"),
    "a sum of squares": (lambda x: (x * x).broadcast_to((2, 8)).sum(0) + 1, "sqrt"),
    "an exponential": (lambda x: x.exp(), "sqrt"),
    "a bound above 0": (lambda x: x.maximum(0.5), "sqrt"),
    "any number": (lambda x: x, "pow"),
    "a product": (lambda x: x * (x + 1), "pow"),
    "a relu": (lambda x: x.maximum(0), "pow"),  # the larger of -0 and 0 may be -0
    "a difference": (lambda x: x.exp() - x.exp() * 0.5, "pow"),
}


@pytest.mark.parametrize("name", ROOTS)
def test_a_root_is_taken_of_what_cannot_be_negative(name):
    inside, root = ROOTS[name]
    assert simple_names(lambda x: power(inside(x), 0.5), X)[-1] == root


def test_whole_numbers_keep_their_powers():
    x = np.array([1, 2, 3], np.int32)
    assert simple_names(lambda x: power(x, 2), x) == ["mul"]
    assert simple_names(lambda x: power(x, 3), x) == ["pow"]


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.int32, np.uint32, np.int64])
@pytest.mark.parametrize("depth", [1, 5, 200])
@pytest.mark.parametrize("result", [np.float32, np.float64, np.int32])
def test_ones_at_places_are_a_comparison(dtype, depth, result):
    indices = np.array([[0, 4, 100], [3, 127, 1]], dtype)
    if indices.dtype.kind == "i":
        indices[0, 0] = -1

    def f(x):
        return [apply(REGISTRY["one_hot"], x, depth=depth, dtype=np.dtype(result))]

    raw = program_of(f, indices)
    program = simplify(raw).validate()
    names = [i.primitive.name for i in program.instructions]
    assert "one_hot" not in names
    assert names[-2:] == ["equal", "cast"]
    expected, received = (interpret(each, [indices], [])[0][0] for each in (raw, program))
    np.testing.assert_array_equal(received, expected)
    assert received.dtype == expected.dtype
