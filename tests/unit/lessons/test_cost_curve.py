"""The cost curve: a parabola, the walk down it, and the walk up where the learning rate is too large."""

import numpy as np
import pytest

from pydl import lessons

LIMIT = 2 / (2 * 14 / 3)  # of the learning rate: 2 / the curvature, which is 2 mean(x^2)


def test_the_walk_leads_down_to_the_best_weight():
    outcome = lessons.run("cost_curve", epochs=60)
    assert outcome["result"]["W"] == pytest.approx(1, abs=1e-4)
    assert outcome["result"]["loss"] < 1e-6
    assert outcome["result"]["diverged"] == 0
    assert np.all(np.diff(outcome["history"]["loss"][:30]) < 0)


def test_every_step_is_the_slope_times_the_learning_rate(watch):
    _, shown = watch("cost_curve", start=-3, learning_rate=0.1, epochs=5)
    W = -3.0
    rows = shown["table:walk"][-1]["rows"]
    assert [number for number, *_ in rows] == [1, 2, 3, 4, 5]
    for _, place, cost, slope in rows:
        assert place == pytest.approx(W, rel=1e-5)
        assert cost == pytest.approx(14 / 3 * (W - 1) ** 2, rel=1e-4, abs=1e-8)
        assert slope == pytest.approx(28 / 3 * (W - 1), rel=1e-4, abs=1e-6)
        W -= 0.1 * 28 / 3 * (W - 1)


@pytest.mark.parametrize("learning_rate, diverged", [(0.99 * LIMIT, 0), (1.01 * LIMIT, 1), (0.25, 1), (100, 1)])
def test_a_learning_rate_that_is_too_large_walks_up_and_says_so(learning_rate, diverged):
    outcome = lessons.run("cost_curve", learning_rate=learning_rate)
    result, costs = outcome["result"], outcome["history"]["loss"]
    assert result["diverged"] == diverged
    assert (costs[-1] > costs[0]) == bool(diverged)
    assert result["steps"] == len(costs) <= 20
    assert np.isfinite(costs).all()


def test_the_walk_ends_where_there_is_no_way_back():
    assert lessons.run("cost_curve", learning_rate=100, epochs=1000)["result"]["steps"] == 2
    steps = lessons.run("cost_curve", learning_rate=0.25, epochs=1000)["result"]["steps"]
    assert steps == 2 + int(np.log(100) / np.log((1 - 0.25 / LIMIT * 2) ** 2)), "the first cost above the hundredfold"


def test_the_curve_shows_the_whole_walk(watch):
    _, shown = watch("cost_curve", learning_rate=0.25)
    plot = shown["plot:valley"][-1]
    x, (costs,) = plot["x"], plot["values"]
    np.testing.assert_allclose(costs, 14 / 3 * (x - 1) ** 2, rtol=1e-3, atol=1e-3)
    places = np.array(plot["points"])[:, 0]
    assert x[0] <= places.min() and places.max() <= x[-1]
    assert plot["walk"]


def test_with_noise_the_lowest_cost_is_not_zero():
    results = [lessons.run("cost_curve", dataset="noisy", seed=seed, epochs=60)["result"] for seed in (1, 2)]
    assert all(result["loss"] > 1e-3 and abs(result["slope"]) < 1e-3 for result in results)
    assert results[0]["W"] != results[1]["W"]
