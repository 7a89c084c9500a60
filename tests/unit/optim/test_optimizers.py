"""What optimizers do beside their formulas (test_references): learning rates, parameters, names, mistakes; and SGD and
Adam once more in plain Python floats, with gradients that depend on the weights."""

import json
import math

import numpy as np
import pytest

from pydl import Parameter, Tensor, jit, nn, optim
from pydl.configurable import ConfigError, describe, revive

START = [[1.5, -2.0], [0.3, 4.0]]


def gradients(step):
    """Some gradients that change from step to step: those of sum(w^4) / 4 are added to them."""
    return [[math.sin(step + i + 2 * j) for j in range(2)] for i in range(2)]


def run(optimizer, steps=100, dtype=np.float64):
    w = Parameter(np.array(START, dtype), name="w")
    optimizer.build([w])
    for step in range(steps):
        optimizer.zero_grad()
        ((w * w * w * w).sum() / 4 + (w * Tensor(np.array(gradients(step), dtype))).sum()).backward()
        optimizer.step()
    return w.numpy()


def reference(update, steps=100):
    """The same trajectory, one weight at a time; update(w, g, step) gives the new weight."""
    weights = [row[:] for row in START]
    for step in range(steps):
        extra = gradients(step)
        for i in range(2):
            for j in range(2):
                w = weights[i][j]
                weights[i][j] = update((i, j), w, w**3 + extra[i][j], step)
    return weights


def test_sgd_follows_its_formula_for_a_hundred_steps():
    expected = reference(lambda place, w, g, step: w - 0.03 * g)
    np.testing.assert_allclose(run(optim.SGD(0.03)), expected, rtol=1e-9)


def adam_reference(rate, beta_1, beta_2, epsilon):
    means, squares = {}, {}

    def update(place, w, g, step):
        t = step + 1
        means[place] = m = beta_1 * means.get(place, 0) + (1 - beta_1) * g
        squares[place] = v = beta_2 * squares.get(place, 0) + (1 - beta_2) * g * g
        return w - rate * math.sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (math.sqrt(v) + epsilon)

    return reference(update)


@pytest.mark.parametrize(
    "options", [(0.001, 0.9, 0.999, 1e-7), (0.1, 0.9, 0.999, 1e-7), (0.05, 0.5, 0.9, 1e-3), (0.05, 0.0, 0.99, 1e-8)]
)
def test_adam_follows_its_formula_for_a_hundred_steps(options):
    np.testing.assert_allclose(run(optim.Adam(*options)), adam_reference(*options), rtol=1e-9)


def test_adam_in_float32_stays_near_its_formula():
    received = run(optim.Adam(0.01), dtype=np.float32)
    assert received.dtype == np.float32
    np.testing.assert_allclose(received, adam_reference(0.01, 0.9, 0.999, 1e-7), rtol=1e-4)


NO_CLIPPING = {"clipnorm": None, "clipvalue": None, "global_clipnorm": None}
ADAM = {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False}
DEFAULTS = {
    "sgd": {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False},
    "adagrad": {"learning_rate": 0.001, "initial_accumulator_value": 0.1, "epsilon": 1e-7},
    "rmsprop": {"learning_rate": 0.001, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7, "centered": False},
    "adam": ADAM,
    "adamw": {**ADAM, "weight_decay": 0.004},
}


@pytest.mark.parametrize("name", optim.OPTIMIZERS)
def test_defaults_are_keras_defaults(name):
    assert optim.get(name).get_config() == DEFAULTS[name] | NO_CLIPPING


def test_a_changed_learning_rate_acts_at_the_next_step():
    w = Parameter([0.0])
    optimizer = optim.SGD(1.0)
    optimizer.build([w])
    for rate in (1.0, 0.25):
        optimizer.learning_rate.assign(rate)
        optimizer.zero_grad()
        w.sum().backward()
        optimizer.step()
    assert w.item() == -1.25


