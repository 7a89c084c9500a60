"""A training whose GPU fails goes on elsewhere, with the results of one that nothing disturbed.

GPU and wasm are fakes that compute with NumPy, so every number is held to NumPy's to the bit.
"""

import pytest

import pydl
from pydl.backends import auto, errors
from pydl.callbacks import Callback, ModelCheckpoint
from pydl.train import TrainingStopped, control
from tests.unit.backends.failover.trainings import Diary, X, Y, everything, fit, network, undisturbed

KINDS = [errors.DeviceLost, errors.OutOfDeviceMemory, errors.InvalidOnDevice, errors.WrongNumbers]


def test_a_gpu_that_is_well_trains_as_numpy_does_and_says_what_it_is(gpu, sync, heard):
    model = network()
    history = fit(model)
    assert (history.history, everything(model)) == undisturbed()
    assert (history.device, history.adapter, history.notices, heard) == ("webgpu", "Toy 3000", [], [])


# Compiled: batches, the last ones, the validation; fed: training, validation. Steps: 12 + 3 + 3, in some 10 runs.
EVENTS = [("compile", 0), ("compile", 1), ("compile", 2), ("feed", 0), ("feed", 1), ("step", 0), ("step", 1),
          ("step", 4), ("step", 7), ("step", 11), ("step", 17), ("ran", 0), ("ran", 3), ("ran", 8),
          ("sync", 0), ("sync", 2)]  # fmt: skip


@pytest.mark.parametrize("fallback", ["wasm", pytest.param("numpy", marks=pytest.mark.slow)])
@pytest.mark.parametrize("event, after", EVENTS)
def test_a_training_whose_gpu_is_lost_ends_as_if_nothing_was(event, after, fallback, gpu, wasm, sync, heard):
    wasm.here = fallback == "wasm"
    gpu.fail(event, after)
    model = network()
    history = fit(model)
    assert gpu.gone, "nothing has failed"
    assert (history.history, everything(model)) == undisturbed()
    assert [(each.cause, each.to, each.detail) for each in heard] == [("lost", fallback, "a test pulled the plug")]
    assert history.notices == [str(heard[0])]
    assert history.epoch == [0, 1, 2]


@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize("after", [0, 1, 5, 6, 13])
def test_callbacks_see_every_batch_once_and_where_it_runs(after, watched, gpu, sync, heard):
    diary, expected = Diary(), Diary()
    gpu.fail("step", after, program="_train_step")
    fit(network(), diary)
    fit(network(), expected, device="numpy")
    assert diary.pages == expected.pages
    places = list(dict.fromkeys(diary.places))
    assert places[-1:] == [("wasm", "fake 1.0")] and set(places[:-1]) <= {("webgpu", "Toy 3000")}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("event, after", [("compile", 0), ("feed", 0), ("step", 3)])
def test_whatever_fails_it_goes_on(kind, event, after, gpu, heard):
    gpu.fail(event, after, kind("as a test wants it"), program=None if event == "compile" else "_train_step")
    model = network()
    history = fit(model)
    assert (history.history, everything(model)) == undisturbed()
    assert [each.cause for each in heard] == [kind.cause]
    assert history.device == "wasm"


@pytest.mark.parametrize("after", [0, 1, 10, 29])
def test_a_training_of_one_batch_goes_on(after, gpu, sync, heard):
    gpu.fail("step", after)
    model = network()
    options = {"batch_size": 50, "epochs": 30, "validation_split": 0.0}
    assert (fit(model, **options).history, everything(model)) == undisturbed(**options)
    assert len(heard) == 1


def test_the_trouble_of_the_fallback_leads_to_the_next_one(gpu, wasm, heard):
    for event, name in (("refuses", ("_train_step",)), ("fails", ("_train_step", 0))):
        setattr(wasm, event, name)
        gpu.fail("step", 3, program="_train_step")
        model = network()
        history = fit(model, validation_split=0.0)
        wasm.refuses, wasm.fails = (), None
        assert (history.history, everything(model)) == undisturbed(validation_split=0.0)
        assert (history.device, heard[-1].to) == ("numpy", "numpy")


def test_a_training_that_is_resumed_after_a_failure_is_the_same(gpu, heard, tmp_path):
    path = tmp_path / "m.npz"
    gpu.fail("step", 7, program="_train_step")
    with pytest.raises(TrainingStopped):
        fit(network(), ModelCheckpoint(path, save_freq=5), Stop(11))
    control.reset()
    model = network()
    assert (fit(model, resume=path).history, everything(model)) == undisturbed()


class Stop(Callback):
    """Asks for a stop after so many steps."""

    def __init__(self, steps):
        self.left = steps

    def on_train_batch_end(self, batch, logs):
        self.left -= 1
        if not self.left:
            control.request_stop()


def test_a_second_training_of_the_model_stays_where_the_first_one_went(gpu, heard):
    model = network()
    gpu.fail("step", 7, program="_train_step")
    parts = [fit(model, epochs=2), fit(model, epochs=2)]
    reference = network()
    expected = [fit(reference, epochs=2, device="numpy") for _ in range(2)]
    assert [part.history for part in parts] == [part.history for part in expected]
    assert everything(model) == everything(reference)
    assert [(part.device, len(part.notices)) for part in parts] == [("wasm", 1), ("wasm", 0)]
    assert len(heard) == 1


def test_auto_goes_on_as_well_and_the_evaluation_with_it(gpu, wasm, heard, monkeypatch):
    monkeypatch.setattr(auto, "TINY", 0)
    monkeypatch.setattr(auto.trials, "recall", lambda program, names: {"numpy": 3.0, "wasm": 2.0, "webgpu": 1.0})
    gpu.fail("step", 9, program="_train_step")
    model = network()
    history = fit(model, device="auto", validation_split=0.0)
    assert (history.history, everything(model)) == undisturbed(validation_split=0.0)
    assert (history.device, set(history.trial), len(heard)) == ("wasm", {"numpy", "wasm", "webgpu"}, 1)
    model.evaluate(X, Y, verbose=0)
    assert model.compiled("evaluate", "auto").device == "wasm"
    assert not gpu.of("_evaluate_step"), "it was compiled when the training had moved"


# ---- a GPU that is out of order for good


def test_a_gpu_that_has_failed_for_good_is_no_error_and_each_training_is_told(gpu, heard):
    gpu.standing = errors.WrongNumbers("a product was 3 % off")
    assert "webgpu" not in pydl.devices()
    for _ in range(2):
        model = network()
        history = fit(model)
        model.evaluate(X, Y, verbose=0, device="webgpu")
        assert (history.history, history.device, len(history.notices)) == (undisturbed()[0], "wasm", 1)
    assert [(each.cause, each.device) for each in heard] == [("wrong", "webgpu (Toy 3000)")] * 2
    assert not gpu.executables
