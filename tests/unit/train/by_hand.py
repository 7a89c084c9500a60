"""A small network, its data, and the same network written out in NumPy: what training is compared with."""

import numpy as np

import pydl
from pydl import losses, nn, optim

RNG = np.random.default_rng(0)
X = RNG.standard_normal((10, 3)).astype(np.float32)
Y = (X[:, :1] * X[:, 1:2] > 0).astype(np.float32)
XV = RNG.standard_normal((7, 3)).astype(np.float32)
YV = (XV[:, :1] > 0).astype(np.float32)


def network(**options):
    """3-5-1, tanh, binary cross-entropy, its weights from seed 42."""
    pydl.seed(42)
    model = nn.Sequential([nn.Dense(5, activation="tanh"), nn.Dense(1)], input_shape=(3,))
    settings = {"optimizer": optim.SGD(0.5), "loss": losses.BinaryCrossentropy(True), "metrics": ["accuracy"]}
    model.compile(**(settings | options))
    return model


class ByHand:
    """The same network and the same steps, written out in float64 without pydl."""

    def __init__(self, model, rate=0.5):
        self.weights = [p.numpy().astype(np.float64) for p in model.parameters()]
        self.rate = rate

    def forward(self, x):
        w1, b1, w2, b2 = self.weights
        hidden = np.tanh(x @ w1 + b1)
        return hidden, hidden @ w2 + b2

    def figures(self, x, y):
        _, logits = self.forward(x.astype(np.float64))
        p = 1 / (1 + np.exp(-logits))
        loss = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
        return loss, ((p > 0.5) == (y > 0.5)).mean()

    def step(self, x, y):
        before = self.figures(x, y)
        hidden, logits = self.forward(x.astype(np.float64))
        d2 = (1 / (1 + np.exp(-logits)) - y) / len(x)
        d1 = d2 @ self.weights[2].T * (1 - hidden**2)
        gradients = [x.T @ d1, d1.sum(0), hidden.T @ d2, d2.sum(0)]
        self.weights = [w - self.rate * g for w, g in zip(self.weights, gradients)]
        return before

    def epoch(self, x, y, batch_size, order):
        rows = [order[i : i + batch_size] for i in range(0, len(x), batch_size)]
        figures = [self.step(x[r], y[r]) for r in rows]
        return np.average(figures, axis=0, weights=[len(r) for r in rows])


def same_weights(model, reference):
    for parameter, expected in zip(model.parameters(), reference.weights, strict=True):
        np.testing.assert_allclose(parameter.numpy(), expected, rtol=1e-4, atol=1e-6, err_msg=parameter.name)


def losses_of(reference, x, y):
    """The loss of every sample."""
    p = 1 / (1 + np.exp(-reference.forward(x.astype(np.float64))[1]))
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))[:, 0]
