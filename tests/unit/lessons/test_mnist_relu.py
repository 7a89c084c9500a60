"""The MNIST lesson: on a small part of MNIST, on drawn digits where there is none, and (slow) on all of it."""

import json

import numpy as np
import pytest

from pydl import lessons
from pydl.lessons import digits


def test_a_small_part_of_mnist_is_learned_in_a_moment(on_mnist):
    result = on_mnist("mnist_relu", subset=1000, epochs=4)
    assert result["test_accuracy"] >= 0.82
    assert result["accuracy"] > result["test_accuracy"], "a thousand digits are soon known by heart"


@pytest.mark.slow
def test_all_of_mnist_is_read_by_97_of_100(full):
    full("mnist_relu")


@pytest.fixture(scope="module")
def drawn():
    """A short run on drawn digits with its figures."""
    shown = []
    with lessons.listening(lambda kind, data: shown.append((kind, data))):
        outcome = lessons.run("mnist_relu", dataset="drawn_digits", subset=1000, epochs=3, layers="64", seed=5)
    return outcome, shown


def test_drawn_digits_need_no_download(drawn):
    result = drawn[0]["result"]
    assert result["test_accuracy"] > 0.5, "three epochs of ten steps"
    assert set(result) == {"loss", "accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy"}
    assert (result["test_loss"], result["test_accuracy"]) == (result["val_loss"], result["val_accuracy"])


def test_the_outcome_is_json(drawn):
    assert json.loads(json.dumps(drawn[0], allow_nan=False)) == drawn[0]
    assert all(len(values) == 3 for values in drawn[0]["history"].values())


def test_every_epoch_shows_a_grid_and_one_digit(drawn):
    assert [kind for kind, _ in drawn[1]] == ["digits", "random_digit"] * 3


def test_the_grid_shows_the_same_digits_with_what_the_network_takes_them_for(drawn):
    grids = [data for kind, data in drawn[1] if kind == "digits"]
    for grid in grids:
        assert grid["images"].shape == (60, 28, 28)
        assert grid["images"].dtype == np.uint8
        assert grid["images"].max() > 200
        assert len(grid["labels"]) == len(grid["predictions"]) == len(grid["confidences"]) == 60
        assert all(0.1 <= confidence <= 1 for confidence in grid["confidences"])
        assert grid["labels"] == grids[0]["labels"]
        np.testing.assert_array_equal(grid["images"], grids[0]["images"])
    right = [np.equal(grid["labels"], grid["predictions"]).mean() for grid in grids]
    assert right[-1] > 0.5


def test_the_one_digit_comes_with_its_probabilities(drawn):
    for _, digit in drawn[1][1::2]:
        assert digit["image"].shape == (28, 28)
        assert sum(digit["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert digit["prediction"] == int(np.argmax(digit["probabilities"]))


def test_images_become_rows_of_numbers_from_0_to_1():
    (x_train, y_train), (x_test, y_test) = digits.load("drawn_digits", 100, seed=1)
    assert (x_train.shape, x_test.shape) == ((100, 784), (20, 784))
    assert x_train.dtype == np.float32
    assert (x_train.min(), x_train.max()) == (0, 1)
    assert (len(y_train), len(y_test)) == (100, 20)


@pytest.mark.parametrize(
    "in_the_page, subset, expected", [(True, None, 10_000), (False, None, 0), (True, 0, 0), (False, 500, 500)]
)
def test_the_page_learns_from_ten_thousand_unless_told_otherwise(monkeypatch, in_the_page, subset, expected):
    asked = []

    def load_mnist(subset):
        asked.append(subset)
        images, labels = np.zeros((10, 28, 28), np.uint8), np.arange(10, dtype=np.uint8)
        return (images, labels), (images, labels)

    monkeypatch.setattr(digits, "IN_THE_PAGE", in_the_page)
    monkeypatch.setattr(digits.data, "load_mnist", load_mnist)
    digits.load("mnist", subset, seed=1)
    assert asked == [expected]
