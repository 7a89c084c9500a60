"""Compiled Programs at work: state that lives in the module's memory, many steps a call, and what goes wrong."""

import numpy as np
import pytest

import pydl
from pydl import Parameter, Variable, losses, nn, optim
from pydl.backends import ExecutionError, Unsupported
from tests.unit.support import assert_agree


def regression(device):
    """Four weights, a step of gradient descent, and data for it."""
    rng = np.random.default_rng(5)
    weights = Parameter(rng.standard_normal((4, 1)).astype(np.float32), name="weights")
    optimizer = optim.SGD(learning_rate=0.1, momentum=0.9)
    optimizer.build([weights])

    @pydl.jit(device=device)
    def step(x, y):
        loss = ((x @ weights - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    x = rng.standard_normal((60, 4)).astype(np.float32)
    return weights, optimizer, step, x, x @ np.array([[1], [-2], [3], [0.5]], np.float32)


def test_steps_change_what_is_read_afterwards():
    weights, optimizer, step, x, y = regression("wasm")
    others, _, reference, *_ = regression("numpy")
    for _ in range(5):
        assert_agree(step(x, y).numpy(), reference(x, y).numpy())
    assert_agree(weights.numpy(), others.numpy())
    assert int(optimizer.iterations) == 5


def test_what_is_assigned_between_steps_is_seen_by_the_next():
    weights, optimizer, step, x, y = regression("wasm")
    others, other, reference, *_ = regression("numpy")
    for function, parameter, each in ((step, weights, optimizer), (reference, others, other)):
        function(x, y)
        parameter.assign(parameter * 2)
        each.learning_rate = 0.01
        function(x, y)
        parameter.data[1] = 7
        function(x, y)
    assert_agree(weights.numpy(), others.numpy())


@pytest.mark.parametrize("device", ["numpy", "wasm"])
def test_a_feed_takes_the_rows_in_their_order(device):
    weights, _, step, x, y = regression(device)
    others, _, reference, *_ = regression("numpy")
    order = np.random.default_rng(0).permutation(60)
    feed = step.prepared(x[:20], y[:20]).feed(x, y)
    (first,) = feed.run(order, 0, 2)
    (last,) = feed.run(order, 2, 1)
    expected = [reference(x[rows], y[rows]).item() for rows in order.reshape(3, 20)]
    np.testing.assert_allclose([*first, *last], expected, rtol=1e-5)
    (again,) = feed.run(None, 1, 1)
    np.testing.assert_allclose(again[0], reference(x[20:40], y[20:40]).item(), rtol=1e-5)
    assert_agree(weights.numpy(), others.numpy())
    feed.close()


def test_row_numbers_beyond_the_rows_are_an_error():
    _, _, step, x, y = regression("wasm")
    feed = step.prepared(x[:20], y[:20]).feed(x, y)
    with pytest.raises(IndexError, match="from 0 to 59, received 0 to 60"):
        feed.run(np.array([*range(19), 60]), 0, 1)


def test_bytes_become_floats_on_their_way_into_the_step():
    pixels = np.random.default_rng(0).integers(0, 256, (30, 7, 5), np.uint8)
    total = pydl.jit(lambda x: (x / 255).sum(), device="wasm")
    feed = total.prepared(np.zeros((3, 7, 5), np.float32)).feed(pixels)
    (sums,) = feed.run(np.arange(30)[::-1].copy(), 0, 10)
    expected = pixels[::-1].reshape(10, -1).astype(np.float64).sum(1) / 255
    np.testing.assert_allclose(sums, expected, rtol=1e-6)


def test_more_steps_than_results_have_room_for_are_one_call_all_the_same():
    counter = Variable(0, name="counter", dtype="float32")

    @pydl.jit(device="wasm")
    def count(x):
        counter.assign(counter + x.sum())
        return counter

    counts = count.repeat(40_000, np.ones((1, 1), np.float32)).numpy()
    np.testing.assert_array_equal(counts, np.arange(1, 40_001, dtype=np.float32))
    assert counter.item() == 40_000


def test_steps_end_with_the_one_whose_loss_is_not_finite():
    value = Variable(1e30, name="value")

    @pydl.jit(device="wasm")
    def grow(x):
        value.assign(value * 1000)
        return value * x.mean()

    losses_ = grow.repeat(10, np.ones((1, 1), np.float32)).numpy()
    assert np.isinf(losses_).tolist() == [False, False, True]
    assert np.isinf(value.item())


def test_two_variables_change_places():
    a, b = Variable(np.arange(5.0), name="a"), Variable(np.arange(5.0) * 10, name="b")

    @pydl.jit(device="wasm")
    def swap():
        before = a * 1
        a.assign(b)
        b.assign(before)
        return before, a

    before, after = swap()
    np.testing.assert_array_equal(a.numpy(), np.arange(5) * 10)
    np.testing.assert_array_equal(b.numpy(), np.arange(5))
    np.testing.assert_array_equal(before.numpy(), np.arange(5))
    np.testing.assert_array_equal(after.numpy(), np.arange(5) * 10)


def test_an_old_state_can_be_returned_beside_the_new_one():
    a = Variable(np.arange(6, dtype=np.float32), name="a")

    @pydl.jit(device="wasm")
    def step():
        old = a.reshape((2, 3))
        a.assign(a * 2 + 1)
        return old.T, a[::2]

    old, new = step()
    np.testing.assert_array_equal(old.numpy(), np.arange(6).reshape(2, 3).T)
    np.testing.assert_array_equal(new.numpy(), (np.arange(6) * 2 + 1)[::2])


def test_an_index_out_of_range_is_an_error_that_changes_nothing():
    table = Variable(np.arange(12.0).reshape(4, 3), name="table")

    @pydl.jit(device="wasm")
    def look(indices):
        table.assign(table + 1)
        return table[indices].sum()

    with pytest.raises(IndexError, match="out of range"):
        look(np.array([0, 4], np.int32))
    np.testing.assert_array_equal(table.numpy(), np.arange(12).reshape(4, 3))
    assert look(np.array([0, -1], np.int32)).item() == np.arange(12).reshape(4, 3)[[0, 3]].sum() + 6


def test_a_step_that_breaks_off_leaves_the_state_of_the_last_finished_one(monkeypatch):
    weights, _, step, x, y = regression("wasm")
    others, _, reference, *_ = regression("numpy")
    step(x, y)
    reference(x, y)
    instance = step.prepared(x, y).executable.instance
    call = instance.call

    def trap(name, *arguments):
        monkeypatch.setattr(instance, "call", call)
        raise ExecutionError("the compiled code stopped")

    monkeypatch.setattr(instance, "call", trap)
    with pytest.raises(ExecutionError, match="stopped"):
        step(x, y)
    assert_agree(weights.numpy(), others.numpy())
    assert_agree(step(x, y).numpy(), reference(x, y).numpy())


def test_the_plain_variant_gives_the_same_bits_on_every_run():
    results = []
    for _ in range(2):
        pydl.seed(1)
        model = nn.Sequential([nn.Dense(33, activation="tanh"), nn.Dropout(0.3), nn.Dense(10)], input_shape=(29,))
        model.compile(optim.Adam(), losses.SparseCategoricalCrossentropy(from_logits=True))
        rng = np.random.default_rng(0)
        x, y = rng.standard_normal((100, 29)).astype(np.float32), rng.integers(0, 10, 100)
        history = model.fit(x, y, batch_size=20, epochs=3, verbose=0, device="wasm:simd")
        results.append((history.history["loss"], [weight.numpy().tobytes() for weight in model.weights]))
    assert results[0] == results[1]


def test_what_has_no_machine_code_is_refused_by_name():
    minus = pydl.jit(lambda a: -a, device="wasm")
    with pytest.raises(Unsupported, match="neg of bool"):
        minus(np.ones(3, bool))


def test_values_that_are_never_needed_together_share_memory():
    def chain(x):
        for _ in range(50):
            x = (x @ x).tanh()
        return x

    x = np.zeros((64, 64), np.float32)
    executable = pydl.jit(chain, device="wasm").prepared(x).executable
    assert executable.bytes < 8 * x.nbytes + 600_000  # the products' packed panels
