"""Every optimizer with every option against the papers' formulas, in plain NumPy, over a hundred steps in float64, line
by line and compiled. Both get the same gradients, so nothing but the update is compared."""

import numpy as np
import pytest

from pydl import Parameter, Tensor, jit, optim

SHAPES = [(3, 2), (4,), ()]
STEPS = 100
RNG = np.random.default_rng(11)
START = [RNG.standard_normal(shape) for shape in SHAPES]
# Sizes from 1e-3 to 1e3 in turn: every regime of a clipping and of an epsilon is met.
GRADIENTS = [
    [RNG.standard_normal(shape) * 10.0 ** (3 * np.sin(step + i)) for i, shape in enumerate(SHAPES)]
    for step in range(STEPS)
]


def trained(optimizer, compiled, dtype=np.float64, steps=STEPS):
    """The parameters after the steps; each gradient comes from sum(w * g)."""
    weights = [Parameter(np.array(w, dtype), name=f"w{i}") for i, w in enumerate(START)]
    optimizer.build(weights)

    def step(gradients):
        optimizer.zero_grad()
        loss = Tensor(np.zeros((), dtype))
        for w, g in zip(weights, gradients):
            loss = loss + (w * g).sum()
        loss.backward()
        optimizer.step()

    run = jit(step, device="numpy") if compiled else step
    for gradients in GRADIENTS[:steps]:
        run([Tensor(np.array(g, dtype)) for g in gradients])
    return [w.numpy() for w in weights]


# ---- the formulas, each a function of (gradients of one weight array, its start) -> its end


def each(update):
    """A formula for one array, given as update(w, g, t, memory) with t = 1, 2, ..., on all arrays."""

    def reference(gradients=GRADIENTS, start=START):
        ends = []
        for i, w in enumerate(start):
            memory = {}
            for t, now in enumerate(gradients, 1):
                w = update(w, now[i], t, memory)
            ends.append(w)
        return ends

    return reference


def sgd(rate, momentum=0.0, nesterov=False):
    # Sutskever et al. 2013, equations 3 and 4; Nesterov's in the form with the look-ahead folded into the weights
    def update(w, g, t, memory):
        v = memory["v"] = momentum * memory.get("v", 0) - rate * g
        return w + momentum * v - rate * g if nesterov else w + v

    return each(update)


def adagrad(rate, first=0.1, epsilon=1e-7):
    def update(w, g, t, memory):
        memory["sum"] = memory.get("sum", first) + g**2
        return w - rate * g / np.sqrt(memory["sum"] + epsilon)

    return each(update)


