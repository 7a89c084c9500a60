"""LambdaCallback and TerminateOnNaN."""

import math

import pytest

from pydl import optim
from pydl.callbacks import HOOKS, LambdaCallback, TerminateOnNaN
from pydl.train import NonFiniteError
from tests.unit.callbacks.scripted import fit, model_from


def test_functions_are_hooks():
    calls = []
    hooks = {hook: lambda *args, hook=hook: calls.append(hook) for hook in HOOKS if hook != "on_probe"}
    fit(model_from(), LambdaCallback(**hooks))
    batch = ["on_train_batch_begin", "on_train_batch_end"]
    assert calls == ["on_train_begin", "on_epoch_begin", *batch, *batch, "on_epoch_end", "on_train_end"]


def test_a_function_is_given_what_the_hook_is_given():
    seen = []
    history = fit(model_from(), LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append((epoch, logs["loss"]))))
    assert seen == [(0, history.history["loss"][0])]


def test_none_is_no_hook_and_an_unknown_one_is_refused():
    fit(model_from(), LambdaCallback(on_epoch_end=None))
    with pytest.raises(TypeError, match="unknown hook on_epoch_ends; there are on_train_begin, "):
        LambdaCallback(on_epoch_ends=print)
    with pytest.raises(TypeError, match="expected on_epoch_end as a function, received 3"):
        LambdaCallback(on_epoch_end=3)


def test_a_loss_that_is_no_number_ends_the_training_with_the_history_so_far(capsys):
    model = model_from(optimizer=optim.SGD(1e6), metrics=[])
    history = fit(model, TerminateOnNaN(), epochs=100, shuffle=False).history["loss"]
    with pytest.raises(NonFiniteError) as error:
        fit(model_from(optimizer=optim.SGD(1e6), metrics=[]), epochs=100, shuffle=False)
    assert f"at epoch {len(history)}," in str(error.value), "both end at the same step"
    assert all(map(math.isfinite, history[:-1])) and not math.isfinite(history[-1])
    assert "training ends" in capsys.readouterr().out


def test_a_training_that_goes_well_is_left_alone():
    assert fit(model_from(), TerminateOnNaN(), epochs=3).history == fit(model_from(), epochs=3).history
