"""Schedules against Keras's formulas written with `math`, and inside of a compiled step."""

import json
import math

import numpy as np
import pytest

from pydl import Parameter, Tensor, jit, optim
from pydl.configurable import describe, revive
from pydl.optim.schedules import CosineDecay, ExponentialDecay, LearningRateSchedule, PiecewiseConstantDecay, _cos_pi


def exponential(t):
    return 0.5 * 0.9 ** (t / 7)


def staircase(t):
    return 0.5 * 0.9 ** (t // 7)


def piecewise(t):
    return 0.3 if t <= 4 else 0.2 if t <= 9 else 0.1


def cosine(t, start=0.7, alpha=0.1, steps=13):
    return start * ((1 - alpha) * 0.5 * (1 + math.cos(math.pi * min(t, steps) / steps)) + alpha)


def warm(t):
    return 0.1 + (0.7 - 0.1) * t / 5 if t < 5 else cosine(t - 5)


CASES = {
    "exponential": (ExponentialDecay(0.5, decay_steps=7, decay_rate=0.9), exponential),
    "staircase": (ExponentialDecay(0.5, decay_steps=7, decay_rate=0.9, staircase=True), staircase),
    "piecewise": (PiecewiseConstantDecay([4, 9], [0.3, 0.2, 0.1]), piecewise),
    "piecewise, one value": (PiecewiseConstantDecay([], [0.3]), lambda t: 0.3),
    "cosine": (CosineDecay(0.7, decay_steps=13, alpha=0.1), cosine),
    "cosine to zero": (CosineDecay(0.7, 13), lambda t: cosine(t, alpha=0.0)),
    "cosine after a warm-up": (CosineDecay(0.1, 13, alpha=0.1, warmup_target=0.7, warmup_steps=5), warm),
}


@pytest.mark.parametrize("name", CASES)
def test_a_schedule_follows_its_formula(name):
    schedule, formula = CASES[name]
    for t in [*range(40), 1000, 123456]:
        assert schedule(t).dtype == np.float64
        assert schedule(t).item() == pytest.approx(formula(t), rel=1e-12, abs=1e-12), t


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
@pytest.mark.parametrize("name", CASES)
def test_step_by_step_the_rate_is_the_schedules_and_is_shown(name, compiled):
    schedule, formula = CASES[name]
    w = Parameter(np.zeros(()))
    optimizer = optim.SGD(schedule)
    optimizer.build([w])
    traces = []

    def step():
        traces.append(1)
        optimizer.zero_grad()
        w.sum().backward()
        optimizer.step()

    run = jit(step) if compiled else step
    assert optimizer.learning_rate.item() == pytest.approx(formula(0), rel=1e-12)
    before = 0.0
    for t in range(25):
        run()
        assert before - w.item() == pytest.approx(formula(t), abs=1e-12), "the first update is that of t = 0"
        assert optimizer.learning_rate.item() == pytest.approx(formula(t), abs=1e-12)
        before = w.item()
    assert len(traces) == (1 if compiled else 25)


def test_stairs_fall_exactly_at_their_step():
    schedule = ExponentialDecay(1.0, decay_steps=3, decay_rate=0.5, staircase=True)
    assert [schedule(t).item() for t in range(7)] == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]


def test_the_cosine_is_that_of_math():
    places = np.linspace(0, 1, 2001)
    assert np.abs(_cos_pi(Tensor(places)).numpy() - np.cos(np.pi * places)).max() < 1e-13


def test_the_cosine_ends_at_nothing_and_not_below():
    assert [CosineDecay(0.1, 10)(t).item() for t in (10, 11, 1000)] == [0, 0, 0]


def test_a_schedule_can_be_of_ones_own():
    class Inverse(LearningRateSchedule):
        def rate(self, t):
            return 1 / (t + 1)

    w = Parameter([0.0])
    optimizer = optim.SGD(Inverse())
    optimizer.build([w])
    for _ in range(3):
        optimizer.zero_grad()
        w.sum().backward()
        optimizer.step()
    assert w.item() == pytest.approx(-(1 + 1 / 2 + 1 / 3))


def test_a_rate_by_hand_is_refused_beside_a_schedule():
    optimizer = optim.Adam(CosineDecay(0.1, 10))
    with pytest.raises(TypeError, match="follows a schedule"):
        optimizer.learning_rate = 0.5


@pytest.mark.parametrize("name", CASES)
def test_a_configuration_makes_the_same_schedule_again(name):
    schedule, _ = CASES[name]
    again = revive(json.loads(json.dumps(describe(schedule))), LearningRateSchedule)
    assert type(again) is type(schedule)
    assert [again(t).item() for t in range(20)] == [schedule(t).item() for t in range(20)]


MISTAKES = {
    "no steps": (lambda: ExponentialDecay(0.1, 0, 0.9), "decay_steps: expected a number above 0, received 0"),
    "no rate": (lambda: CosineDecay(0.0, 10), "initial_learning_rate: expected a number above 0, received 0.0"),
    "an endless one": (lambda: ExponentialDecay(math.inf, 1, 0.9), "initial_learning_rate.*received inf"),
    "a rate in words": (lambda: ExponentialDecay("fast", 1, 0.9), "initial_learning_rate.*received 'fast'"),
    "too few values": (lambda: PiecewiseConstantDecay([1, 2], [0.1, 0.2]), "received 2 values and 2 boundaries"),
    "boundaries in disorder": (lambda: PiecewiseConstantDecay([5, 2], [1, 2, 3]), r"ascending.*received \[5, 2\]"),
    "negative rates": (lambda: PiecewiseConstantDecay([5], [1, -2]), r"from 0 on, received \[1, -2\]"),
    "a warm-up to nowhere": (lambda: CosineDecay(0.1, 10, warmup_steps=5), "warmup_steps need a warmup_target"),
    "a warm-up in no time": (lambda: CosineDecay(0.1, 10, warmup_target=1.0), "warmup_steps: expected.*received 0"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named(name):
    make, message = MISTAKES[name]
    with pytest.raises(ValueError, match=message):
        make()


def test_a_schedule_of_ones_own_must_define_rate():
    with pytest.raises(NotImplementedError, match=r"LearningRateSchedule must define rate\(t\)"):
        LearningRateSchedule()(0)
