"""The cost as a curve: what gradient descent walks down.

The hypothesis H(x) = W x has a single weight, so that the cost can be drawn over it: a parabola with its lowest point
at the best W. Each step goes against the slope, W = W - learning_rate * slope: long steps where it is steep, short
ones near the bottom. A learning rate that is too large jumps across the valley, and lands higher each time.
"""

from typing import Annotated

import numpy as np

import pydl
from pydl import Parameter, Tensor, jit, random

from .figures import due, plot, table
from .loop import Loop
from .options import Device, Epochs, LearningRate, OneOf, Outcome, Range, Seed

FIGURES = ["plot:valley", "table:walk"]
CURVES = ["loss"]

TOO_HIGH = 100  # times the first cost: there is no way back from there


def run(
    start: Annotated[float, Range(-10, 10)] = 5.0,
    learning_rate: LearningRate = 0.03,
    epochs: Epochs = 20,
    seed: Seed = 777,
    device: Device = "auto",
    dataset: Annotated[str, OneOf("exact", "noisy")] = "exact",
    subset: Annotated[int, Range(0, 3)] = 0,
) -> Outcome:
    pydl.seed(seed)
    x = np.array([1, 2, 3], np.float32)[: subset or None]
    y = x if dataset == "exact" else x + random.default.normal(x.shape, 0, 1)
    W = Parameter(start, name="W")

    @jit(device=device)
    def step(x: Tensor, y: Tensor) -> list[Tensor]:
        cost = ((W * x - y) ** 2).mean()
        W.grad = None
        cost.backward()
        W.assign(W - learning_rate * W.grad)
        return [cost, W.grad]

    walk: list[tuple[float, float, float]] = []  # W, the cost there, and its slope
    loop = Loop(epochs, samples=len(x), step=step)
    for epoch in loop:
        place = W.item()
        cost, slope = step(x, y)
        walk.append((place, cost.item(), slope.item()))
        loop.log(loss=cost, W=place)
        upwards = cost.item() > TOO_HIGH * walk[0][1]
        if upwards or due(epoch, epochs):
            draw(x, y, walk)
        if upwards:
            break

    place, cost, slope = walk[-1]
    result = {"loss": cost, "W": place, "slope": slope, "steps": len(walk), "diverged": int(cost > walk[0][1])}
    return {"history": loop.history, "result": result}


# ---- the pictures


def draw(x: np.ndarray, y: np.ndarray, walk: list[tuple[float, float, float]]) -> None:
    places = [place for place, _, _ in walk]
    across = np.linspace(min(-3, *places), max(5, *places), 81)
    costs = ((across[:, None] * x - y) ** 2).mean(axis=1)
    plot("valley", across, {"cost": costs}, points=[(place, cost) for place, cost, _ in walk], walk=True)
    steps = [(number, *step) for number, step in enumerate(walk, 1) if due(number - 1, len(walk))]
    table("walk", ["step", "W", "cost", "slope"], steps)
