"""DNNClassifier learns what the same layers learn by hand, from labels of any kind, and refuses what it cannot."""

import copy
import pickle
import threading

import numpy as np
import pytest

import pydl
from pydl import callbacks, losses, nn, optim
from pydl.data import DataError
from pydl.estimators import DNNClassifier, NotFittedError
from pydl.nn import functional as F

from .blobs import blobs

X, Y = blobs()
QUICK = {"hidden_units": (16,), "epochs": 20, "learning_rate": 0.01, "random_state": 0, "device": "numpy"}


def quick(**changed):
    return DNNClassifier(**{**QUICK, **changed})


def test_it_learns_and_tells_how_well():
    classifier = quick()
    assert classifier.fit(X, Y) is classifier
    right = classifier.predict(X) == Y
    assert classifier.score(X, Y) == pytest.approx(right.mean()) and right.mean() > 0.8
    weights = np.arange(len(Y))
    assert classifier.score(X, Y, weights) == pytest.approx((right * weights).sum() / weights.sum())
    assert list(classifier.history_) == ["loss", "accuracy"] and len(classifier.history_["loss"]) == 20
    assert classifier.n_features_in_ == 2 and classifier.classes_.tolist() == [0, 1, 2]


def test_it_is_the_network_written_out_by_hand():
    classifier = quick(hidden_units=[8, 4], activation="tanh", epochs=3).fit(X, Y)
    pydl.seed(0)
    model = nn.Sequential([nn.Dense(8, "tanh"), nn.Dense(4, "tanh"), nn.Dense(3)], input_shape=(2,))
    model.compile(optim.Adam(0.01), losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"])
    history = model.fit(X, Y, batch_size=32, epochs=3, verbose=0, device="numpy").history
    assert classifier.history_ == history
    np.testing.assert_array_equal(classifier.predict_proba(X), F.softmax(model(X)).numpy())
    assert list(classifier.model_.named_weights()) == [
        f"{layer}/{weight}" for layer in ("hidden1", "hidden2", "outputs") for weight in ("kernel", "bias")
    ]


def test_probabilities_are_rows_that_sum_to_1():
    probabilities = quick().fit(X, Y).predict_proba(X)
    assert probabilities.shape == (len(X), 3) and probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["zebra", "ant", "모기"]),
        np.array(["zebra", "ant", "mite"], object),
        np.array([7, -3, 100]),
        np.array([2.0, 0.0, 5.0]),
        np.array([200, 3, 5], np.uint8),
    ],
)
def test_labels_of_any_kind_come_back(labels):
    y = labels[Y]
    classifier = quick().fit(X, y)
    predicted = classifier.predict(X)
    assert predicted.dtype == y.dtype and (predicted == y).mean() > 0.8
    np.testing.assert_array_equal(classifier.classes_, np.unique(labels))
    np.testing.assert_array_equal(predicted, classifier.classes_[classifier.predict_proba(X).argmax(axis=1)])
    assert classifier.score(X, y) == (predicted == y).mean()


def test_two_classes_and_truth_values():
    x, y = blobs(classes=2)
    classifier = quick().fit(x, y == 1)
    assert classifier.predict_proba(x).shape == (len(x), 2) and classifier.predict(x).dtype == bool
    assert classifier.score(x, y == 1) > 0.9


def test_with_n_classes_labels_are_class_numbers_even_those_that_do_not_occur():
    classifier = quick(n_classes=5).fit(X, Y + 1)
    assert classifier.classes_.tolist() == [0, 1, 2, 3, 4]
    assert classifier.predict_proba(X).shape == (len(X), 5) and classifier.score(X, Y + 1) > 0.8
    for y in (Y + 3, Y - 1, np.array(["a", "b", "c"])[Y]):
        with pytest.raises(DataError, match="with n_classes=5 labels must be integers from 0 to 4, received"):
            quick(n_classes=5).fit(X, y)


def test_no_hidden_layer_is_softmax_regression():
    classifier = quick(hidden_units=()).fit(X, Y)
    assert list(classifier.model_.named_weights()) == ["outputs/kernel", "outputs/bias"]
    assert classifier.score(X, Y) > 0.7


