"""Dropout: four hidden layers of 512 that do not learn their training images by heart.

A network of 1.2 million weights can remember 60,000 images, and what it remembers does not help with new ones:
overfitting. Dropout switches each hidden unit off with probability 0.3 at every step, so that no unit can rely on
another; the rest are scaled up by 1 / 0.7, and their sum stays what it was. When the network is tested, all units work:
`evaluate` and `predict` leave dropout off by themselves.
"""

from typing import Annotated

import numpy as np

import pydl
from pydl import init, losses, nn, no_grad, optim
from pydl.train import control

from . import digits
from .comparison import Comparison
from .options import BatchSize, Device, Epochs, Layers, LearningRate, OneOf, Outcome, Range, Seed

FIGURES = ["plot:accuracies", "table:results", "digits", "random_digit"]


def run(
    layers: Layers = (512, 512, 512, 512),
    keep_prob: Annotated[float, Range(0.05, 1.0)] = 0.7,
    networks: Annotated[str, OneOf("both", "dropout", "without")] = "both",
    learning_rate: LearningRate = 0.001,
    epochs: Epochs = 15,
    batch_size: BatchSize = 100,
    seed: Seed = 777,
    device: Device = "auto",
    dataset: digits.Dataset = "mnist",
    subset: digits.Subset = None,
) -> Outcome:
    (x_train, y_train), (x_test, y_test) = digits.load(dataset, subset, seed)
    comparison = Comparison()

    for name in ["dropout", "without"] if networks == "both" else [networks]:
        pydl.seed(seed)
        model = nn.Sequential(name=name)
        for units in layers:
            model.add(dense(units, activation="relu"))
            if name == "dropout":
                model.add(nn.Dropout(rate=1 - keep_prob))
        model.add(dense(10))
        model.compile(
            optimizer=optim.Adam(learning_rate=learning_rate),
            loss=losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        history = model.fit(
            x_train,
            y_train,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=(x_test, y_test),
            callbacks=comparison.main_only(digits.Pictures(x_test, y_test, seed)),
            device=device,
            verbose=0,
        )
        test_loss, test_accuracy = model.evaluate(x_test, y_test, device=device, verbose=0)
        comparison.add(name, history.history, test_loss, test_accuracy)
        print(f"{name}: test accuracy {test_accuracy:.4f}")
        if name == "dropout":
            left_on = accuracy_with_dropout_left_on(model, x_test, y_test)
            print(f"the same network with dropout left on in the test: {left_on:.4f}")

    outcome = comparison.outcome()
    if networks != "without":
        outcome["result"]["dropout_left_on_accuracy"] = left_on
    return outcome


def dense(units: int, activation: str = "linear") -> nn.Dense:
    """A layer that begins as the tutorial's do."""
    weights, biases = init.TruncatedNormal(stddev=0.1), init.RandomNormal(stddev=1.0)
    return nn.Dense(units, activation=activation, kernel_initializer=weights, bias_initializer=biases)


def accuracy_with_dropout_left_on(model: nn.Model, x_test: np.ndarray, y_test: np.ndarray) -> float:
    """What it costs to forget that a test is no training."""
    right = 0
    with no_grad():
        for start in range(0, len(x_test), 500):
            control.boundary(model.history.history)  # where the lesson can be stopped
            rows = slice(start, start + 500)
            right += int((model(x_test[rows], training=True).numpy().argmax(axis=1) == y_test[rows]).sum())
    return right / len(x_test)
