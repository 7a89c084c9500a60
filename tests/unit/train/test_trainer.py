"""compile, fit, evaluate and predict against a loop written by hand in NumPy, and what they refuse."""

import copy
import pickle

import numpy as np
import pytest

import pydl
from pydl import DeviceError, ShapeError, data, losses, metrics, nn, optim
from pydl.callbacks import Callback
from pydl.random import Generator
from tests.unit.support import assert_refused
from tests.unit.train.by_hand import XV, YV, ByHand, X, Y, losses_of, network, same_weights

# ---- fit


def test_fit_does_what_a_loop_by_hand_does():
    model = network()
    reference = ByHand(model)
    pydl.seed(7)
    history = model.fit(X, Y, batch_size=4, epochs=3, validation_data=(XV, YV), verbose=0)
    shuffles = Generator(7)
    for epoch in range(3):
        loss, accuracy = reference.epoch(X, Y, 4, shuffles.permutation(10))  # batches of 4, 4 and 2
        val_loss, val_accuracy = reference.figures(XV, YV)
        received = {name: values[epoch] for name, values in history.history.items()}
        expected = {"loss": loss, "accuracy": accuracy, "val_loss": val_loss, "val_accuracy": val_accuracy}
        assert received == pytest.approx(expected, rel=1e-5), f"epoch {epoch + 1}"
    same_weights(model, reference)
    assert history.epoch == [0, 1, 2]


def test_without_shuffling_the_batches_come_in_order():
    model = network()
    reference = ByHand(model)
    model.fit(X, Y, batch_size=3, epochs=2, shuffle=False, verbose=0)
    for _ in range(2):
        reference.epoch(X, Y, 3, np.arange(10))
    same_weights(model, reference)


def test_shuffling_does_not_touch_the_callers_arrays():
    x, y = X.copy(), Y.copy()
    network().fit(x, y, epochs=2, verbose=0)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)


def test_the_same_seed_gives_the_same_run_bit_for_bit():
    runs = []
    for _ in range(2):
        model = network(optimizer="adam")
        history = model.fit(X, Y, batch_size=3, epochs=4, verbose=0)
        runs.append((history.history, [p.numpy().tobytes() for p in model.parameters()]))
    assert runs[0] == runs[1]


def test_a_second_fit_goes_on_where_the_first_ended():
    once, twice = network(optimizer=optim.Adam(0.1)), network(optimizer=optim.Adam(0.1))
    pydl.seed(1)
    whole = once.fit(X, Y, epochs=4, verbose=0).history["loss"]
    pydl.seed(1)
    parts = [twice.fit(X, Y, epochs=2, verbose=0).history["loss"] for _ in range(2)]
    assert [*parts[0], *parts[1]] == whole
    assert twice.history.history["loss"] == parts[1]
    for ours, expected in zip(twice.optimizer._slots, once.optimizer._slots, strict=True):
        for name in expected:
            np.testing.assert_array_equal(ours[name].numpy(), expected[name].numpy())


def test_a_learning_rate_changed_by_a_callback_acts_at_once():
    class Schedule(Callback):
        def on_epoch_begin(self, epoch, logs):
            self.model.optimizer.learning_rate.assign([0.5, 0.1][epoch])

    model = network()
    reference = ByHand(model)
    model.fit(X, Y, batch_size=10, epochs=2, shuffle=False, verbose=0, callbacks=[Schedule()])
    reference.step(X, Y)
    reference.rate = 0.1
    reference.step(X, Y)
    same_weights(model, reference)


def test_a_callback_may_stop_the_training_within_an_epoch():
    class Enough(Callback):
        def on_train_batch_end(self, batch, logs):
            self.model.stop_training = self.epoch == 1 and batch == 1

        def on_epoch_begin(self, epoch, logs):
            self.epoch = epoch

    model = network()
    reference = ByHand(model)
    history = model.fit(X, Y, batch_size=4, epochs=5, shuffle=False, verbose=0, callbacks=[Enough()])
    reference.epoch(X, Y, 4, np.arange(10))
    figures = [reference.step(X[r], Y[r]) for r in (slice(0, 4), slice(4, 8))]
    same_weights(model, reference)
    assert history.history["loss"][1] == pytest.approx(np.mean(figures, axis=0)[0], rel=1e-5)
    assert len(history.epoch) == 2


