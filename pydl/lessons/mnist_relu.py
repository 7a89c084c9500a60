"""MNIST with ReLU: two hidden layers read handwritten digits, 97 of 100 and more after three epochs.

Each image is a row of 784 pixels. ReLU lets the gradient through undiminished wherever a unit is active, and He's
initialisation gives every layer signals of the same size: together they make a plain network learn fast.
"""

import pydl
from pydl import losses, nn, optim

from . import digits
from .networks import last
from .options import Activation, BatchSize, Device, Epochs, Layers, LearningRate, Outcome, Seed

FIGURES = ["digits", "random_digit"]


def run(
    layers: Layers = (256, 256),
    activation: Activation = "relu",
    learning_rate: LearningRate = 0.001,
    epochs: Epochs = 3,
    batch_size: BatchSize = 100,
    seed: Seed = 777,
    device: Device = "auto",
    dataset: digits.Dataset = "mnist",
    subset: digits.Subset = None,
) -> Outcome:
    (x_train, y_train), (x_test, y_test) = digits.load(dataset, subset, seed)
    pydl.seed(seed)

    hidden = [nn.Dense(units, activation=activation, kernel_initializer="he_normal") for units in layers]
    model = nn.Sequential([*hidden, nn.Dense(10, kernel_initializer="he_normal")])
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
        callbacks=[digits.Pictures(x_test, y_test, seed)],
        device=device,
        verbose=0,
    )

    test_loss, test_accuracy = model.evaluate(x_test, y_test, device=device, verbose=0)
    measured = {"test_loss": test_loss, "test_accuracy": test_accuracy}
    return {"history": history.history, "result": last(history.history) | measured}
