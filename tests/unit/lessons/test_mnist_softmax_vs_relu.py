"""ReLU against softmax in the hidden layers: the published comparison, small here and (slow) whole."""

import json
import re

import numpy as np
import pytest

from pydl import callbacks, lessons
from pydl.lessons import digits

NETWORKS = ["relu", "sigmoid", "softmax", "relu_he"]
SMALL = {"dataset": "drawn_digits", "subset": 400, "epochs": 2}
EPOCH = {"loss", "accuracy", "val_loss", "val_accuracy"}


@pytest.mark.slow
def test_fifteen_epochs_of_mnist_rank_the_networks_as_published(full):
    full("mnist_softmax_vs_relu")


def test_softmax_is_far_behind_at_first(on_mnist):
    result = on_mnist("mnist_softmax_vs_relu", subset=5000, epochs=1)
    reached = [result[f"{name}_test_accuracy"] for name in ("softmax", "sigmoid", "relu", "relu_he")]
    assert reached == sorted(reached)
    assert reached[0] < 0.25 < 0.4 < reached[2] < 0.8 < reached[3], "fifty steps; a guess is right one time in ten"


@pytest.fixture(scope="module")
def drawn(watch):
    return watch("mnist_softmax_vs_relu", **SMALL)


def test_relu_is_the_main_network_and_the_others_stand_beside_it(drawn):
    history, result = drawn[0]["history"], drawn[0]["result"]
    assert set(history) == EPOCH | {f"{network}_{name}" for network in NETWORKS[1:] for name in EPOCH}
    assert all(len(values) == 2 for values in history.values())
    assert (result["test_loss"], result["test_accuracy"]) == (result["relu_test_loss"], result["relu_test_accuracy"])
    for network in NETWORKS[1:]:
        assert result[f"{network}_test_accuracy"] == history[f"{network}_val_accuracy"][-1]
        assert result[f"{network}_first_epoch_accuracy"] == history[f"{network}_val_accuracy"][0]


def test_measured_stands_beside_published(drawn):
    outcome, shown = drawn
    assert set(shown) == set(lessons.describe("mnist_softmax_vs_relu")["figures"])
    table = shown["table:results"][-1]
    assert table["columns"] == ["network", "published", "measured", "first"]
    assert set(table["percent"]) == {"published", "measured", "first"}
    published = {"relu": 0.95, "softmax": 0.85}
    assert table["rows"] == [
        [
            name,
            published.get(name),
            outcome["result"][f"{name}_test_accuracy"],
            outcome["result"][f"{name}_first_epoch_accuracy"],
        ]
        for name in NETWORKS
    ]


def test_table_and_curves_grow_by_a_network_at_a_time(drawn):
    shown = drawn[1]
    assert [len(table["rows"]) for table in shown["table:results"]] == [1, 2, 3, 4]
    assert [curves["lines"] for curves in shown["plot:accuracies"]] == [NETWORKS[:n] for n in (1, 2, 3, 4)]
    assert shown["plot:accuracies"][-1]["values"].shape == (4, 2)


def test_a_random_test_digit_is_told_with_label_and_prediction(capsys):
    lessons.run("mnist_softmax_vs_relu", **SMALL, activation="relu_he")
    line = r"relu_he: test accuracy 0\.\d{4}; digit (\d+): label (\d), prediction \d"
    found = re.fullmatch(line, capsys.readouterr().out.strip())
    _, (_, y_test) = digits.load("drawn_digits", 400, seed=1)
    assert y_test[int(found[1])] == int(found[2])


@pytest.mark.parametrize("network, deviation", [("softmax", 1.0), ("relu_he", np.sqrt(2 / 784))])
def test_weights_and_biases_begin_as_the_comparison_says(network, deviation):
    class First(callbacks.Callback):
        def on_train_begin(self, logs):
            self.weights = [weight.numpy().copy() for weight in self.model.weights]

    with callbacks.observing(First()) as first:
        lessons.run("mnist_softmax_vs_relu", **dict(SMALL, subset=50, epochs=1), activation=network)
    assert [weight.shape for weight in first.weights] == [(784, 256), (256,), (256, 256), (256,), (256, 10), (10,)]
    assert first.weights[0].std() == pytest.approx(deviation, rel=0.01)
    assert first.weights[1].std() == pytest.approx(0.0 if network == "relu_he" else 1.0, abs=0.15)


@pytest.mark.parametrize("network", ["sigmoid", "relu_he"])
def test_one_network_alone_gives_what_it_gives_beside_the_others(drawn, network):
    outcome = lessons.run("mnist_softmax_vs_relu", **SMALL, activation=network)
    assert set(outcome["history"]) == EPOCH
    assert outcome["history"]["loss"] == drawn[0]["history"][f"{network}_loss"]


def test_one_seed_gives_one_run_and_plain_numbers(drawn):
    assert json.loads(json.dumps(drawn[0], allow_nan=False)) == drawn[0]
    again, other = (lessons.run("mnist_softmax_vs_relu", **SMALL, seed=seed) for seed in (1, 2))
    assert again == drawn[0] != other


def test_a_stop_ends_the_network_under_way_within_a_batch(history_of_stopped):
    history = history_of_stopped("mnist_softmax_vs_relu", training=3, batches=6, **SMALL)  # of four in an epoch
    assert {name: len(values) for name, values in history.items()} == dict.fromkeys(EPOCH, 1)


def test_the_digits_are_those_of_the_main_network(drawn):
    outcome, shown = drawn
    assert len(shown["digits"]) == len(outcome["history"]["loss"]), "an epoch of the others shows none"
