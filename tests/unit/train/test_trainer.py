"""compile, fit, evaluate and predict against a loop written by hand in NumPy, and what they refuse."""

import json
import math
import warnings

import numpy as np
import pytest

import pydl
from pydl import DeviceError, ShapeError, data, losses, metrics, nn, optim
from pydl.callbacks import Callback
from pydl.configurable import ConfigError
from pydl.random import Generator
from pydl.train import NonFiniteError

RNG = np.random.default_rng(0)
X = RNG.standard_normal((10, 3)).astype(np.float32)
Y = (X[:, :1] * X[:, 1:2] > 0).astype(np.float32)
XV = RNG.standard_normal((7, 3)).astype(np.float32)
YV = (XV[:, :1] > 0).astype(np.float32)


def network(**options):
    """3-5-1, tanh, binary cross-entropy, its weights from seed 42."""
    pydl.seed(42)
    model = nn.Sequential([nn.Dense(5, activation="tanh"), nn.Dense(1)], input_shape=(3,))
    settings = {"optimizer": optim.SGD(0.5), "loss": losses.BinaryCrossentropy(True), "metrics": ["accuracy"]}
    model.compile(**(settings | options))
    return model


class ByHand:
    """The same network and the same steps, written out in float64 without pydl."""

    def __init__(self, model, rate=0.5):
        self.weights = [p.numpy().astype(np.float64) for p in model.parameters()]
        self.rate = rate

    def forward(self, x):
        w1, b1, w2, b2 = self.weights
        hidden = np.tanh(x @ w1 + b1)
        return hidden, hidden @ w2 + b2

    def figures(self, x, y):
        _, logits = self.forward(x.astype(np.float64))
        p = 1 / (1 + np.exp(-logits))
        loss = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
        return loss, ((p > 0.5) == (y > 0.5)).mean()

    def step(self, x, y):
        before = self.figures(x, y)
        hidden, logits = self.forward(x.astype(np.float64))
        d2 = (1 / (1 + np.exp(-logits)) - y) / len(x)
        d1 = d2 @ self.weights[2].T * (1 - hidden**2)
        gradients = [x.T @ d1, d1.sum(0), hidden.T @ d2, d2.sum(0)]
        self.weights = [w - self.rate * g for w, g in zip(self.weights, gradients)]
        return before

    def epoch(self, x, y, batch_size, order):
        rows = [order[i : i + batch_size] for i in range(0, len(x), batch_size)]
        figures = [self.step(x[r], y[r]) for r in rows]
        return np.average(figures, axis=0, weights=[len(r) for r in rows])


def same_weights(model, reference):
    for parameter, expected in zip(model.parameters(), reference.weights, strict=True):
        np.testing.assert_allclose(parameter.numpy(), expected, rtol=1e-4, atol=1e-6, err_msg=parameter.name)


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
    pixels = RNG.integers(0, 3, (10, 3)).astype(np.uint8)
    ours, reference = network(), network()
    ours.fit(pixels, Y.astype(np.uint8), shuffle=False, verbose=0)
    reference.fit(pixels.astype(np.float32), Y, shuffle=False, verbose=0)
    for a, b in zip(ours.parameters(), reference.parameters()):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_labels_without_the_last_axis_are_taken():
    flat, column = (network().fit(X, y, verbose=0, shuffle=False).history for y in (Y[:, 0], Y))
    assert flat == column


def test_lists_are_data_too():
    assert network().fit(X.tolist(), Y.tolist(), verbose=0).history["loss"][0] > 0


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


def losses_of(reference, x, y):
    """The loss of every sample."""
    p = 1 / (1 + np.exp(-reference.forward(x.astype(np.float64))[1]))
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))[:, 0]


# ---- weights of samples and classes


def test_a_weighted_loss_is_the_sum_of_weight_times_loss_over_the_number_of_samples():
    model = network()
    weights = np.linspace(0, 3, 10)
    expected = (weights * losses_of(ByHand(model), X, Y)).sum() / 10
    received = model.fit(X, Y, batch_size=10, sample_weight=weights, verbose=0).history
    assert received["loss"][0] == pytest.approx(expected, rel=1e-5)
    assert received["accuracy"] == network().fit(X, Y, batch_size=10, verbose=0).history["accuracy"], "no weights there"


def test_class_weights_weigh_the_samples_of_a_class():
    model = network()
    expected = (np.where(Y[:, 0] == 1, 5.0, 1.0) * losses_of(ByHand(model), X, Y)).mean()
    assert model.fit(X, Y, batch_size=10, class_weight={1: 5.0}, verbose=0).history["loss"][0] == pytest.approx(
        expected, rel=1e-5
    )


