"""Loop: a training written by hand is watched, stopped and refused like a `fit`."""

import numpy as np
import pytest

from pydl import callbacks, data, devices, jit, lessons
from pydl.lessons.figures import Drawing, due
from pydl.lessons.loop import Loop
from pydl.lessons.networks import side_by_side
from pydl.train import NonFiniteError, TrainingStopped, control


class Notes(callbacks.Callback):
    """Writes down every hook that is called."""

    def __init__(self):
        self.seen = []

    def on_train_begin(self, logs):
        self.seen.append("begin")

    def on_train_end(self, logs):
        self.seen.append("end")

    def on_epoch_begin(self, epoch, logs):
        self.seen.append(f"epoch {epoch}")

    def on_epoch_end(self, epoch, logs):
        self.seen.append((epoch, logs))

    def on_train_batch_end(self, batch, logs):
        self.seen.append(f"batch {batch}")


@pytest.fixture
def notes():
    with callbacks.observing(Notes()) as notes:
        yield notes


def test_an_observer_sees_what_it_would_see_of_a_fit(notes):
    loop = Loop(2, samples=3, device="numpy")
    for epoch in loop:
        loop.log(loss=1 - epoch / 2)
    assert notes.seen == [
        "begin",
        "epoch 0", "batch 0", (0, {"loss": 1.0}),
        "epoch 1", "batch 0", (1, {"loss": 0.5}),
        "end",
    ]  # fmt: skip
    known = {"epochs": 2, "steps": 1, "batch_size": 3, "samples": 3, "device": "numpy", "trial": {}}
    assert known.items() <= notes.params.items()
    assert loop.history == {"loss": [1.0, 0.5]}


def test_batches_are_steps_of_an_epoch(notes):
    loop = Loop(1, samples=5, batch_size=2)
    seen = []
    for _ in loop:
        for x, y in loop.batches(data.shuffle_batch(np.arange(5), np.arange(5), 2)):
            np.testing.assert_array_equal(x, y)
            seen += x.tolist()
        loop.log(loss=0)
    assert sorted(seen) == [0, 1, 2, 3, 4]
    assert notes.params["steps"] == 3
    assert notes.seen == ["begin", "epoch 0", "batch 0", "batch 1", (0, {"loss": 0.0}), "end"]


def test_leaving_the_loop_ends_the_training_and_keeps_what_was_logged(notes):
    loop = Loop(100)
    for epoch in loop:
        loop.log(loss=1)
        if epoch == 2:
            break
    assert notes.seen[-2:] == [(2, {"loss": 1.0}), "end"]
    assert loop.history == {"loss": [1.0] * 3}


def test_a_stop_ends_the_loop_before_the_next_step_with_its_history():
    loop = Loop(100)
    with pytest.raises(TrainingStopped) as stopped:
        for epoch in loop:
            loop.log(loss=epoch)
            if epoch == 1:
                control.request_stop()
    assert stopped.value.history == {"loss": [0.0, 1.0]}


def test_a_stop_ends_an_epoch_between_two_batches():
    loop = Loop(1, samples=10, batch_size=1)
    batches = []
    with pytest.raises(TrainingStopped):
        for _ in loop:
            for batch in loop.batches(range(10)):
                batches.append(batch)
                control.request_stop()
    assert batches == [0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_cost_that_is_no_number_is_an_error_that_says_what_to_do(value):
    loop = Loop(5)
    with pytest.raises(NonFiniteError, match=r"the loss became -?(nan|inf) at epoch 1\. .*learning rate is too large"):
        for _ in loop:
            loop.log(loss=value)
    assert loop.history == {}


def test_the_device_is_known_when_the_step_has_been_called(notes):
    step = jit(lambda x: x.sum(), device="auto")
    assert step.device is None and step.trial == {}
    loop = Loop(2, step=step)
    for _ in loop:
        loop.log(loss=step(np.ones(3)))
        assert notes.params["device"] == step.device in devices()
        assert notes.params["trial"] == step.trial == {}, "so small a step is not tried"


# ---- when to draw


@pytest.mark.parametrize("epochs", [1, 2, 3, 50, 100, 777, 200_000])
def test_pictures_are_drawn_early_and_at_the_end_and_not_too_often(epochs):
    drawn = [epoch for epoch in range(epochs) if due(epoch, epochs)]
    assert drawn[0] == 0
    assert drawn[-1] == epochs - 1
    assert len(drawn) <= 75
    assert {0, 1, 3, 7, 15} & set(range(epochs)) <= set(drawn)


def test_a_training_that_ends_early_is_drawn_at_its_end():
    drawn = []
    drawing = Drawing(lambda: drawn.append(epoch))
    drawing.params = {"epochs": 1000}
    for epoch in range(6):  # 1, 2, 4 epochs, and the end after 6
        drawing.on_epoch_end(epoch, {})
    drawing.on_train_end({})
    assert drawn == [0, 1, 3, 5]
    drawing.on_epoch_end(7, {})
    drawing.on_train_end({})
    assert drawn == [0, 1, 3, 5, 5], "epoch 8 was drawn when it was due"


# ---- several networks


def test_the_main_network_has_the_plain_names():
    networks = {"sigmoid": {"loss": [2]}, "relu": {"loss": [1], "accuracy": [3]}}
    assert side_by_side(networks, "relu") == {"loss": [1], "accuracy": [3], "sigmoid_loss": [2]}
    assert networks == {"sigmoid": {"loss": [2]}, "relu": {"loss": [1], "accuracy": [3]}}


def test_loop_is_offered_to_learners():
    assert lessons.Loop is Loop
