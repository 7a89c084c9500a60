"""Executables on the GPU: state that lives there, what is read back and when, and what buffers they hold."""

import gc

import numpy as np
import pytest

import pydl
from pydl import Parameter, Variable, losses, nn, optim
from pydl.backends import Unsupported
from pydl.backends.webgpu.gpu import SPARE, Gpu
from tests.support.gpu import Before
from tests.unit.backends.webgpu.conftest import place
from tests.unit.backends.webgpu.running import compiled
from tests.unit.support import assert_agree


@pytest.fixture
def counted(desktop, monkeypatch):
    """`device="webgpu"` on a host that counts the calls of its methods."""
    gpu = Gpu(Before())
    gpu.tuning = desktop.tuning
    place(gpu, monkeypatch)
    return gpu.host


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


def test_steps_change_what_is_read_afterwards(desktop):
    weights, optimizer, step, x, y = regression("webgpu")
    others, _, reference, *_ = regression("numpy")
    for _ in range(5):
        assert_agree(step(x, y).numpy(), reference(x, y).numpy())
    assert step.device == "webgpu" and step.last.adapter == desktop.host.adapter
    assert_agree(weights.numpy(), others.numpy())
    assert int(optimizer.iterations) == 5


def test_what_is_assigned_between_steps_is_seen_by_the_next(desktop):
    weights, optimizer, step, x, y = regression("webgpu")
    others, other, reference, *_ = regression("numpy")
    for function, parameter, each in ((step, weights, optimizer), (reference, others, other)):
        function(x, y)
        parameter.assign(parameter * 2)
        each.learning_rate = 0.01
        function(x, y)
        parameter.data[1] = 7
        function(x, y)
    assert_agree(weights.numpy(), others.numpy())


def test_a_feed_takes_the_rows_in_their_order(desktop):
    weights, _, step, x, y = regression("webgpu")
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


def test_an_old_state_can_be_returned_beside_the_new_one(desktop):
    a = Variable(np.arange(6, dtype=np.float32), name="a")

    @pydl.jit(device="webgpu")
    def step():
        old = a.reshape((2, 3))
        a.assign(a * 2 + 1)
        return old.T, a[::2]

    old, new = step()
    np.testing.assert_array_equal(old.numpy(), np.arange(6).reshape(2, 3).T)
    np.testing.assert_array_equal(new.numpy(), (np.arange(6) * 2 + 1)[::2])


def test_an_index_out_of_range_is_an_error_that_changes_nothing(desktop):
    table = Variable(np.arange(12.0).reshape(4, 3), name="table", dtype="float32")

    @pydl.jit(device="webgpu")
    def look(indices):
        table.assign(table + 1)
        return table[indices].sum()

    for wrong in ([0, 4], [-5, 0]):
        with pytest.raises(IndexError, match="look: gather met an index out of range; the step has changed nothing"):
            look(np.array(wrong, np.int32))
        np.testing.assert_array_equal(table.numpy(), np.arange(12).reshape(4, 3))
    assert look(np.array([0, -1], np.int32)).item() == np.arange(12).reshape(4, 3)[[0, 3]].sum() + 6


def test_labels_of_64_bits_are_taken_where_they_fit(desktop):
    pick = pydl.jit(lambda labels: (labels.one_hot(4), labels == 3), device="webgpu")
    hot, equal = pick(np.array([1, 3, 0], np.int64))
    np.testing.assert_array_equal(hot.numpy(), np.eye(4)[[1, 3, 0]])
    assert equal.numpy().tolist() == [False, True, False]


def test_what_a_gpu_has_no_kernel_for_is_refused_by_name(gpu):
    with pytest.raises(Unsupported, match="neg of bool has no kernel"):
        compiled(lambda a: -a, gpu, np.ones(3, bool))
    with pytest.raises(Unsupported, match=r"32-bit numbers.*f64\[3\].*use float32 and int32, or device='wasm'"):
        compiled(lambda a: a * 2, gpu, np.ones(3))


# ---- what is read back


def test_nothing_is_read_back_between_two_reports(counted):
    weights, _, step, x, y = regression("webgpu")
    feed = step.prepared(x[:20], y[:20]).feed(x, y)
    order = np.tile(np.arange(60), 400)
    feed.run(order, 0, 300)
    before = dict(counted.calls)
    feed.run(order, 300, 900)
    feed.run(order, 0, 100)
    used = {name: count - before[name] for name, count in counted.calls.items() if count != before[name]}
    assert set(used) == {"write", "run", "read"} and used["run"] == used["read"] == 2, "more than the records came back"
    weights.numpy()
    assert counted.calls["read"] == before["read"] + 3, "the state comes home in one piece"
    feed.close()


