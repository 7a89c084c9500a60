"""What tests of training on several devices share: a network, its data, and one training held to another."""

import re

import numpy as np

import pydl
from pydl import nn, optim
from pydl.callbacks import Callback
from pydl.train import TrainingStopped, control

COMPILED = ["wasm", "wasm:simd"]
DEVICES = ["numpy", *COMPILED]

RNG = np.random.default_rng(0)
X = RNG.standard_normal((50, 3)).astype(np.float32)
Y = (X.sum(1, keepdims=True) > 0).astype(np.float32)

# Float32 sums in another order differ by about 1e-7; thirty steps of training make at most some hundred times as much.
RTOL = 1e-4


def network(**compiled):
    """Everything that has state: weights, moving averages, masks from two generators, an optimizer's slots."""
    pydl.seed(1)
    layers = [nn.Dense(6, "tanh"), nn.BatchNormalization(momentum=0.8), nn.Dropout(0.2), nn.Dropout(0.1, seed=4)]
    model = nn.Sequential([*layers, nn.Dense(1)], input_shape=(3,))
    settings = {"optimizer": optim.Adam(0.02), "loss": "mse", "metrics": ["mae", "f1_score"]}
    model.compile(**(settings | compiled))
    pydl.seed(7)
    return model


def fit(model, *watchers, x=X, y=Y, **options):
    """Batches of 8 (the last one of 2) for 3 epochs, unless the options say otherwise."""
    settings = {"batch_size": 8, "epochs": 3, "verbose": 0, "device": "numpy", "callbacks": list(watchers)}
    return model.fit(x, y, **(settings | options))


class Halt(Callback):
    """Does something, or asks for a stop, after so many steps."""

    def __init__(self, steps, action=control.request_stop):
        self.left, self.action = steps, action

    def on_train_batch_end(self, batch, logs):
        self.left -= 1
        if self.left == 0:
            self.action()


def halted_at(model, steps, **options):
    """NumPy's training of the model, stopped after so many steps."""
    if steps:
        try:
            fit(model, Halt(steps), **(options | {"device": "numpy"}))
        except TrainingStopped:
            pass
        control.reset()
    assert model.optimizer.iterations.item() == steps
    return model


def everything(model):
    """All that training leaves behind, by name."""
    names = model.named_weights()
    counter = pydl.random.default.counter.item()
    weights = {name: weight.numpy() for name, weight in names.items()}
    return weights | {f"optimizer/{k}": v for k, v in model.optimizer.state().items()} | {"drawn": counter}


def assert_same_numbers(received, expected, rtol=RTOL):
    """Nested dicts and lists of numbers agree: by the norm for arrays, whole numbers and words exactly."""
    if isinstance(expected, dict):
        assert list(received) == list(expected)
        for name in expected:
            try:
                assert_same_numbers(received[name], expected[name], rtol)
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from None
    elif isinstance(expected, (list, tuple)) and not all(isinstance(each, float) for each in expected):
        assert len(received) == len(expected)
        for ours, theirs in zip(received, expected):
            assert_same_numbers(ours, theirs, rtol)
    elif isinstance(expected, (str, int, bool)) or np.asarray(expected).dtype.kind != "f":
        np.testing.assert_array_equal(received, expected)
    else:
        ours, theirs = np.asarray(received, np.float64), np.asarray(expected, np.float64)
        np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(theirs))
        ours, theirs = ours[np.isfinite(theirs)], theirs[np.isfinite(theirs)]
        apart, allowed = np.linalg.norm(ours - theirs), rtol * np.linalg.norm(theirs) + 1e-6
        assert apart <= allowed, f"{apart:g} apart, allowed {allowed:g}\n{received}\nexpected\n{expected}"


def assert_same_training(model, reference, rtol=RTOL):
    """Two models that have been trained alike: their weights, their optimizers', their histories."""
    assert_same_numbers(model.history.history, reference.history.history, rtol)
    assert model.history.epoch == reference.history.epoch
    assert_same_numbers(everything_but_drawn(model), everything_but_drawn(reference), rtol)


def everything_but_drawn(model):
    return {name: value for name, value in everything(model).items() if name != "drawn"}


def figures(text):
    """A message's words, and its numbers."""
    pattern = r"\d+\.?\d*(?:e[+-]?\d+)?"
    return re.sub(pattern, "#", text), [float(number) for number in re.findall(pattern, text)]
