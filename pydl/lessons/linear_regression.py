"""Linear regression: the line H(x) = W x + b through some points, found by gradient descent.

W and b begin as random numbers. The cost, the mean of the squared errors, says how far the line is from the points;
its gradient says how the cost changes with W and b. A small step against the gradient makes the cost smaller, and many
such steps find the line.
"""

from typing import Annotated

import numpy as np

import pydl
from pydl import Parameter, Tensor, jit, random

from .figures import due, plot, table
from .loop import Loop
from .options import Device, Epochs, LearningRate, OneOf, Outcome, Range, Seed

FIGURES = ["plot:line", "table:found"]
CURVES = ["loss"]


def run(
    learning_rate: LearningRate = 0.05,
    epochs: Epochs = 1000,
    seed: Seed = 777,
    device: Device = "auto",
    dataset: Annotated[str, OneOf("exact", "noisy")] = "exact",
    subset: Annotated[int, Range(0, 30)] = 0,
) -> Outcome:
    pydl.seed(seed)
    x, y = points(dataset, subset)

    W = Parameter(random.default.normal(()), name="W")
    b = Parameter(random.default.normal(()), name="b")

    @jit(device=device)
    def step(x: Tensor, y: Tensor) -> Tensor:
        hypothesis = W * x + b
        cost = ((hypothesis - y) ** 2).mean()
        W.grad = b.grad = None  # backward() adds to what is there
        cost.backward()
        W.assign(W - learning_rate * W.grad)
        b.assign(b - learning_rate * b.grad)
        return cost

    loop = Loop(epochs, samples=len(x), step=step)
    for epoch in loop:
        cost = step(x, y)
        loop.log(loss=cost, W=W, b=b)
        if due(epoch, epochs):
            draw(x, y, W.item(), b.item())

    slope, intercept = least_squares(x, y)
    table("found", ["what", "W", "b"], [["descent", W.item(), b.item()], ["formula", slope, intercept]])
    result = {"loss": cost.item(), "W": W.item(), "b": b.item(), "exact_W": slope, "exact_b": intercept}
    return {"history": loop.history, "result": result}


def points(dataset: str, subset: int) -> tuple[np.ndarray, np.ndarray]:
    """Three points on the line y = x, or thirty near the line y = 2 x + 1."""
    if dataset == "exact":
        x = y = np.array([1, 2, 3], np.float32)
    else:
        x = random.default.uniform((30,), 0, 3)
        y = 2 * x + 1 + random.default.normal((30,), 0, 0.5)
    rows = slice(subset or None)
    return x[rows], y[rows]


def least_squares(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """W and b of the smallest cost by the formula, which exists for lines, but not for networks."""
    spread = x - x.mean()
    slope = float((spread * y).sum() / max((spread * spread).sum(), 1e-12))
    return slope, float(y.mean() - slope * x.mean())


# ---- the picture


def draw(x: np.ndarray, y: np.ndarray, W: float, b: float) -> None:
    across = np.linspace(0, 4, 41)
    plot("line", across, {"hypothesis": W * across + b}, points=np.stack([x, y], axis=1))
