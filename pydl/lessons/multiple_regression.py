"""Multiple regression: several inputs, one output, H(X) = X W + b.

Three test scores say something of the final one. All rows are multiplied with the weights at once: X is a matrix
(samples, inputs), W a column (inputs, 1). Each input is scaled to mean 0 and deviation 1 first: of raw scores, as large
as 100, the cost is so steep that only a tiny learning rate does not overshoot.
"""

from typing import Annotated

import numpy as np

import pydl
from pydl import Parameter, Tensor, data, jit, random

from .figures import due, plot, table
from .loop import Loop
from .options import Device, Epochs, LearningRate, OneOf, Outcome, Range, Seed

FIGURES = ["plot:predictions", "table:predictions"]
CURVES = ["loss"]

SCORES = """\
test 1,test 2,test 3,final
80,68,91,169
100,96,100,201
99,99,94,199
83,79,76,165
94,98,93,195
72,58,59,128
100,93,100,200
88,99,77,169
91,99,95,195
52,64,66,129
63,80,61,137
73,72,76,153
87,85,88,176
81,79,86,175
62,45,67,124
56,66,77,146
90,87,92,184
56,58,59,124
75,83,78,162
50,40,60,111
"""


def run(
    file: str = "",
    scaling: bool = True,
    learning_rate: LearningRate = 0.1,
    epochs: Epochs = 500,
    seed: Seed = 777,
    device: Device = "auto",
    dataset: Annotated[str, OneOf("scores")] = "scores",
    subset: Annotated[int, Range(0, 1_000_000)] = 0,
) -> Outcome:
    scores = data.read_csv(file or SCORES)
    inputs, targets = scores.split(-1)  # the last column is what is to be predicted
    rows = slice(subset or None)
    x, y = inputs[rows], targets[rows].reshape(-1, 1)
    if scaling:
        x = data.StandardScaler().fit_transform(x)

    pydl.seed(seed)
    W = Parameter(random.default.normal((x.shape[1], 1)), name="W")
    b = Parameter(random.default.normal((1,)), name="b")

    @jit(device=device)
    def step(x: Tensor, y: Tensor) -> Tensor:
        cost = ((x @ W + b - y) ** 2).mean()
        W.grad = b.grad = None
        cost.backward()
        W.assign(W - learning_rate * W.grad)
        b.assign(b - learning_rate * b.grad)
        return cost

    def predict(x: np.ndarray) -> np.ndarray:
        return (Tensor(x) @ W + b).numpy()

    loop = Loop(epochs, samples=len(x), step=step)
    for epoch in loop:
        loop.log(loss=step(x, y))
        if due(epoch, epochs):
            draw(y, predict(x))

    errors = predict(x) - y
    squares = float((errors**2).mean())
    result = {
        "loss": squares,
        "mean_absolute_error": float(np.abs(errors).mean()),
        "explained": 1 - squares / max(float(y.var()), 1e-12),  # 0: no better than the mean of all; 1: every one right
        "W": W.numpy().ravel().tolist(),
        "b": b.item(),
    }
    return {"history": loop.history, "result": result}


# ---- the pictures


def draw(y: np.ndarray, predictions: np.ndarray) -> None:
    ends = np.array([y.min(), y.max()])
    plot("predictions", ends, {"right": ends}, points=np.hstack([y, predictions]))
    pairs = np.hstack([y, predictions])[:10].tolist()
    rows = [[row, target, prediction, prediction - target] for row, (target, prediction) in enumerate(pairs, 1)]
    table("predictions", ["row", "target", "prediction", "error"], rows)
