"""An ensemble: several networks vote on each digit, and together they read more than the best of them.

The networks differ in their seed alone: in the weights that they begin with, and in the order of their images. That is
enough for each to be wrong on other digits, and a mistake of one is outvoted by the rest. In a hard vote each has one
voice, for the digit that it holds most probable; in a soft vote their probabilities are averaged, so that a network
that is sure counts for more than one that hesitates. `pydl.estimators.Ensemble` trains its members on any Executor, one
for each processor or machine; here they come one after the other, to be watched.
"""

from typing import Annotated

import numpy as np

import pydl
from pydl.estimators import DNNClassifier, vote
from pydl.estimators.ensemble import shares

from . import digits
from .figures import plot, table
from .networks import side_by_side
from .options import BatchSize, Device, Epochs, Layers, LearningRate, OneOf, Outcome, Range, Seed

FIGURES = ["plot:votes", "table:members", "digits"]

VOTES = ("soft", "hard")


def run(
    members: Annotated[int, Range(2, 50)] = 5,
    voting: Annotated[str, OneOf("both", *VOTES)] = "both",
    layers: Layers = (256, 256),
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

    votes = VOTES if voting == "both" else (voting,)
    histories: dict[str, dict[str, list[float]]] = {}
    outputs: list[np.ndarray] = []  # each network's probabilities on the test digits
    alone: list[float] = []  # what it reads by itself
    together: dict[str, list[float]] = {name: [] for name in votes}  # and with all those before it
    for number in range(members):
        network = DNNClassifier(
            hidden_units=layers,
            n_classes=10,
            learning_rate=learning_rate,
            kernel_initializer="he_normal",
            epochs=epochs,
            batch_size=batch_size,
            random_state=seed + number,
            device=device,
        )
        network.fit(x_train, y_train, validation_data=(x_test, y_test))
        histories[f"network{number + 1}"] = network.history_
        outputs.append(network.predict_proba(x_test))
        alone.append(accuracy(outputs[-1].argmax(axis=1), y_test))
        for name in votes:
            together[name].append(accuracy(vote(outputs, name), y_test))
        show_votes(alone, together, len(y_test))

    show_disputed(outputs, x_test, y_test, votes[0])
    best, average = max(alone), float(np.mean(alone))
    for name in votes:
        print(f"{name} vote: {together[name][-1]:.4f}; its members: {average:.4f} on average, {best:.4f} the best")
    result = {
        "test_accuracy": together[votes[0]][-1],
        **{f"{name}_accuracy": values[-1] for name, values in together.items()},
        "best_member_accuracy": best,
        "mean_member_accuracy": average,
        "member_accuracies": alone,
    }
    return {"history": side_by_side(histories, main="network1"), "result": result}


def accuracy(predictions: np.ndarray, labels: np.ndarray) -> float:
    return float((predictions == labels).mean())


# ---- the pictures


def show_votes(alone: list[float], together: dict[str, list[float]], images: int) -> None:
    """Every network by itself, and the votes of all of them so far."""
    plot("votes", range(1, len(alone) + 1), {**together, "alone": alone})
    rows = [*enumerate(alone, start=1), *((name, values[-1]) for name, values in together.items())]
    table(
        "members",
        ["network", "accuracy", "mistakes"],
        [[name, share, round((1 - share) * images)] for name, share in rows],
        percent=["accuracy"],
    )


def show_disputed(outputs: list[np.ndarray], x_test: np.ndarray, y_test: np.ndarray, voting: str) -> None:
    """The first test digits on which the networks disagree, and what the vote makes of them."""
    opinions = np.argmax(outputs, axis=2)
    disputed = np.flatnonzero((opinions != opinions[0]).any(axis=0))[: digits.GRID]
    if disputed.size:
        digits.show_digits(x_test[disputed], y_test[disputed], shares(np.array(outputs)[:, disputed], voting))
