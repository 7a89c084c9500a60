"""The four networks that every bench measures: what they are made of, their data, and how long a step may take.

They are models like any other and are trained by the step that `fit` compiles, so what is measured is what a learner
gets. Pixels and labels are random: how long a step takes does not depend on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .. import losses, nn, optim, random

DIGITS = 1_000  # rows of random pixels: ten batches, so that each step takes others, as in a training
SEED = 777


def class_numbers() -> losses.Loss:
    """The loss where labels are class numbers and the last layer gives logits."""
    return losses.SparseCategoricalCrossentropy(from_logits=True)


@dataclass(frozen=True)
class Network:
    """One row of the table.

    name, words: what it is called, and what it consists of
    batch:       samples in a step
    most:        milliseconds that a step may take at most, compiled to WebAssembly, in a page
    layers:      makes its layers; rows: makes its data (x, y); optimizer, loss: make what it is trained with
    """

    name: str
    words: str
    batch: int
    most: float
    layers: Callable[[], list[nn.Module]]
    rows: Callable[[], tuple[np.ndarray, np.ndarray]]
    optimizer: Callable[[], optim.Optimizer] = optim.Adam
    loss: Callable[[], losses.Loss] = class_numbers

    def model(self) -> nn.Sequential:
        """A fresh model, compiled in the sense of Keras; the same weights every time."""
        random.seed(SEED)
        model = nn.Sequential(self.layers(), input_shape=self.rows()[0].shape[1:])
        model.compile(self.optimizer(), self.loss())
        return model


def dense(units: int) -> nn.Dense:
    """A hidden layer with ReLU."""
    return nn.Dense(units, activation="relu", kernel_initializer="he_normal")


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Random pixels (DIGITS, 784) and labels (DIGITS,)."""
    rng = np.random.default_rng(SEED)
    return rng.random((DIGITS, 784), np.float32), rng.integers(0, 10, DIGITS).astype(np.int32)


def xor() -> tuple[np.ndarray, np.ndarray]:
    """The four rows of XOR."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    return x, np.array([[0], [1], [1], [0]], np.float32)


def _deep_xor() -> list[nn.Module]:
    return [*(dense(5) for _ in range(10)), nn.Dense(1, activation="sigmoid")]


NETWORKS = {
    network.name: network
    for network in (
        Network(
            "relu-mlp",
            "784-256-256-10, ReLU, Adam, batch 100",
            batch=100,
            most=4,
            layers=lambda: [dense(256), dense(256), nn.Dense(10)],
            rows=digits,
        ),
        Network(
            "dropout-mlp",
            "784-512-512-512-512-10, ReLU, keep 0.7, Adam, batch 100",
            batch=100,
            most=20,
            layers=lambda: [*(layer for _ in range(4) for layer in (dense(512), nn.Dropout(0.3))), nn.Dense(10)],
            rows=digits,
        ),
        Network(
            "cnn",
            "28x28x1, conv 3x3x32, pool 2, conv 3x3x64, pool 2, dense 10, ReLU, Adam, batch 100",
            batch=100,
            most=50,
            layers=lambda: [
                nn.Reshape((28, 28, 1)),
                nn.Conv2D(32, kernel_size=3, activation="relu", kernel_initializer="he_normal"),
                nn.MaxPooling2D(pool_size=2),
                nn.Conv2D(64, kernel_size=3, activation="relu", kernel_initializer="he_normal"),
                nn.MaxPooling2D(pool_size=2),
                nn.Flatten(),
                nn.Dense(10),
            ],
            rows=digits,
        ),
        Network(
            "deep-xor",
            "2-5-5-5-5-5-5-5-5-5-5-1, ReLU, gradient descent, full batch of 4",
            batch=4,
            most=0.010,
            layers=_deep_xor,
            rows=xor,
            optimizer=lambda: optim.SGD(0.1),
            loss=losses.BinaryCrossentropy,
        ),
    )
}
