"""Callbacks: in what order they are called, with what, and who else is watching."""

import numpy as np
import pytest

from pydl import nn, probes
from pydl.callbacks import HOOKS, Callback, CallbackList, History, LearningRateScheduler, observing

X, Y = np.eye(4, 3, dtype=np.float32), np.ones((4, 1), np.float32)


class Diary(Callback):
    """Writes down every hook."""

    def __init__(self, pages=None, name=""):
        self.pages = [] if pages is None else pages
        self.name = name

    def write(self, *entry):
        self.pages.append((self.name, *entry) if self.name else entry)

    def on_train_begin(self, logs):
        self.write("train begins")

    def on_train_end(self, logs):
        self.write("train ends", sorted(logs))

    def on_epoch_begin(self, epoch, logs):
        self.write("epoch begins", epoch)

    def on_epoch_end(self, epoch, logs):
        self.write("epoch ends", epoch, sorted(logs))

    def on_train_batch_begin(self, batch, logs):
        self.write("batch begins", batch)

    def on_train_batch_end(self, batch, logs):
        self.write("batch ends", batch, sorted(logs))

    def on_probe(self, name, record):
        self.write("probe", name, record["step"])


def fit(*callbacks, epochs=2, validation=False):
    model = nn.Sequential([nn.Dense(1)])
    model.compile("sgd", "mse")
    data = (X, Y) if validation else None
    return model.fit(X, Y, batch_size=2, epochs=epochs, verbose=0, callbacks=callbacks, validation_data=data)


def test_hooks_are_called_in_kerass_order():
    diary = Diary()
    fit(diary, validation=True)
    epoch = [
        lambda n: ("epoch begins", n),
        lambda n: ("batch begins", 0),
        lambda n: ("batch ends", 0, ["loss"]),
        lambda n: ("batch begins", 1),
        lambda n: ("batch ends", 1, ["loss"]),
        lambda n: ("epoch ends", n, ["loss", "val_loss"]),
    ]
    body = [entry(n) for n in (0, 1) for entry in epoch]
    assert diary.pages == [("train begins",), *body, ("train ends", ["loss", "val_loss"])]


def test_a_probe_is_told_of_between_the_hooks_of_its_batch():
    diary = Diary()
    model = nn.Sequential([nn.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, batch_size=2, epochs=1, verbose=0, callbacks=[diary], probes=[probes.Weights(every=2)])
    at = diary.pages.index(("probe", "weights", 0))
    assert diary.pages[at - 1 : at + 2] == [("batch begins", 0), ("probe", "weights", 0), ("batch ends", 0, ["loss"])]
    assert sum(page[0] == "probe" for page in diary.pages) == 1


def test_the_names_of_an_epochs_logs_are_known_before_it():
    class Look(Callback):
        def on_train_begin(self, logs):
            seen.append(self.params["metrics"])

    seen = []
    model = nn.Sequential([nn.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    scheduler = LearningRateScheduler(lambda epoch: 0.1)
    history = model.fit(X, Y, verbose=0, validation_split=0.25, callbacks=[Look(), scheduler]).history
    assert seen == [list(history)]
    assert list(history) == ["loss", "mae", "val_loss", "val_mae", "learning_rate"]


def test_a_single_callback_needs_no_list_and_anything_else_is_refused():
    diary = Diary()
    model = nn.Sequential([nn.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0, callbacks=diary)
    assert diary.pages
    for mistake in (Diary, "diary", print):
        with pytest.raises(TypeError, match="callbacks: expected objects of class Callback, received"):
            model.fit(X, Y, verbose=0, callbacks=[mistake])


def test_callbacks_that_add_to_the_logs_come_first_and_those_that_run_last_at_the_end():
    class Adds(Diary):
        adds_logs = ("half",)

        def on_epoch_end(self, epoch, logs):
            logs["half"] = logs["loss"] / 2
            super().on_epoch_end(epoch, logs)

    class Last(Diary):
        runs_last = True

    pages = []
    history = fit(Last(pages, "last"), Diary(pages, "plain"), Adds(pages, "adds"), epochs=1)
    assert [page[0] for page in pages[:3]] == ["adds", "plain", "last"]
    assert history.history["half"] == [history.history["loss"][0] / 2]


def test_what_a_callback_refuses_is_refused_before_anything_begins():
    class Refuses(Callback):
        def check_fit(self):
            raise ValueError(f"not with {self.params['epochs']} epochs")

    diary = Diary()
    with pytest.raises(ValueError, match="not with 2 epochs"):
        fit(diary, Refuses())
    assert not diary.pages


def test_every_hook_has_a_page():
    assert {name for name in HOOKS if name in vars(Diary)} == set(HOOKS) - {"on_epochs_end"}, "a Diary goes one by one"


def test_callbacks_know_the_model_and_the_numbers():
    class Look(Callback):
        def on_train_begin(self, logs):
            seen.append((self.model, dict(self.params)))

    seen = []
    model = nn.Sequential([nn.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, batch_size=3, epochs=5, verbose=0, callbacks=[Look()], device="numpy")
    params = {"epochs": 5, "steps": 2, "batch_size": 3, "samples": 4}
    params |= {"device": "numpy", "adapter": "", "trial": {}, "metrics": ["loss"]}
    step = model.compiled("train", "numpy").prepared(X[:3], Y[:3])
    assert seen == [(model, params | {"operations": step.program.operations})]


def test_callbacks_are_called_in_the_order_given_and_observers_after_them():
    pages = []
    with observing(Diary(pages, "observer")):
        fit(Diary(pages, "first"), Diary(pages, "second"), epochs=1)
    assert [page[0] for page in pages[:6]] == ["first", "second", "observer"] * 2


def test_observers_see_every_fit_inside_and_none_outside():
    with observing(Diary()) as outer:
        fit(epochs=1)
        with observing(Diary()) as inner:
            fit(epochs=1)
    fit(epochs=1)
    assert outer.pages == inner.pages * 2
    assert inner.pages


def test_observing_ends_with_an_exception_too():
    diary = Diary()
    with pytest.raises(ZeroDivisionError), observing(diary):
        raise ZeroDivisionError
    fit()
    assert not diary.pages


def test_the_history_is_written_before_the_callbacks_of_the_epoch():
    class Look(Callback):
        def on_epoch_end(self, epoch, logs):
            seen.append(list(self.model.history.history["loss"]))

    seen = []
    history = fit(Look())
    assert seen == [history.history["loss"][:1], history.history["loss"]]


def test_history_collects_whatever_is_logged():
    history = History()
    history.on_epoch_end(0, {"loss": 1.0})
    history.on_epoch_end(1, {"loss": 0.5, "val_loss": 2.0})
    assert history.epoch == [0, 1]
    assert history.history == {"loss": [1.0, 0.5], "val_loss": [2.0]}


def test_hooks_that_nobody_overrides_are_not_called():
    class Silent(Callback):
        pass

    notify = CallbackList([Silent()], None, {})
    assert not any(notify._hooks.values())
    for name in HOOKS:
        notify(name, 0, {})


def test_an_exception_in_a_callback_ends_the_training():
    class Fails(Callback):
        def on_epoch_end(self, epoch, logs):
            raise ZeroDivisionError("by me")

    with pytest.raises(ZeroDivisionError, match="by me"):
        fit(Fails())