def test_bytes_of_images_are_trained_as_numbers():
    pixels = np.random.default_rng(1).integers(0, 3, (10, 3)).astype(np.uint8)
    ours, reference = network(), network()
    ours.fit(pixels, Y.astype(np.uint8), shuffle=False, verbose=0)
    reference.fit(pixels.astype(np.float32), Y, shuffle=False, verbose=0)
    for a, b in zip(ours.parameters(), reference.parameters()):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_labels_without_the_last_axis_are_taken():
    flat, column = (network().fit(X, y, verbose=0, shuffle=False).history for y in (Y[:, 0], Y))
    assert flat == column


def test_lists_are_data_too():
    model = network()
    assert model.fit(X.tolist(), Y.tolist(), verbose=0).history["loss"][0] > 0
    assert model.predict(X.tolist()).dtype == model(X.tolist()).dtype == np.float32, "as Tensors of Python numbers"


def test_gradients_from_before_do_not_disturb_and_are_left_alone():
    model, reference = network(), network()
    (model(X) ** 2).sum().backward()
    left = [p.grad.numpy() for p in model.parameters()]
    model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    reference.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    for ours, expected, gradient in zip(model.parameters(), reference.parameters(), left):
        np.testing.assert_array_equal(ours.numpy(), expected.numpy())
        np.testing.assert_array_equal(ours.grad.numpy(), gradient)


def test_zero_epochs_change_nothing():
    model = network()
    before = [p.numpy() for p in model.parameters()]
    assert model.fit(X, Y, epochs=0, verbose=0).history == {}
    for parameter, weights in zip(model.parameters(), before):
        np.testing.assert_array_equal(parameter.numpy(), weights)


def test_compiling_again_changes_how_the_model_is_trained():
    model = network()
    reference = ByHand(model)
    model.fit(X, Y, batch_size=10, verbose=0, shuffle=False)
    reference.step(X, Y)
    model.compile(optim.SGD(0.1), losses.BinaryCrossentropy(from_logits=True))
    reference.rate = 0.1
    history = model.fit(X, Y, batch_size=10, verbose=0, shuffle=False)
    reference.step(X, Y)
    same_weights(model, reference)
    assert list(history.history) == ["loss"]


def test_one_optimizer_may_train_two_models_in_turn():
    optimizer = optim.Adam(0.1)
    first, second = network(optimizer=optimizer), network(optimizer=optimizer)
    wide = nn.Sequential([nn.Dense(2), nn.Dense(1)], input_shape=(3,))
    wide.compile(optimizer, "mse")
    for model in (first, second, wide, first):
        before = model.evaluate(X, Y, verbose=0)
        before = before[0] if isinstance(before, list) else before
        assert model.fit(X, Y, epochs=20, verbose=0).history["loss"][-1] < before


def test_metrics_of_ones_own_are_computed_in_the_step():
    def mean_output(y_true, y_pred):
        return y_pred.mean()

    model = network(metrics=["accuracy", metrics.binary_accuracy, mean_output])
    expected = model.predict(X).mean()
    history = model.fit(X, Y, batch_size=10, verbose=0)
    assert list(history.history) == ["loss", "accuracy", "binary_accuracy", "mean_output"]
    assert history.history["mean_output"][0] == pytest.approx(expected, rel=1e-5)


def test_a_function_may_be_the_loss():
    model = network(loss=lambda y_true, y_pred: (y_true - y_pred).abs(), metrics=[])
    expected = np.abs(Y - model.predict(X)).mean()
    assert model.fit(X, Y, batch_size=10, verbose=0).history["loss"][0] == pytest.approx(expected, rel=1e-5)


def test_a_single_metric_needs_no_list_and_none_is_no_callback():
    model = network(metrics="mae")
    assert list(model.fit(X, Y, callbacks=None, probes=None, verbose=0).history) == ["loss", "mae"]
    assert model.get_compile_config()["metrics"] == ["mae"]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_of_a_trained_model_goes_on_by_itself_as_the_model_would(copied):
    model = network(optimizer="adam")
    model.fit(X, Y, verbose=0)
    other, before = copied(model), model.predict(X)
    pydl.seed(3)
    history = other.fit(X, Y, verbose=0).history
    np.testing.assert_array_equal(model.predict(X), before)
    pydl.seed(3)
    assert model.fit(X, Y, verbose=0).history == history


