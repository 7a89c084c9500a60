"""Rows on the GPU: in any order, as bytes, in several buffers; what does not fit is an error, and changes nothing."""

import numpy as np
import pytest

from pydl import Variable
from pydl.backends import DeviceError, Unsupported
from pydl.backends.webgpu import placement
from pydl.backends.webgpu.executable import Executable
from pydl.backends.webgpu.gpu import Gpu
from pydl.jit.passes import optimize
from tests.support.gpu import Before
from tests.unit.backends.agreement import program_of
from tests.unit.backends.webgpu.running import compiled

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)
SUMS = [ROWS[:2].sum(), ROWS[2:].sum()]


@pytest.fixture
def executable(gpu):
    """Sums of two rows a step."""
    executable = compiled(lambda x: x.sum(), gpu, ROWS[:2])
    yield executable
    executable.close()


@pytest.mark.parametrize("dtype", ["u1", "i2", "i8", "u8"])
def test_row_numbers_may_have_any_integer_dtype_and_any_strides(executable, dtype):
    feed = executable.feed(ROWS)
    for order in (np.arange(4, dtype=dtype), np.arange(3, -1, -1, dtype=dtype)[::-1]):
        np.testing.assert_array_equal(feed.run(order, 0, 2)[0], SUMS)
    feed.close()


@pytest.mark.parametrize("order", [np.arange(4.0), np.ones(4, bool)], ids=str)
def test_row_numbers_that_are_none_are_an_error(executable, order):
    with pytest.raises(IndexError, match=f"row numbers, received {order.dtype}"):
        executable.feed(ROWS).run(order, 0, 2)


@pytest.mark.parametrize("wrong", [-1, 4, 2**32])
def test_row_numbers_beyond_the_rows_are_an_error(executable, wrong):
    feed = executable.feed(ROWS)
    with pytest.raises(IndexError, match=f"from 0 to 3, received {min(wrong, 0)} to {max(wrong, 2)}"):
        feed.run(np.array([0, 1, 2, wrong]), 0, 1)
    np.testing.assert_array_equal(feed.run(np.arange(4), 0, 2)[0], SUMS)


@pytest.mark.parametrize("order", [None, np.arange(4), np.arange(0)], ids=["none", "four", "empty"])
def test_steps_for_which_there_are_no_rows_are_an_error(executable, order):
    feed = executable.feed(ROWS)
    with pytest.raises(IndexError, match="expected 6 row numbers for 3 steps, received [04]"):
        feed.run(order, 1, 2)
    assert feed.run(order, 0, 0)[0].shape == (0,)


def test_rows_of_another_shape_are_an_error(executable):
    with pytest.raises(DeviceError, match=r"expected rows of float32\[3\], received float32\[2\]"):
        executable.feed(ROWS[:, :2])
    with pytest.raises(DeviceError, match=r"received >f4\[3\]"):
        executable.feed(ROWS.astype(">f4"))


def test_an_order_may_be_longer_than_the_one_before_and_than_the_rows(executable):
    feed = executable.feed(ROWS)
    for repeats in (1, 2, 50, 3):
        order = np.tile(np.arange(4), repeats)
        np.testing.assert_array_equal(feed.run(order, 0, 2 * repeats)[0], SUMS * repeats)
    feed.close()


@pytest.mark.parametrize("shape", [(30, 7, 5), (30, 4), (30,)], ids=str)
def test_bytes_become_floats_on_their_way_into_the_step(shape, gpu):
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    executable = compiled(lambda x: (x / 255).sum(), gpu, np.zeros((3, *shape[1:]), np.float32))
    feed = executable.feed(pixels)
    (sums,) = feed.run(np.arange(30)[::-1].copy(), 0, 10)
    expected = pixels[::-1].reshape(10, -1).astype(np.float64).sum(1) / 255
    np.testing.assert_allclose(sums, expected, rtol=1e-6)
    executable.close()


def test_labels_of_64_bits_are_rows_too(gpu):
    labels = np.random.default_rng(0).integers(0, 10, 30)
    hot = program_of("one_hot", [labels[:5]], {"depth": 10, "dtype": np.dtype(np.float32)})
    executable = Executable(optimize(hot), gpu)
    (rows,) = executable.feed(labels).run(None, 0, 6)
    np.testing.assert_array_equal(rows, np.eye(10)[labels].reshape(6, 5, 10))
    executable.close()


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_rows_lie_in_several_buffers_where_one_is_too_small(dtype, gpu, monkeypatch):
    monkeypatch.setattr(placement, "RING", 1024)
    small = Gpu(Before(buffer=8192, binding=8192, bindings=4))
    small.tuning = gpu.tuning
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (2500 if dtype == "uint8" else 650, 13)).astype(dtype)
    y = rng.integers(0, 9, len(x)).astype(np.int32)
    executable = compiled(lambda x, y: (x.sum(), y.sum()), small, np.zeros((10, 13), np.float32), y[:10])
    feed = executable.feed(x, y)
    assert len(feed._buffers) >= 5
    order = rng.permutation(len(x))
    count = len(x) // 10
    sums, others = feed.run(order, 0, count)
    np.testing.assert_allclose(sums, x[order].reshape(count, -1).sum(1, dtype=np.float64), rtol=1e-6)
    np.testing.assert_array_equal(others, y[order].reshape(count, -1).sum(1))
    feed.close()
    executable.close()


