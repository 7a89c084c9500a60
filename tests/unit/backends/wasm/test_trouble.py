"""Out of memory, and machine code that traps: a clear error, the parameters of the last finished step, and a way on."""

import numpy as np
import pytest

import pydl
from pydl import nn, optim
from pydl.backends import ExecutionError
from pydl.backends.wasm import hosts
from pydl.callbacks import Callback, ModelCheckpoint
from tests.unit.backends.wasm.trouble import Limited, trapping
from tests.unit.train.two_devices import (
    COMPILED,
    X,
    Y,
    assert_same_numbers,
    assert_same_training,
    everything,
    fit,
    halted_at,
    network,
)

CLEAR = "last finished step.*device='numpy'"


@pytest.fixture
def limited():
    """A function that gives all programs from now on so many bytes of memory."""
    yield lambda nbytes: hosts.register(host := Limited(nbytes)) or host
    hosts.register(None)


def go_on(model, reference, **options):
    """Both are trained on NumPy from here, with the same random numbers."""
    for each in (model, reference):
        pydl.seed(12)
        fit(each, **options)
    assert_same_training(model, reference)


# ---- traps


class Every(Callback):
    """Has every batch run by itself."""

    def on_train_batch_end(self, batch, logs):
        pass


MODES = {
    "many steps a call": ([], {}),
    "step by step": ([Every()], {}),
    "in order": ([], {"shuffle": False}),
    "epochs at once": ([], {"batch_size": 50, "epochs": 40}),
    "validated": ([], {"validation_split": 0.2}),
}


