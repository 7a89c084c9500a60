"""MNIST with ReLU against softmax in the hidden layers: what an activation, and what a start, is worth.

Softmax belongs at the output, where ten numbers must share a probability of 1. In a hidden layer it makes 256 units
share it: each gets a 256th on average, and next to nothing of the gradient. ReLU lets every unit speak for itself.
Weights drawn from the normal distribution with deviation 1 are far too large for all of them, though: He's
initialisation gives the same ReLU network three more points.
"""

from typing import Annotated

import pydl
from pydl import init, losses, nn, optim

from . import digits
from .comparison import Comparison
from .options import BatchSize, Device, Epochs, LearningRate, OneOf, Outcome, Seed

FIGURES = ["plot:accuracies", "table:results", "digits", "random_digit"]

NORMAL = init.RandomNormal(0.0, 1.0)
# Each network's activation, and how its weights and biases begin.
NETWORKS = {
    "relu": ("relu", NORMAL, NORMAL),
    "sigmoid": ("sigmoid", NORMAL, NORMAL),
    "softmax": ("softmax", NORMAL, NORMAL),
    "relu_he": ("relu", init.HeNormal(), init.Zeros()),
}
PUBLISHED = {"relu": 0.95, "softmax": 0.85}  # test accuracy in the tutorial


def run(
    activation: Annotated[str, OneOf("all", *NETWORKS)] = "all",
    learning_rate: LearningRate = 0.001,
    epochs: Epochs = 15,
    batch_size: BatchSize = 100,
    seed: Seed = 1,  # a fair one: seeds differ, softmax's most of all (83 to 92% over six)
    device: Device = "auto",
    dataset: digits.Dataset = "mnist",
    subset: digits.Subset = None,
) -> Outcome:
    (x_train, y_train), (x_test, y_test) = digits.load(dataset, subset, seed)
    comparison = Comparison(PUBLISHED)

    for name in NETWORKS if activation == "all" else [activation]:
        pydl.seed(seed)  # the same shuffles for each
        function, weights, biases = NETWORKS[name]
        layers = [
            nn.Dense(256, activation=function, kernel_initializer=weights, bias_initializer=biases),
            nn.Dense(256, activation=function, kernel_initializer=weights, bias_initializer=biases),
            nn.Dense(10, kernel_initializer=weights, bias_initializer=biases),
        ]
        model = nn.Sequential(layers, name=name)
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

        one = int(pydl.random.default.integers(0, len(x_test)))  # a random test digit
        prediction = int(model.predict(x_test[one : one + 1]).argmax())
        print(f"{name}: test accuracy {test_accuracy:.4f}; digit {one}: label {y_test[one]}, prediction {prediction}")

    return comparison.outcome()