def rmsprop(rate, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    def update(w, g, t, memory):
        square = memory["square"] = rho * memory.get("square", 0) + (1 - rho) * g**2
        mean = memory["mean"] = rho * memory.get("mean", 0) + (1 - rho) * g
        step = rate * g / np.sqrt(square - (mean**2 if centered else 0) + epsilon)
        v = memory["v"] = momentum * memory.get("v", 0) + step
        return w - v

    return each(update)


def adam(rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7, decay=0.0):
    # Kingma and Ba's algorithm 1 in its form with bias-corrected means: their epsilon-hat is epsilon / sqrt(1 - b2^t)
    def update(w, g, t, memory):
        m = memory["m"] = beta_1 * memory.get("m", 0) + (1 - beta_1) * g
        v = memory["v"] = beta_2 * memory.get("v", 0) + (1 - beta_2) * g**2
        unbiased_m, unbiased_v = m / (1 - beta_1**t), v / (1 - beta_2**t)
        corrected = epsilon / np.sqrt(1 - beta_2**t)
        return w - rate * decay * w - rate * unbiased_m / (np.sqrt(unbiased_v) + corrected)

    return each(update)


def amsgrad(rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    # The largest v is taken before its bias is corrected, which Reddi's paper leaves out altogether; as Keras.
    def update(w, g, t, memory):
        m = memory["m"] = beta_1 * memory.get("m", 0) + (1 - beta_1) * g
        v = memory["v"] = beta_2 * memory.get("v", 0) + (1 - beta_2) * g**2
        largest = memory["largest"] = np.maximum(memory.get("largest", 0), v)
        return w - rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (np.sqrt(largest) + epsilon)

    return each(update)


def clipped(reference, kind, limit):
    """The same with gradients that were clipped before."""

    def norm(arrays):
        return np.sqrt(sum(float((a**2).sum()) for a in arrays))

    def clip(gradients):
        if kind == "clipvalue":
            return [np.clip(g, -limit, limit) for g in gradients]
        if kind == "clipnorm":
            return [g * limit / max(norm([g]), limit) for g in gradients]
        return [g * limit / max(norm(gradients), limit) for g in gradients]

    return lambda: reference([clip(gradients) for gradients in GRADIENTS])


CASES = {
    "sgd": (lambda: optim.SGD(), sgd(0.01)),
    "sgd, another rate": (lambda: optim.SGD(0.3), sgd(0.3)),
    "sgd, momentum": (lambda: optim.SGD(0.02, momentum=0.9), sgd(0.02, 0.9)),
    "sgd, nesterov": (lambda: optim.SGD(0.02, momentum=0.8, nesterov=True), sgd(0.02, 0.8, True)),
    "sgd, nesterov without momentum": (lambda: optim.SGD(0.02, nesterov=True), sgd(0.02)),
    "adagrad": (lambda: optim.Adagrad(), adagrad(0.001)),
    "adagrad, options": (
        lambda: optim.Adagrad(0.5, initial_accumulator_value=0.0, epsilon=1e-3),
        adagrad(0.5, 0.0, 1e-3),
    ),
    "rmsprop": (lambda: optim.RMSprop(), rmsprop(0.001)),
    "rmsprop, options": (lambda: optim.RMSprop(0.1, rho=0.5, epsilon=1e-3), rmsprop(0.1, 0.5, epsilon=1e-3)),
    "rmsprop, momentum": (lambda: optim.RMSprop(0.01, momentum=0.9), rmsprop(0.01, momentum=0.9)),
    "rmsprop, centered": (lambda: optim.RMSprop(0.01, centered=True), rmsprop(0.01, centered=True)),
    "rmsprop, both": (
        lambda: optim.RMSprop(0.01, rho=0.8, momentum=0.5, centered=True),
        rmsprop(0.01, 0.8, 0.5, centered=True),
    ),
    "adam": (lambda: optim.Adam(), adam(0.001)),
    "adam, options": (lambda: optim.Adam(0.1, 0.5, 0.9, 1e-3), adam(0.1, 0.5, 0.9, 1e-3)),
    "adam, amsgrad": (lambda: optim.Adam(0.1, beta_2=0.7, amsgrad=True), amsgrad(0.1, beta_2=0.7)),
    "adamw": (lambda: optim.AdamW(), adam(0.001, decay=0.004)),
    "adamw, options": (lambda: optim.AdamW(0.1, weight_decay=0.3, beta_1=0.5), adam(0.1, 0.5, decay=0.3)),
    "adamw, no decay": (lambda: optim.AdamW(0.1, weight_decay=0.0), adam(0.1)),
}
for kind, limit in {"clipnorm": 0.7, "clipvalue": 0.05, "global_clipnorm": 1.3}.items():
    options = {kind: limit}
    CASES |= {
        f"sgd, {kind}": (lambda o=options: optim.SGD(0.1, **o), clipped(sgd(0.1), kind, limit)),
        f"adagrad, {kind}": (lambda o=options: optim.Adagrad(0.1, **o), clipped(adagrad(0.1), kind, limit)),
        f"rmsprop, {kind}": (lambda o=options: optim.RMSprop(0.1, **o), clipped(rmsprop(0.1), kind, limit)),
        f"adam, {kind}": (lambda o=options: optim.Adam(0.1, **o), clipped(adam(0.1), kind, limit)),
        f"adamw, {kind}": (lambda o=options: optim.AdamW(0.1, **o), clipped(adam(0.1, decay=0.004), kind, limit)),
    }


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
@pytest.mark.parametrize("name", CASES)
def test_a_hundred_steps_follow_the_formula(name, compiled):
    make, reference = CASES[name]
    for received, expected in zip(trained(make(), compiled), reference(), strict=True):
        np.testing.assert_allclose(received, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_float32_stays_float32_and_near_the_formula(name):
    make, reference = CASES[name]
    for received, expected in zip(trained(make(), True, np.float32), reference(), strict=True):
        assert received.dtype == np.float32
        assert np.linalg.norm(received - expected) <= 2e-3 * np.linalg.norm(expected)


@pytest.mark.parametrize("size", [0.0, 1e-30, 1.0, 1e18])
@pytest.mark.parametrize("name", CASES)
def test_gradients_that_stay_the_same_of_any_size_leave_weights_that_are_numbers(name, size):
    optimizer = CASES[name][0]()
    w = Parameter(np.zeros(4, np.float32))
    optimizer.build([w])

    @jit
    def step(g):
        w.grad = g
        optimizer.step()

    for _ in range(200):
        step(np.array([1, -1, 1.1, 0.77], np.float32) * np.float32(size))
    assert np.isfinite(w.numpy()).all()
    assert size or (w.numpy() == 0).all()


def test_every_optimizer_is_held_to_its_formula():
    assert {name.split(",")[0] for name in CASES} == set(optim.OPTIMIZERS)