def test_weights_follow_their_samples_through_shuffles_batches_and_the_split():
    weights = np.where(np.arange(10) < 4, 0.0, 1.0)  # as if the first four were not there
    weighted, reference = network(), network()
    pydl.seed(7)
    history = weighted.fit(X, Y, 3, 3, sample_weight=weights, validation_split=0.3, verbose=0).history
    orders = Generator(7)
    by_hand = ByHand(reference)
    for _ in range(3):
        order = orders.permutation(7)
        for start in range(0, 7, 3):
            rows = order[start : start + 3]
            kept = rows[weights[rows] > 0]
            if len(kept):
                by_hand.rate = 0.5 * len(kept) / len(rows)
                by_hand.step(X[kept], Y[kept])
    same_weights(weighted, by_hand)
    assert history["val_loss"][-1] == pytest.approx(by_hand.figures(X[7:], Y[7:])[0], rel=1e-5)


def test_class_weights_act_like_the_same_weights_of_samples():
    labels = np.arange(10) % 3
    histories = []
    for options in ({"class_weight": {0: 0.1, 2: 3.0}}, {"sample_weight": np.array([0.1, 1.0, 3.0])[labels]}):
        pydl.seed(1)
        model = nn.Sequential([nn.Dense(3)], input_shape=(3,))
        model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
        histories.append(model.fit(X, labels, batch_size=4, epochs=3, verbose=0, **options).history)
    assert histories[0] == histories[1]


def test_evaluate_takes_weights_too():
    model = network(metrics=[])
    weights = np.linspace(0, 3, 10)
    expected = (weights * losses_of(ByHand(model), X, Y)).mean()
    for batch_size in (3, 10):
        received = model.evaluate(X, Y, batch_size, verbose=0, sample_weight=weights)
        assert received == pytest.approx(expected, rel=1e-5)


# ---- what belongs to the loss, what is trained, and in which mode


def test_penalties_are_part_of_the_loss_in_training_and_evaluation():
    def priced(penalty):
        pydl.seed(42)
        model = nn.Sequential([nn.Dense(1, kernel_regularizer=penalty)], input_shape=(3,))
        model.compile(optim.SGD(0.1), "mse")
        return model

    kernel = priced(None).layers[0].kernel.numpy().astype(np.float64)
    plain = priced(None).evaluate(X, Y, verbose=0)
    expected = plain + 0.01 * (kernel**2).sum()
    model = priced("l2")
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(expected, rel=1e-5)
    assert model.fit(X, Y, batch_size=10, verbose=0).history["loss"][0] == pytest.approx(expected, rel=1e-5)
    reference = priced(None)
    reference.fit(X, Y, batch_size=10, verbose=0)
    difference = reference.layers[0].kernel.numpy() - model.layers[0].kernel.numpy()
    np.testing.assert_allclose(difference, 0.1 * 2 * 0.01 * kernel, rtol=1e-3, atol=1e-7)


def test_a_layer_frozen_after_a_fit_stays_as_it_is_in_the_next():
    model = network(optimizer=optim.Adam(0.1))
    model.fit(X, Y, verbose=0)
    first, second = model.layers
    first.trainable = False
    frozen, kept = first.kernel.numpy(), model.optimizer.state()["dense_1/kernel/mean"]
    before = second.kernel.numpy()
    model.fit(X, Y, epochs=2, verbose=0)
    np.testing.assert_array_equal(first.kernel.numpy(), frozen)
    assert (second.kernel.numpy() != before).all()
    assert (kept != 0).all() and not any(name.startswith("dense/") for name in model.optimizer.state())
    first.trainable = True
    model.fit(X, Y, verbose=0)
    assert (first.kernel.numpy() != frozen).all()


def test_what_is_still_trained_keeps_its_slots_when_another_layer_is_frozen():
    model = network(optimizer=optim.Adam(0.1))
    model.fit(X, Y, verbose=0)
    before = model.optimizer.state()
    model.layers[0].trainable = False
    model.fit(X, Y, epochs=0, verbose=0)
    after = model.optimizer.state()
    assert {"learning_rate", "iterations", "dense_1/kernel/mean"} < set(after)
    for name, array in after.items():
        np.testing.assert_array_equal(array, before[name])


def test_an_old_gradient_of_a_frozen_weight_does_no_harm():
    model = network()
    (model(X) ** 2).sum().backward()
    model.layers[0].trainable = False
    model.fit(X, Y, verbose=0)


def test_steps_run_in_training_mode_and_nothing_else_does():
    class Mode(nn.Module):
        def call(self, x, training):
            modes.append(training)
            return x

    modes = []
    model = nn.Sequential([Mode(), nn.Dense(1)], input_shape=(3,))
    model.compile("sgd", "mse")
    for act, mode in ((model.fit, True), (model.evaluate, False)):
        modes.clear()
        act(X, Y, verbose=0)
        *shapes, step = modes  # the mode of the step, after calls that only find out shapes
        assert step == mode and not any(shapes)
    modes.clear()
    with nn.training_mode():
        model.predict(X)
    assert modes == [False]


