"""What the lessons on digits share: where the images come from, and the pictures of what a network makes of them.

They ask for MNIST or the drawn digits by the same options, and get rows of pixels for either.
"""

from __future__ import annotations

import sys
from typing import Annotated

import numpy as np

from pydl import data
from pydl.callbacks import Callback
from pydl.nn.functional import softmax
from pydl.random import Generator

from .figures import show
from .options import OneOf, Range

Rows = tuple[np.ndarray, np.ndarray]  # images as rows of pixels, and their labels
Dataset = Annotated[str, OneOf(*data.DATA_NAMES)]
Subset = Annotated[int, Range(0, 50_000)] | None

IN_THE_PAGE = sys.platform == "emscripten"
PAGE_SUBSET = 10_000  # training images in the page: 2 MB to load instead of 11; all 60,000 on the desktop
GRID = 60  # test digits shown at once


def load(dataset: str, subset: int | None, seed: int) -> tuple[Rows, Rows]:
    """Training and test images as rows of 784 numbers in 0..1, with their labels.

    subset: how many training images (with a fifth as many for the test); 0 for all; None as it suits the place.
    """
    if subset is None:
        subset = PAGE_SUBSET if IN_THE_PAGE else 0
    if dataset == "drawn_digits":
        train = subset or 60_000
        (x_train, y_train), (x_test, y_test) = data.drawn_digits(n_train=train, n_test=max(train // 5, 10), seed=seed)
    else:
        (x_train, y_train), (x_test, y_test) = data.load_mnist(subset=subset)
    return (as_rows(x_train), y_train), (as_rows(x_test), y_test)


def as_rows(images: np.ndarray) -> np.ndarray:
    """Images (n, 28, 28) of 0..255 as rows (n, 784) of 0..1."""
    return images.reshape(len(images), -1).astype(np.float32) / 255


def as_images(rows: np.ndarray) -> np.ndarray:
    """Rows (n, 784) of 0..1 as images (n, 28, 28) of 0..255."""
    return np.round(rows * 255).astype(np.uint8).reshape(-1, 28, 28)


def show_digits(rows: np.ndarray, labels: np.ndarray, probabilities: np.ndarray, name: str = "") -> np.ndarray:
    """Shows "digits": images with their labels and what a network takes them for; returns the latter, (n,).

    name: where there is one, the figure is called "digits:name"
    """
    predictions: np.ndarray = probabilities.argmax(axis=1)
    show(
        "digits",
        images=as_images(rows),
        labels=labels.tolist(),
        predictions=predictions.tolist(),
        confidences=probabilities.max(axis=1).tolist(),
        **({"name": name} if name else {}),
    )
    return predictions


class Pictures(Callback):
    """After every epoch: a grid of test digits with what the network takes them for, and one of them at random.

    from_logits: False where the model gives probabilities.
    """

    def __init__(self, x_test: np.ndarray, y_test: np.ndarray, seed: int, from_logits: bool = True) -> None:
        generator = Generator(seed)
        chosen = generator.permutation(len(x_test))[:GRID]
        self.rows, self.labels = x_test[chosen], y_test[chosen]
        self.generator = generator
        self.from_logits = from_logits

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        outputs = self.model.predict(self.rows)
        probabilities = softmax(outputs).numpy() if self.from_logits else outputs
        predictions = show_digits(self.rows, self.labels, probabilities)
        one = int(self.generator.integers(0, len(self.rows)))
        show(
            "random_digit",
            image=as_images(self.rows[one])[0],
            label=int(self.labels[one]),
            prediction=int(predictions[one]),
            probabilities=probabilities[one].tolist(),
        )
