"""Softmax regression: ten neurons, one per digit, and the largest answer counts.

One layer gives ten numbers, the logits; softmax makes probabilities of them that sum to 1. A label is a row of ten, 1
at the digit and 0 elsewhere (one-hot), and the cost, the cross-entropy, is -log of the probability given to the right
one. Each digit gets a single template of 784 weights: about 92 of 100 test images are read.
"""

import numpy as np

import pydl
from pydl import data, losses, metrics, nn, optim

from . import digits
from .figures import table
from .networks import last
from .options import BatchSize, Device, Epochs, LearningRate, Outcome, Seed

FIGURES = ["digits", "random_digit", "table:confusions"]


def run(
    learning_rate: LearningRate = 0.5,
    epochs: Epochs = 5,
    batch_size: BatchSize = 100,
    seed: Seed = 777,
    device: Device = "auto",
    dataset: digits.Dataset = "mnist",
    subset: digits.Subset = None,
) -> Outcome:
    (x_train, labels_train), (x_test, labels_test) = digits.load(dataset, subset, seed)
    y_train, y_test = data.to_categorical(labels_train, 10), data.to_categorical(labels_test, 10)
    pydl.seed(seed)

    model = nn.Sequential([nn.Dense(10)])
    model.compile(
        optimizer=optim.SGD(learning_rate=learning_rate),
        loss=losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_test, y_test),
        callbacks=[digits.Pictures(x_test, labels_test, seed)],
        device=device,
        verbose=0,
    )

    test_loss, test_accuracy = model.evaluate(x_test, y_test, device=device, verbose=0)
    show_confusions(labels_test, model.predict(x_test, device=device))
    measured = {"test_loss": test_loss, "test_accuracy": test_accuracy}
    return {"history": history.history, "result": last(history.history) | measured}


# ---- the picture


def show_confusions(labels: np.ndarray, logits: np.ndarray, most: int = 8) -> None:
    """Which digit is taken for which, the most frequent mistakes first, with their share of that digit's images."""
    counts = metrics.confusion_matrix(labels, logits)
    of_digit = counts.sum(axis=1)
    mistakes = counts - np.diag(np.diag(counts))
    rows = []
    for place in np.argsort(-mistakes, axis=None, kind="stable")[:most]:
        label, taken = divmod(int(place), 10)
        if count := int(mistakes[label, taken]):
            rows.append([label, taken, count, count / int(of_digit[label])])
    table("confusions", ["label", "prediction", "count", "share"], rows, percent=["share"])
