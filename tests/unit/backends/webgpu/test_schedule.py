"""The schedule: what waits for what, what shares a dispatch, and when state changes."""

import numpy as np
import pytest

import pydl
from pydl import Variable
from pydl.backends.webgpu.executable import Executable
from pydl.jit import Program
from tests.unit.backends.webgpu.running import compiled, normal, shader_text

SQUARE = np.arange(36, dtype=np.float32).reshape(6, 6)


def run(function, gpu, *arrays):
    """The outputs of a function, and its Variables' arrays after it."""
    executable = compiled(function, gpu, *arrays)
    outputs = executable(*arrays)
    state = [variable.numpy() for variable, _ in executable.program.state]
    executable.close()
    return outputs, state


NEW = {
    "transposed": lambda a: a.T * 2,
    "both ways": lambda a: a + a.T,
    "a row": lambda a: a - a[0],
    "regrouped": lambda a: a.reshape((4, 9)).T.reshape((6, 6)) + a,
    "a view": lambda a: a.T,
    "a view of new": lambda a: (a * 2).T,
    "product": lambda a: a @ a,
    "sums": lambda a: a + a.sum(axis=0),
    "in place": lambda a: a * 2 + 1,
}


@pytest.mark.parametrize("new", NEW.values(), ids=NEW)
def test_a_state_may_become_anything_that_is_made_of_itself(new, gpu):
    state = Variable(SQUARE, name="state")
    _, (after,) = run(lambda: state.assign(new(state)), gpu)
    np.testing.assert_array_equal(after, new(pydl.Tensor(SQUARE)).numpy())


def test_one_new_value_goes_to_two_variables_and_out(gpu):
    a, b = (Variable(SQUARE * factor, name="state") for factor in (1, 2))

    def step():
        new = a * 3 + b
        a.assign(new)
        b.assign(new)
        return new, new.T

    (new, turned), states = run(step, gpu)
    for each in (new, turned.T, *states):
        np.testing.assert_array_equal(each, SQUARE * 5)


def test_variables_change_places_around_a_ring(gpu):
    a, b, c = (Variable(SQUARE + n, name="state") for n in (1, 2, 3))

    def step():
        old = a * 1
        a.assign(b)
        b.assign(c)
        c.assign(old)
        return old, a

    executable = compiled(step, gpu)
    for _ in range(2):
        outputs = executable()
    np.testing.assert_array_equal(outputs[0], SQUARE + 2)
    for variable, n in ((a, 3), (b, 1), (c, 2)):
        np.testing.assert_array_equal(variable.numpy(), SQUARE + n)
    executable.close()


def test_a_state_that_others_read_changes_when_they_have(gpu):
    """Every new value is made of all the old ones, in several levels."""
    a, b = Variable(SQUARE, name="a"), Variable(SQUARE[::-1].copy(), name="b")

    def step():
        old_a, old_b = a * 1, b * 1
        a.assign((old_a @ old_b) * 0.01 + old_b)
        b.assign(old_a * 2 + old_a.sum(0))
        return (old_a * old_b).sum()

    (total,), states = run(step, gpu)
    x, y = SQUARE.astype(np.float64), SQUARE[::-1].astype(np.float64)
    np.testing.assert_allclose(total, (x * y).sum(), rtol=1e-6)
    expected = {"a": x @ y * 0.01 + y, "b": x * 2 + x.sum(0)}
    for found, name in zip(states, ("a", "b")):
        np.testing.assert_allclose(found, expected[name], rtol=1e-6)


def test_inputs_state_and_constants_may_be_outputs_whole_and_in_part(gpu):
    state = Variable(SQUARE * 2, name="state")
    constant = pydl.Tensor(SQUARE * 3)

    def step(x):
        old = state * 1
        state.assign(x)
        return x, x.T, constant, constant[1], old, state

    outputs, (after,) = run(step, gpu, SQUARE)
    wanted = [SQUARE, SQUARE.T, SQUARE * 3, SQUARE[1] * 3, SQUARE * 2, SQUARE]
    for ours, expected in zip([*outputs, after], [*wanted, SQUARE], strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_what_does_not_wait_shares_a_dispatch(gpu):
    arrays = [normal(8, 12, seed=n) for n in range(5)]
    executable = compiled(lambda *x: [each * 2 for each in x] + [each.sum(0) for each in x], gpu, *arrays)
    assert len(executable.compiled.step) <= 3  # work, outputs, record
    executable.close()


def test_updates_of_an_optimizer_are_one_function_however_many_weights_there_are(gpu):
    weights = [Variable(normal(4 * n, 8), name=f"w{n}") for n in range(1, 9)]
    executable = compiled(lambda: [w.assign(w * 0.9 + 0.1) for w in weights][:0], gpu)
    assert shader_text(executable).count("fn kernel_") == 1
    executable()
    for n, weight in enumerate(weights, start=1):
        np.testing.assert_allclose(weight.numpy(), normal(4 * n, 8) * 0.9 + 0.1, rtol=1e-6)
    executable.close()


def test_a_new_state_is_computed_where_the_state_is(gpu):
    a, b = Variable(normal(64, 8), name="a"), Variable(normal(64, 8), name="b")

    def step():
        a.assign(a * 2)
        b.assign(b + 1)

    executable = compiled(step, gpu)
    assert len(executable.compiled.step) == 1, "there is a copy after the computation"
    executable()
    np.testing.assert_array_equal(a.numpy(), normal(64, 8) * 2)
    np.testing.assert_array_equal(b.numpy(), normal(64, 8) + 1)
    executable.close()


def test_a_tail_that_only_empty_values_read_is_left_out(gpu):
    def step(a, b):
        product = a @ b
        return (product + 1)[:0] * 2, product[:2]

    (empty, rows), _ = run(step, gpu, SQUARE, SQUARE)
    assert empty.shape == (0, 6)
    np.testing.assert_array_equal(rows, (SQUARE @ SQUARE)[:2])


def test_a_program_of_nothing_runs(gpu):
    executable = Executable(Program("nothing"), gpu)
    assert executable() == []
    assert executable.feed().run(None, 0, 3) == []
    executable.close()
