"""The convolutional network: its shapes, its falling learning rate, its mistakes, and (slow) 99 of 100 on MNIST."""

import json

import numpy as np
import pytest

from pydl import callbacks, lessons
from pydl.lessons import LessonError

SMALL = {"dataset": "drawn_digits", "subset": 500, "epochs": 2, "filters": [4, 8]}
EPOCH = {"loss", "accuracy", "val_loss", "val_accuracy"}


@pytest.mark.slow
def test_all_of_mnist_is_read_by_99_of_100(full):
    full("mnist_cnn")


def test_two_thousand_digits_of_mnist_are_enough_for_90_of_100(on_mnist):
    result = on_mnist("mnist_cnn", subset=2000, epochs=2)
    assert result["test_accuracy"] >= 0.9
    assert result["parameters"] == 12_954, "(9 + 4) * 16 + (9 * 16 + 4) * 32 + 5 * 5 * 32 * 10 + 10"


class Watching(callbacks.Callback):
    """The learning rate of every step."""

    def __init__(self):
        self.rates = []

    def on_train_batch_end(self, batch, logs):
        self.rates.append(float(self.model.optimizer.learning_rate))


@pytest.fixture(scope="module")
def drawn(watch):
    watching = Watching()
    with callbacks.observing(watching):
        outcome, shown = watch("mnist_cnn", **SMALL)
    return outcome, shown, watching


def test_a_few_drawn_digits_are_learned(drawn):
    result = drawn[0]["result"]
    assert result["test_accuracy"] > 0.4, "ten steps; a guess is right one time in ten"
    assert set(drawn[0]["history"]) == EPOCH
    assert all(len(values) == 2 for values in drawn[0]["history"].values())
    assert (result["test_loss"], result["test_accuracy"]) == (result["val_loss"], result["val_accuracy"])


def test_the_learning_rate_falls_to_nothing_along_a_cosine(drawn):
    rates = drawn[2].rates
    assert rates == pytest.approx([0.01 * (1 + np.cos(np.pi * step / 10)) / 2 for step in range(10)], abs=1e-7)


@pytest.mark.parametrize(
    "filters, parameters",
    [
        ("4", 9 * 4 + 4 * 4 + 13 * 13 * 4 * 10 + 10),
        ("4,8", 9 * 4 + 4 * 4 + 9 * 4 * 8 + 4 * 8 + 5 * 5 * 8 * 10 + 10),
        ("4,8,6", 9 * 4 + 4 * 4 + 9 * 4 * 8 + 4 * 8 + 9 * 8 * 6 + 4 * 6 + 1 * 6 * 10 + 10),
    ],
)
def test_there_are_one_to_three_convolutions(filters, parameters, capsys):
    result = lessons.run("mnist_cnn", dataset="drawn_digits", subset=50, epochs=1, filters=filters)["result"]
    assert result["parameters"] == parameters
    assert f"Total parameters: {parameters:,}" in capsys.readouterr().out


def test_a_fourth_convolution_would_find_no_image_left():
    with pytest.raises(LessonError, match="option filters: expected 1 to 3 numbers, as in 16,32, received 4"):
        lessons.run("mnist_cnn", filters="4,4,4,4")


def test_the_mistakes_are_shown_the_surest_first_and_counted(drawn, capsys):
    outcome, shown, _ = drawn
    assert set(shown) == set(lessons.describe("mnist_cnn")["figures"])
    (grid,) = shown["digits:mistakes"]
    mistakes = outcome["result"]["mistakes"]
    assert mistakes == round(100 * (1 - outcome["result"]["test_accuracy"]))
    assert len(grid["labels"]) == min(mistakes, 60)
    assert grid["images"].shape == (len(grid["labels"]), 28, 28)
    assert not np.equal(grid["labels"], grid["predictions"]).any()
    assert grid["confidences"] == sorted(grid["confidences"], reverse=True)
    assert all(0.1 <= confidence <= 1 for confidence in grid["confidences"])
    assert len(shown["digits"]) == len(shown["random_digit"]) == 2, "after every epoch"


def test_one_seed_gives_one_run_and_plain_numbers(drawn, capsys):
    assert json.loads(json.dumps(drawn[0], allow_nan=False)) == drawn[0]
    again, other = (lessons.run("mnist_cnn", **SMALL, seed=seed) for seed in (777, 778))
    assert again == drawn[0] != other
    assert f"{again['result']['mistakes']} of 100 test digits are misread" in capsys.readouterr().out


def test_a_stop_ends_the_training_within_a_batch(history_of_stopped):
    history = history_of_stopped("mnist_cnn", training=1, batches=7, **SMALL)  # the second of the second epoch
    assert {name: len(values) for name, values in history.items()} == dict.fromkeys(EPOCH, 1)
