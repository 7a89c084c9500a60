"""Tensors and Variables: what every network is made of.

A Tensor is an array of numbers with a shape; operations make new Tensors of it, and remember how. A Variable is a
Tensor that a step may change: the weights of a network are Variables. Each line below is shown with its result.
"""

from typing import Annotated

import numpy as np

from pydl import Tensor, Variable, jit

from .figures import table
from .options import Outcome, Range

FIGURES = ["table:shapes", "table:broadcasting", "table:gradients", "table:variables", "table:placeholders"]


def run(
    start: Annotated[float, Range(-1000, 1000)] = 1.0,
    steps: Annotated[int, Range(1, 10)] = 3,
) -> Outcome:
    # A shape says how many axes there are, and how long each is.
    number = Tensor(3)
    vector = Tensor([1, 2, 3])
    matrix = Tensor([[1, 2, 3], [4, 5, 6]])
    images = Tensor(np.zeros((100, 28, 28, 1)))  # (batch, height, width, channels)
    tell(
        "shapes",
        f"{number = }",
        f"{vector = }",
        f"{matrix = }",
        f"{number.shape, vector.shape, matrix.shape = }",
        f"{images.shape = }",
        f"{images.reshape(100, 784).shape = }",
        f"{matrix.reshape(3, 2) = }",
    )

    # Where two shapes differ, the smaller one is repeated: its axes are matched from the last one on.
    column = Tensor([[10], [20]])
    tell(
        "broadcasting",
        f"{vector + 10 = }",
        f"{matrix + vector = }",
        f"{matrix + column = }",
        f"{column * vector = }",
        f"{matrix @ vector.reshape(3, 1) = }",
        f"{matrix.sum() = }",
        f"{matrix.sum(axis=0) = }",
        f"{matrix.mean(axis=1, keepdims=True) = }",
    )

    # A Tensor that requires a gradient remembers what was made of it; backward() walks back.
    x = Tensor([1, 2, 3], requires_grad=True)
    y = (x * x).sum()
    y.backward()
    tell("gradients", f"{y = }", f"{x.grad = }")

    # A Variable is changed by `assign` only; a compiled step reads it when it begins, and writes it when it ends.
    counter = Variable(start, name="counter")

    @jit
    def step() -> Tensor:
        counter.assign(counter * 2)
        return counter

    values = [step().item() for _ in range(steps)]
    tell("variables", f"{start = }", *(f"step {i}: counter = {value}" for i, value in enumerate(values, 1)))

    # TensorFlow 1 had placeholders: holes in a graph, filled when it was run. A function's arguments are just that:
    # `add` is written down once for arguments of a shape, and then run with whatever they hold.
    @jit
    def add(a: Tensor, b: Tensor) -> Tensor:
        return a + b

    tell("placeholders", f"{add(3, 4.5) = }", f"{add(vector, vector) = }", f"{add.program(3, 4.5) = !s}")

    result = {"sum": matrix.sum().item(), "y": y.item(), "counter": counter.item(), "added": add(3, 4.5).item()}
    return {"history": {}, "result": result}


def tell(name: str, *lines: str) -> None:
    """Shows lines such as "x.shape = (3,)" as a table of what was written and what came of it."""
    table(name, ["line", "result"], [" ".join(line.split()).split(" = ", 1) for line in lines])
