"""Logistic regression: the published coefficients, and what a confident mistake does to each cost."""

import numpy as np
import pytest

from pydl import lessons


@pytest.fixture(scope="module")
def ended(watch):
    return watch("logistic_regression")


def test_the_coefficients_are_the_published_ones(ended):
    # Wikipedia, "Logistic regression": coefficient 1.5046, intercept -4.0777, a pass is likelier from 2.71 hours on
    result = ended[0]["result"]
    assert result["W"] == pytest.approx(1.5046, abs=2e-3)
    assert result["b"] == pytest.approx(-4.0777, abs=2e-3)
    assert result["boundary"] == pytest.approx(2.71, abs=0.01)
    assert result["accuracy"] == pytest.approx(0.8)


def test_mean_squares_does_not_recover_from_a_confident_mistake(ended):
    history, result = ended[0]["history"], ended[0]["result"]
    assert history["loss"][0] > 5, "sure, and wrong"
    assert result["mean_squares_accuracy"] == 0.5
    assert history["mean_squares_loss"][-1] == pytest.approx(history["mean_squares_loss"][0], rel=0.01)
    assert set(history) == {"loss", "accuracy", "mean_squares_loss", "mean_squares_accuracy"}


def test_from_a_fair_start_both_costs_learn():
    result = lessons.run("logistic_regression", start=0)["result"]
    assert result["accuracy"] == result["mean_squares_accuracy"] == pytest.approx(0.8)
    assert result["mean_squares_boundary"] == pytest.approx(result["boundary"], abs=0.1)


def test_the_slopes_are_those_of_the_formulas(ended):
    plot = ended[1]["plot:slopes"][-1]
    p = 1 / (1 + np.exp(-plot["x"].astype(float)))
    formulas = {"cross_entropy": p - 1, "mean_squares": 2 * (p - 1) * p * (1 - p)}
    for name, slopes in zip(plot["lines"], plot["values"]):
        np.testing.assert_allclose(slopes, formulas[name], atol=1e-6)
    result = ended[0]["result"]
    assert result["slope"] == pytest.approx(-1, abs=1e-3)
    assert abs(result["mean_squares_slope"]) < 1e-3


def test_the_probability_is_drawn_for_both(ended):
    plot = ended[1]["plot:probability"][-1]
    assert plot["lines"] == ["mean_squares", "cross_entropy"]
    result = ended[0]["result"]
    expected = 1 / (1 + np.exp(-(result["W"] * plot["x"] + result["b"])))
    np.testing.assert_allclose(plot["values"][1], expected, atol=1e-5)
    assert len(plot["points"]) == 20
