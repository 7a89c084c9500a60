"""DNNClassifier in scikit-learn's hands: its own checks, cross-validation, grid search, pipelines."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import pydl
from pydl.estimators import DNNClassifier, Ensemble

from .blobs import blobs

base = pytest.importorskip("sklearn.base", reason="scikit-learn is not installed")
checks = pytest.importorskip("sklearn.utils.estimator_checks")
model_selection = pytest.importorskip("sklearn.model_selection")
pipeline = pytest.importorskip("sklearn.pipeline")
preprocessing = pytest.importorskip("sklearn.preprocessing")

X, Y = blobs()
NAMES = np.array(["ant", "bee", "cat"])[Y]
QUICK = DNNClassifier((16,), epochs=10, learning_rate=0.02, random_state=0, device="numpy")

# What scikit-learn's checks ask for beyond its written interface, mostly the words of its own messages.
OWN_WAY = {
    "check_estimators_unfitted": "asks for scikit-learn's own class of error, which would have to be imported",
    "check_n_features_in_after_fitting": "the message has our words",
    "check_all_zero_sample_weights_error": "the message has our words",
    "check_complex_data": "the message has our words",
    "check_dtype_object": "the message has our words",
    "check_estimators_empty_data_messages": "the message has our words",
    "check_classifiers_regression_target": "the message has our words",
    "check_requires_y_none": "the message has our words",
    "check_supervised_y_2d": "labels (n, 1) are taken without scikit-learn's own class of warning",
    "check_sample_weight_equivalence_on_dense_data": "in batches, a sample twice is not quite a sample of weight 2",
}
NEEDING_MORE = ("pandas", "array_api", "data_not_an_array")  # checks that need pandas, or an environment of their own


def suite():
    pattern = DNNClassifier((20,), epochs=20, learning_rate=0.05, batch_size=16, random_state=0, device="numpy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it does not inherit from scikit-learn's base class
        for estimator, check in checks.estimator_checks_generator(pattern):
            name = getattr(check, "func", check).__name__
            if not any(word in name for word in NEEDING_MORE):
                yield pytest.param(name, estimator, check, id=name)


@pytest.mark.parametrize("name, estimator, check", list(suite()))
def test_scikit_learns_own_checks_pass(name, estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if name in OWN_WAY:
            with pytest.raises((AssertionError, ValueError)):
                check(estimator)
        else:
            check(estimator)


def test_it_is_a_classifier_and_can_be_cloned():
    assert base.is_classifier(QUICK) and base.is_classifier(Ensemble([QUICK]))
    fitted = base.clone(QUICK).fit(X, NAMES)
    twin = base.clone(fitted)
    assert not hasattr(twin, "classes_") and twin.get_params() == QUICK.get_params()


def test_cross_validation_is_what_its_folds_say_by_hand():
    folds = model_selection.StratifiedKFold(3)
    scores = model_selection.cross_val_score(QUICK, X, NAMES, cv=folds)
    expected = [
        base.clone(QUICK).fit(X[train], NAMES[train]).score(X[test], NAMES[test]) for train, test in folds.split(X, Y)
    ]
    np.testing.assert_array_equal(scores, expected)
    assert scores.min() > 0.7


def test_a_grid_search_finds_what_is_better_in_two_processes():
    grid = {"learning_rate": [1e-6, 0.02], "hidden_units": [(4,), (16,)]}
    found = model_selection.GridSearchCV(QUICK, grid, cv=2, n_jobs=2).fit(X, NAMES)
    assert found.best_params_["learning_rate"] == 0.02 and found.best_score_ > 0.7
    assert isinstance(found.best_estimator_, DNNClassifier) and found.score(X, NAMES) > 0.7
    assert len(found.cv_results_["params"]) == 4


def test_in_a_pipeline_with_probabilities_for_a_scorer():
    scaled = pipeline.make_pipeline(preprocessing.StandardScaler(), QUICK)
    scores = model_selection.cross_val_score(scaled, X * 100 + 7, NAMES, cv=3, scoring="neg_log_loss")
    assert scores.min() > -0.7


def test_an_ensemble_is_cross_validated_too():
    ensemble = Ensemble([QUICK, base.clone(QUICK).set_params(random_state=1)], voting="hard")
    assert model_selection.cross_val_score(ensemble, X, NAMES, cv=3).min() > 0.7


def test_pydl_does_not_import_scikit_learn():
    code = (
        "import sys, numpy, pydl.estimators as e; x = numpy.random.rand(9, 2);"
        "e.DNNClassifier((2,), steps=1, device='numpy').fit(x, [0, 1, 2] * 3).score(x, [0] * 9);"
        "print([name for name in ('sklearn', 'concurrent.futures', 'csv') if name in sys.modules])"
    )
    root = Path(pydl.__file__).parents[1]
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "[]\n", "")