def test_an_evaluation_takes_the_weights_from_the_training_on_the_gpu(counted):
    weights, _, step, x, y = regression("webgpu")
    loss = pydl.jit(lambda x, y: ((x @ weights - y) ** 2).mean(), device="webgpu")
    step(x, y)
    loss(x, y)
    before = dict(counted.calls)
    for _ in range(3):
        step(x, y)
        measured = loss(x, y).item()
    assert counted.calls["read"] - before["read"] == 6, "one for each call, and none for the weights"
    assert counted.calls["copy"] - before["copy"] == 3
    np.testing.assert_allclose(measured, ((x @ weights.numpy() - y) ** 2).mean(), rtol=1e-4)
    before = counted.calls["copy"]
    loss(x, y)
    loss(x, y)
    assert counted.calls["copy"] == before, "what has not changed is not copied again"


def test_an_evaluation_sees_what_was_assigned_after_the_training(desktop):
    weights, _, step, x, y = regression("webgpu")
    total = pydl.jit(lambda: weights.sum(), device="webgpu")
    step(x, y)
    total()
    weights.assign(np.ones((4, 1), np.float32))
    assert total().item() == 4
    step(x, y)
    np.testing.assert_allclose(total().item(), weights.numpy().sum(), rtol=1e-5)


def test_two_trainings_of_the_same_weights_take_turns(desktop):
    weights = Variable(np.arange(4, dtype=np.float32), name="weights")
    double = pydl.jit(lambda: weights.assign(weights * 2), device="webgpu")
    add = pydl.jit(lambda: weights.assign(weights + 1), device="webgpu")
    expected = np.arange(4, dtype=np.float32)
    for _ in range(3):
        double()
        add()
        expected = expected * 2 + 1
    np.testing.assert_array_equal(weights.numpy(), expected)


def test_a_synchronisation_brings_all_home_and_leaves_the_gpu_their_holder(gpu):
    a, b = Variable(np.zeros(3, np.float32), name="a"), Variable(np.zeros((), np.uint32), name="b", dtype=np.uint32)
    executable = compiled(lambda x: (a.assign(a + x), b.assign(b + 1))[:0], gpu, np.ones(3, np.float32))
    for _ in range(2):
        executable(np.ones(3, np.float32))
    executable.sync()
    assert a._value.tolist() == [2, 2, 2] and b._value == 2
    assert a._elsewhere is executable and b._elsewhere is executable
    executable(np.ones(3, np.float32))
    assert a._value.tolist() == [2, 2, 2] and a.numpy().tolist() == [3, 3, 3] and b.numpy() == 3
    executable(np.ones(3, np.float32))
    executable.close()
    assert a._elsewhere is None and a.numpy().tolist() == [4, 4, 4]
    executable.close()


# ---- buffers


def test_buffers_do_not_grow_over_thousands_of_steps(desktop):
    _, _, step, x, y = regression("webgpu")
    feed = step.prepared(x[:20], y[:20]).feed(x, y)
    order = np.tile(np.arange(60), 2000)
    feed.run(order, 0, 1000)
    before = desktop.host.bytes
    for first in range(0, 6000, 1000):
        feed.run(order, first, 1000)
    assert desktop.host.bytes == before
    feed.close()


def test_hundreds_of_models_take_the_same_buffers_and_shaders_again(desktop):
    x, y = np.zeros((8, 3), np.float32), np.zeros((8, 1), np.float32)

    def once():
        model = nn.Sequential([nn.Dense(4, "tanh"), nn.Dense(1)], input_shape=(3,))
        model.compile(optim.SGD(0.1), losses.MeanSquaredError())
        model.fit(x, y, batch_size=4, epochs=1, verbose=0, device="webgpu")

    for _ in range(3):
        once()
    gc.collect()
    bytes_, pipelines = desktop.host.bytes, len(desktop._pipelines)
    for _ in range(150):
        once()
    gc.collect()
    assert desktop.host.bytes <= bytes_ + 4 * 2**20
    assert len(desktop._pipelines) == pipelines


def test_what_waits_for_its_next_use_has_a_limit():
    gpu = Gpu(Before())
    taken = [gpu.take(64 * 2**20, "a test") for _ in range(8)]
    for buffer in taken:
        gpu.give_back(*buffer)
    gpu._settle()
    sizes = [size for size, waiting in gpu._free.items() for _ in waiting]
    gpu.give_back(*gpu.take(256, "a test"))
    assert sum(sizes) <= SPARE and gpu.host.calls["destroy"] > 3
    gpu.forget()
    assert gpu._spare == 0 and gpu.host.calls["destroy"] == gpu.host.calls["buffer"]


def test_a_pool_gives_back_what_it_was_given():
    gpu = Gpu(Before())
    first, size = gpu.take(1000, "a test")
    other, _ = gpu.take(1000, "a test")
    assert first is not other and size >= 1000
    gpu.give_back(first, size)
    assert gpu.take(1010 if size >= 1010 else 1000, "a test")[0] is first
    gpu.forget()
