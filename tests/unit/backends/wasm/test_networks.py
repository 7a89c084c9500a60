"""Every layer, loss, penalty, optimizer and schedule of the package as machine code, against NumPy in float64."""

import numpy as np
import pytest

import pydl
from pydl import Tensor, losses, nn, optim
from pydl.autograd import grad_mode, gradients, no_grad
from pydl.optim import schedules
from tests.unit.nn.layer_check import CASES, IDS, Repeatable, layer_of, parameters_of, samples

VARIANTS = ["wasm:simd", "wasm:relaxed"]
TOLERANCE = 1e-5


def assert_close(ours, reference, what, tolerance=TOLERANCE):
    """By the norm; numbers of a reference that is 0 throughout, a gradient through a step for instance, are 0, too."""
    ours, reference = np.asarray(ours, np.float64), np.asarray(reference, np.float64)
    assert ours.shape == reference.shape
    apart, allowed = np.linalg.norm(ours - reference), tolerance * np.linalg.norm(reference) + 1e-7
    assert apart <= allowed, f"{what}: {apart:g} apart, allowed {allowed:g}\n{ours}\nexpected\n{reference}"


def backwards(compute, tensors, start):
    """What is computed, and its gradients by some Tensors; the gradient that it starts from is (output's shape)."""
    with grad_mode(True):
        result = compute()
    return result, gradients(result, Tensor(start, dtype=result.dtype), tensors)


def leaf(x):
    x = x.detach()
    x.requires_grad = True
    return x


# ---- layers


def layer_step(layer, x, start, training):
    x = leaf(x)
    layer_parameters = list(parameters_of(layer).values())
    result, found = backwards(lambda: layer(x, training=training), [x, *layer_parameters], start)
    return [result, *(Tensor(np.zeros(1)) if gradient is None else gradient for gradient in found)]


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_layer_and_its_gradients_agree_with_float64(case, training):
    x = samples(case[2])
    pydl.seed(3)
    layer = layer_of(case, np.float64)
    start = np.random.default_rng(2).standard_normal((4, *layer.output_shape(case[2])))
    Repeatable(layer, training).rewind()
    expected = [each.numpy() for each in layer_step(layer, Tensor(x, dtype=np.float64), start, training)]
    state = [w.numpy() for w in vars(layer).values() if isinstance(w, pydl.Variable)]
    for device in VARIANTS:
        pydl.seed(3)  # the same weights to begin with
        layer = layer_of(case)
        Repeatable(layer, training).rewind()
        step = pydl.jit(lambda x, layer=layer: layer_step(layer, x, start, training), device=device)
        ours = [each.numpy() for each in step(x.astype(np.float32))]
        names = ["the output", "the gradient by x", *parameters_of(layer)]
        for name, mine, reference in zip(names, ours, expected, strict=True):
            assert_close(mine, reference, f"{device}, {name}")
        weights = [w.numpy() for w in vars(layer).values() if isinstance(w, pydl.Variable)]
        for mine, reference in zip(weights, state, strict=True):
            assert_close(mine, reference, f"{device}, state after the call")


# ---- losses and penalties

RNG = np.random.default_rng(1)
LOGITS = RNG.standard_normal((33, 7)) * 3
SOFT = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
NUMBERS = RNG.integers(0, 7, 33)
ONE_HOT = np.eye(7)[NUMBERS]
TRUTHS = (RNG.random((33, 7)) > 0.5).astype(float)
WEIGHTS = RNG.random(33).astype(np.float32)
LOSSES = {
    "mse": (losses.MeanSquaredError(), LOGITS[::-1], LOGITS),
    "mae": (losses.MeanAbsoluteError(), LOGITS[::-1], LOGITS),
    "kld": (losses.KLDivergence(), SOFT[::-1], SOFT),
    "binary": (losses.BinaryCrossentropy(), TRUTHS, SOFT),
    "binary, of logits": (losses.BinaryCrossentropy(True), TRUTHS, LOGITS * 9),
    "categorical": (losses.CategoricalCrossentropy(), ONE_HOT, SOFT),
    "categorical, of logits": (losses.CategoricalCrossentropy(True), ONE_HOT, LOGITS * 9),
    "sparse": (losses.SparseCategoricalCrossentropy(), NUMBERS, SOFT),
    "sparse, of logits": (losses.SparseCategoricalCrossentropy(True), NUMBERS, LOGITS * 9),
    "a function": (losses.get(lambda y, p: (1 + (y - p) ** 2).sqrt() - 1), LOGITS[::-1], LOGITS),
}


