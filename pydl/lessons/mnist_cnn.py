"""A small convolutional network: 99 of 100 handwritten digits, with a twentieth of the weights of a dense network.

A dense layer does not know which pixels are neighbours and must learn a stroke anew wherever it may stand. A
convolution looks through a window of 3 x 3 pixels with the same few weights everywhere; pooling keeps the strongest of
every 2 x 2 answers; a second convolution finds patterns of the first one's patterns. Batch normalisation keeps all
signals at the same size, so that steps ten times as large as usual are safe, and a falling learning rate ends with
small ones.
"""

from typing import Annotated

import numpy as np

import pydl
from pydl import losses, nn, optim
from pydl.nn.functional import softmax

from . import digits
from .networks import last
from .options import BatchSize, Device, Epochs, LearningRate, LessonError, Outcome, Range, Seed

FIGURES = ["digits", "random_digit", "digits:mistakes"]

MOST = 3  # convolutions: 28 pixels become 13, 5 and 1


def run(
    filters: Annotated[tuple[int, ...], Range(1, 256)] = (16, 32),
    learning_rate: LearningRate = 0.01,
    epochs: Epochs = 3,
    batch_size: BatchSize = 100,
    seed: Seed = 777,
    device: Device = "auto",
    dataset: digits.Dataset = "mnist",
    subset: digits.Subset = None,
) -> Outcome:
    if len(filters) > MOST:
        raise LessonError(f"option filters: expected 1 to {MOST} numbers, as in 16,32, received {len(filters)}")
    (x_train, y_train), (x_test, y_test) = digits.load(dataset, subset, seed)
    pydl.seed(seed)

    layers: list[nn.Module] = [nn.Reshape((28, 28, 1))]
    for patterns in filters:
        layers += [
            nn.Conv2D(patterns, kernel_size=3, use_bias=False, kernel_initializer="he_normal"),
            nn.MaxPooling2D(pool_size=2),  # first of all: a quarter of the numbers is left for what follows
            nn.BatchNormalization(momentum=0.9),
            nn.Activation("relu"),
        ]
    model = nn.Sequential([*layers, nn.Flatten(), nn.Dense(10)], input_shape=(784,))
    model.summary()

    steps = epochs * -(-len(x_train) // batch_size)
    model.compile(
        optimizer=optim.Adam(optim.schedules.CosineDecay(learning_rate, decay_steps=steps)),
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
    mistakes = show_mistakes(softmax(model.predict(x_test, device=device)).numpy(), x_test, y_test)
    print(f"{mistakes} of {len(x_test):,} test digits are misread")
    measured = {"test_loss": test_loss, "test_accuracy": test_accuracy, "mistakes": mistakes}
    result = last(history.history) | measured | {"parameters": model.count_parameters()}
    return {"history": history.history, "result": result}


# ---- the pictures


def show_mistakes(probabilities: np.ndarray, x_test: np.ndarray, y_test: np.ndarray) -> int:
    """The misread test digits, the surest first. Returns how many there are."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != y_test)
    surest = wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][: digits.GRID]
    digits.show_digits(x_test[surest], y_test[surest], probabilities[surest], name="mistakes")
    return len(wrong)
