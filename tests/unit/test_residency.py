"""State that lives where it is computed: every way of reading a Variable brings its value home, every way of writing
one is seen by the next step, and nothing is lost when another device takes over."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import pydl
from pydl import Parameter, Variable, jit, nn, optim
from pydl.backends import device
from pydl.callbacks import ModelCheckpoint
from pydl.jit import compiled
from tests.unit.backends.fake import Fake

X = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
Y = X.sum(1, keepdims=True)


@pytest.fixture
def fake(monkeypatch):
    fake = Fake()
    monkeypatch.setitem(device._BACKENDS, "wasm", lambda: fake)
    return fake


def counter(value=0.0):
    """A Variable, and a step that adds to it, compiled for the backend that keeps it."""
    total = Variable(np.full(2, value, np.float32), name="total")
    return total, jit(lambda x: total.assign(total + x), device="wasm")


READ = {
    "data": lambda v: v.data,
    "numpy()": lambda v: v.numpy(),
    "item()": lambda v: v[0].item(),
    "np.asarray": np.asarray,
    "detach()": lambda v: v.detach(),
    "arithmetic": lambda v: v * 1,
    "a comparison": lambda v: (v == 3).astype(np.float32) * 3,
    "an assign to another": lambda v: [other := Variable(np.zeros(2, np.float32)), other.assign(v), other.numpy()][-1],
    "a Tensor of it": pydl.Tensor,
    "copy.copy": lambda v: copy.copy(v).data,
    "copy.deepcopy": lambda v: copy.deepcopy(v).data,
    "pickle": lambda v: pickle.loads(pickle.dumps(v)).data,
    "NumPy's step": lambda v: jit(lambda: v * 1, device="numpy")(),
    "NumPy's feed": lambda v: jit(lambda x: v * x, device="numpy").repeat(1, np.ones(1, np.float32))[0],
}


@pytest.mark.parametrize("name", READ)
def test_whoever_reads_a_variable_after_a_step_gets_the_new_value(name, fake):
    total, step = counter(1.0)
    step(np.float32(2))
    assert total._elsewhere is fake.executables[0] and total._value.tolist() == [1, 1]
    read = np.broadcast_to(np.asarray(READ[name](total)), (2,))
    assert read.tolist() == [3, 3]
    assert total._elsewhere is None


def test_shape_dtype_and_name_need_no_value(fake):
    total, step = counter()
    step(np.float32(2))
    assert (total.shape, total.dtype, "total" in repr(total)) == ((2,), np.float32, True)
    assert fake.executables[0].fetched == 0


def test_steps_in_a_row_take_the_state_in_once(fake):
    total, step = counter()
    for _ in range(5):
        step(np.float32(1))
    assert (fake.executables[0].taken_in, fake.executables[0].fetched) == (1, 0)
    assert total.numpy().tolist() == [5, 5]


def test_what_is_assigned_meanwhile_counts(fake):
    total, step = counter()
    step(np.float32(1))
    total.assign([10, 20])
    assert total._elsewhere is None and total.numpy().tolist() == [10, 20]
    step(np.float32(1))
    assert total.numpy().tolist() == [11, 21]
    assert fake.executables[0].fetched == 1, "an assign needs no old value"


def test_an_assign_of_what_was_computed_from_it_counts_too(fake):
    total, step = counter()
    step(np.float32(1))
    total.assign(total * 10)
    step(np.float32(1))
    total.assign(total)
    assert total.numpy().tolist() == [11, 11]


def test_what_is_written_into_data_is_seen_by_the_next_step(fake):
    total, step = counter()
    step(np.float32(1))
    total.data[0] = 50
    step(np.float32(1))
    assert total.numpy().tolist() == [51, 2]


def test_the_array_stays_the_same_object(fake):
    total, step = counter()
    array = total.data
    step(np.float32(1))
    assert total.data is array and array.tolist() == [1, 1]


def test_a_holder_lives_as_long_as_it_holds_something(fake):
    total, step = counter()
    step(np.float32(4))
    holder = weakref.ref(fake.executables.pop())
    step._cache.clear()
    gc.collect()
    assert holder() is not None, "the newest value is there"
    assert total.numpy().tolist() == [4, 4]
    assert holder() is None


def test_a_program_that_leaves_the_cache_goes_when_nobody_uses_it(fake):
    total = Parameter(np.zeros(1, np.float32))
    add = jit(lambda x: total.assign(total + x.sum()), device="wasm")
    run = add.prepared(np.ones(1, np.float32))
    rows = add.prepared(np.ones(2, np.float32)).feed(np.ones(2, np.float32))
    for n in range(3, compiled.CACHE_SIZE + 3):
        add(np.ones(n, np.float32))
    assert len(add._cache) == compiled.CACHE_SIZE
    before = total.item()
    run(np.ones(1, np.float32))
    rows.run(None, 0, 1)
    assert total.item() == before + 3
    first, second = map(weakref.ref, fake.executables[:2])
    fake.executables.clear()
    run(np.ones(1, np.float32))
    del run
    assert first() is not None and second() is not None
    assert total.item() == before + 4
    assert first() is None and second() is not None
    del rows
    gc.collect()  # the fake keeps its feeds
    assert second() is None


def test_devices_take_over_from_each_other(fake):
    total, here = counter()
    there = jit(lambda x: total.assign(total * x), device="numpy")
    for _ in range(3):
        here(np.float32(1))
        there(np.float32(2))
    assert total.numpy().tolist() == [14, 14]
    other = jit(lambda x: total.assign(total - x), device="wasm")
    here(np.float32(1))
    other(np.float32(5))
    assert total.numpy().tolist() == [10, 10]


def test_a_variable_that_moved_is_known_to_have_changed(fake):
    total, step = counter()
    parameter = Parameter(np.ones(2, np.float32))
    move = jit(lambda x: parameter.assign(parameter + x), device="wasm")
    loss = (parameter * parameter).sum()
    move(np.float32(1))
    with pytest.raises(RuntimeError, match="was assigned after"):
        loss.backward()


# ---- models


def network(seed=1):
    pydl.seed(seed)
    model = nn.Sequential([nn.Dense(4, "tanh"), nn.Dropout(0.2, seed=3), nn.Dense(1)], input_shape=(3,))
    model.compile(optim.Adam(0.05), "mse")
    return model


def fit(model, device="wasm", **options):
    return model.fit(X, Y, **({"batch_size": 2, "epochs": 2, "verbose": 0, "device": device} | options)).history


def weights_of(model):
    return [weight.tolist() for weight in model.get_weights()]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_of_a_model_whose_state_is_elsewhere_is_by_itself(copied, fake):
    model, reference = network(), network()
    fit(model)
    assert any(weight._elsewhere for weight in model.weights)
    other = copied(model)
    assert not any(weight._elsewhere for weight in other.weights)
    pydl.seed(1)
    network()  # draws what the reference drew
    fit(reference, device="numpy")
    assert weights_of(other) == weights_of(model) == weights_of(reference)
    fit(other)
    assert weights_of(model) == weights_of(reference)


def test_files_hold_what_the_last_step_has_made(fake, tmp_path):
    model, path = network(), tmp_path / "m.npz"
    fit(model, callbacks=[ModelCheckpoint(path)])
    model.save(tmp_path / "whole.npz")
    for loaded in (nn.load_model(path), nn.load_model(tmp_path / "whole.npz")):
        assert weights_of(loaded) == weights_of(model)


def test_a_fit_elsewhere_is_the_fit_that_numpy_makes(fake):
    runs = []
    for where in ("wasm", "numpy"):
        model = network()
        pydl.seed(5)
        history = fit(model, where, epochs=4, validation_split=0.3)
        drawn = pydl.random.default.counter.item()
        runs.append((history, weights_of(model), model.predict(X, device=where).tolist(), drawn))
    assert runs[0] == runs[1]


def test_a_training_changes_its_device_and_goes_on(fake):
    whole, parts = network(), network()
    pydl.seed(5)
    expected = fit(whole, "numpy", epochs=4)["loss"]
    pydl.seed(5)
    found = [loss for where in ("wasm", "numpy") for loss in fit(parts, where)["loss"]]
    assert found == expected and weights_of(parts) == weights_of(whole)