def test_more_steps_than_the_ring_has_records_are_one_call_all_the_same(gpu):
    counter = Variable(0, name="counter", dtype="float32")
    executable = compiled(lambda x: (counter.assign(counter + x.sum()), counter)[1:], gpu, np.ones((1, 1), np.float32))
    many = 2 * executable.compiled.placement.capacity + 7
    feed = executable.feed(np.ones((1, 1), np.float32))
    (counts,) = feed.run(np.zeros(many, np.int64), 0, many)
    np.testing.assert_array_equal(counts, np.arange(1, many + 1, dtype=np.float32))
    assert counter.item() == many
    executable.close()


@pytest.mark.parametrize("size", [1, 300], ids=["small outputs", "large outputs"])
def test_steps_end_with_the_one_whose_loss_is_not_finite(size, gpu):
    """Later ones are submitted, and change nothing: no state, no record."""
    value = Variable(np.full(size, 1e30), name="value", dtype="float32")
    count = Variable(0, name="count", dtype="int32")

    def grow(x):
        value.assign(value * 1000)
        count.assign(count + 1)
        return (value * x).max(), value

    executable = compiled(grow, gpu, np.ones((1, 1), np.float32)[0])
    feed = executable.feed(np.ones(20, np.float32))
    losses, values = feed.run(None, 0, 20)
    assert np.isinf(losses).tolist() == [False, False, True] and values.shape == (3, size)
    assert np.isinf(value.numpy()).all() and count.item() == 3
    value.assign(np.ones(size, np.float32))
    assert len(feed.run(None, 0, 5)[0]) == 5, "the next run begins anew"
    assert count.item() == 8
    executable.close()


def test_an_index_out_of_range_stops_the_step_in_the_middle_of_a_run(gpu):
    table, count = Variable(np.arange(8.0).reshape(4, 2), name="table", dtype="float32"), Variable(0, dtype="int32")

    def look(at):
        found = table.gather(at).sum()
        table.assign(table + 1)
        count.assign(count + 1)
        return found

    executable = compiled(look, gpu, np.zeros(2, np.int32))
    feed = executable.feed(np.array([0, 1, 2, 3, 0, 4, 1, 1], np.int32))
    with pytest.raises(IndexError, match="out of range"):
        feed.run(None, 0, 4)
    assert count.item() == 2
    np.testing.assert_array_equal(table.numpy(), np.arange(8).reshape(4, 2) + 2)
    executable.close()


def test_large_and_small_outputs_stand_in_the_records_of_their_steps(gpu):
    state = Variable(np.zeros((5, 7), np.float32), name="state")

    def step(x):
        state.assign(state + x[0, 0])
        return x.sum(), state, x * 2, x[0], state.sum(0)

    x = np.arange(60, dtype=np.float32).reshape(12, 5)
    executable = compiled(step, gpu, x[:3])
    outputs = executable.feed(x).run(None, 0, 4)
    total = np.cumsum([batch[0, 0] for batch in x.reshape(4, 3, 5)])
    for number, (loss, grid, double, row, sums) in enumerate(zip(*outputs, strict=True)):
        batch = x.reshape(4, 3, 5)[number]
        assert loss == batch.sum()
        np.testing.assert_array_equal(grid, np.full((5, 7), total[number]))
        np.testing.assert_array_equal(double, batch * 2)
        np.testing.assert_array_equal(row, batch[0])
        np.testing.assert_array_equal(sums, np.full(7, 5 * total[number]))
    executable.close()


def test_feeds_and_executables_may_be_closed_twice(gpu):
    total = Variable(0.0, name="total", dtype="float32")
    executable = compiled(lambda x: (total.assign(total + x.sum()), total)[1:], gpu, ROWS[:2])
    feed = executable.feed(ROWS)
    feed.run(None, 0, 2)
    for _ in range(2):
        feed.close()
        executable.close()
    assert total.item() == ROWS.sum()


def test_memory_of_a_closed_feed_is_used_again(executable):
    host = executable.gpu.host
    for _ in range(3):
        feed = executable.feed(ROWS)
        feed.run(np.arange(4), 0, 2)
        feed.close()
        held = host.bytes
    feed = executable.feed(ROWS)
    feed.run(np.arange(4), 0, 2)
    assert host.bytes == held
    feed.close()


def test_inputs_in_more_buffers_than_a_shader_binds_are_refused(gpu, monkeypatch):
    monkeypatch.setattr(placement, "RING", 256)
    small = Gpu(Before(buffer=4096, binding=4096, bindings=3))
    small.tuning = gpu.tuning
    arrays = [np.zeros((1, 1000), np.float32) for _ in range(3)]
    executable = compiled(lambda a, b, c: [each.sum() for each in (a, b, c)][:1], small, *arrays)
    with pytest.raises(Unsupported, match="inputs in more buffers than a shader may bind"):
        executable.feed(*arrays)
    executable.close()
