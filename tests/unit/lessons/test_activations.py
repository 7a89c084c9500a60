"""Activations: curves and slopes by their formulas, and what ten layers leave of a gradient."""

import numpy as np
import pytest

from pydl import lessons
from pydl.lessons.activations import RECTIFIERS, SATURATING, gradient_norms


@pytest.fixture(scope="module")
def ended(watch):
    return watch("activations")


def curves(shown, figure):
    plot = shown[f"plot:{figure}"][-1]
    return plot["x"].astype(float), dict(zip(plot["lines"], plot["values"]))


def test_all_twelve_are_drawn(ended):
    shown = ended[1]
    assert set(curves(shown, "saturating")[1]) == set(SATURATING)
    assert set(curves(shown, "rectifiers")[1]) == set(RECTIFIERS)
    assert len(SATURATING | RECTIFIERS) == 12


def test_curves_are_those_of_the_formulas(ended):
    x, drawn = curves(ended[1], "saturating")
    x, rectifiers = curves(ended[1], "rectifiers")
    sigmoid = 1 / (1 + np.exp(-x))
    formulas = {
        "sigmoid": sigmoid,
        "tanh": np.tanh(x),
        "softmax": np.exp(x) / (np.exp(x) + 2),
        "relu": np.maximum(x, 0),
        "elu": np.where(x > 0, x, np.exp(x) - 1),
        "swish": x * sigmoid,
        "softplus": np.log1p(np.exp(x)),
        "maxout": np.maximum(x, -x / 2),
    }
    for name, expected in formulas.items():
        np.testing.assert_allclose((drawn | rectifiers)[name], expected, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("family", ["saturating", "rectifiers"])
def test_slopes_are_the_differences_of_the_curves(ended, family):
    x, drawn = curves(ended[1], family)
    _, slopes = curves(ended[1], f"{family}_slopes")
    between = x[40:-1:40] + 0.011  # away from the bends at 0
    for name, curve in drawn.items():
        if name == "step":
            assert not slopes[name].any()
            continue
        slope = np.interp(between, x, slopes[name])
        measured = (np.interp(between + 0.0125, x, curve) - np.interp(between - 0.0125, x, curve)) / 0.025
        away = np.abs(between) > 0.1
        np.testing.assert_allclose(slope[away], measured[away], atol=0.02, err_msg=name)


def test_sigmoid_layers_let_the_gradient_vanish_and_relu_layers_do_not(ended):
    result = ended[0]["result"]
    assert result["sigmoid_gradient"] < 1e-4
    assert result["softmax_gradient"] < 1e-10
    assert result["step_gradient"] == 0
    assert 0.1 < result["relu_gradient"] < 10
    assert 0.1 < result["tanh_gradient"] < 10


def test_selu_keeps_the_gradient_with_lecuns_weights_over_fifty_layers():
    result = lessons.run("activations", initializer="lecun_normal", depth=50)["result"]
    assert 0.05 < result["selu_gradient"] < 20
    assert result["relu_gradient"] < 1e-4


def test_the_table_is_of_the_same_lengths_as_the_plot(ended):
    plot = ended[1]["plot:gradients"][-1]
    rows = ended[1]["table:gradients"][-1]["rows"]
    assert plot["log"]
    assert plot["x"].tolist() == list(range(1, 11))
    for name, values, row in zip(plot["lines"], plot["values"], rows):
        assert row[0] == name
        assert row[1:3] == pytest.approx([values[-1], values[0]], rel=1e-5)
        if values[0] > 0:
            assert row[3] ** 9 * row[1] == pytest.approx(row[2], rel=1e-5)


def test_a_slope_of_one_half_everywhere_halves_the_gradient_in_every_layer():
    halves = gradient_norms(lambda x: x * 0.5, 5, 8, 1, lambda shape, generator: np.eye(*shape, dtype=np.float32))
    assert halves == pytest.approx([1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2])