def stepped(optimizer, w):
    """A compiled step with gradient 1, and the list of its traces."""
    traces = []
    optimizer.build([w])

    @jit
    def step():
        traces.append(1)
        optimizer.zero_grad()
        w.sum().backward()
        optimizer.step()

    return step, traces


def test_a_learning_rate_set_between_steps_acts_without_a_new_trace():
    w = Parameter([0.0])
    optimizer = optim.SGD(1.0)
    step, traces = stepped(optimizer, w)
    step()
    optimizer.learning_rate.assign(0.25)
    step()
    optimizer.learning_rate = 0.125  # as it is set in Keras
    step()
    assert (w.item(), optimizer.learning_rate.item(), len(traces)) == (-1.375, 0.125, 1)


def test_only_parameters_handed_to_build_are_changed():
    mine, other = Parameter([1.0]), Parameter([1.0])
    optimizer = optim.SGD(0.5, momentum=0.5)
    optimizer.build([mine])
    (mine * other).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    assert (mine.item(), other.item(), other.grad.item()) == (0.5, 1.0, 1.0)


def test_a_parameter_given_twice_is_changed_once():
    w = Parameter([1.0])
    optimizer = optim.SGD(0.5)
    optimizer.build([w, w])
    w.sum().backward()
    optimizer.step()
    assert w.item() == 0.5


def test_weights_can_be_left_out_of_weight_decay():
    kernel, bias = Parameter([1.0], name="hidden/kernel"), Parameter([1.0], name="hidden/bias")
    optimizer = optim.AdamW(0.5, weight_decay=0.1)
    optimizer.exclude_from_weight_decay(["bias"])
    optimizer = describe_and_revive(optimizer)
    optimizer.build([kernel, bias])
    (kernel * 0 + bias * 0).sum().backward()
    optimizer.step()
    assert kernel.item() == pytest.approx(0.95)
    assert bias.item() == 1
    with pytest.raises(ValueError, match="before training begins"):
        optimizer.exclude_from_weight_decay(["kernel"])


def describe_and_revive(thing):
    return revive(json.loads(json.dumps(describe(thing))))


def test_parameters_without_a_gradient_stay_as_they_are():
    used, unused = Parameter([1.0]), Parameter([1.0])
    optimizer = optim.Adam(0.1)
    optimizer.build([unused, used])
    used.sum().backward()
    optimizer.step()
    assert unused.item() == 1
    assert used.item() != 1


def test_zero_grad_forgets():
    w = Parameter([1.0])
    optimizer = optim.SGD()
    optimizer.build([w])
    w.sum().backward()
    optimizer.zero_grad()
    assert w.grad is None


def test_a_step_counts():
    w = Parameter([1.0])
    optimizer = optim.Adam()
    optimizer.build([w])
    for _ in range(3):
        optimizer.step()
    assert optimizer.iterations.item() == 3


def test_parameters_of_both_precisions_are_trained_together():
    single, double = Parameter(np.ones(1, np.float32)), Parameter(np.ones(1))
    optimizer = optim.Adam(0.5)
    optimizer.build([single, double])
    (single + double).sum().backward()
    optimizer.step()
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    assert single.item() == pytest.approx(double.item(), rel=1e-4) == pytest.approx(0.5, rel=1e-4)


MADE = [
    optim.SGD(0.5, momentum=0.25, nesterov=True, clipnorm=2.0),
    optim.Adagrad(initial_accumulator_value=1, clipvalue=0.5),
    optim.RMSprop(centered=True, rho=0.5, global_clipnorm=3),
    optim.Adam(optim.schedules.ExponentialDecay(0.1, 10, 0.5, staircase=True), amsgrad=True),
    optim.AdamW(weight_decay=0.1),
]


@pytest.mark.parametrize("optimizer", MADE, ids=lambda optimizer: type(optimizer).__name__)
def test_a_configuration_makes_the_same_optimizer_again(optimizer):
    again = describe_and_revive(optimizer)
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()
    assert again.slots == optimizer.slots


