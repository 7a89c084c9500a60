"""A loss that is not a number ends `fit` with an error that names the step and the likely cause."""

import math
import warnings

import numpy as np
import pytest

from pydl import nn, optim
from pydl.train import NonFiniteError
from tests.unit.support import assert_refused
from tests.unit.train.by_hand import X, Y, network


def test_a_loss_that_grows_without_bound_blames_the_learning_rate():
    model = nn.Sequential([nn.Dense(4), nn.Dense(1)])
    model.compile(optim.SGD(1000.0), "mse")
    named = ("the loss became", "epoch ", "step ", "of 3", "learning rate 1000 is too large", "Try 100")
    assert_refused(lambda: model.fit(X, Y, batch_size=4, epochs=50, verbose=0), NonFiniteError, *named)


def test_nan_among_the_inputs_is_found():
    x = X.copy()
    x[7, 2] = math.nan
    with pytest.raises(NonFiniteError, match=r"became nan at epoch 1, step 2 of 3\..*inputs.*NaN.*row 3 of the batch"):
        network().fit(x, Y, batch_size=4, shuffle=False, verbose=0)


def test_nan_among_the_labels_is_found():
    y = Y.copy()
    y[0] = math.nan
    with pytest.raises(NonFiniteError, match="epoch 1, step 1 of 1.*the labels of this batch hold NaN"):
        network(loss="mse", metrics=[]).fit(X, y, shuffle=False, verbose=0)


def test_inputs_that_were_not_scaled_are_named():
    model = nn.Sequential([nn.Dense(4), nn.Dense(1)])
    model.compile(optim.SGD(0.1), "mse")
    with pytest.raises(NonFiniteError, match="inputs reach 255. Scale them, pixels to 0..1 by dividing by 255"):
        model.fit(np.full((10, 3), 255, np.uint8), Y, epochs=100, verbose=0)


def test_no_warning_accompanies_the_error():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        test_a_loss_that_grows_without_bound_blames_the_learning_rate()
