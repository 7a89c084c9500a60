"""Logistic regression: a yes or no from a number. Does a student pass who has studied for so many hours?

The sigmoid turns W x + b into a probability between 0 and 1; where it crosses one half lies the decision boundary.
The cost is the cross-entropy, -log of the probability given to what really happened. Mean squares would be a cost as
well, but a bad one: where the sigmoid is flat, a confident mistake, it has next to no slope to learn from.
"""

from collections.abc import Callable
from typing import Annotated

import numpy as np

import pydl
from pydl import Parameter, Tensor, grad, jit, random
from pydl.jit import Jitted
from pydl.nn.functional import sigmoid, sigmoid_cross_entropy_with_logits

from .figures import due, plot, table
from .loop import Loop
from .networks import side_by_side
from .options import Device, Epochs, LearningRate, OneOf, Outcome, Range, Seed

FIGURES = ["plot:probability", "plot:slopes", "table:costs"]

# Hours of study and whether the exam was passed: the example of Wikipedia's article "Logistic regression".
HOURS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.25, 3.5, 4, 4.25, 4.5, 4.75, 5, 5.5]
PASSED = [0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1]


def cross_entropy(y: Tensor, logits: Tensor) -> Tensor:
    """-log p where y is 1, -log(1 - p) where y is 0, with p = sigmoid(logits)."""
    return sigmoid_cross_entropy_with_logits(y, logits)


def mean_squares(y: Tensor, logits: Tensor) -> Tensor:
    return (sigmoid(logits) - y) ** 2


COSTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"mean_squares": mean_squares, "cross_entropy": cross_entropy}


def run(
    start: Annotated[float, Range(-20, 20)] = -5.0,
    learning_rate: LearningRate = 0.3,
    epochs: Epochs = 2000,
    seed: Seed = 777,
    device: Device = "auto",
    dataset: Annotated[str, OneOf("hours")] = "hours",
    subset: Annotated[int, Range(0, 20)] = 0,
) -> Outcome:
    x, y = (np.array(values, np.float32)[: subset or None] for values in (HOURS, PASSED))
    neurons: dict[str, tuple[float, float]] = {}  # W and b, by the cost that they are learned with
    histories: dict[str, dict[str, list[float]]] = {}

    for name, cost_of in COSTS.items():
        pydl.seed(seed)
        W = Parameter(start, name="W")  # far below 0: sure that whoever studies fails
        b = Parameter(random.default.normal(()), name="b")
        step = training_step(W, b, cost_of, learning_rate, device)

        loop = Loop(epochs, samples=len(x), step=step)
        for epoch in loop:
            cost, accuracy = step(x, y)
            loop.log(loss=cost, accuracy=accuracy)
            neurons[name] = W.item(), b.item()
            if due(epoch, epochs):
                draw(x, y, neurons)
        histories[name] = loop.history

    slopes = confident_mistake()
    results = {
        name: {
            "loss": histories[name]["loss"][-1],
            "accuracy": histories[name]["accuracy"][-1],
            "W": W,
            "b": b,
            "boundary": -b / W if W else None,  # where W x + b = 0: from here on a pass is likelier than a failure
            "slope": slopes[name],
        }
        for name, (W, b) in neurons.items()
    }
    rows = [[name, *numbers.values()] for name, numbers in results.items()]
    table("costs", ["cost", "loss", "accuracy", "W", "b", "boundary", "slope"], rows, percent=["accuracy"])
    return {
        "history": side_by_side(histories, main="cross_entropy"),
        "result": side_by_side(results, main="cross_entropy"),
    }


def training_step(
    W: Parameter, b: Parameter, cost_of: Callable[[Tensor, Tensor], Tensor], learning_rate: float, device: str
) -> Jitted:
    """A step of gradient descent on all samples: the cost and the accuracy before it."""

    @jit(device=device)
    def step(x: Tensor, y: Tensor) -> list[Tensor]:
        logits = W * x + b
        cost = cost_of(y, logits).mean()
        W.grad = b.grad = None
        cost.backward()
        W.assign(W - learning_rate * W.grad)
        b.assign(b - learning_rate * b.grad)
        right = (sigmoid(logits) > 0.5) == (y > 0.5)
        return [cost, right.astype(np.float32).mean()]

    return step


# ---- the pictures


def draw(x: np.ndarray, y: np.ndarray, neurons: dict[str, tuple[float, float]]) -> None:
    hours = np.linspace(0, 6, 61)
    curves = {name: sigmoid(W * hours + b).numpy() for name, (W, b) in neurons.items()}
    plot("probability", hours, curves, points=np.stack([x, y], axis=1))


def confident_mistake() -> dict[str, float]:
    """Shows the slope of both costs by the logit where the answer is 1; returns those at -8, a confident 0."""
    logits = Tensor(np.linspace(-8, 8, 65))
    answers = Tensor(np.ones(65))
    slopes = {name: grad(lambda z, cost=cost: cost(answers, z).sum())(logits).numpy() for name, cost in COSTS.items()}
    plot("slopes", logits, slopes)
    return {name: float(slope[0]) for name, slope in slopes.items()}