def test_dropout_and_batch_normalisation_go_where_they_belong():
    model = quick(hidden_units=(4, 3), dropout=0.2, batch_norm=True, epochs=1).fit(X, Y).model_
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Dense", "BatchNormalization", "Activation", "Dropout"] * 2 + ["Dense"]
    assert model.layers[3].rate == 0.2 and "hidden1/bias" not in model.named_weights()
    kinds = [type(layer).__name__ for layer in quick(dropout=0.2, epochs=1).fit(X, Y).model_.layers]
    assert kinds == ["Dense", "Dropout", "Dense"]


# ---- how long


def taken(classifier):
    return int(classifier.model_.optimizer.iterations)


@pytest.mark.parametrize(
    "epochs, steps, expected",
    [(None, None, 50), (3, None, 15), (None, 1, 1), (None, 7, 7), (None, 10, 10), (2, 7, 7), (1, 7, 5), (9, 6, 6)],
)
def test_training_ends_after_the_steps_or_epochs_that_were_asked_for(epochs, steps, expected):
    classifier = quick(epochs=epochs, steps=steps).fit(X, Y)  # 150 samples: 5 batches of 32
    assert taken(classifier) == expected
    assert len(classifier.history_["loss"]) == -(-expected // 5)


def test_each_fit_starts_anew_with_an_optimizer_of_its_own():
    chosen = optim.SGD(0.5, momentum=0.9)
    classifier = quick(optimizer=chosen, learning_rate=None, epochs=2).fit(X, Y)
    first = classifier.predict_proba(X)
    trained = classifier.model_.optimizer
    assert isinstance(trained, optim.SGD) and trained is not chosen and trained.momentum == 0.9
    assert trained.learning_rate.item() == 0.5 and int(chosen.iterations) == 0 and not chosen.parameters
    np.testing.assert_array_equal(classifier.fit(X, Y).predict_proba(X), first)
    assert quick(optimizer=chosen, learning_rate=0.1).fit(X, Y).model_.optimizer.learning_rate.item() == 0.1
    for name, default in (("adam", 0.001), ("sgd", 0.01)):
        optimizer = quick(optimizer=name, learning_rate=None, epochs=1).fit(X, Y).model_.optimizer
        assert optimizer.learning_rate.item() == default


def test_early_stopping_keeps_the_best_weights_of_data_held_apart():
    classifier = quick(early_stopping=True, epochs=300, n_iter_no_change=4, learning_rate=0.05).fit(X, Y)
    losses_seen = classifier.history_["val_loss"]
    assert len(losses_seen) < 300 and np.argmin(losses_seen) == len(losses_seen) - 1 - 4
    assert taken(classifier) == 5 * len(losses_seen), "135 samples are 5 batches; all 150 would be, too"
    x_val, y_val = blobs(seed=1)
    classifier = quick(early_stopping=True, epochs=60, n_iter_no_change=2, learning_rate=0.05)
    classifier.fit(X, Y, validation_data=(x_val, y_val))
    numbers = -np.log(classifier.predict_proba(x_val)[np.arange(len(y_val)), y_val])
    assert numbers.mean() == pytest.approx(min(classifier.history_["val_loss"]), rel=1e-5), "the best weights"


def test_data_held_apart_are_a_stratified_share():
    seen = {}

    class Spy(callbacks.Callback):
        def on_train_begin(self, logs):
            seen.update(self.params)

    quick(early_stopping=True, validation_fraction=0.2, epochs=1).fit(X, Y, callbacks=[Spy()])
    assert seen["samples"] == 120
    y = Y.copy()
    y[0] = 9  # a class of one sample cannot be in both parts
    quick(early_stopping=True, epochs=1).fit(X, y)


def test_validation_data_are_measured_after_every_epoch():
    names = np.array(["a", "b", "c"])
    classifier = quick(epochs=3).fit(X, names[Y], validation_data=(X[:50], names[Y[:50]]))
    assert list(classifier.history_) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert classifier.history_["val_accuracy"][-1] == pytest.approx(classifier.score(X[:50], names[Y[:50]]))
    with pytest.raises(DataError, match="validation_data: the label z does not occur in the training data"):
        quick().fit(X, names[Y], validation_data=(X[:1], ["z"]))


def test_samples_count_by_their_weights():
    y = Y.copy()
    y[:75] = 0  # half of the labels say 0, and count for nothing
    weight = np.r_[np.zeros(75), np.ones(75)]
    assert quick().fit(X, y, sample_weight=weight).score(X, Y) > 0.8 > quick().fit(X, y).score(X, Y)
    for wrong, message in (
        (np.ones(3), r"expected sample_weight of shape \(150,\), received \(3,\)"),
        (np.zeros(150), "expected sample_weight from 0, finite and not all 0, received 0.0 to 0.0"),
        (-weight, "finite and not all 0, received -1.0 to"),
        (weight + np.nan, "finite and not all 0, received nan"),
    ):
        with pytest.raises(DataError, match=message):
            quick().fit(X, Y, sample_weight=wrong)


def test_bytes_are_learned_as_they_are():
    x = np.clip(X * 40 + 128, 0, 255).astype(np.uint8)
    as_bytes, as_floats = (quick(epochs=2).fit(data, Y).predict_proba(data) for data in (x, x.astype(np.float64)))
    np.testing.assert_array_equal(as_bytes, as_floats)


# ---- chance


def test_a_random_state_decides_everything_and_leaves_the_default_generator_alone():
    pydl.seed(5)
    expected = pydl.random.default.uniform(4)
    pydl.seed(5)
    first = quick(dropout=0.1, early_stopping=True).fit(X, Y).predict_proba(X)
    np.testing.assert_array_equal(pydl.random.default.uniform(4), expected)
    np.testing.assert_array_equal(quick(dropout=0.1, early_stopping=True).fit(X, Y).predict_proba(X), first)
    other = quick(dropout=0.1, early_stopping=True, random_state=1).fit(X, Y).predict_proba(X)
    assert np.abs(other - first).max() > 1e-3


def test_without_a_random_state_the_default_generator_decides():
    results = []
    for seed in (1, 1, 2):
        pydl.seed(seed)
        results.append(quick(random_state=None, epochs=1).fit(X, Y).predict_proba(X))
    np.testing.assert_array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


def test_threads_take_turns_and_find_what_one_alone_finds():
    seeds = range(4)
    alone = [quick(random_state=seed, dropout=0.2, epochs=5).fit(X, Y).predict_proba(X) for seed in seeds]
    together = {}

    def train(seed):
        together[seed] = quick(random_state=seed, dropout=0.2, epochs=5).fit(X, Y).predict_proba(X)

    threads = [threading.Thread(target=train, args=(seed,)) for seed in seeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in seeds:
        np.testing.assert_array_equal(together[seed], alone[seed])


# ---- copies


def test_a_pickled_or_copied_classifier_is_the_same_one():
    classifier = quick(dropout=0.1, batch_norm=True, optimizer=optim.SGD(momentum=0.5))
    classifier.fit(X, np.array(["a", "b", "c"])[Y])
    counter = int(pydl.random.default.counter)
    for twin in (pickle.loads(pickle.dumps(classifier)), copy.deepcopy(classifier)):
        np.testing.assert_array_equal(twin.predict_proba(X), classifier.predict_proba(X))
        np.testing.assert_array_equal(twin.predict(X), classifier.predict(X))
        assert twin.history_ == classifier.history_ and twin.get_params().keys() == classifier.get_params().keys()
        twin.fit(X, Y)
        assert classifier.classes_.tolist() == ["a", "b", "c"], "a copy's training is its own"
    assert int(pydl.random.default.counter) == counter, "nothing is drawn for weights that are there"
    assert not hasattr(pickle.loads(pickle.dumps(quick())), "model_")


def test_parameters_are_stored_as_they_are_given():
    units = [300, 100]
    classifier = DNNClassifier(hidden_units=units, steps=5)
    assert classifier.get_params()["hidden_units"] is units and classifier.hidden_units is units
    assert classifier.set_params(steps=7, dropout=0.5) is classifier
    assert (classifier.steps, classifier.dropout) == (7, 0.5)
    with pytest.raises(ValueError, match="DNNClassifier: unknown parameter 'stepz'; known are hidden_units, act"):
        classifier.set_params(steps=8, stepz=1)
    assert classifier.steps == 7, "all or nothing"
    assert repr(classifier) == "DNNClassifier(hidden_units=[300, 100], dropout=0.5, steps=7)"
    assert repr(DNNClassifier()) == "DNNClassifier()"


# ---- what is refused


def with_a(value):
    x = X.astype(np.float64).copy()
    x[3, 1] = value
    return x


REFUSED = {
    "NaN": (with_a(np.nan), Y, "no NaN and no inf; received nan in row 3, column 1 of X"),
    "infinity": (with_a(-np.inf), Y, "received -inf in row 3, column 1 of X"),
    "too large": (with_a(1e39), Y, r"expected numbers that float32 can hold, .* received 1e\+39 in row 3"),
    "texts": (np.array([["a", "b"]]), [0], "expected X as numbers, received <U1"),
    "complex numbers": (X * 1j, Y, "expected X as numbers, received complex64"),
    "a vector": (X[:, 0], Y, r"expected X of shape \(samples, features\), received \(150,\). Reshape your data"),
    "images": (np.zeros((2, 4, 4)), [0, 1], r"received \(2, 4, 4\). Reshape your data .* X.reshape\(len\(X\), -1\)"),
    "no samples": (X[:0], Y[:0], r"received \(0, 2\)"),
    "too few labels": (X, Y[:-1], "expected as many labels as samples, received 149 and 150"),
    "one-hot labels": (X, np.eye(3)[Y], r"expected y of shape \(150,\), received \(150, 3\); for one-hot rows: y.arg"),
    "no labels": (X, None, r"expected y of shape \(150,\), received \(\)"),
    "real numbers as labels": (X, Y + 0.37, "expected y as class labels, received the number 0.37"),
    "missing labels": (X, Y * np.nan, "expected y as class labels, received the number nan"),
    "one class": (X, Y * 0, "expected labels of at least two classes, received one class, 0"),
    "mixed labels": (X[:2], np.array([1, "a"], object), "expected labels of one kind"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_data_that_cannot_be_learned_from_are_refused_with_one_line(what):
    x, y, message = REFUSED[what]
    classifier = quick()
    with pytest.raises(DataError, match=message) as caught:
        classifier.fit(x, y)
    assert str(caught.value).startswith("DNNClassifier.fit: ") and "\n" not in str(caught.value)
    assert not hasattr(classifier, "classes_")


def test_a_failed_fit_leaves_the_fitted_network_as_it_was():
    classifier = quick().fit(X, Y)
    before = classifier.predict_proba(X)
    with pytest.raises(DataError):
        classifier.fit(with_a(np.nan), Y)
    with pytest.raises(ValueError):
        classifier.set_params(activation="rellu").fit(X, Y)
    np.testing.assert_array_equal(classifier.predict_proba(X), before)


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"steps": 0}, "expected steps as an integer above 0, received 0"),
        ({"epochs": 1.5}, "expected epochs as an integer above 0, received 1.5"),
        ({"batch_size": -1}, "expected batch_size as an integer above 0"),
        ({"activation": "rellu"}, "unknown activation 'rellu': known are"),
        ({"optimizer": "adamm"}, "unknown optimizer 'adamm': known are"),
        ({"learning_rate": -1}, "expected a number above 0"),
        ({"hidden_units": (0,)}, "expected units as an integer above 0, received 0"),
        ({"hidden_units": 5}, r"expected hidden_units as .* like \(300, 100\), received 5"),
        ({"random_state": "a"}, "seed: expected an integer from 0 to .* received 'a'"),
        ({"random_state": -1}, "expected an integer from 0 to"),
        ({"early_stopping": True, "validation_fraction": 1.5}, "expected test_size as a share between 0 and 1"),
    ],
)
def test_parameters_that_make_no_network_are_refused_when_it_is_made(changed, message):
    with pytest.raises(ValueError, match=message):
        quick(**changed).fit(X, Y)


def test_predictions_before_fit_and_of_other_features_are_refused():
    for ask in (lambda c: c.predict(X), lambda c: c.predict_proba(X), lambda c: c.score(X, Y)):
        with pytest.raises(NotFittedError, match=r"expected fit\(X, y\) before predictions"):
            ask(quick())
    with pytest.raises(DataError, match=r"expected 2 features as in fit, received X of shape \(150, 3\)"):
        quick(epochs=1).fit(X, Y).predict(np.c_[X, X[:, 0]])
