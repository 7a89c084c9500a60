"""An optimizer's state, out and in: training goes on as if it had never stopped, and a wrong state changes nothing."""

import numpy as np
import pytest

from pydl import Parameter, optim

MAKE = {
    "sgd": lambda: optim.SGD(0.1, momentum=0.9),
    "adagrad": lambda: optim.Adagrad(0.1),
    "rmsprop": lambda: optim.RMSprop(0.1, momentum=0.5, centered=True),
    "adam": lambda: optim.Adam(0.1, amsgrad=True),
    "adamw": lambda: optim.AdamW(optim.schedules.CosineDecay(0.1, 12)),
}


def parameters(start=(1.0, -2.0)):
    return [Parameter(np.array(start), name="hidden/kernel"), Parameter(np.float32(start[0]), name="hidden/bias")]


def steps(optimizer, weights, numbers):
    for number in numbers:
        optimizer.zero_grad()
        sum(((w * w).sum() * (1 + number % 3) for w in weights), start=weights[0].sum()).backward()
        optimizer.step()


@pytest.mark.parametrize("name", MAKE)
def test_training_goes_on_exactly_as_if_it_had_not_stopped(name):
    through, first = parameters(), parameters()
    whole, half = MAKE[name](), MAKE[name]()
    whole.build(through)
    steps(whole, through, range(10))
    half.build(first)
    steps(half, first, range(6))

    second, rest = parameters(), MAKE[name]()
    rest.build(second)
    for new, old in zip(second, first):
        new.assign(old.numpy())
    rest.load_state(half.state())
    steps(rest, second, range(6, 10))
    for received, expected in zip(second, through):
        np.testing.assert_array_equal(received.numpy(), expected.numpy())
    for slot, expected in whole.state().items():
        np.testing.assert_array_equal(rest.state()[slot], expected)


def test_the_state_is_named_by_the_parameters():
    optimizer = optim.SGD(0.5, momentum=0.9)
    optimizer.build(parameters())
    state = optimizer.state()
    assert {name: (array.shape, str(array.dtype)) for name, array in state.items()} == {
        "learning_rate": ((), "float64"),
        "iterations": ((), "uint32"),
        "hidden/kernel/velocity": ((2,), "float64"),
        "hidden/bias/velocity": ((), "float32"),
    }
    state["hidden/kernel/velocity"][:] = 7
    assert optimizer.state()["hidden/kernel/velocity"].tolist() == [0, 0], "what state() gives is a copy"


def test_parameters_of_one_name_are_told_apart():
    optimizer = optim.SGD(0.5, momentum=0.9)
    optimizer.build([Parameter([1.0]), Parameter([1.0, 2.0]), Parameter([1.0])])
    slots = [name for name in optimizer.state() if "/" in name]
    assert slots == ["parameter/velocity", "parameter_1/velocity", "parameter_2/velocity"]
    optimizer.load_state(optimizer.state())


def test_a_learning_rate_comes_back_with_the_state():
    first, second = optim.SGD(0.5), optim.SGD(0.1)
    for optimizer in (first, second):
        optimizer.build(parameters())
    first.learning_rate.assign(0.25)
    second.load_state(first.state())
    assert second.learning_rate.item() == 0.25


def without(state, name):
    return {key: value for key, value in state.items() if key != name}


WRONG = {
    "a slot is missing": (lambda s: without(s, "hidden/bias/mean"), "missing: hidden/bias/mean; unknown: none"),
    "a slot too many": (lambda s: {**s, "output/mean": np.zeros(1)}, "missing: none; unknown: output/mean"),
    "another shape": (
        lambda s: {**s, "hidden/bias/mean": np.zeros(3, np.float32)},
        r"float32 of shape \(\) for hidden/bias/mean, received float32 of shape \(3,\)",
    ),
    "another dtype": (
        lambda s: {**s, "hidden/bias/mean_square": np.zeros(())},
        "for hidden/bias/mean_square, received float64",
    ),
    "an iteration that is none": (lambda s: {**s, "iterations": np.array("many")}, "for iterations, received <U4"),
    "another optimizer's": (lambda s: {"learning_rate": s["learning_rate"]}, "not the state of this Adam"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_state_is_named_and_changes_nothing(name):
    break_it, message = WRONG[name]
    weights, optimizer = parameters(), optim.Adam(0.1)
    optimizer.build(weights)
    steps(optimizer, weights, range(3))
    before = optimizer.state()
    good = {key: value + value.dtype.type(1) for key, value in before.items()}
    with pytest.raises(ValueError, match=message):
        optimizer.load_state(break_it(good))
    for key, value in optimizer.state().items():
        np.testing.assert_array_equal(value, before[key])
