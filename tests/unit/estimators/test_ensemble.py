"""Ensembles: the vote counted by hand, members that differ, and labels that come back."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import pydl
from pydl import nn
from pydl.data import DataError
from pydl.estimators import DNNClassifier, Ensemble, NotFittedError, vote
from pydl.nn import functional as F

from .blobs import blobs

X, Y = blobs()
NAMES = np.array(["ant", "bee", "cat"])[Y]
QUICK = DNNClassifier((6,), epochs=4, learning_rate=0.02, device="numpy")

# Three members, two samples: for the first, two prefer class 1 by a little and one class 0 by far.
PROBABILITIES = np.array(
    [[[0.95, 0.05, 0.0], [0.2, 0.3, 0.5]], [[0.4, 0.5, 0.1], [0.2, 0.7, 0.1]], [[0.4, 0.5, 0.1], [0.6, 0.3, 0.1]]]
)


def test_a_soft_vote_is_the_largest_mean_and_a_hard_one_the_most_votes():
    assert vote(PROBABILITIES).tolist() == [0, 1]
    assert vote(PROBABILITIES, "hard").tolist() == [1, 0], "of three equals the first"
    assert vote(list(PROBABILITIES.astype(np.float32)), "soft").tolist() == [0, 1]


def test_votes_have_weights():
    assert vote(PROBABILITIES, "hard", [3, 1, 1]).tolist() == [0, 2]
    assert vote(PROBABILITIES, "soft", [0, 1, 1]).tolist() == [1, 1]


@pytest.mark.parametrize(
    "probabilities, voting, weights, message",
    [
        (PROBABILITIES[0], "soft", None, r"expected probabilities of shape \(members, samples, classes\)"),
        (PROBABILITIES[:0], "soft", None, "expected probabilities of shape"),
        ([[["a"]]], "soft", None, "received <U1 of shape"),
        (PROBABILITIES, "loud", None, 'expected voting as "soft" or "hard", received .loud'),
        (PROBABILITIES, "soft", [1, 2], "expected 3 weights from 0, not all of them 0, received"),
        (PROBABILITIES, "soft", [0, 0, 0], "expected 3 weights"),
        (PROBABILITIES, "soft", [1, -1, 1], "expected 3 weights"),
    ],
)
def test_votes_without_a_meaning_are_refused(probabilities, voting, weights, message):
    with pytest.raises(DataError, match=message):
        vote(probabilities, voting, weights)


@pytest.mark.parametrize("voting", ["soft", "hard"])
def test_an_ensemble_votes_with_its_members_outputs(voting):
    ensemble = Ensemble([QUICK] * 3, voting=voting, weights=[1, 2, 1]).fit(X, NAMES)
    outputs = np.array([member.predict_proba(X) for member in ensemble.estimators_])
    np.testing.assert_array_equal(ensemble.member_probabilities(X), outputs)
    expected = np.array(["ant", "bee", "cat"])[vote(outputs, voting, [1, 2, 1])]
    np.testing.assert_array_equal(ensemble.predict(X), expected)
    np.testing.assert_allclose(ensemble.predict_proba(X).sum(axis=1), 1, rtol=1e-6)
    assert ensemble.score(X, NAMES) == (expected == NAMES).mean()
    assert ensemble.member_scores(X, NAMES) == [member.score(X, NAMES) for member in ensemble.estimators_]
    assert ensemble.classes_.tolist() == ["ant", "bee", "cat"] and not hasattr(QUICK, "classes_")


def test_members_without_a_random_state_are_all_different_and_follow_the_seed():
    results = []
    for seed in (1, 1, 2):
        pydl.seed(seed)
        results.append(Ensemble([QUICK] * 3).fit(X, Y).member_probabilities(X))
    assert all(np.abs(a - b).max() > 1e-3 for a, b in ((0, 1), (1, 2), (0, 2)) for a, b in [results[0][[a, b]]])
    np.testing.assert_array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


def test_members_with_a_random_state_keep_it():
    members = [DNNClassifier(**{**QUICK.get_params(), "random_state": state}) for state in (4, 5)]
    ensemble = Ensemble(members).fit(X, Y)
    assert [member.random_state for member in ensemble.estimators_] == [4, 5]
    expected = [DNNClassifier(**member.get_params()).fit(X, Y).predict_proba(X) for member in members]
    np.testing.assert_array_equal(ensemble.member_probabilities(X), expected)


def test_executors_train_the_same_members():
    results = []
    processes = ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
    for executor in (None, ThreadPoolExecutor(2), processes):
        pydl.seed(3)
        weights = np.linspace(0.5, 1, len(X))
        results.append(Ensemble([QUICK] * 2).fit(X, Y, executor=executor, sample_weight=weights).predict_proba(X))
        if executor:
            executor.shutdown()
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def a_model(activation, seed):
    pydl.seed(seed)
    model = nn.Sequential([nn.Dense(8, activation="relu"), nn.Dense(3, activation=activation)])
    loss = pydl.losses.SparseCategoricalCrossentropy(from_logits=activation is None)
    model.compile(pydl.optim.Adam(0.02), loss, metrics=["accuracy"])
    model.fit(X, Y, epochs=5, verbose=0, device="numpy")
    return model


def test_trained_models_and_classifiers_vote_as_they_are():
    logits, softmax = a_model(None, 1), a_model("softmax", 2)
    fitted = DNNClassifier(**{**QUICK.get_params(), "random_state": 1}).fit(X, Y)
    ensemble = Ensemble([logits, softmax, fitted])
    outputs = [F.softmax(logits(X)).numpy(), softmax(X).numpy(), fitted.predict_proba(X)]
    np.testing.assert_allclose(ensemble.member_probabilities(X), outputs, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(ensemble.predict(X), np.mean(outputs, axis=0).argmax(axis=1))
    assert ensemble.score(X, Y) == (ensemble.predict(X) == Y).mean()
    with pytest.raises(DataError, match="expected estimators, received Sequential: models vote as they are"):
        ensemble.fit(X, Y)


def test_several_are_better_than_each_of_them():
    """Members that each learned another few of noisy data by heart: their mistakes are their own (0.73 to 0.69)."""
    x, y = blobs(240, spread=0.9, seed=5)
    x_test, y_test = blobs(3000, spread=0.9, seed=60)
    random = np.random.default_rng(0)
    members = []
    for state in range(7):
        rows = random.choice(len(x), 40, replace=False)
        pattern = {**QUICK.get_params(), "hidden_units": (64,), "epochs": 150, "random_state": state}
        members.append(DNNClassifier(**pattern).fit(x[rows], y[rows]))
    ensemble = Ensemble(members)
    assert ensemble.score(x_test, y_test) > max(ensemble.member_scores(x_test, y_test))


def test_what_cannot_vote_is_refused():
    with pytest.raises(NotFittedError, match="its estimators were not fitted yet"):
        Ensemble([QUICK]).predict(X)
    with pytest.raises(DataError, match="expected at least one estimator or model"):
        Ensemble([]).fit(X, Y)
    with pytest.raises(DataError, match="expected estimators or models, received 'relu'"):
        Ensemble(["relu"]).fit(X, Y)
    with pytest.raises(DataError, match="Ensemble.fit: expected as many labels as samples"):
        Ensemble([QUICK]).fit(X, Y[:-1])
    two, three = DNNClassifier(**QUICK.get_params()).fit(X, Y == 1), DNNClassifier(**QUICK.get_params()).fit(X, Y)
    with pytest.raises(DataError, match="expected members that know the same classes, received outputs of"):
        Ensemble([two, three]).predict(X)
    named = DNNClassifier(**QUICK.get_params()).fit(X, NAMES)
    with pytest.raises(DataError, match="expected members that know the same labels"):
        Ensemble([named, three]).predict(X)
    regression = nn.Sequential([nn.Dense(1)], input_shape=(2,))
    with pytest.raises(DataError, match=r"one output per class \(n, classes\), received outputs \(150, 1\)"):
        Ensemble([regression]).predict(X)