def test_no_loss_is_left_out():
    assert {type(loss) for loss, _, _ in LOSSES.values()} == {*losses.LOSSES.values(), losses.FunctionLoss}


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_and_its_gradient_agree_with_float64(name, weighted):
    loss, y, p = LOSSES[name]
    weights = WEIGHTS if weighted else None

    def step(y, p):
        p = leaf(p)
        return backwards(lambda: loss(y, p, weights), [p], np.ones(()))

    value, (gradient,) = step(Tensor(y, dtype=y.dtype), Tensor(p, dtype=np.float64))
    single = y.astype(np.float32) if y.dtype.kind == "f" else y
    for device in VARIANTS:
        ours, (by_output,) = pydl.jit(step, device=device)(single, p.astype(np.float32))
        assert_close(ours.numpy(), value.numpy(), f"{device}, the loss")
        assert_close(by_output.numpy(), gradient.numpy(), f"{device}, the gradient")


@pytest.mark.parametrize("penalty", [nn.regularizers.L1(0.3), nn.regularizers.L2(0.2), nn.regularizers.L1L2(0.1, 0.5)],
                         ids=lambda penalty: type(penalty).__name__)  # fmt: skip
def test_a_penalty_and_its_gradient_agree_with_float64(penalty):
    def step(w):
        w = leaf(w)
        return backwards(lambda: penalty(w), [w], np.ones(()))

    value, (gradient,) = step(Tensor(LOGITS, dtype=np.float64))
    for device in VARIANTS:
        ours, (by_weights,) = pydl.jit(step, device=device)(LOGITS.astype(np.float32))
        assert_close(ours.numpy(), value.numpy(), f"{device}, the penalty")
        assert_close(by_weights.numpy(), gradient.numpy(), f"{device}, the gradient")


# ---- optimizers

OPTIMIZERS = {
    "SGD": lambda: optim.SGD(0.1),
    "SGD, momentum": lambda: optim.SGD(0.1, momentum=0.9),
    "SGD, Nesterov": lambda: optim.SGD(0.1, momentum=0.9, nesterov=True),
    "Adagrad": lambda: optim.Adagrad(0.1),
    "RMSprop": lambda: optim.RMSprop(0.01),
    "RMSprop, centred, momentum": lambda: optim.RMSprop(0.01, momentum=0.5, centered=True),
    "Adam": lambda: optim.Adam(0.01),
    "Adam, amsgrad": lambda: optim.Adam(0.01, amsgrad=True),
    "AdamW": lambda: optim.AdamW(0.01, weight_decay=0.1),
    "clipnorm": lambda: optim.SGD(0.1, clipnorm=0.5),
    "clipvalue": lambda: optim.Adam(0.1, clipvalue=0.2),
    "global_clipnorm": lambda: optim.RMSprop(0.01, global_clipnorm=0.7),
    "a schedule": lambda: optim.SGD(schedules.ExponentialDecay(0.1, 3, 0.5), momentum=0.9),
    "a schedule, clipped": lambda: optim.Adam(schedules.CosineDecay(0.0, 9, 0.1, 0.1, 4), global_clipnorm=1.0),
}
SHAPES = [(37, 11), (11,), (1,), (), (3, 3, 2, 5)]


def test_no_optimizer_is_left_out():
    assert {type(make()) for make in OPTIMIZERS.values()} == set(optim.OPTIMIZERS.values())


def prepared(make):
    """Parameters, an optimizer for them, and the step that takes gradients of them as they are."""
    rng = np.random.default_rng(6)
    parameters = [pydl.Parameter(rng.standard_normal(s).astype(np.float32), name=f"p{i}") for i, s in enumerate(SHAPES)]
    optimizer = make()
    optimizer.build(parameters)

    def step(*found):
        for parameter, gradient in zip(parameters, found):
            parameter.grad = gradient
        with no_grad():
            optimizer.step()

    return parameters, optimizer, step


