"""Dropout: on while the network learns, off when it is tested, and (slow) what it is worth on MNIST."""

import json

import numpy as np
import pytest

from pydl import callbacks, lessons, nn
from pydl.lessons import digits, mnist_dropout
from pydl.train import TrainingStopped, control

SMALL = {"dataset": "drawn_digits", "subset": 400, "epochs": 2, "layers": [64, 64]}
EPOCH = {"loss", "accuracy", "val_loss", "val_accuracy"}


@pytest.mark.slow
def test_fifteen_epochs_of_mnist_are_worth_more_with_dropout(full):
    full("mnist_dropout")


def test_without_dropout_a_thousand_digits_are_learned_by_heart(on_mnist):
    without = on_mnist("mnist_dropout", subset=1000, epochs=10, layers="256,256", networks="without")
    kept = on_mnist("mnist_dropout", subset=1000, epochs=10, layers="256,256", networks="dropout")
    assert without["accuracy"] > 0.97 > without["test_accuracy"] + 0.05
    assert kept["accuracy"] - kept["test_accuracy"] < 0.5 * (without["accuracy"] - without["test_accuracy"])
    assert kept["dropout_left_on_accuracy"] < kept["test_accuracy"]


class Watching(callbacks.Callback):
    """The models that are trained, and their weights before the first step."""

    def __init__(self):
        self.models, self.weights = [], []

    def on_train_begin(self, logs):
        self.models.append(self.model)
        self.weights.append([weight.numpy().copy() for weight in self.model.weights])


@pytest.fixture(scope="module")
def drawn(watch):
    watching = Watching()
    with callbacks.observing(watching):
        outcome, shown = watch("mnist_dropout", **SMALL)
    return outcome, shown, watching


def test_the_network_with_dropout_is_the_main_one(drawn):
    history, result = drawn[0]["history"], drawn[0]["result"]
    assert set(history) == EPOCH | {f"without_{name}" for name in EPOCH}
    assert all(len(values) == 2 for values in history.values())
    assert result["test_accuracy"] == result["dropout_test_accuracy"] == history["val_accuracy"][-1]
    assert result["without_test_accuracy"] == history["without_val_accuracy"][-1]


def test_there_is_a_dropout_after_every_hidden_layer_or_none(drawn):
    kept, without = ([type(layer) for layer in model.layers] for model in drawn[2].models)
    assert kept == [nn.Dense, nn.Dropout, nn.Dense, nn.Dropout, nn.Dense]
    assert without == [nn.Dense] * 3
    assert all(layer.rate == pytest.approx(0.3) for layer in drawn[2].models[0].layers if isinstance(layer, nn.Dropout))


def test_both_begin_with_the_same_weights_of_the_tutorial(drawn):
    kept, without = drawn[2].weights
    for one, other in zip(kept, without, strict=True):
        np.testing.assert_array_equal(one, other)
    kernel, bias = kept[:2]
    assert np.abs(kernel).max() <= 0.2, "cut off at two deviations of 0.1"
    assert kernel.std() == pytest.approx(0.088, rel=0.02)
    assert bias.std() == pytest.approx(1, abs=0.3)


def test_dropout_is_off_when_the_network_is_tested(drawn):
    model = drawn[2].models[0]
    _, (x_test, y_test) = digits.load("drawn_digits", 400, seed=777)
    measured = [model.evaluate(x_test, y_test, verbose=0) for _ in range(2)]
    assert measured[0] == measured[1]
    assert measured[0] == pytest.approx([drawn[0]["result"][name] for name in ("test_loss", "test_accuracy")])
    weights = [weight.numpy() for weight in model.weights]
    x = x_test
    for kernel, bias in zip(weights[::2], weights[1::2]):
        outputs = x @ kernel + bias
        x = np.maximum(outputs, 0)
    np.testing.assert_allclose(model.predict(x_test), outputs, rtol=1e-3, atol=1e-3)


def test_left_on_it_makes_the_answers_worse_and_different_every_time(capsys):
    with callbacks.observing(Watching()) as watching:
        result = lessons.run("mnist_dropout", **dict(SMALL, subset=1000, epochs=4), networks="dropout")["result"]
    _, (x_test, y_test) = digits.load("drawn_digits", 1000, seed=777)
    assert len(x_test) == 200
    again = [mnist_dropout.accuracy_with_dropout_left_on(watching.models[0], x_test, y_test) for _ in range(3)]
    left_on = [result["dropout_left_on_accuracy"], *again]
    assert max(left_on) < result["test_accuracy"] - 0.1
    assert len(set(left_on)) > 1
    assert f"with dropout left on in the test: {result['dropout_left_on_accuracy']:.4f}" in capsys.readouterr().out


def test_a_share_of_one_keeps_every_unit(drawn):
    outcome = lessons.run("mnist_dropout", **SMALL, keep_prob=1.0)
    history = outcome["history"]
    assert history["loss"] == pytest.approx(history["without_loss"], rel=0.02), "but for other shuffles"
    assert outcome["result"]["dropout_left_on_accuracy"] == outcome["result"]["test_accuracy"]


def test_table_and_curves_compare_the_two(drawn):
    outcome, shown, _ = drawn
    assert set(shown) == set(lessons.describe("mnist_dropout")["figures"])
    result = outcome["result"]
    assert shown["table:results"][-1]["rows"] == [
        [name, result[f"{name}_test_accuracy"], result[f"{name}_first_epoch_accuracy"]]
        for name in ("dropout", "without")
    ]
    assert shown["plot:accuracies"][-1]["lines"] == ["dropout", "without"]


def test_without_alone_has_nothing_to_leave_on(drawn):
    outcome = lessons.run("mnist_dropout", **SMALL, networks="without")
    assert set(outcome["history"]) == EPOCH
    assert outcome["history"]["loss"] == drawn[0]["history"]["without_loss"]
    assert "dropout_left_on_accuracy" not in outcome["result"]


def test_one_seed_gives_one_run_and_plain_numbers(drawn):
    assert json.loads(json.dumps(drawn[0], allow_nan=False)) == drawn[0]
    again, other = (lessons.run("mnist_dropout", **SMALL, seed=seed) for seed in (777, 778))
    assert again == drawn[0] != other


def test_a_stop_ends_the_network_under_way_within_a_batch(history_of_stopped):
    history = history_of_stopped("mnist_dropout", training=2, batches=6, **SMALL)  # of four in an epoch
    assert {name: len(values) for name, values in history.items()} == dict.fromkeys(EPOCH, 1)


def test_a_stop_while_dropout_is_left_on_keeps_the_history(drawn):
    _, (x_test, y_test) = digits.load("drawn_digits", 400, seed=777)
    control.request_stop()
    with pytest.raises(TrainingStopped) as stopped:
        mnist_dropout.accuracy_with_dropout_left_on(drawn[2].models[0], x_test, y_test)
    assert stopped.value.history["loss"] == drawn[0]["history"]["loss"]
