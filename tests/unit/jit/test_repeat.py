"""`step.repeat(count, ...)` and feeds: many steps as one call, to the bit what as many calls give."""

import numpy as np
import pytest

import pydl
from pydl import Tensor, Variable, jit, where
from pydl.backends import device
from tests.unit.backends.fake import Fake

X = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
Y = X.sum(1, keepdims=True)
DEVICES = ["numpy", "wasm"]


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    fake = Fake()
    monkeypatch.setitem(device._BACKENDS, "wasm", lambda: fake)
    return fake


def descent(where, rate=0.1):
    """A weight, and a step of gradient descent that gives its cost and the predictions."""
    weight = Variable(np.zeros((3, 1), np.float32))

    @jit(device=where)
    def step(x, y):
        error = x @ weight - y
        weight.assign(weight - rate * (x.T @ error))
        return {"cost": (error * error).sum(), "more": [error, "word"]}

    return weight, step


@pytest.mark.parametrize("where", DEVICES)
def test_it_is_as_many_calls_stacked(where):
    (weight, step), (expected, single) = descent(where), descent(where)
    received = step.repeat(5, X, Y)
    calls = [single(X, Y) for _ in range(5)]
    np.testing.assert_array_equal(received["cost"].numpy(), [call["cost"].item() for call in calls])
    np.testing.assert_array_equal(received["more"][0].numpy(), np.stack([call["more"][0].numpy() for call in calls]))
    assert received["more"][1] == "word" and received["cost"].shape == (5,)
    np.testing.assert_array_equal(weight.numpy(), expected.numpy())


def test_it_is_one_call_of_the_backend(fake):
    _, step = descent("wasm")
    step.repeat(500, X, Y)
    assert (fake.calls("step"), fake.steps("step")) == (1, 500)
    assert fake.executables[0].feeds[0].closed


@pytest.mark.parametrize("where", DEVICES)
def test_it_ends_with_a_loss_that_is_not_finite(where):
    _, step = descent(where, rate=1e12)
    costs = step.repeat(50, X, Y)["cost"].numpy()
    assert 1 < len(costs) < 50
    assert np.isfinite(costs[:-1]).all() and not np.isfinite(costs[-1])


@pytest.mark.parametrize("where", DEVICES)
def test_arguments_that_are_no_rows_will_do(where):
    total = Variable(np.zeros(2, np.float32))

    @jit(device=where)
    def add(number, pair):
        total.assign(total + number * pair)
        return total.sum()

    assert add.repeat(3, 2.0, np.ones(2, np.float32)).numpy().tolist() == [4, 8, 12]
    assert len(add.repeat(50, 1e38, np.ones(2, np.float32)).numpy()) < 10


@pytest.mark.parametrize("where", DEVICES)
def test_no_arguments_will_do(where):
    count = Variable(np.float32(0))
    tick = jit(lambda: count.assign(count + 1) or count * 1, device=where)
    assert tick.repeat(4).numpy().tolist() == [1, 2, 3, 4]


def test_randomness_goes_on_from_step_to_step():
    draw = jit(lambda x: x + pydl.random.uniform((2,)), device="numpy")
    assert len({tuple(row) for row in draw.repeat(5, np.zeros(2, np.float32)).numpy().tolist()}) == 5


def test_what_it_cannot_do_is_said():
    _, step = descent("numpy")
    for count in (0, -1, 1.5, "3"):
        with pytest.raises(ValueError, match="repeat: expected a number of calls from 1, received"):
            step.repeat(count, X, Y)
    with pytest.raises(RuntimeError, match="write the calls as a loop"):
        jit(lambda x: step.repeat(2, x, Y)["cost"])(X)
    with pytest.raises(ValueError, match="no way back"):
        step.repeat(2, Tensor(X, requires_grad=True), Y)


# ---- feeds


@pytest.mark.parametrize("where", DEVICES)
def test_a_feed_cuts_rows_into_batches_in_any_order(where):
    look = jit(lambda x, y: [x.sum(), y * 1], device=where).prepared(X[:2], Y[:2])
    rows = look.feed(X, Y)
    sums, labels = rows.run(None, 1, 2)
    np.testing.assert_allclose(sums, [X[2:4].sum(), X[4:6].sum()], rtol=1e-5)
    order = np.array([5, 0, 3, 3, 1, 2])
    _, labels = rows.run(order, 0, 3)
    np.testing.assert_array_equal(labels.reshape(6, 1), Y[order])
    _, labels = rows.repeat(2)
    np.testing.assert_array_equal(labels, [Y[:2], Y[:2]])


@pytest.mark.parametrize("where", DEVICES)
def test_bytes_become_floats_batch_by_batch(where):
    pixels = np.arange(12, dtype=np.uint8).reshape(6, 2)
    rows = jit(lambda x: x * 0.5, device=where).prepared(np.zeros((3, 2), np.float32)).feed(pixels)
    for order in (None, np.arange(6)):
        [halves] = rows.run(order, 0, 2)
        np.testing.assert_array_equal(halves.reshape(6, 2), pixels / 2)


def test_row_numbers_out_of_range_are_refused_before_the_step():
    weight, step = descent("numpy")
    rows = step.prepared(X[:3], Y[:3]).feed(X, Y)
    for order in ([0, 1, 6], [0, -1, 2]):
        with pytest.raises(IndexError, match="from 0 to 5"):
            rows.run(np.array(order), 0, 1)
    assert not weight.numpy().any()


def test_specs_stand_for_arrays():
    from pydl.ops import spec_of

    _, step = descent("numpy")
    prepared = step.prepared(spec_of(X), spec_of(Y))
    assert prepared is step.prepared(X, Y)
    assert where(Tensor(prepared(X, Y)[0]) > 0, 1.0, 0.0).item() == 1