def test_names_work_for_everything():
    model = nn.Sequential([nn.Dense(3, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    labels = np.arange(10) % 3
    assert set(model.fit(X, labels, verbose=0).history) == {"loss", "accuracy"}
    model.compile(optimizer="sgd", loss="categorical_crossentropy", metrics=["categorical_accuracy"])
    one_hot = data.to_categorical(labels, 3)
    assert set(model.fit(X, one_hot, verbose=0).history) == {"loss", "categorical_accuracy"}


# ---- validation


def test_the_last_share_is_not_learned_from_but_measured_by():
    split, reference = network(), network()
    pydl.seed(7)
    received = split.fit(X, Y, batch_size=4, epochs=3, validation_split=0.3, verbose=0).history
    pydl.seed(7)
    expected = reference.fit(X[:7], Y[:7], batch_size=4, epochs=3, validation_data=(X[7:], Y[7:]), verbose=0).history
    assert received == expected


def test_validation_data_count_before_the_split():
    both, data_only = network(), network()
    pydl.seed(7)
    received = both.fit(X, Y, validation_split=0.3, validation_data=(XV, YV), verbose=0).history
    pydl.seed(7)
    assert received == data_only.fit(X, Y, validation_data=(XV, YV), verbose=0).history


def test_validation_data_may_have_weights():
    model = network()
    weights = np.arange(7.0)
    expected = (weights * losses_of(ByHand(model), XV, YV)).mean()
    model.compile(optim.SGD(1e-20), losses.BinaryCrossentropy(True))
    history = model.fit(X, Y, validation_data=(XV, YV, weights), verbose=0).history
    assert history["val_loss"][0] == pytest.approx(expected, rel=1e-5)


# ---- evaluate and predict


def test_evaluate_agrees_with_the_hand_written_figures_for_any_batch_size(capsys):
    model = network()
    expected = ByHand(model).figures(X, Y)
    for batch_size in (1, 3, 10, 500):
        assert model.evaluate(X, Y, batch_size=batch_size, verbose=0) == pytest.approx(expected, rel=1e-5)
    named = model.evaluate(X, Y, return_dict=True)
    assert named == pytest.approx(dict(zip(["loss", "accuracy"], expected)), rel=1e-5)
    assert capsys.readouterr().out == f"loss {expected[0]:.4f}  accuracy {expected[1]:.4f}\n"


def test_evaluate_without_metrics_gives_a_number():
    assert network(metrics=[]).evaluate(X, Y, verbose=0) == pytest.approx(ByHand(network()).figures(X, Y)[0], rel=1e-5)


def test_evaluate_and_predict_learn_nothing():
    model = network()
    before = [p.numpy() for p in model.parameters()]
    state = pydl.random.default.counter.item()
    model.evaluate(X, Y, verbose=0)
    model.predict(X)
    assert pydl.random.default.counter.item() == state
    for parameter, weights in zip(model.parameters(), before):
        np.testing.assert_array_equal(parameter.numpy(), weights)


@pytest.mark.parametrize("batch_size", [1, 4, 500])
def test_predict_agrees_with_the_model_called(batch_size):
    model = network()
    predicted = model.predict(X, batch_size=batch_size)
    np.testing.assert_allclose(predicted, model(X).numpy(), rtol=1e-5, atol=1e-6)
    assert isinstance(predicted, np.ndarray)


def test_predict_needs_no_compile():
    assert nn.Sequential([nn.Dense(2)]).predict(X).shape == (10, 2)


# ---- mistakes, before anything is trained

def frozen():
    model = network()
    model.trainable = False
    return model


MISTAKES = {
    "not compiled": (lambda: nn.Sequential([nn.Dense(1)]).fit(X, Y), RuntimeError, [r"fit", "compile(optimizer"]),
    "lengths differ": (lambda: network().fit(X, Y[:4]), ShapeError, ["fit", "(10, 3)", "(4, 1)"]),
    "nothing": (lambda: network().fit(X[:0], Y[:0]), ShapeError, ["at least one", "(0, 3)"]),
    "no axes": (lambda: network().fit(3.0, 1.0), ShapeError, ["x of shape ()"]),
    "negative epochs": (lambda: network().fit(X, Y, epochs=-1), ValueError, ["epochs >= 0", "-1"]),
    "empty batches": (lambda: network().fit(X, Y, batch_size=0), ValueError, ["batch_size >= 1", "0"]),
    "wrong labels": (lambda: network().fit(X, np.zeros((10, 4))), ShapeError, ["binary_crossentropy", "(10, 4)"]),
    "labels beyond one": (lambda: network().fit(X, Y + 1), ShapeError, ["labels from 0 to 1", "2.0"]),
    "wrong width": (lambda: network().fit(X[:, :2], Y, verbose=0), ShapeError, ["dense", "3", "2"]),
    "validation lengths": (
        lambda: network().fit(X, Y, validation_data=(X, Y[:2])), ShapeError, ["validation_data", "(2, 1)"],
    ),
    "validation alone": (lambda: network().fit(X, Y, validation_data=(X,)), ValueError, ["(x, y)", "1 parts"]),
    "validation split": (
        lambda: network().fit(X, Y, validation_split=1.0), ValueError, ["validation_split", "10", "1.0"],
    ),
    "both weights": (
        lambda: network().fit(X, Y, class_weight={}, sample_weight=Y), ValueError, ["class_weight or sample_weight"],
    ),
    "too few weights": (lambda: network().fit(X, Y, sample_weight=[1.0]), ShapeError, ["sample_weight", "10", "(1,)"]),
    "a class too many": (lambda: network().fit(X, Y, class_weight={2: 1.0}), ValueError, ["from 0 to 1", "2"]),
    "validation classes": (
        lambda: network().fit(X, Y, validation_data={"x": X, "y": Y}), ValueError, ["(x, y, sample_weight)", "dict"],
    ),
    "half an epoch": (lambda: network().fit(X, Y, epochs=1.5), ValueError, ["epochs", "whole number", "1.5"]),
    "half a batch": (lambda: network().predict(X, batch_size=0.5), ValueError, ["batch_size", "whole number", "0.5"]),
    "before the first": (lambda: network().fit(X, Y, initial_epoch=-1), ValueError, ["initial_epoch >= 0", "-1"]),
    "all is frozen": (lambda: frozen().fit(X, Y), ValueError, ["no weights to train", "frozen"]),
    "one metric twice": (lambda: network(metrics=["mae", "mae"]), ValueError, ["two metrics are called mae"]),
    "unknown device": (lambda: network().fit(X, Y, device="tpu"), DeviceError, ["'tpu'", "'numpy'"]),
    "unknown loss": (lambda: network(loss="mean"), ValueError, ["unknown loss 'mean'", "mse"]),
    "no loss": (lambda: network(loss=None), TypeError, ["loss", "None"]),
    "unknown optimizer": (lambda: network(optimizer="adan"), ValueError, ["unknown optimizer 'adan'", "adam"]),
    "unknown metric": (lambda: network(metrics=["f1"]), ValueError, ["unknown metric 'f1'", "binary_accuracy"]),
    "texts": (lambda: network().predict(["abc"]), TypeError, ["predict", "x as numbers", "texts"]),
    "rows of two lengths": (lambda: network().predict([[1], [1, 2]]), TypeError, ["predict", "rows of one length"]),
    "validation of another width": (
        lambda: network().fit(X, Y, validation_data=(X[:, :2], Y)), ShapeError, ["validation_data", "(3,)", "(2,)"],
    ),
    "validation as one array": (
        lambda: network().fit(X, Y, validation_data=X), ValueError, ["(x, y, sample_weight)", "one ndarray"],
    ),
    "verbose in a list": (lambda: network().fit(X, Y, verbose=[1]), ValueError, ["verbose", "[1]"]),
    "images": (lambda: network().predict(np.zeros((2, 28, 28))), ShapeError, ["dense", "(2, 28, 28)"]),
    "predict nothing": (lambda: network().predict(X[:0]), ShapeError, ["predict", "(0, 3)"]),
    "predict one number": (lambda: network().predict(3.0), ShapeError, ["predict", "()"]),
    "evaluate labels": (lambda: network().evaluate(X, Y[:3]), ShapeError, ["evaluate", "(3, 1)"]),
}  # fmt: skip


def test_validation_that_does_not_fit_is_refused_before_the_first_epoch():
    model = network()
    model.predict(X)
    before = model.get_weights()
    with pytest.raises(ShapeError, match="validation_data"):
        model.fit(X, Y, validation_data=(X[:, :2], Y), verbose=0)
    assert all(np.array_equal(*pair) for pair in zip(before, model.get_weights()))


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named(name):
    mistake, kind, named = MISTAKES[name]
    assert_refused(mistake, kind, *named)
