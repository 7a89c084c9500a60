"""The first Keras-like model: what it has, what it says, and (slow) what one epoch of MNIST makes of it."""

import json

import pytest

from pydl import callbacks, lessons, optim
from pydl.nn import functional as F

LOSSES = ("categorical_crossentropy", "mean_squared_error")
SMALL = {"dataset": "drawn_digits", "subset": 1000, "epochs": 2, "units": 64}
EPOCH = {"loss", "accuracy", "val_loss", "val_accuracy"}


@pytest.mark.slow
def test_one_epoch_of_mnist_gives_93_of_100(full):
    full("mnist_keras")


def test_a_thousand_digits_of_mnist_are_enough_for_80_of_100(on_mnist):
    result = on_mnist("mnist_keras", subset=1000, epochs=3, loss="categorical_crossentropy")
    assert result["parameters"] == 311_650, "whatever it has learned from"
    assert result["test_accuracy"] >= 0.8


@pytest.fixture(scope="module")
def drawn(watch):
    return watch("mnist_keras", **SMALL)


def test_the_network_is_the_tutorials():
    class Watching(callbacks.Callback):
        def on_train_begin(self, logs):
            self.used = self.model, self.params

    with callbacks.observing(Watching()) as watching:
        lessons.run("mnist_keras", dataset="drawn_digits", subset=200, loss="categorical_crossentropy")
    model, params = watching.used
    assert [layer.units for layer in model.layers] == [392, 10]
    assert [layer.activation for layer in model.layers] == [F.tanh, F.softmax]
    assert isinstance(model.optimizer, optim.RMSprop)
    assert (params["batch_size"], params["epochs"]) == (128, 1)


def test_both_losses_train_the_same_network(drawn):
    result = drawn[0]["result"]
    assert all(result[f"{loss}_test_accuracy"] > 0.3 for loss in LOSSES), "16 steps; a guess is right one time in ten"
    assert result["mean_squared_error_test_loss"] < 0.1 < 1 < result["categorical_crossentropy_test_loss"]
    assert result["parameters"] == 784 * 64 + 64 + 64 * 10 + 10


def test_cross_entropy_is_the_main_network(drawn):
    history, result = drawn[0]["history"], drawn[0]["result"]
    assert set(history) == EPOCH | {f"mean_squared_error_{name}" for name in EPOCH}
    assert all(len(values) == 2 for values in history.values())
    assert history["loss"] != history["mean_squared_error_loss"]
    assert result["test_accuracy"] == result["categorical_crossentropy_test_accuracy"] == history["val_accuracy"][-1]
    assert {name: values[-1] for name, values in history.items() if name in EPOCH}.items() <= result.items()


def test_the_summary_and_the_figures_of_each_loss_are_printed(capsys):
    result = lessons.run("mnist_keras", **SMALL)["result"]
    printed = capsys.readouterr().out
    assert printed.count("dense (Dense)") == 2
    for loss in LOSSES:
        loss_and_accuracy = result[f"{loss}_test_loss"], result[f"{loss}_test_accuracy"]
        assert "{}: loss {:.4f}, accuracy {:.4f}".format(loss, *loss_and_accuracy) in printed


def test_the_table_and_the_curves_compare_the_losses(drawn):
    outcome, shown = drawn
    curves_of = dict(zip(LOSSES, ("val_accuracy", "mean_squared_error_val_accuracy")))
    assert set(shown) == set(lessons.describe("mnist_keras")["figures"])
    table = shown["table:results"][-1]
    result = outcome["result"]
    assert table["columns"] == ["network", "measured", "first"]
    assert table["rows"] == [
        [loss, result[f"{loss}_test_accuracy"], outcome["history"][name][0]] for loss, name in curves_of.items()
    ]
    curves = shown["plot:accuracies"][-1]
    assert curves["x"].tolist() == [1, 2]
    for name, values in zip(curves_of.values(), curves["values"], strict=True):
        assert values.tolist() == pytest.approx(outcome["history"][name])


def test_the_outputs_of_the_softmax_are_taken_for_the_probabilities_that_they_are(drawn):
    shown = drawn[1]
    assert all(sum(digit["probabilities"]) == pytest.approx(1, abs=1e-5) for digit in shown["random_digit"])
    confidences = [confidence for grid in shown["digits"] for confidence in grid["confidences"]]
    assert max(confidences) > 0.25, "softmax taken twice would leave at most e / (e + 9) = 0.23"


@pytest.mark.parametrize("loss, curve", list(zip(LOSSES, ["loss", "mean_squared_error_loss"])))
def test_one_loss_alone_gives_what_it_gives_beside_the_other(drawn, loss, curve):
    outcome = lessons.run("mnist_keras", **SMALL, loss=loss)
    assert set(outcome["history"]) == EPOCH
    assert outcome["history"]["loss"] == drawn[0]["history"][curve], "the same weights and shuffles"


def test_one_seed_gives_one_run_and_plain_numbers(drawn):
    assert json.loads(json.dumps(drawn[0], allow_nan=False)) == drawn[0]
    again, other = (lessons.run("mnist_keras", **SMALL, seed=seed) for seed in (777, 778))
    assert again == drawn[0] != other


def test_a_stop_ends_the_network_under_way_within_a_batch(history_of_stopped):
    history = history_of_stopped("mnist_keras", training=2, batches=10, **SMALL)  # of eight in an epoch
    assert {name: len(values) for name, values in history.items()} == dict.fromkeys(EPOCH, 1)
