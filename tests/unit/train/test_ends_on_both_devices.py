"""A fit on compiled code ends as it does on NumPy: by a stop from anywhere, and by a loss that is not a number."""

import threading
import time

import numpy as np
import pytest

import pydl
from pydl import nn, optim
from pydl.callbacks import (
    Callback,
    LambdaCallback,
    TerminateOnNaN,
)
from pydl.train import NonFiniteError, TrainingStopped, control
from tests.unit.train.two_devices import (
    COMPILED,
    DEVICES,
    Halt,
    X,
    Y,
    assert_same_training,
    everything,
    figures,
    fit,
    halted_at,
    network,
)

# ---- stopping


@pytest.mark.parametrize("device", COMPILED)
@pytest.mark.parametrize("options", [{}, {"batch_size": 50, "epochs": 40}], ids=["batches", "all at once"])
@pytest.mark.parametrize("steps", [1, 10])
def test_a_callback_stops_after_its_step(steps, options, device):
    model = network()
    with pytest.raises(TrainingStopped) as stopped:
        fit(model, Halt(steps), device=device, **options)
    control.reset()
    assert stopped.value.history == model.history.history
    reference = halted_at(network(), steps, **options)
    assert_same_training(model, reference)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("options", [{"batch_size": 2}, {"batch_size": 50}], ids=["batches", "all at once"])
def test_a_pause_stops_with_the_history_of_whole_epochs(options, device):
    model, pauses = network(), []
    control.set_pause(lambda: pauses.append(1) or (len(pauses) == 4 and control.request_stop()), every=0)
    with pytest.raises(TrainingStopped) as stopped:
        fit(model, device=device, epochs=10_000, **options)
    control.reset()
    control.set_pause(None)
    steps = model.optimizer.iterations.item()
    assert steps >= 3 and stopped.value.history == model.history.history
    assert len(stopped.value.history.get("loss", [])) == steps // -(-50 // options["batch_size"])
    assert_same_training(model, halted_at(network(), steps, epochs=10_000, **options), rtol=0.02)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("options", [{"batch_size": 4}, {"batch_size": 50}], ids=["batches", "all at once"])
def test_another_thread_stops_it_soon(options, device):
    model, begun, asked = network(optimizer=optim.SGD(1e-3)), threading.Event(), []

    def stop():
        begun.wait()
        time.sleep(0.2)
        asked.append(time.perf_counter())
        control.request_stop()

    (thread := threading.Thread(target=stop)).start()
    with pytest.raises(TrainingStopped) as stopped:
        fit(model, LambdaCallback(on_train_begin=lambda logs: begun.set()), device=device, epochs=10**7, **options)
    assert time.perf_counter() - asked[0] < 2
    thread.join()
    control.reset()
    epochs = len(stopped.value.history.get("loss", []))
    assert epochs == model.optimizer.iterations.item() // -(-50 // options["batch_size"])
    before = everything(model)
    fit(model, device=device, epochs=2)
    assert model.optimizer.iterations.item() == before["optimizer/iterations"] + 14, "training can go on"


@pytest.mark.parametrize("device", COMPILED)
def test_evaluate_and_predict_stop_too(device):
    model = network()
    fit(model, device=device)
    control.request_stop()
    for call in (lambda: model.predict(X, device=device), lambda: model.evaluate(X, Y, verbose=0, device=device)):
        with pytest.raises(TrainingStopped):
            call()


# ---- a loss that is not a number


def diverging():
    pydl.seed(2)
    model = nn.Sequential([nn.Dense(1)], input_shape=(3,))
    model.compile(optim.SGD(30.0), "mse")
    model.ensure_built((3,))
    pydl.seed(2)
    return model


BROKEN = X.copy()
BROKEN[29, 1] = np.nan
LARGE = X.copy()
LARGE[29] = 3e38
NOT_NUMBERS = {
    "too large a rate": {"batch_size": 8},
    "too large a rate, all at once": {"batch_size": 50, "epochs": 500},
    "NaN in the data": {"x": BROKEN},
    "NaN in the data, shuffled": {"x": BROKEN, "batch_size": 3},
    "NaN in the last, smaller batch": {"x": np.roll(BROKEN, 20, 0), "shuffle": False},
    "numbers too large": {"x": LARGE, "batch_size": 8, "shuffle": False},
}


@pytest.mark.parametrize("device", COMPILED)
@pytest.mark.parametrize("case", NOT_NUMBERS)
def test_a_loss_that_is_not_a_number_names_the_same_step_and_figures(case, device):
    found = []
    for where in (device, "numpy"):
        model = diverging()
        with pytest.raises(NonFiniteError) as error:
            fit(model, device=where, **NOT_NUMBERS[case])
        words, numbers = figures(str(error.value))
        epochs = len(model.history.history.get("loss", []))
        found.append([words, epochs, model.optimizer.iterations.item(), numbers])
    assert found[0][:3] == found[1][:3]
    np.testing.assert_allclose(found[0][3], found[1][3], rtol=0.011)  # three digits are shown


@pytest.mark.parametrize("device", COMPILED)
@pytest.mark.parametrize("case", NOT_NUMBERS)
def test_a_training_that_ends_at_nan_ends_after_the_same_step(case, device, capsys):
    found = []
    for where in (device, "numpy"):
        model = diverging()
        history = fit(model, TerminateOnNaN(), device=where, **NOT_NUMBERS[case])
        kinds = [str(loss) if not np.isfinite(loss) else "number" for loss in history.history["loss"]]
        found.append((kinds, model.optimizer.iterations.item(), capsys.readouterr().out))
    assert found[0] == found[1]
    assert found[0][0][-1] != "number"


@pytest.mark.parametrize("device", COMPILED)
def test_a_training_that_endures_nan_goes_on_to_its_end(device):
    class Endures(Callback):
        endures_nonfinite = True

    model = diverging()
    assert len(fit(model, Endures(), device=device, batch_size=50, epochs=60).epoch) == 60
    fit(model, Endures(), device=device, batch_size=7)
    assert model.optimizer.iterations.item() == 60 + 3 * 8
