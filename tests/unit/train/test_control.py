"""Stopping and pausing from outside: at the next batch boundary, with the model and the history of a whole number of
steps."""

import numpy as np
import pytest

import pydl
from pydl import nn, optim
from pydl.callbacks import Callback
from pydl.jit.compiled import Rows
from pydl.train import TrainingStopped, control

X = np.random.default_rng(0).standard_normal((12, 3)).astype(np.float32)
Y = X.sum(axis=1, keepdims=True)


def model_from(seed):
    pydl.seed(seed)
    model = nn.Sequential([nn.Dense(1)], input_shape=(3,))
    model.compile(optim.SGD(0.1), "mse")
    return model


class At(Callback):
    """Does something after a number of steps."""

    def __init__(self, steps, action):
        self.left, self.action = steps, action

    def on_train_batch_end(self, batch, logs):
        self.left -= 1
        if self.left == 0:
            self.action()


def fit(model, *callbacks, epochs=4):
    return model.fit(X, Y, batch_size=4, epochs=epochs, shuffle=False, verbose=0, callbacks=callbacks)


def test_a_stop_ends_training_at_the_next_batch_boundary():
    model, reference = model_from(1), model_from(1)
    with pytest.raises(TrainingStopped) as stopped:
        fit(model, At(5, control.request_stop))
    control.reset()
    whole = fit(reference, epochs=1).history  # three steps, then two of the second epoch
    reference.fit(X[:8], Y[:8], batch_size=4, shuffle=False, verbose=0)
    assert stopped.value.history == whole == model.history.history
    assert str(stopped.value) == "training was stopped after 1 finished epochs"
    for ours, expected in zip(model.parameters(), reference.parameters()):
        np.testing.assert_array_equal(ours.numpy(), expected.numpy())
    assert model.optimizer.iterations.item() == 5


def test_a_stop_before_the_first_step_leaves_the_model_as_it_was():
    model = model_from(1)
    before = [p.numpy() for p in model.parameters()]
    control.request_stop()
    assert control.stop_requested()
    with pytest.raises(TrainingStopped) as stopped:
        fit(model)
    assert stopped.value.history == {}
    for parameter, weights in zip(model.parameters(), before):
        np.testing.assert_array_equal(parameter.numpy(), weights)


def test_after_a_reset_training_goes_on():
    model, reference = model_from(1), model_from(1)
    with pytest.raises(TrainingStopped):
        fit(model, At(3, control.request_stop), epochs=2)
    control.reset()
    assert not control.stop_requested()
    fit(model, epochs=1)
    fit(reference, epochs=2)
    for ours, expected in zip(model.parameters(), reference.parameters()):
        np.testing.assert_array_equal(ours.numpy(), expected.numpy())


def test_evaluate_and_predict_stop_too():
    model = model_from(1)
    control.request_stop()
    with pytest.raises(TrainingStopped):
        model.predict(X)
    with pytest.raises(TrainingStopped):
        model.evaluate(X, Y, verbose=0)


def test_a_stop_is_a_keyboard_interrupt_so_that_no_lesson_catches_it_by_mistake():
    assert issubclass(TrainingStopped, KeyboardInterrupt)
    assert not issubclass(TrainingStopped, Exception)


def test_a_stop_may_come_out_of_a_pause(monkeypatch):
    model = model_from(1)
    calls = []
    monkeypatch.setattr(Rows, "chunk", 0.0)  # one step at a time

    def pause():
        calls.append(model.optimizer.iterations.item())
        if len(calls) == 3:
            control.request_stop()

    control.set_pause(pause, every=0)
    with pytest.raises(TrainingStopped):
        fit(model)
    assert calls == [0, 1, 2], "before every batch, and stopped before the third"
    assert model.optimizer.iterations.item() == 2


def test_pauses_are_some_time_apart(monkeypatch):
    clock, calls = iter(np.arange(0, 100, 0.02)), []
    now = [0.0]

    def monotonic():
        now[0] = float(next(clock))
        return now[0]

    monkeypatch.setattr(control.time, "monotonic", monotonic)
    monkeypatch.setattr(control, "_last_pause", -1.0)
    monkeypatch.setattr(Rows, "chunk", 0.0)
    control.set_pause(lambda: calls.append(now[0]), every=0.05)
    fit(model_from(1), epochs=5)  # 15 boundaries, 0.02 seconds apart
    assert calls == pytest.approx([0, 0.06, 0.12, 0.18, 0.24])


def test_no_pause_after_it_was_taken_away():
    calls = []
    control.set_pause(lambda: calls.append(1), every=0)
    control.set_pause(None)
    fit(model_from(1))
    assert not calls
