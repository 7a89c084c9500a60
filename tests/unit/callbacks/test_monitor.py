"""EarlyStopping and ReduceLROnPlateau against what Keras documents, over scores written beforehand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import optim
from pydl.callbacks import EarlyStopping, ReduceLROnPlateau
from tests.unit.callbacks.scripted import Weights, fit, fit_scores, model_from

SCORES = st.lists(st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0, math.nan]), min_size=1, max_size=12)


def stopping(**options):
    return EarlyStopping(**({"monitor": "score", "mode": "min"} | options))


# ---- EarlyStopping


@settings(max_examples=60)
@given(SCORES, st.integers(0, 4), st.sampled_from([0.0, 0.6]), st.sampled_from(["min", "max"]))
def test_training_ends_when_the_best_epoch_is_patience_epochs_ago(scores, patience, min_delta, mode):
    history = fit_scores(scores, stopping(patience=patience, min_delta=min_delta, mode=mode))
    best, since, epochs = None, 0, len(scores)
    for epoch, score in enumerate(scores):
        gain = math.inf if best is None else best - score if mode == "min" else score - best
        if gain > min_delta and score == score:
            best, since = score, 0
        else:
            since += 1
            if since >= patience and epoch > 0:
                epochs = epoch + 1
                break
    assert len(history.epoch) == epochs


def test_the_weights_of_the_best_epoch_come_back():
    model, seen = model_from(), Weights()
    fit_scores([3, 1, 2, 2, 2], stopping(patience=2, restore_best_weights=True), seen, model=model)
    assert len(seen.weights) == 4
    assert [weight.tobytes() for weight in model.get_weights()] == seen.weights[1]


def test_the_best_weights_come_back_also_when_the_epochs_end_first():
    model, seen = model_from(), Weights()
    fit_scores([1, 2], stopping(patience=5, restore_best_weights=True), seen, model=model)
    assert [weight.tobytes() for weight in model.get_weights()] == seen.weights[0]


def test_without_restoring_the_last_weights_stay():
    model, seen = model_from(), Weights()
    fit_scores([1, 2, 3], stopping(patience=2), seen, model=model)
    assert [weight.tobytes() for weight in model.get_weights()] == seen.weights[2]


def test_a_baseline_must_be_beaten_in_time():
    assert len(fit_scores([9, 8, 7, 6], stopping(patience=2, baseline=5)).epoch) == 4, "each is better than the last"
    assert len(fit_scores([9, 9, 9, 4], stopping(patience=2, baseline=5)).epoch) == 2
    assert len(fit_scores([4, 9, 9, 9], stopping(patience=2, baseline=5)).epoch) == 3


def test_the_first_epochs_need_not_be_looked_at():
    assert len(fit_scores([0, 1, 1, 1, 1], stopping(patience=1, start_from_epoch=3)).epoch) == 5
    assert len(fit_scores([0, 1, 1, 1, 1], stopping(patience=1)).epoch) == 2


def test_it_says_so_where_it_is_asked_to(capsys):
    fit_scores([1, 2, 3, 4], stopping(patience=1, verbose=1, restore_best_weights=True))
    assert capsys.readouterr().out == "epoch 2: early stopping\nthe weights of epoch 1, the best, are restored\n"


def test_a_second_fit_begins_anew():
    callback = stopping(patience=2)
    assert len(fit_scores([1, 2, 3, 4], callback).epoch) == 3
    assert len(fit_scores([9, 8, 7, 6], callback).epoch) == 4


@pytest.mark.parametrize(
    "monitor, better",
    [("loss", -1), ("val_loss", -1), ("accuracy", 1), ("val_accuracy", 1), ("mae", -1), ("mean_absolute_error", -1),
     ("f1_score", 1), ("val_recall", 1), ("sparse_top_k_categorical_accuracy", 1)],
)  # fmt: skip
def test_auto_knows_which_way_is_better(monitor, better):
    callback = EarlyStopping(monitor=monitor)
    assert callback.improves(1.0 + better, 1.0)
    assert not callback.improves(1.0 - better, 1.0)
    assert not callback.improves(1.0, 1.0)
    assert not callback.improves(math.nan, None)


# ---- what is wrong is said before training


@pytest.mark.parametrize("kind", [EarlyStopping, ReduceLROnPlateau])
def test_an_unknown_monitor_is_refused_with_the_known_names(kind):
    model, before = model_from(), model_from().get_weights()
    with pytest.raises(ValueError, match=f"{kind.__name__}: unknown monitor 'vall_loss': this fit logs loss, mae"):
        fit(model, kind(monitor="vall_loss"))
    with pytest.raises(ValueError, match="for 'val_loss' pass validation_data or validation_split to fit"):
        fit(model, kind())
    for weight, expected in zip(model.get_weights(), before):
        np.testing.assert_array_equal(weight, expected)


def test_a_name_that_does_not_tell_needs_a_mode():
    with pytest.raises(ValueError, match="'score' should fall or rise cannot be told.*mode='min' or mode='max'"):
        fit_scores([1.0], EarlyStopping(monitor="score"))
    with pytest.raises(ValueError, match="expected mode 'auto', 'min' or 'max', received 'down'"):
        EarlyStopping(mode="down")


# ---- ReduceLROnPlateau


def rates(scores, rate=0.1, **options):
    seen = Weights()
    callback = ReduceLROnPlateau(**({"monitor": "score", "mode": "min"} | options))
    history = fit_scores(scores, callback, seen, model=model_from(optimizer=optim.SGD(rate)))
    assert history.history["learning_rate"] == pytest.approx([rate, *seen.rates[:-1]])
    return seen.rates


def test_the_learning_rate_falls_after_patience_epochs_without_an_improvement():
    assert rates([1, 1, 1, 1, 1, 1], patience=2, factor=0.5) == pytest.approx([0.1, 0.1, 0.05, 0.05, 0.025, 0.025])
    assert rates([4, 3, 2, 1, 0], patience=1) == pytest.approx([0.1] * 5)


def test_epochs_of_a_cooldown_are_not_counted():
    received = rates([1] * 7, patience=1, factor=0.5, cooldown=2)
    assert received == pytest.approx([0.1, 0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125])


def test_it_does_not_fall_below_the_least(capsys):
    assert rates([1] * 4, patience=1, min_lr=0.02, verbose=1) == pytest.approx([0.1, 0.02, 0.02, 0.02])
    assert capsys.readouterr().out == "epoch 2: the learning rate becomes 0.02\n"


def test_small_changes_are_no_improvement():
    assert rates([1, 0.99995, 0.9999], patience=1, factor=0.5) == pytest.approx([0.1, 0.05, 0.025])


def test_a_factor_that_raises_is_refused():
    with pytest.raises(ValueError, match="factor between 0 and 1, received 2"):
        ReduceLROnPlateau(factor=2)


@pytest.mark.parametrize("kind, name", [(EarlyStopping, "start_from_epoch"), (ReduceLROnPlateau, "cooldown")])
@pytest.mark.parametrize("value", [-1, "5", 1.5])
def test_what_is_no_number_of_epochs_is_refused(kind, name, value):
    for argument in ("patience", name):
        with pytest.raises(ValueError, match=f"{kind.__name__}: expected {argument} as a number of epochs from 0"):
            kind(**{argument: value})
