"""`jit` for machine code: what cannot be traced is an error, other shapes are compiled anew, and memory comes back."""

import gc
import os
from pathlib import Path

import numpy as np
import pytest

import pydl
from pydl import Tensor, nn, optim
from pydl.backends.wasm import hosts
from pydl.jit import compiled
from pydl.tensor import TracedValueError
from tests.unit.support import assert_agree

DEVICES = ["numpy", "wasm", "wasm:simd"]
X = np.arange(6, dtype=np.float32).reshape(2, 3)


# ---- Python that looks at values

BRANCHES = {
    "if": lambda x: x if x.sum() > 0 else -x,
    "and": lambda x: x.sum() > 0 and x,
    "while": lambda x: next(iter([x for _ in iter(lambda: bool(x.max() < 9), True)])),
    "float": lambda x: x * float(x.mean()),
    "int": lambda x: x * int(x.sum()),
    "item": lambda x: x * x.max().item(),
    "numpy": lambda x: x * x.numpy().max(),
    "range": lambda x: sum((x for _ in range(x.astype("int32").max())), x),
    "sorted": lambda x: sorted([x.sum(), x.max()])[0],
}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_on_a_traced_value_is_an_error_that_says_so(name, device):
    f = pydl.jit(BRANCHES[name], device=device)
    for _ in range(2):
        with pytest.raises(TracedValueError, match="traced|jit"):
            f(X)
    assert pydl.jit(lambda x: (x > 2).where(x, 0), device=device)(X).numpy().tolist() == [[0, 0, 0], [3, 4, 5]]


@pytest.mark.parametrize("device", DEVICES)
def test_a_state_that_is_looked_at_while_traced_is_an_error(device):
    state = pydl.Variable(np.ones(3), name="state")
    with pytest.raises(TracedValueError, match="is state: its value is not known"):
        pydl.jit(lambda x: x * state.item() if state.size == 1 else x * state.numpy(), device=device)(X)


# ---- shapes


@pytest.mark.parametrize("device", DEVICES)
def test_every_new_shape_is_traced_anew_and_an_old_one_is_not(device):
    traces = []

    def f(x):
        traces.append(x.shape)
        return (x @ x.T).tanh().sum(0)

    jitted = pydl.jit(f, device=device)
    shapes = [(1, 1), (2, 3), (3, 2), (17, 5), (2, 3), (64, 64), (1, 1)]
    for shape in shapes:
        x = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
        assert_agree(jitted(x).numpy(), np.tanh(x @ x.T).sum(0))
    assert traces == list(dict.fromkeys(shapes))


@pytest.mark.parametrize("device", ["wasm", "wasm:simd"])
def test_the_cache_is_bounded_and_what_leaves_it_gives_its_memory_back(device):
    jitted = pydl.jit(lambda x: (x * 2 + 1).sum(), device=device)
    gc.collect()
    before = hosts.current().bytes
    for n in range(1, compiled.CACHE_SIZE + 2):  # 33 shapes
        assert jitted(np.ones(n, np.float32)).item() == 3 * n
    assert len(jitted._cache) == compiled.CACHE_SIZE
    held = hosts.current().bytes
    for n in range(1, 120):
        jitted(np.ones(n, np.float32))
    assert hosts.current().bytes == held, "as many programs as before"
    del jitted
    gc.collect()
    assert hosts.current().bytes == before


def test_state_in_a_program_that_leaves_the_cache_is_not_lost():
    total = pydl.Variable(0.0, name="total", dtype="float32")
    add = pydl.jit(lambda x: total.assign(total + x.sum()), device="wasm")
    for n in range(1, 100):
        add(np.ones(n, np.float32))
    assert total.item() == 99 * 100 / 2


# ---- models that come and go


def resident():
    """MB that this process holds."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def come_and_go(rounds):
    rng = np.random.default_rng(0)
    x, y = rng.random((20, 4)).astype(np.float32), rng.random((20, 1)).astype(np.float32)
    for number in range(rounds):
        layers = [nn.Dense(3, "tanh")] if number % 4 == 0 else []
        model = nn.Sequential([*layers, nn.Dense(1)], input_shape=(4,))
        model.compile(optim.Adam(0.01) if number % 2 else "sgd", "mse")
        model.fit(x, y, batch_size=10, epochs=2, verbose=0, device="wasm")
        if number % 5 == 0:
            model.predict(x, device="wasm")
        if number % 15 == 0:
            model.compile("sgd", "mae")  # what was compiled before is dropped
            model.evaluate(x, y, verbose=0, device="wasm")


def held_after(rounds):
    if not Path("/proc/self/statm").exists():
        pytest.skip("the process's memory is read from /proc")
    gc.collect()
    held = hosts.current().bytes
    come_and_go(rounds // 10)
    before = resident()
    come_and_go(rounds)
    more = resident() - before
    assert hosts.current().bytes == held
    return more


def test_hundreds_of_models_that_were_compiled_and_dropped_leave_no_memory_behind():
    assert held_after(300) < 15, "MB more than before"


@pytest.mark.slow
def test_a_thousand_models_leave_no_memory_behind():
    assert held_after(1000) < 20, "MB more than before"


def test_a_model_that_is_fitted_again_and_again_holds_no_more():
    rng = np.random.default_rng(0)
    x, y = rng.random((400, 50)).astype(np.float32), rng.random((400, 1)).astype(np.float32)
    model = nn.Sequential([nn.Dense(3), nn.Dropout(0.1), nn.Dense(1)], input_shape=(50,))
    model.compile("adam", "mse")
    held = set()
    for _ in range(12):
        model.fit(x, y, batch_size=32, epochs=1, verbose=0, validation_split=0.1, device="wasm")
        model.evaluate(x, y, verbose=0, device="wasm")
        gc.collect()
        held.add(hosts.current().bytes)
    assert len(held) == 1, "rows, orders and results are given back after every fit"


def test_what_was_computed_before_a_model_was_dropped_stays():
    step = pydl.jit(lambda x: x * 2, device="wasm")
    y = step(X)
    weight = pydl.Parameter(np.ones(3, np.float32), name="weight")
    add = pydl.jit(lambda x: weight.assign(weight + x.sum(0)), device="wasm")
    add(X)
    del step, add
    gc.collect()
    assert isinstance(y, Tensor) and y.numpy().tolist() == [[0, 2, 4], [6, 8, 10]]
    assert weight.numpy().tolist() == [4, 6, 8]
