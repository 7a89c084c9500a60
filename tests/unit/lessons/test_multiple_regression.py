"""Multiple regression: the weights are those of least squares, and a file of one's own is read."""

import io

import numpy as np
import pytest

from pydl import lessons
from pydl.data import DataError
from pydl.lessons.multiple_regression import SCORES
from pydl.train import NonFiniteError

NUMBERS = np.loadtxt(io.StringIO(SCORES), delimiter=",", skiprows=1)


def least_squares(numbers):
    x = np.column_stack([numbers[:, :-1], np.ones(len(numbers))])
    weights, *_ = np.linalg.lstsq(x, numbers[:, -1], rcond=None)
    return np.mean((x @ weights - numbers[:, -1]) ** 2)


def test_the_cost_is_that_of_least_squares():
    result = lessons.run("multiple_regression")["result"]
    assert result["loss"] == pytest.approx(least_squares(NUMBERS), rel=1e-3)
    assert result["explained"] == pytest.approx(1 - least_squares(NUMBERS) / NUMBERS[:, -1].var(), abs=1e-4)
    assert result["b"] == pytest.approx(NUMBERS[:, -1].mean(), rel=1e-3), "scaled inputs have mean 0"
    assert len(result["W"]) == 3


def test_without_scaling_only_a_tiny_learning_rate_works():
    with pytest.raises(NonFiniteError, match="learning rate"):
        lessons.run("multiple_regression", scaling=False)
    result = lessons.run("multiple_regression", scaling=False, learning_rate=0.00001, epochs=2000)["result"]
    assert result["loss"] < 15


def test_predictions_are_shown_beside_the_truth(watch):
    outcome, shown = watch("multiple_regression")
    pairs = np.array(shown["plot:predictions"][-1]["points"])
    np.testing.assert_array_equal(pairs[:, 0], NUMBERS[:, -1])
    assert np.abs(pairs[:, 1] - pairs[:, 0]).mean() == pytest.approx(outcome["result"]["mean_absolute_error"], rel=1e-4)
    rows = shown["table:predictions"][-1]["rows"]
    assert len(rows) == 10
    assert [target for _, target, _, _ in rows] == NUMBERS[:10, -1].tolist()


def test_a_file_of_ones_own_is_read(tmp_path):
    path = tmp_path / "mine.txt"
    x = np.arange(10.0)
    np.savetxt(path, np.column_stack([x, x**2, 3 * x - x**2 + 7]), delimiter="\t")
    result = lessons.run("multiple_regression", file=str(path), epochs=2000)["result"]
    assert result["explained"] == pytest.approx(1, abs=1e-3)
    assert len(result["W"]) == 2


def test_a_file_that_is_not_there_is_an_error_of_one_line():
    with pytest.raises(DataError) as error:
        lessons.run("multiple_regression", file="nowhere/scores.csv")
    assert "nowhere" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_subset_learns_from_the_first_rows(watch):
    _, shown = watch("multiple_regression", subset=4, epochs=1)
    points = np.array(shown["plot:predictions"][-1]["points"])
    assert points[:, 0].tolist() == NUMBERS[:4, -1].tolist()
