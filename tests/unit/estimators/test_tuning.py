"""The search gives the same Trials by every executor, in the order of their scores, and outlives its failures."""

import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

import pydl
from pydl import nn
from pydl.data import DataError, train_test_split
from pydl.estimators import DNNClassifier, Trial, search

from .blobs import blobs

X, Y = blobs()
QUICK = DNNClassifier((8,), epochs=15, learning_rate=0.02, dropout=0.1, device="numpy")
GRID = {"hidden_units": [(4,), (16,)], "learning_rate": [1e-6, 0.02]}


def spawned(workers=2):
    """Processes that know nothing of this one: what they are sent has to be whole."""
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def summary(trials):
    return [(trial.parameters, trial.score, trial.error, trial.history) for trial in trials]


def test_every_combination_is_tried_and_the_best_comes_first():
    trials = search(QUICK, GRID, X, Y)
    assert sorted((t.parameters["hidden_units"], t.parameters["learning_rate"]) for t in trials) == [
        ((4,), 1e-6), ((4,), 0.02), ((16,), 1e-6), ((16,), 0.02)
    ]  # fmt: skip
    scores = [trial.score for trial in trials]
    assert scores == sorted(scores, reverse=True) and scores[0] > 0.75
    assert {trial.parameters["learning_rate"] for trial in trials[:2]} == {0.02}
    assert all(trial.seconds > 0 and len(trial.history["loss"]) == 15 for trial in trials)
    assert not hasattr(QUICK, "classes_"), "the estimator that was given is only a pattern"


def test_a_trial_is_what_one_finds_by_hand():
    trials = search(QUICK, {"hidden_units": [(5,)]}, X, Y, seed=3)
    x, x_val, y, y_val = train_test_split(X, Y, test_size=0.25, seed=3)
    pydl.seed(3)
    by_hand = DNNClassifier((5,), epochs=15, learning_rate=0.02, dropout=0.1, device="numpy").fit(x, y)
    assert trials[0].score == by_hand.score(x_val, y_val) and trials[0].history == by_hand.history_


def test_validation_data_may_be_given():
    x_val, y_val = blobs(seed=1)
    trial = search(QUICK, {"random_state": [7]}, X, Y, validation_data=(x_val, y_val))[0]
    expected = DNNClassifier(**{**QUICK.get_params(), "random_state": 7}).fit(X, Y).score(x_val, y_val)
    assert trial.score == expected


@pytest.mark.parametrize("executor", [partial(ThreadPoolExecutor, 3), spawned])
def test_every_executor_finds_the_same(executor):
    with executor() as workers:
        found = search(QUICK, GRID, X, Y, executor=workers)
    assert summary(found) == summary(search(QUICK, GRID, X, Y))


def test_dask_finds_the_same():
    distributed = pytest.importorskip("distributed", reason="Dask's distributed is not installed")
    with distributed.Client(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, silence_logs=50
    ) as client:
        found = search(QUICK, GRID, X, Y, executor=client.get_executor())
    assert summary(found) == summary(search(QUICK, GRID, X, Y))


def test_one_that_fails_does_not_lose_the_others():
    grid = {"activation": ["relu", "rellu"], "learning_rate": [0.02, -1]}
    with spawned() as workers:
        for executor in (None, workers):
            trials = search(QUICK, grid, X, Y, executor=executor)
            assert trials[0].error is None and trials[0].score > 0.7
            assert [trial.error is None for trial in trials] == [True, False, False, False]
            errors = {(t.parameters["activation"], t.parameters["learning_rate"]): t.error for t in trials}
            assert errors["rellu", 0.02].startswith("ValueError: unknown activation 'rellu'")
            assert all(np.isnan(trial.score) and "\n" not in trial.error for trial in trials[1:])


class Dies(DNNClassifier):
    """Takes its process with it."""

    def fit(self, X, y, **options):
        if self.epochs == 2 and multiprocessing.parent_process():
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y, **options)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork, for a class of a test")
def test_a_worker_that_dies_is_a_failure_like_others():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as workers:
        pattern = Dies((4,), epochs=1, device="numpy")
        trials = search(pattern, {"epochs": [1, 2]}, X, Y, executor=workers)
    assert [trial.parameters["epochs"] for trial in trials] == [1, 2]
    assert trials[0].error is None and trials[1].error.startswith("BrokenProcessPool: ")


def test_what_cannot_be_sent_is_told():
    with spawned(1) as workers, pytest.raises(RuntimeError, match="search: all 1 candidates failed, the first with"):
        search(lambda **parameters: QUICK, {"epochs": [1]}, X, Y, executor=workers)


