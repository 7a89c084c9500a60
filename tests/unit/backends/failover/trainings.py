"""What tests of trainings that fail share: a network with all kinds of state, its data, and NumPy's training of it."""

import numpy as np

import pydl
from pydl import losses, nn, optim
from pydl.callbacks import Callback, LearningRateScheduler

RNG = np.random.default_rng(0)
X = RNG.standard_normal((50, 3)).astype(np.float32)
Y = (X.sum(1) > 0).astype(np.int32)


class Diary(Callback):
    """Writes down every hook but the numbers of batches, with where the steps run."""

    def __init__(self):
        self.pages, self.places = [], []

    def on_epoch_begin(self, epoch, logs):
        self.pages.append(("epoch", epoch))

    def on_train_batch_begin(self, batch, logs):
        self.pages.append(("begins", batch))

    def on_train_batch_end(self, batch, logs):
        self.pages.append(("ends", batch, logs["loss"], self.model.optimizer.iterations.item()))
        self.places.append((self.params["device"], self.params["adapter"]))

    def on_epoch_end(self, epoch, logs):
        self.pages.append((epoch, logs))


def network(seed=1):
    """All that has state: weights, moving averages, masks of two generators, an optimizer's slots."""
    pydl.seed(seed)
    layers = [nn.Dense(6, "tanh"), nn.BatchNormalization(), nn.Dropout(0.2), nn.Dropout(0.1, seed=4), nn.Dense(2)]
    model = nn.Sequential(layers, input_shape=(3,))
    model.compile(optim.Adam(0.02), losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"])
    pydl.seed(7)
    return model


def fit(model, *watchers, **options):
    """Batches of 9 (the last one smaller) for 3 epochs with a rate that changes, validated."""
    watchers = [LearningRateScheduler(lambda epoch, rate: rate * 0.7), *watchers]
    settings = {"batch_size": 9, "epochs": 3, "verbose": 0, "device": "webgpu", "validation_split": 0.2}
    return model.fit(X, Y, callbacks=watchers, **(settings | options))


def everything(model):
    state = {**dict(enumerate(model.get_weights())), **model.optimizer.state()}
    return {name: array.tobytes() for name, array in state.items()} | {"drawn": pydl.random.default.counter.item()}


def undisturbed(*watchers, **options):
    """What NumPy makes of it: the history, and all state."""
    model = network()
    return fit(model, *watchers, **({"device": "numpy"} | options)).history, everything(model)
