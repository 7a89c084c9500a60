"""A deep network built twice: from weights and matrix products by hand, and by one line of `DNNClassifier`.

784 pixels, hidden layers of 300 and 100 ReLU units, 10 digits; gradient descent 0.01 in batches of 50. The author of
the tutorial saw the version by hand 7 points ahead. Here both start from the same random numbers and, on all of MNIST,
take the same batches: they end with the same weights, to the last bit. The level at which a network is written changes
nothing; its settings do, and above all the number of steps. `DNNClassifier` counts `steps`, batches of 50, where the
version by hand counts epochs, 1,100 of them each. The other parts are tools of everyday work: early stopping, a search
for hyperparameters, and the reuse of layers that were trained for something else.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

import pydl
from pydl import Parameter, Tensor, callbacks, data, init, io, jit, nn, optim
from pydl.estimators import DNNClassifier, search
from pydl.graph import program_graph
from pydl.jit import Jitted
from pydl.nn import functional as F
from pydl.random import Generator

from . import digits
from .digits import IN_THE_PAGE
from .figures import plot, table
from .loop import Loop
from .networks import last, side_by_side
from .options import BatchSize, Device, Epochs, Layers, LearningRate, LessonError, OneOf, Outcome, Range, Seed

FIGURES = [
    "plot:accuracies", "table:epochs", "digits", "table:results", "table:gap",
    "plot:stopping", "table:search", "plot:reuse", "table:reused",
]  # fmt: skip

PARTS = ("low_level", "high_level", "gap", "early_stopping", "search", "reuse")
SETS = {"both": ("low_level", "high_level", "gap"), "all": PARTS}

Weights = dict[str, Parameter]  # by their paths: "hidden1/kernel"
Curves = dict[str, list[float]]


@dataclass
class Task:
    """The data, and how to learn from it. The first of the images are kept for validation: 5,000 of 60,000."""

    train: digits.Rows
    validation: digits.Rows
    test: digits.Rows
    layers: tuple[int, ...]
    learning_rate: float
    epochs: int
    steps: int
    batch_size: int
    known: int
    seed: int
    device: str


def run(
    part: Annotated[str, OneOf(*SETS, *PARTS)] = "both",
    layers: Layers = (300, 100),
    learning_rate: LearningRate = 0.01,
    epochs: Epochs | None = None,
    steps: Annotated[int, Range(1, 100_000_000)] | None = None,
    batch_size: BatchSize = 50,
    known: Annotated[int, Range(2, 8)] = 8,
    seed: Seed = 777,
    device: Device = "auto",
    dataset: digits.Dataset = "mnist",
    subset: digits.Subset = None,
) -> Outcome:
    (x, y), test = digits.load(dataset, subset, seed)
    kept = len(x) // 12
    if not kept:
        raise LessonError(f"option subset: expected at least 12 images, a twelfth is for validation; received {len(x)}")
    epochs = epochs or (10 if IN_THE_PAGE else 30)
    steps = steps or epochs * steps_of_an_epoch(len(x) - kept, batch_size)
    task = Task(
        (x[kept:], y[kept:]), (x[:kept], y[:kept]), test,
        layers, learning_rate, epochs, steps, batch_size, known, seed, device,
    )  # fmt: skip

    histories: dict[str, Curves] = {}
    results: dict[str, dict[str, Any]] = {}
    for name in SETS.get(part, (part,)):
        print(f"{name}:")
        pydl.seed(seed)  # the same start and the same batches for each
        histories[name], results[name] = RUN[name](task)
        show_networks(histories, results)
    main, *_ = histories
    return {"history": side_by_side(histories, main), "result": side_by_side(results, main)}


def steps_of_an_epoch(samples: int, batch_size: int) -> int:
    return max(1, samples // batch_size)


# ---- by hand


def first_kernel(shape: tuple[int, ...], generator: Generator | None = None) -> np.ndarray:
    """Weights of a layer: the truncated normal distribution with deviation 2 / sqrt(n), n inputs to a unit."""
    return init.TruncatedNormal(stddev=2 / np.sqrt(shape[0]))(shape, generator)


def neuron_weights(inputs: int, units: int, name: str) -> Weights:
    with nn.name_scope(name):
        kernel = Parameter(first_kernel((inputs, units)), name="kernel")
        bias = Parameter(np.zeros(units, np.float32), name="bias")
    return {kernel.name: kernel, bias.name: bias}


def neuron_layer(x: Tensor, weights: Weights, name: str, activation: Callable[[Tensor], Tensor] = F.linear) -> Tensor:
    with nn.name_scope(name):
        return activation(x @ weights[f"{name}/kernel"] + weights[f"{name}/bias"])


def dnn_weights(inputs: int, hidden: Sequence[int], outputs: int) -> Weights:
    weights: Weights = {}
    for number, units in enumerate(hidden, start=1):
        weights |= neuron_weights(inputs, units, f"hidden{number}")
        inputs = units
    return weights | neuron_weights(inputs, outputs, "outputs")


def dnn(x: Tensor, weights: Weights) -> Tensor:
    """The logits of a batch of images, (batch, outputs)."""
    for number in range(1, len(weights) // 2):
        x = neuron_layer(x, weights, f"hidden{number}", F.relu)
    return neuron_layer(x, weights, "outputs")


def step_of(weights: Weights, optimizer: optim.Optimizer, device: str) -> Jitted:
    """A step of training as a compiled function of a batch; it changes what the optimizer was built for."""

    @jit(device=device)
    def step(x: Tensor, y: Tensor) -> Tensor:
        optimizer.zero_grad()
        loss = F.sparse_softmax_cross_entropy_with_logits(y, dnn(x, weights)).mean()
        loss.backward()
        optimizer.step()
        return loss

    return step


def measure_of(weights: Weights, device: str) -> Callable[..., tuple[Tensor, Tensor]]:
    """Loss and accuracy on a batch, compiled. An image counts as read where its label has the largest logit."""

    @jit(device=device)
    def measure(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        logits = dnn(x, weights)
        right = F.in_top_k(y, logits, 1)
        return F.sparse_softmax_cross_entropy_with_logits(y, logits).mean(), right.astype("float32").mean()

    return measure


def low_level(task: Task) -> tuple[Curves, dict[str, Any]]:
    x_train, y_train = task.train
    x_test, y_test = task.test
    start = time.perf_counter()

    weights = dnn_weights(784, task.layers, 10)
    optimizer = optim.SGD(task.learning_rate)
    optimizer.build(weights.values())
    step, measure = step_of(weights, optimizer, task.device), measure_of(weights, task.device)
    print(as_graph(weights))

    rows = []
    loop = Loop(task.epochs, len(x_train), task.batch_size, step=step)
    for epoch in loop:
        costs = []
        for x, y in loop.batches(data.shuffle_batch(x_train, y_train, task.batch_size)):
            costs.append(step(x, y).item())
        _, batch_accuracy = measure(x, y)  # of the last batch
        val_loss, val_accuracy = measure(*task.validation)
        loop.log(loss=np.mean(costs), accuracy=batch_accuracy, val_loss=val_loss, val_accuracy=val_accuracy)
        rows.append([epoch + 1, float(batch_accuracy), float(val_accuracy)])
        table("epochs", ["epoch", "batch", "validation"], rows, percent=["batch", "validation"])
    seconds = time.perf_counter() - start

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mnist_dnn.npz"
        io.save_npz(path, {name: weight.numpy() for name, weight in weights.items()})
        saved, _ = io.load_npz(path)
    restored = dnn_weights(784, task.layers, 10)  # a network that has learned nothing
    for name, weight in restored.items():
        weight.assign(saved[name])
    show_first(restored, x_test[:20], y_test[:20])

    test_loss, test_accuracy = measure_of(restored, task.device)(x_test, y_test)
    return loop.history, last(loop.history) | {
        "test_loss": float(test_loss),
        "test_accuracy": float(test_accuracy),
        "steps": task.epochs * steps_of_an_epoch(len(x_train), task.batch_size),
        "seconds": seconds,
    }


# ---- by DNNClassifier


def classifier(task: Task, **changes: Any) -> DNNClassifier:
    """The same network with the same settings, or with some of them changed."""
    settings: dict[str, Any] = {
        "hidden_units": task.layers,
        "optimizer": "sgd",
        "learning_rate": task.learning_rate,
        "kernel_initializer": first_kernel,
        "n_classes": 10,
        "batch_size": task.batch_size,
        "device": task.device,
    }
    return DNNClassifier(**settings | changes)


def high_level(task: Task) -> tuple[Curves, dict[str, Any]]:
    start = time.perf_counter()
    network = classifier(task, steps=task.steps)
    network.fit(*task.train, validation_data=task.validation)
    seconds = time.perf_counter() - start
    test_accuracy = network.score(*task.test)
    measured = {"test_accuracy": test_accuracy, "steps": task.steps, "seconds": seconds}
    return network.history_, last(network.history_) | measured


def gap(task: Task) -> tuple[Curves, dict[str, Any]]:
    """Where 7 points go: networks that take the steps of one epoch only, and begin, descend or see in other ways."""
    adagrad = {"optimizer": optim.Adagrad(), "learning_rate": 0.05}  # what TensorFlow's DNNClassifier took unless told
    glorot = {"kernel_initializer": "glorot_uniform"}  # likewise
    settings: dict[str, dict[str, Any]] = {
        "one_epoch": {},
        "one_epoch_glorot": glorot,
        "one_epoch_adagrad": adagrad | glorot,
        "one_epoch_adagrad_raw": adagrad | glorot,
    }
    (x_train, y_train), (x_test, y_test) = task.train, task.test
    steps = steps_of_an_epoch(len(x_train), task.batch_size)
    histories, result, rows = {}, {}, []
    for name, changes in settings.items():
        pydl.seed(task.seed)
        pixels = np.float32(255 if name.endswith("raw") else 1)  # raw: numbers from 0 to 255
        network = classifier(task, steps=steps, **changes).fit(x_train * pixels, y_train)
        histories[name] = network.history_
        result[name] = network.score(x_test * pixels, y_test)
        print(f"{name}: test accuracy {result[name]:.4f} after {steps:,} steps")
        rows.append([name, steps, result[name]])
        table("gap", ["setting", "steps", "accuracy"], rows, percent=["accuracy"])
    return histories["one_epoch"], result


# ---- everyday work


def early_stopping(task: Task) -> tuple[Curves, dict[str, Any]]:
    """Adam learns the training images by heart after a few epochs: the loss on others rises, and training ends."""
    stop = callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True)
    network = classifier(task, optimizer="adam", learning_rate=0.001, epochs=task.epochs)
    network.fit(*task.train, validation_data=task.validation, callbacks=[stop])

    history = network.history_
    epochs, best = len(history["loss"]), stop.best_epoch + 1
    print(f"ended after {epochs} of {task.epochs} epochs; back to the weights of epoch {best}")
    curves = {name: history[name] for name in ("loss", "val_loss")}
    plot("stopping", range(1, epochs + 1), curves, points=[(best, history["val_loss"][best - 1])])
    return history, {"test_accuracy": network.score(*task.test), "epochs": epochs, "best_epoch": best}


def search_settings(task: Task) -> tuple[Curves, dict[str, Any]]:
    """Every combination of two shapes and three learning rates, trained for a moment on 5,000 images at most."""
    grid: dict[str, Sequence[Any]] = {"hidden_units": [(100,), task.layers], "learning_rate": [0.01, 0.1, 0.5]}
    x, y = (part[:5_000] for part in task.train)
    network = classifier(task, epochs=max(1, task.epochs // 6))
    trials = search(network, grid, x, y, validation_data=task.validation, seed=task.seed)

    rows = []
    for trial in trials:
        units = "-".join(map(str, trial.parameters["hidden_units"]))
        score = None if trial.error else trial.score
        rows.append([units, trial.parameters["learning_rate"], score, trial.seconds])
    table("search", ["hidden_units", "learning_rate", "accuracy", "seconds"], rows, percent=["accuracy"])
    best = trials[0]
    return best.history, {
        "val_accuracy": best.score,
        "learning_rate": best.parameters["learning_rate"],
        "hidden_units": list(best.parameters["hidden_units"]),
    }


def reuse(task: Task) -> tuple[Curves, dict[str, Any]]:
    """Digits below `known` are learned from all of their images, the others then from very few: by a new network, by
    one that takes over the first hidden layer, and by one that takes over them all. What is taken over is frozen."""
    (x, y), (x_test, y_test) = task.train, task.test
    old, unseen = y < task.known, y_test >= task.known
    base = dnn_weights(784, task.layers, task.known)
    step = step_of(base, adam(base), task.device)
    loop = Loop(max(1, task.epochs // 10), int(old.sum()), task.batch_size, step=step)
    for _ in loop:
        for batch in loop.batches(data.shuffle_batch(x[old], y[old], task.batch_size)):
            loss = step(*batch)
        loop.log(loss=loss)

    x, y = x[~old], y[~old] - task.known
    sizes = [size for size in (20, 50, 100, 500) if size <= len(x)] or [len(x)]
    taken = {"new": (), "first_layer": ("hidden1/",), "all_layers": ("hidden",)}  # the beginnings of their paths
    networks, steps = {}, {}
    for size in sizes:
        for name, paths in taken.items():
            pydl.seed(task.seed)  # what is new begins alike
            fresh = dnn_weights(784, task.layers, 10 - task.known)
            frozen = {path: weight for path, weight in base.items() if path.startswith(paths)}
            networks[name, size] = fresh | frozen
            trained = {path: weight for path, weight in fresh.items() if path not in frozen}
            step = steps[name, size] = step_of(networks[name, size], adam(trained), task.device)

    loop = Loop(3 * task.epochs, len(taken) * sum(sizes), batch_size=20, step=step)
    for _ in loop:  # side by side, each on its own few images
        costs = {}
        for (name, size), step in steps.items():
            for batch in loop.batches(data.shuffle_batch(x[:size], y[:size], 20)):
                costs[name, size] = step(*batch).item()
        loop.log(loss=np.mean(list(costs.values())))

    x_test, y_test = x_test[unseen], y_test[unseen] - task.known
    read = {key: measure_of(weights, task.device)(x_test, y_test)[1].item() for key, weights in networks.items()}
    lines = {name: [read[name, size] for size in sizes] for name in taken}
    plot("reuse", sizes, lines)
    table("reused", ["samples", *taken], [[*row] for row in zip(sizes, *lines.values())], percent=[*taken])
    return loop.history, {f"{name}_{size}": accuracy for (name, size), accuracy in read.items()}


def adam(weights: Weights) -> optim.Optimizer:
    """An optimizer of these weights and no others: those that it is not given are frozen."""
    optimizer = optim.Adam()
    optimizer.build(weights.values())
    return optimizer


RUN = dict(zip(PARTS, (low_level, high_level, gap, early_stopping, search_settings, reuse)))


# ---- the pictures


def as_graph(weights: Weights) -> str:
    """What flows through the network, by its name scopes: input > hidden1 (235,500 weights) > ..."""
    outputs = jit(lambda x: dnn(x, weights))
    nodes = program_graph(outputs.program(np.zeros((1, 784), np.float32))).nodes
    return " > ".join(node.label + (f" ({node.parameters:,} weights)" if node.parameters else "") for node in nodes)


def show_first(weights: Weights, images: np.ndarray, labels: np.ndarray) -> None:
    """The first test images with what the network takes them for."""
    probabilities = F.softmax(dnn(Tensor(images), weights)).numpy()
    predictions = digits.show_digits(images, labels, probabilities)
    print("restored from its file, the network reads the first 20 test images:")
    print("  label     ", *labels)
    print("  prediction", *predictions)


def show_networks(histories: dict[str, Curves], results: dict[str, dict[str, Any]]) -> None:
    """The networks built by hand and by DNNClassifier side by side, so far."""
    curves = {name: histories[name]["val_accuracy"] for name in ("low_level", "high_level") if name in histories}
    if curves:
        longest = max(map(len, curves.values()))
        plot("accuracies", range(1, longest + 1),
             {name: [*values, *[np.nan] * (longest - len(values))] for name, values in curves.items()})  # fmt: skip
        columns = ("test_accuracy", "steps", "seconds")
        rows = [[name, *(results[name][column] for column in columns)] for name in curves]
        table("results", ["network", *columns], rows, percent=["test_accuracy"])
