"""The yardstick of the benchmark does the same work as the network that it is compared with."""

import numpy as np
import pytest

from pydl import losses, nn, optim
from pydl.bench.handwritten import SIZES, HandwrittenStep


def test_the_handwritten_step_trains_the_same_network_in_the_same_way():
    rng = np.random.default_rng(0)
    x, labels = rng.random((20, SIZES[0]), np.float32), rng.integers(0, 10, 20)
    handwritten = HandwrittenStep(rng)
    hidden = [nn.Dense(units, activation="relu") for units in SIZES[1:-1]]
    model = nn.Sequential([*hidden, nn.Dense(SIZES[-1])], input_shape=SIZES[:1])
    for parameter, weights in zip(model.parameters(), handwritten.weights, strict=True):
        parameter.assign(weights)
    model.compile(optim.Adam(), losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(x, labels, batch_size=20, epochs=5, shuffle=False, verbose=0)
    assert history.history["loss"] == pytest.approx([handwritten(x, labels) for _ in range(5)], rel=1e-4)
    for parameter, weights in zip(model.parameters(), handwritten.weights):
        # Adam's steps are as large as its rate wherever a gradient is near zero: at most a part of one step apart.
        assert np.abs(parameter.numpy() - weights).max() < 1e-3
        assert np.abs(parameter.numpy() - weights).mean() < 1e-5
