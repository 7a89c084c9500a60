"""What `fit` makes small, and by what: weights of samples and classes, penalties, frozen layers, the mode of a step."""

import json

import numpy as np
import pytest

import pydl
from pydl import losses, nn, optim
from pydl.configurable import ConfigError
from pydl.random import Generator
from tests.unit.train.by_hand import ByHand, X, Y, losses_of, network, same_weights

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


# ---- the dtype of a step


def test_data_in_numpys_default_dtype_are_learned_in_the_dtype_of_the_weights():
    single, double = network(), network()
    double.set_weights(single.get_weights())
    x = X.astype(np.float32)
    for model, data in ((single, x), (double, x.astype(np.float64))):
        model.fit(data, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    for one, other in zip(single.get_weights(), double.get_weights()):
        np.testing.assert_array_equal(one, other)
    assert double.predict(x.astype(np.float64)).dtype == np.float32
