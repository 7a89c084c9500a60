"""A small training whose scores are written beforehand, so that callbacks that follow one can be held to them."""

import numpy as np

import pydl
from pydl import nn, optim
from pydl.callbacks import Callback

X = np.random.default_rng(0).standard_normal((8, 3)).astype(np.float32)
Y = X.sum(axis=1, keepdims=True)


class Scores(Callback):
    """Logs these numbers as "score", one for each epoch."""

    adds_logs = ("score",)

    def __init__(self, scores):
        self.scores = list(scores)

    def on_epoch_end(self, epoch, logs):
        logs["score"] = float(self.scores[epoch])


class Weights(Callback):
    """Takes down the weights and the learning rate after every epoch."""

    def __init__(self):
        self.weights, self.rates = [], []

    def on_epoch_end(self, epoch, logs):
        self.weights.append([weight.tobytes() for weight in self.model.get_weights()])
        self.rates.append(self.model.optimizer.learning_rate.item())


def model_from(seed=0, **settings):
    pydl.seed(seed)
    model = nn.Sequential([nn.Dense(4, activation="relu"), nn.Dense(1)], input_shape=(3,))
    model.compile(**({"optimizer": optim.SGD(0.01), "loss": "mse", "metrics": ["mae"]} | settings))
    return model


def fit(model, *callbacks, **options):
    return model.fit(X, Y, **({"batch_size": 4, "verbose": 0, "callbacks": list(callbacks)} | options))


def fit_scores(scores, *callbacks, model=None, **options):
    """A training of as many epochs as there are scores."""
    model = model or model_from()
    return fit(model, Scores(scores), *callbacks, **({"epochs": len(scores)} | options))
