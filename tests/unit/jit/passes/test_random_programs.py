"""Random Programs before and after every pass and on the NumPy backend: the same, bit for bit where promised."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pydl
from pydl.backends import numpy as numpy_backend
from pydl.jit.passes import PASSES, fold_constants, fuse, optimize, simplify
from tests.support.moves import MOVES
from tests.support.programs import evaluate, programs
from tests.unit.jit import recipes
from tests.unit.jit.passes.rules import check_kernels
from tests.unit.support import program_of, state_of

# NumPy's functions of one number may differ in the last place from those of many, and a power from a product.
ROUNDED = {"exp", "log", "tanh", "sigmoid", "erf", "pow"}


def results_of(program, inputs, variables):
    """The outputs, and the arrays of the variables in this order: also of those that a pass has left out."""
    outputs, arrays = evaluate(program, inputs, state_of(program))
    after = {id(variable): array for (variable, _), array in zip(program.state, arrays, strict=True)}
    return outputs, [after.get(id(variable), variable.numpy()) for variable, _ in variables]


def assert_bits_equal(ours, expected, message):
    for a, b in zip(ours, expected, strict=True):
        assert (a.shape, a.dtype, a.tobytes()) == (b.shape, b.dtype, b.tobytes()), f"{a}\n{b}\n{message}"


def each_pass_keeps_the_meaning(drawn):
    expected = evaluate(drawn.program, drawn.inputs, drawn.state())
    names = {instruction.primitive.name for instruction in drawn.program.instructions}
    program, exact = drawn.program, True
    for each in PASSES:
        program = each(program).validate()
        exact = exact and not (each in (fold_constants, simplify) and names & ROUNDED)
        received = results_of(program, drawn.inputs, drawn.program.state)
        if exact:
            message = f"{each.__name__}\n{drawn}\n{program}"
            assert_bits_equal([*received[0], *received[1]], [*expected[0], *expected[1]], message)
        drawn.check(received[0], expected[0], received[1], expected[1])
    check_kernels(program)
    assert {id(v) for v, _ in program.updates} == {id(v) for v, _ in drawn.program.updates}, "an update was lost"


def fusion_keeps_every_bit(drawn):
    fused = fuse(drawn.program).validate()
    check_kernels(fused)
    ours = results_of(fused, drawn.inputs, drawn.program.state)
    expected = evaluate(drawn.program, drawn.inputs, drawn.state())
    assert_bits_equal([*ours[0], *ours[1]], [*expected[0], *expected[1]], f"{drawn}\n{fused}")


def the_numpy_backend_agrees(drawn):
    expected = evaluate(drawn.program, drawn.inputs, drawn.state())
    outputs = numpy_backend.compile(optimize(drawn.program))(*drawn.inputs)
    drawn.check(outputs, expected[0], drawn.state(), expected[1])


def passes_keep_whole_numbers(recipe):
    """What is traced from Python, with backward passes in it, on whole numbers: exact whatever the order."""
    pydl.seed(1)
    state = recipes.variables()
    raw = program_of(lambda *tensors: recipes.follow(recipe, tensors, state), *recipes.inputs(0)).validate()
    expected = evaluate(raw, recipes.inputs(5), state_of(raw))
    program = raw
    for each in PASSES:
        program = each(program).validate()
        outputs, arrays = results_of(program, recipes.inputs(5), raw.state)
        for ours, reference in zip([*outputs, *arrays], [*expected[0], *expected[1]], strict=True):
            np.testing.assert_array_equal(ours, reference, err_msg=f"{each.__name__}\n{raw}\n{program}")
    check_kernels(program)


CHECKS = {
    "each pass keeps the meaning": (programs(), each_pass_keeps_the_meaning),
    "fusion keeps every bit": (programs(), fusion_keeps_every_bit),
    "the numpy backend agrees": (programs(), the_numpy_backend_agrees),
    "passes keep what was traced": (recipes.RECIPES, passes_keep_whole_numbers),
}


@pytest.mark.parametrize("name", CHECKS)
def test_random_programs(name):
    strategy, check = CHECKS[name]
    settings(max_examples=100)(given(strategy)(check))()


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_thousands_of_random_programs(name):
    strategy, check = CHECKS[name]
    settings(max_examples=3000)(given(strategy)(check))()


def test_random_programs_hold_every_primitive():
    seen = set()

    @settings(max_examples=300, database=None, derandomize=True)
    @given(programs())
    def look(drawn):
        seen.update(instruction.primitive.name for instruction in drawn.program.instructions)

    look()
    assert seen == set(MOVES)


@given(programs(), st.integers(1, 3))
@settings(max_examples=50)
def test_numbers_of_random_programs_lie_where_they_should(drawn, steps):
    state = drawn.state()
    for _ in range(steps):
        outputs, state = evaluate(drawn.program, drawn.inputs, state)
    for value, array in zip(drawn.program.outputs, outputs, strict=True):
        known = drawn.ranges[value]
        array = array.astype(np.float64)
        slack = known.error + 1e-5 * known.size
        assert known.low - slack <= array.min(initial=np.inf), f"{value}\n{drawn}"
        assert array.max(initial=-np.inf) <= known.high + slack, f"{value}\n{drawn}"
        assert not known.exact() or (array / known.grain % 1 == 0).all(), f"{value}\n{drawn}"