def test_a_configuration_has_the_learning_rate_of_now():
    optimizer = optim.SGD(0.5)
    optimizer.learning_rate.assign(0.25)
    assert describe_and_revive(optimizer).learning_rate.item() == 0.25


def test_optimizers_by_name():
    assert isinstance(optim.get("adam"), optim.Adam)
    assert isinstance(optim.get(optim.SGD), optim.SGD)
    optimizer = optim.SGD(0.5)
    assert optim.get(optimizer) is optimizer


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="unknown optimizer 'sdg'.*adam, adamw, rmsprop, sgd"):
        optim.get("sdg")
    with pytest.raises(ValueError, match="learning_rate.*above 0 or a schedule, received 0"):
        optim.SGD(0)
    with pytest.raises(ValueError, match="learning_rate.*above 0 or a schedule, received nan"):
        optim.Adam(math.nan)
    with pytest.raises(ValueError, match="beta_2.*from 0 to below 1, received 1"):
        optim.Adam(beta_2=1)
    with pytest.raises(ValueError, match="learning_rate.*above 0 or a schedule, received '0.1'"):
        optim.RMSprop("0.1")
    with pytest.raises(ValueError, match="momentum.*from 0 to below 1, received 1.5"):
        optim.SGD(momentum=1.5)
    with pytest.raises(ValueError, match="momentum.*from 0 to below 1, received 'a'"):
        optim.SGD(momentum="a")
    with pytest.raises(ValueError, match="epsilon.*from 0 on, received None"):
        optim.Adam(epsilon=None)
    with pytest.raises(ValueError, match="clipnorm.*above 0 or None, received '1'"):
        optim.SGD(clipnorm="1")
    with pytest.raises(ValueError, match="rho.*from 0 to below 1, received -1"):
        optim.RMSprop(rho=-1)
    with pytest.raises(ValueError, match="initial_accumulator_value.*from 0 on, received -1"):
        optim.Adagrad(initial_accumulator_value=-1)
    with pytest.raises(ValueError, match="weight_decay.*from 0 on, received -1"):
        optim.AdamW(weight_decay=-1)
    with pytest.raises(ValueError, match="epsilon.*from 0 on, received nan"):
        optim.Adam(epsilon=math.nan)
    with pytest.raises(ConfigError, match="without_decay as a list of names, received 5"):
        optim.AdamW.from_config({"without_decay": 5})
    optimizer, weight = optim.SGD(momentum=0.9), Parameter([1.0])
    optimizer.build([weight])
    with pytest.raises(TypeError, match="build: expected Parameters, .* received Tensor"):
        optimizer.build([weight, Tensor([1.0])])
    with pytest.raises(TypeError, match="build: expected Parameters, .* received Dense"):
        optimizer.build(nn.Dense(1))
    with pytest.raises(ValueError, match="learning_rate: expected a number of 0 or more, received -1"):
        optimizer.learning_rate = -1
    assert optimizer.parameters == [weight], "as it was"
    with pytest.raises(RuntimeError, match=r"no parameters yet; call build\(parameters\)"):
        optim.SGD().step()


def test_an_optimizer_of_ones_own_must_define_update():
    class Nothing(optim.Optimizer):
        pass

    w = Parameter([1.0])
    optimizer = Nothing(0.1)
    optimizer.build([w])
    w.sum().backward()
    with pytest.raises(NotImplementedError, match="Nothing must define update"):
        optimizer.step()


def test_an_optimizer_of_ones_own_needs_an_update_only():
    class Sign(optim.Optimizer):
        slots = ("steps",)

        def update(self, parameter, gradient, rate, steps):
            steps.assign(steps + 1)
            parameter.assign(parameter - (gradient > 0).where(rate, -rate))

    w = Parameter([1.0, 2.0])
    optimizer = Sign(0.5)
    optimizer.build([w])
    (w * Tensor([3.0, -7.0])).sum().backward()
    optimizer.step()
    assert w.numpy().tolist() == [0.5, 2.5]