@pytest.mark.parametrize("device", VARIANTS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_update_on_the_same_gradients_from_the_same_state_is_the_same(name, device):
    parameters, optimizer, step = prepared(OPTIMIZERS[name])
    others, reference, by_hand = prepared(OPTIMIZERS[name])
    compiled, rng = pydl.jit(step, device=device), np.random.default_rng(8)
    for number in range(6):
        found = [rng.standard_normal(shape).astype(np.float32) * 10.0 ** rng.integers(-3, 2) for shape in SHAPES]
        for mine, theirs in zip(parameters, others):
            theirs.assign(mine)
        reference.load_state(optimizer.state())
        before = [parameter.numpy() for parameter in parameters]
        compiled(*found)
        by_hand(*map(Tensor, found))
        for mine, theirs, start in zip(parameters, others, before):
            assert_close(mine.numpy(), theirs.numpy(), f"step {number}: {mine.name}", 1e-6)
            moved, expected = mine.numpy() - start, theirs.numpy() - start
            assert_close(moved, expected, f"step {number}: the update of {mine.name}", 1e-4)
        state, expected = optimizer.state(), reference.state()
        assert state["iterations"] == expected["iterations"] == number + 1
        for slot in state:
            assert_close(state[slot], expected[slot], f"step {number}: {slot}", 1e-6)


SCHEDULES = {
    "exponential": schedules.ExponentialDecay(0.1, 7, 0.9),
    "staircase": schedules.ExponentialDecay(0.1, 7, 0.9, staircase=True),
    "piecewise": schedules.PiecewiseConstantDecay([3, 10], [1.0, 0.5, 0.1]),
    "cosine": schedules.CosineDecay(0.1, 20),
    "cosine with a warm-up": schedules.CosineDecay(0.01, 20, 0.05, warmup_target=0.3, warmup_steps=5),
}


@pytest.mark.parametrize("device", VARIANTS)
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_gives_the_rates_that_numpy_gives(name, device):
    schedule = SCHEDULES[name]
    steps = pydl.Variable(0, name="steps", dtype="uint32")

    @pydl.jit(device=device)
    def rate():
        value = schedule(steps)
        steps.assign(steps + 1)
        return value

    expected = [schedule(np.uint32(number)).item() for number in range(30)]
    np.testing.assert_allclose(rate.repeat(30).numpy(), expected, rtol=1e-13)


# ---- a step of a model of everything


@pytest.mark.parametrize("device", VARIANTS)
def test_a_step_of_a_model_of_all_layers_agrees_with_numpy(device):
    def model():
        pydl.seed(4)
        layers = [
            nn.Reshape((12, 12, 1)),
            nn.Conv2D(5, 3, padding="same", activation="gelu", kernel_regularizer="l1_l2"),
            nn.BatchNormalization(),
            nn.MaxPooling2D(2),
            nn.Conv2D(4, 2, strides=2, activation="swish"),
            nn.AveragePooling2D(2, strides=1, padding="same"),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Maxout(9, 3),
            nn.Dense(8, "selu", kernel_regularizer="l2"),
            nn.Activation("softplus"),
            nn.Dense(3),
        ]
        made = nn.Sequential(layers, input_shape=(144,))
        loss = losses.SparseCategoricalCrossentropy(from_logits=True)
        made.compile(optim.SGD(0.05, momentum=0.9, global_clipnorm=2.0), loss, ["accuracy"])
        pydl.seed(4)
        return made

    rng = np.random.default_rng(1)
    x, y = rng.random((30, 144)).astype(np.float32), rng.integers(0, 3, 30)
    runs = []
    for where in (device, "numpy"):
        runs.append(made := model())
        made.fit(x, y, batch_size=30, epochs=1, verbose=0, device=where)
    ours, theirs = runs
    np.testing.assert_allclose(ours.history.history["loss"], theirs.history.history["loss"], rtol=TOLERANCE)
    for mine, reference, (name, _) in zip(ours.get_weights(), theirs.get_weights(), ours.named_weights().items()):
        assert_close(mine, reference, name)
    states = ours.optimizer.state(), theirs.optimizer.state()
    for slot in states[0]:  # velocities: the gradients, clipped and by the learning rate
        assert_close(states[0][slot], states[1][slot], slot)