@pytest.mark.parametrize("device", COMPILED)
@pytest.mark.parametrize("kernel", [0.0, 0.5, 1.0], ids=["at its beginning", "in its middle", "near its end"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("step", [1, 13])
def test_a_trap_leaves_the_parameters_of_the_last_finished_step(step, mode, kernel, device, monkeypatch):
    watchers, options = MODES[mode]
    model = network()
    with monkeypatch.context() as patch:
        made = trapping(patch, kernel, step)
        with pytest.raises(ExecutionError, match=f"stopped in '(run|step)'.*unreachable.*{CLEAR}") as error:
            fit(model, *watchers, device=device, **options)
    assert "\n" not in str(error.value) and made
    found = everything(model)
    smaller = 0 if "validation_split" in options or "batch_size" in options else (step - 1) // 6  # by another program
    reference = halted_at(network(), step - 1 + smaller, **options)
    assert found["optimizer/iterations"] == step - 1 + smaller
    expected = {name: value for name, value in everything(reference).items() if step > 1 or name != "drawn"}
    assert_same_numbers({name: found[name] for name in expected}, expected)
    go_on(model, reference, **options)


def test_a_trap_in_a_step_by_hand_leaves_the_state_before_it(monkeypatch):
    w = pydl.Parameter(np.ones((5, 5), np.float32), name="w")
    with monkeypatch.context() as patch:
        trapping(patch, 1.0, 4)
        step = pydl.jit(lambda x: w.assign(w * 2 + (x @ w).sum() * 0), device="wasm")
        x = np.ones((3, 5), np.float32)
        for _ in range(3):
            step(x)
        with pytest.raises(ExecutionError, match=CLEAR):
            step(x)
    np.testing.assert_array_equal(w.numpy(), np.full((5, 5), 8))
    step(x)
    np.testing.assert_array_equal(w.numpy(), np.full((5, 5), 16), "what has trapped runs again")


@pytest.mark.parametrize("device", COMPILED)
def test_a_training_that_trapped_goes_on_from_its_checkpoint(device, tmp_path, monkeypatch):
    path, model, whole, resumed = tmp_path / "m.npz", network(), network(), network()
    fit(whole)
    pydl.seed(7)
    with monkeypatch.context() as patch:
        trapping(patch, 0.5, 17)
        with pytest.raises(ExecutionError):
            fit(model, ModelCheckpoint(path), device=device)
    fit(resumed, device="numpy", resume=path)
    assert_same_training(resumed, whole)


# ---- out of memory


def test_a_program_that_has_no_memory_is_an_error_before_the_first_step(limited):
    model, reference = network(), network()
    for each in (model, reference):
        each.ensure_built((3,))
    limited(10_000)
    pydl.seed(7)
    with pytest.raises(ExecutionError, match="out of memory: . MB more .*batch_size.*device='numpy'"):
        fit(model, device="wasm")
    pydl.seed(7)
    assert_same_numbers(model.get_weights(), reference.get_weights())
    go_on(model, reference)


def test_auto_takes_numpy_where_a_program_has_no_memory(limited):
    limited(1000)
    model, reference = network(), network()
    assert fit(model, device="auto").device == "numpy"
    pydl.seed(7)
    fit(reference)
    assert_same_training(model, reference)


def large():
    """Sixty thousand samples of 100 numbers: 24 MB, and labels."""
    x = np.zeros((60_000, 100), np.float32)
    x[:50, :3] = X
    y = np.zeros((60_000, 1), np.float32)
    y[:50] = Y
    return x, y


def wide():
    pydl.seed(1)
    model = nn.Sequential([nn.Dense(8, "tanh"), nn.Dense(1)], input_shape=(100,))
    model.compile(optim.Adam(0.02), "mse")
    model.ensure_built((100,))
    pydl.seed(7)
    return model


def test_data_that_find_no_memory_leave_the_model_as_it_was_and_fewer_do(limited):
    host = limited(20_000_000)
    x, y = large()
    model, reference, held = wide(), wide(), set()
    for _ in range(3):
        with pytest.raises(ExecutionError, match="out of memory: (2.|1) MB more .*fewer samples.*device='numpy'"):
            fit(model, x=x, y=y, device="wasm", epochs=1, batch_size=100)
        assert_same_numbers(model.get_weights(), reference.get_weights())
        held.add(host.bytes)
    assert len(held) == 1, "nothing is kept of what was refused"
    runs = []
    for each, device in ((model, "wasm"), (reference, "numpy")):
        pydl.seed(7)
        fit(each, x=x[:20_000], y=y[:20_000], device=device, epochs=1, batch_size=100)  # the same program
        runs.append(each)
    assert_same_training(*runs)


def test_auto_hands_over_batch_by_batch_what_finds_no_memory_as_a_whole(limited, monkeypatch):
    limited(20_000_000)
    monkeypatch.setattr("pydl.backends.auto.TINY", 10**9)  # wasm, without a trial
    x, y = large()
    model, reference = wide(), wide()
    runs = []
    for each, device in ((model, "auto"), (reference, "numpy")):
        pydl.seed(7)
        history = fit(each, x=x, y=y, device=device, epochs=1, batch_size=100)
        runs.append((each, history.device))
    assert [device for _, device in runs] == ["wasm", "numpy"]
    assert_same_training(model, reference)


def test_a_validation_without_memory_comes_after_whole_steps(limited):
    limited(20_000_000)
    x, y = large()
    model, reference = wide(), wide()
    with pytest.raises(ExecutionError, match="out of memory"):
        fit(model, x=x[:50], y=y[:50], validation_data=(x, y), device="wasm")
    pydl.seed(7)
    fit(reference, x=x[:50], y=y[:50], epochs=1)
    assert model.optimizer.iterations.item() == 7
    assert_same_numbers(model.get_weights(), reference.get_weights())


def test_an_order_without_memory_can_be_given_again_when_there_is_some(limited):
    host = limited(10**9)
    total = pydl.Variable(0.0, name="total", dtype="float32")

    @pydl.jit(device="wasm")
    def add(x):
        total.assign(total + x.sum())
        return total

    x = np.arange(100, dtype=np.float32).reshape(100, 1)
    prepared = add.prepared(x[:10])
    feed = prepared.feed(x)
    short, long = np.arange(10), np.tile(np.arange(100), 1000)
    feed.run(short, 0, 1)
    host.limit = host.bytes
    with pytest.raises(ExecutionError, match="out of memory"):
        feed.run(long, 0, 1)
    assert total.item() == 45
    with pytest.raises(ExecutionError, match="out of memory"):
        prepared.feed(np.zeros((10**6, 1), np.float32))
    host.limit = 10**9
    feed.run(short, 0, 1)
    (sums,) = feed.run(long, 0, 10)
    assert total.item() == 90 + 4950 == sums[-1]
    feed.close()
    other = prepared.feed(x)
    (sums,) = other.run(None, 0, 10)
    assert sums[-1] == 90 + 4950 * 2
