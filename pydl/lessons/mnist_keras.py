"""A first model as Keras users write it: Sequential, compile, fit, evaluate; one hidden layer of 392 tanh units.

Labels become one-hot rows by `to_categorical`, and `summary` counts 784 x 392 + 392 + 392 x 10 + 10 = 311,650
parameters. One epoch of RMSprop is enough for 93 of 100 digits. The loss matters: mean squares have next to no gradient
where the network is sure and wrong; that of cross-entropy is the larger, the worse the mistake.
"""

from typing import Annotated

import pydl
from pydl import data, nn, optim

from . import digits
from .comparison import Comparison
from .options import BatchSize, Device, Epochs, LearningRate, OneOf, Outcome, Range, Seed

FIGURES = ["plot:accuracies", "table:results", "digits", "random_digit"]

LOSSES = ("categorical_crossentropy", "mean_squared_error")


def run(
    units: Annotated[int, Range(1, 4096)] = 392,
    loss: Annotated[str, OneOf("both", *LOSSES)] = "both",
    learning_rate: LearningRate = 0.001,
    epochs: Epochs = 1,
    batch_size: BatchSize = 128,
    seed: Seed = 777,
    device: Device = "auto",
    dataset: digits.Dataset = "mnist",
    subset: digits.Subset = None,
) -> Outcome:
    (x_train, labels_train), (x_test, labels_test) = digits.load(dataset, subset, seed)
    y_train, y_test = (data.to_categorical(labels, num_classes=10) for labels in (labels_train, labels_test))
    comparison = Comparison()

    for name in LOSSES if loss == "both" else [loss]:
        pydl.seed(seed)  # the same weights and shuffles for both
        model = nn.Sequential(
            [nn.Dense(units, activation="tanh"), nn.Dense(10, activation="softmax")],
            input_shape=(784,),
            name=name,
        )
        model.summary()
        model.compile(optimizer=optim.RMSprop(learning_rate=learning_rate), loss=name, metrics=["accuracy"])
        history = model.fit(
            x_train,
            y_train,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=(x_test, y_test),
            callbacks=comparison.main_only(digits.Pictures(x_test, labels_test, seed, from_logits=False)),
            device=device,
            verbose=0,
        )
        test_loss, test_accuracy = model.evaluate(x_test, y_test, device=device, verbose=0)
        comparison.add(name, history.history, test_loss, test_accuracy)
        print(f"{name}: loss {test_loss:.4f}, accuracy {test_accuracy:.4f}\n")

    outcome = comparison.outcome()
    outcome["result"]["parameters"] = model.count_parameters()
    return outcome
