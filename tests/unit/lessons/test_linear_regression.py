"""Linear regression: W and b are found, and they are those of the formula."""

import numpy as np
import pytest

from pydl import lessons
from pydl.train import NonFiniteError


def test_the_line_through_three_points_is_found():
    outcome = lessons.run("linear_regression")
    result = outcome["result"]
    assert result["W"] == pytest.approx(1, abs=1e-3)
    assert result["b"] == pytest.approx(0, abs=1e-3)
    assert result["loss"] < 1e-6
    costs = outcome["history"]["loss"]
    assert len(costs) == 1000
    assert np.all(np.diff(costs[:500]) < 0), "every step makes the cost smaller"


@pytest.mark.parametrize("seed", [777, 1, 2])
def test_the_line_near_noisy_points_is_the_one_of_least_squares(watch, seed):
    outcome, shown = watch("linear_regression", dataset="noisy", seed=seed)
    x, y = np.array(shown["plot:line"][-1]["points"]).T
    slope, intercept = np.polyfit(x, y, 1)
    result = outcome["result"]
    assert (result["W"], result["b"]) == pytest.approx((slope, intercept), abs=1e-3)
    assert (result["exact_W"], result["exact_b"]) == pytest.approx((slope, intercept), abs=1e-5)
    assert (slope, intercept) == pytest.approx((2, 1), abs=0.5)
    assert result["loss"] == pytest.approx(np.mean((slope * x + intercept - y) ** 2), rel=1e-4)


def test_the_line_is_drawn_as_it_is(watch):
    outcome, shown = watch("linear_regression", epochs=64)
    plots = shown["plot:line"]
    assert len(plots) > 5
    final = plots[-1]
    W, b = outcome["result"]["W"], outcome["result"]["b"]
    np.testing.assert_allclose(final["values"][0], W * final["x"] + b, rtol=1e-5)
    assert final["points"] == [[1, 1], [2, 2], [3, 3]]


def test_the_first_steps_are_those_of_gradient_descent_written_out():
    start = lessons.run("linear_regression", epochs=1, learning_rate=1e-6)["history"]
    history = lessons.run("linear_regression", epochs=4, learning_rate=0.1)["history"]
    x = y = np.array([1.0, 2, 3])
    W, b = start["W"][0], start["b"][0]  # moved by less than 1e-4
    for cost in history["loss"]:
        error = W * x + b - y
        assert cost == pytest.approx(np.mean(error**2), rel=2e-3)
        W, b = W - 0.1 * np.mean(2 * error * x), b - 0.1 * np.mean(2 * error)


def test_steps_that_overshoot_end_in_an_error_that_names_the_learning_rate():
    with pytest.raises(NonFiniteError, match="learning rate is too large"):
        lessons.run("linear_regression", learning_rate=0.2)


def test_two_points_are_enough_for_a_line():
    result = lessons.run("linear_regression", dataset="noisy", subset=2, epochs=3000)["result"]
    assert result["loss"] < 0.01
