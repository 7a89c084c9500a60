"""What the lessons on digits share: where the images come from, and the pictures of what a network makes of them."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from pydl import data
from pydl.callbacks import Callback
from pydl.nn.functional import softmax
from pydl.random import Generator

from .figures import show

IN_THE_PAGE = sys.platform == "emscripten"
PAGE_SUBSET = 10_000  # training images in the page, where NumPy has no BLAS; all 60,000 on the desktop
GRID = 60  # test digits shown at once


def load(dataset: str, subset: int | None, seed: int):
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
    return images.reshape(len(images), -1).astype(np.float32) / 255


class Pictures(Callback):
    """After every epoch: a grid of test digits with what the network takes them for, and one of them at random.

    logits: maps rows of pixels to rows of logits; the model's own prediction unless given.
    """

    def __init__(self, x_test: np.ndarray, y_test: np.ndarray, seed: int, logits: Callable | None = None) -> None:
        generator = Generator(seed)
        chosen = generator.permutation(len(x_test))[:GRID]
        self.rows, self.labels = x_test[chosen], y_test[chosen]
        self.generator = generator
        self.logits = logits

    def on_epoch_end(self, epoch, logs):
        logits = (self.logits or self.model.predict)(self.rows)
        probabilities = softmax(logits).numpy()
        predictions = probabilities.argmax(axis=1)
        images = np.round(self.rows * 255).astype(np.uint8).reshape(-1, 28, 28)
        show(
            "digits",
            images=images,
            labels=self.labels.tolist(),
            predictions=predictions.tolist(),
            confidences=probabilities.max(axis=1).tolist(),
        )
        one = int(self.generator.integers(0, len(images)))
        show(
            "random_digit",
            image=images[one],
            label=int(self.labels[one]),
            prediction=int(predictions[one]),
            probabilities=probabilities[one].tolist(),
        )
