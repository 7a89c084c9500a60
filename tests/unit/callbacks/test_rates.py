"""LearningRateScheduler: the rate before every epoch, in the history, and refused where it cannot be one."""

import pytest

from pydl import optim
from pydl.callbacks import LearningRateScheduler, ReduceLROnPlateau
from tests.unit.callbacks.scripted import Weights, fit, model_from


def rates(schedule, epochs=4, **options):
    seen = Weights()
    model = model_from(optimizer=optim.SGD(0.08))
    history = fit(model, LearningRateScheduler(schedule, **options), seen, epochs=epochs).history
    assert history["learning_rate"] == seen.rates
    return seen.rates


def test_a_function_of_the_epoch():
    assert rates(lambda epoch: 0.1 / (epoch + 1)) == [0.1, 0.05, 0.1 / 3, 0.025]


def test_a_function_of_the_epoch_and_the_rate_so_far():
    assert rates(lambda epoch, rate: rate if epoch < 2 else rate / 2) == [0.08, 0.08, 0.04, 0.02]


def test_a_second_argument_with_a_default_is_the_rate_as_in_keras():
    assert rates(lambda epoch, rate=99.0: rate / 2, epochs=2) == [0.04, 0.02]


def test_the_rate_acts_in_the_epoch_it_is_set_for():
    scheduled, reference = model_from(optimizer=optim.SGD(0.5)), model_from(optimizer=optim.SGD(0.25))
    fit(scheduled, LearningRateScheduler(lambda epoch: 0.25), shuffle=False)
    fit(reference, shuffle=False)
    for ours, expected in zip(scheduled.get_weights(), reference.get_weights()):
        assert ours.tobytes() == expected.tobytes()


def test_it_says_so_where_it_is_asked_to(capsys):
    rates(lambda epoch: 0.5, epochs=1, verbose=1)
    assert capsys.readouterr().out == "epoch 1: the learning rate is 0.5\n"


@pytest.mark.parametrize("received", [None, "fast", -1.0, float("nan"), float("inf")])
def test_what_is_no_rate_is_refused(received):
    with pytest.raises(ValueError, match="expected the schedule to give a learning rate.*for epoch 0"):
        rates(lambda epoch: received)


def test_a_type_error_within_the_schedule_is_its_own():
    with pytest.raises(TypeError, match="unsupported operand"):
        rates(lambda epoch, rate: rate + "x")


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match=r"a function of the epoch, received 0\.1"):
        LearningRateScheduler(0.1)


@pytest.mark.parametrize("callback", [LearningRateScheduler(lambda epoch: 0.1), ReduceLROnPlateau("loss")])
def test_beside_an_optimizer_with_a_schedule_it_is_refused(callback):
    model = model_from(optimizer=optim.SGD(optim.schedules.ExponentialDecay(0.1, 10, 0.9)))
    with pytest.raises(ValueError, match="learning rate follows a schedule already"):
        fit(model, callback)