def test_where_all_fail_the_first_error_is_told():
    with pytest.raises(RuntimeError, match="all 2 candidates failed, the first with ValueError: .*steps.*received 0$"):
        search(QUICK, {"steps": [0, -1]}, X, Y)
    with pytest.raises(RuntimeError, match="DNNClassifier: unknown parameter 'stepz'"):
        search(QUICK, {"stepz": [1]}, X, Y)


# ---- candidates by chance


def sampler(generator):
    units = (int(generator.integers(2, 9)),)
    return {"hidden_units": units, "learning_rate": float(10 ** generator.uniform((), -3, -1))}


def test_a_sampler_draws_candidates_from_the_seed():
    first, again, other = (search(QUICK, sampler, X, Y, trials=3, seed=seed) for seed in (1, 1, 2))
    assert summary(first) == summary(again)
    assert len({trial.parameters["learning_rate"] for trial in (*first, *other)}) == 6
    assert all(0.001 <= trial.parameters["learning_rate"] <= 0.1 for trial in first)


def test_some_of_a_grid_are_drawn_without_repeating():
    grid = {"random_state": range(20), "epochs": [1]}
    chosen = [{t.parameters["random_state"] for t in search(QUICK, grid, X, Y, trials=5, seed=s)} for s in (1, 2)]
    assert [len(states) for states in chosen] == [5, 5] and chosen[0] != chosen[1]
    assert len(search(QUICK, {"epochs": [1, 2]}, X, Y, trials=9)) == 2


# ---- functions and models


def build_model(units):
    model = nn.Sequential([nn.Dense(units, activation="relu"), nn.Dense(3)])
    loss = "mse" if units == 1 else pydl.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def build_regression(rate):
    model = nn.Sequential([nn.Dense(1)])
    model.compile(pydl.optim.SGD(rate), "mse")
    return model


FIT = {"epochs": 30, "batch_size": 8, "verbose": 0, "device": "numpy"}


def test_a_function_may_build_models_measured_by_their_accuracy():
    trials = search(build_model, {"units": [1, 16]}, X, Y, fit=FIT)
    assert trials[0].parameters == {"units": 16} and trials[0].score > 0.75
    assert "ShapeError" in trials[1].error and trials[0].history["accuracy"][-1] > 0.75


def test_models_without_a_metric_are_measured_by_their_loss_and_by_a_scoring_of_ones_own():
    y = X @ np.float32([[2], [-1]])
    by_loss = search(build_regression, {"rate": [0.001, 0.1]}, X, y, fit={**FIT, "epochs": 3})
    assert [trial.parameters["rate"] for trial in by_loss] == [0.1, 0.001]
    assert by_loss[0].score == pytest.approx(0, abs=1e-3) and by_loss[1].score < -0.01
    worst = search(build_regression, {"rate": [0.001, 0.1]}, X, y, fit={**FIT, "epochs": 3}, scoring=error_of)
    assert [trial.parameters["rate"] for trial in worst] == [0.001, 0.1]


def error_of(model, x, y):
    return float(np.abs(model.predict(x) - y).mean())


def nan_for_four(classifier, x, y):
    return np.nan if classifier.hidden_units == (4,) else classifier.score(x, y)


def test_a_score_that_is_no_number_comes_after_those_that_are():
    trials = search(QUICK, GRID, X, Y, scoring=nan_for_four)
    assert [trial.parameters["hidden_units"] for trial in trials] == [(16,), (16,), (4,), (4,)]


@pytest.mark.parametrize(
    "grid, options, message",
    [
        ({"epochs": []}, {}, "expected a grid like"),
        ({"activation": "relu"}, {}, "expected a grid like"),
        ([1, 2], {}, "expected a grid like .* or a sampler, received"),
        (sampler, {}, "expected trials, the number of candidates to draw from the sampler"),
        (GRID, {"executor": 3}, "expected executor as a concurrent.futures.Executor or None, received 3"),
        (GRID, {"trials": 0}, "expected trials as an integer above 0, received 0"),
        (GRID, {"validation_fraction": 2.0}, "expected test_size as a share"),
    ],
)
def test_searches_without_a_meaning_are_refused(grid, options, message):
    with pytest.raises(DataError, match=message):
        search(QUICK, grid, X, Y, **options)
    with pytest.raises(DataError, match="expected as many labels as samples"):
        search(QUICK, GRID, X, Y[:-1])


def test_a_trial_reads_well():
    assert repr(Trial({"epochs": 1}, 0.5, 2.0)) == "Trial(parameters={'epochs': 1}, score=0.5, seconds=2.0, error=None)"