def test_dropout_acts_while_training_only():
    pydl.seed(1)
    model = nn.Sequential([nn.Dropout(0.5)], input_shape=(3,))
    np.testing.assert_array_equal(model.predict(X), X)
    model = nn.Sequential([nn.Dense(64), nn.Dropout(0.5), nn.Dense(1)], input_shape=(3,))
    model.compile(optim.SGD(1e-20), "mse")
    training = model.fit(X, Y, epochs=3, verbose=0).history["loss"]
    assert len(set(training)) == 3, "other masks in every step"
    assert model.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0) != training[0]


def test_fit_works_where_gradients_are_off():
    with pydl.no_grad():
        inside = network().fit(X, Y, shuffle=False, verbose=0).history
    assert inside == network().fit(X, Y, shuffle=False, verbose=0).history


def test_the_first_epoch_may_have_another_number():
    history = network().fit(X, Y, epochs=5, initial_epoch=3, verbose=0)
    assert history.epoch == [3, 4]
    assert network().fit(X, Y, epochs=3, initial_epoch=3, verbose=0).epoch == []


def test_with_a_single_batch_shuffling_makes_no_difference_and_draws_nothing():
    shuffled, in_order = network(), network()
    drawn = pydl.random.default.counter.item()
    first = shuffled.fit(X, Y, batch_size=10, epochs=3, verbose=0).history
    assert pydl.random.default.counter.item() == drawn
    assert first == in_order.fit(X, Y, batch_size=10, epochs=3, shuffle=False, verbose=0).history


def test_a_metric_that_is_no_mean_is_exact_over_an_epoch():
    model = network(optimizer=optim.SGD(1e-20), metrics=["precision", "f1_score"])
    outputs = model.predict(X)
    received = model.fit(X, Y, batch_size=3, verbose=0).history
    ones, right = (outputs > 0).sum(), ((outputs > 0) & (Y == 1)).sum()
    assert received["precision"] == [pytest.approx(right / ones)]
    assert received["f1_score"] == [pytest.approx(2 * right / (ones + (Y == 1).sum()))]


def test_how_a_model_is_compiled_can_be_written_down_and_done_again():
    model, other = network(optimizer=optim.Adam(0.02, beta_1=0.8)), network()
    assert nn.Sequential([nn.Dense(1)]).get_compile_config() is None
    config = json.loads(json.dumps(model.get_compile_config()))
    other.compile_from_config(config)
    histories = [each.fit(X, Y, epochs=2, shuffle=False, verbose=0).history for each in (model, other)]
    assert histories[0] == histories[1]
    for broken in (None, {}, config | {"loss": "no such loss"}, config | {"metrics": 3}):
        with pytest.raises(ConfigError):
            network().compile_from_config(broken)
    with pytest.raises(ConfigError, match="lambda"):
        network(loss=lambda y_true, y_pred: y_pred).get_compile_config()


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


# ---- a loss that is not a number


def test_a_loss_that_grows_without_bound_blames_the_learning_rate():
    model = nn.Sequential([nn.Dense(4), nn.Dense(1)])
    model.compile(optim.SGD(1000.0), "mse")
    with pytest.raises(NonFiniteError) as error:
        model.fit(X, Y, batch_size=4, epochs=50, verbose=0)
    message = str(error.value)
    for part in ("the loss became", "epoch ", "step ", "of 3", "learning rate 1000 is too large", "Try 100"):
        assert part in message
    assert "\n" not in message


def test_nan_among_the_inputs_is_found():
    x = X.copy()
    x[7, 2] = math.nan
    with pytest.raises(NonFiniteError, match=r"became nan at epoch 1, step 2 of 3\..*inputs.*NaN.*row 3 of the batch"):
        network().fit(x, Y, batch_size=4, shuffle=False, verbose=0)


def test_nan_among_the_labels_is_found():
    y = Y.copy()
    y[0] = math.nan
    with pytest.raises(NonFiniteError, match="epoch 1, step 1 of 1.*the labels of this batch hold NaN"):
        network(loss="mse", metrics=[]).fit(X, y, shuffle=False, verbose=0)


def test_inputs_that_were_not_scaled_are_named():
    model = nn.Sequential([nn.Dense(4), nn.Dense(1)])
    model.compile(optim.SGD(0.1), "mse")
    with pytest.raises(NonFiniteError, match="inputs reach 255. Scale them, pixels to 0..1 by dividing by 255"):
        model.fit(np.full((10, 3), 255, np.uint8), Y, epochs=100, verbose=0)


def test_no_warning_accompanies_the_error():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        test_a_loss_that_grows_without_bound_blames_the_learning_rate()


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
    "images": (lambda: network().predict(np.zeros((2, 28, 28))), ShapeError, ["dense", "(2, 28, 28)"]),
    "predict nothing": (lambda: network().predict(X[:0]), ShapeError, ["predict", "(0, 3)"]),
    "predict one number": (lambda: network().predict(3.0), ShapeError, ["predict", "()"]),
    "evaluate labels": (lambda: network().evaluate(X, Y[:3]), ShapeError, ["evaluate", "(3, 1)"]),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named(name):
    mistake, kind, named = MISTAKES[name]
    with pytest.raises(kind) as error:
        mistake()
    for part in named:
        assert part in str(error.value)
