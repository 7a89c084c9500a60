"""XOR through ten hidden layers of five: why depth failed for so long, and what ReLU changed.

Backpropagation multiplies the gradient by an activation's slope in every layer. The slope of a sigmoid is at most 1/4:
after ten layers less than a millionth is left, the first layers do not move, and the cost stays at log 2 = 0.6931, a
coin toss. The slope of ReLU is 1 wherever a unit is active, so the gradient arrives. But a unit that is active nowhere
is dead and learns nothing, and with unlucky weights a whole layer dies: ReLU succeeds with some seeds only. That is
the honest rest, and `seeds` counts it.
"""

from typing import Annotated, Any

import numpy as np

import pydl
from pydl import Parameter, Tensor, init, jit, losses, nn, optim, probes
from pydl.callbacks import Callback
from pydl.nn import functional as F
from pydl.random import Generator

from .digits import IN_THE_PAGE
from .figures import plot, table
from .loop import Loop
from .options import Device, Epochs, LearningRate, OneOf, Outcome, Range, Seed

FIGURES = ["plot:gradients", "table:gradients_by_layer", "table:seeds"]

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
TARGETS = np.array([[0], [1], [1], [0]], np.float32)
HIDDEN = [5] * 10
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "maxout")
EVERY = 2_000  # steps from one printed line to the next
SOLVED = 0.001  # a cost below this counts as success
HALF = 0.5 + 1e-5  # outputs of a network that has learned nothing differ from 0.5 in their last bits only


def run(
    activation: Annotated[str, OneOf(*ACTIVATIONS)] = "relu",
    learning_rate: LearningRate = 0.1,
    epochs: Epochs | None = None,
    seeds: Annotated[int, Range(1, 100)] = 1,
    seed: Seed = 777,
    device: Device = "auto",
    dataset: Annotated[str, OneOf("xor")] = "xor",
    subset: Annotated[int, Range(0, 4)] = 0,
) -> Outcome:
    pydl.seed(seed)
    slow = IN_THE_PAGE and pydl.devices() == ["numpy"]  # a minute for what machine code does in a second
    epochs = epochs or (20_000 if slow else 200_000)
    rows = slice(subset or None)  # how many of the four rows to learn from; 0 for all

    uniform = init.RandomUniform(-1, 1)

    def layer(units: int, name: str) -> nn.Module:
        if activation == "maxout":
            return nn.Maxout(units, pieces=2, kernel_initializer=uniform, name=name)
        return nn.Dense(units, activation=activation, kernel_initializer=uniform, name=name)

    hidden = [layer(units, f"layer{number}") for number, units in enumerate(HIDDEN, start=1)]
    model = nn.Sequential([*hidden, nn.Dense(1, activation="sigmoid", kernel_initializer=uniform, name="output")])
    model.compile(optimizer=optim.SGD(learning_rate), loss=losses.BinaryCrossentropy(), metrics=[accuracy])
    watching = Watching()
    history = model.fit(
        INPUTS[rows],
        TARGETS[rows],
        batch_size=4,  # all rows at once: an epoch is one step
        epochs=epochs,
        shuffle=False,
        callbacks=[watching],
        probes=[probes.Gradients(every=max(1, epochs // 100))],
        device=device,
        verbose=0,
    )

    result = model.evaluate(INPUTS, TARGETS, device=device, verbose=0, return_dict=True)
    result |= watching.first_and_last()
    if seeds > 1:
        result |= compare_seeds(range(seed, seed + seeds), epochs, learning_rate, device)
    return {"history": history.history, "result": result}


def accuracy(y_true: Tensor, hypothesis: Tensor) -> Tensor:
    """The share of answers that are right, where a hypothesis above 0.5 says 1."""
    return ((hypothesis > HALF) == (y_true > 0.5)).mean()


# ---- many seeds at once


def compare_seeds(seeds: range, epochs: int, learning_rate: float, device: str) -> dict[str, float]:
    """For each activation the share of seeds with which the same network solves XOR."""
    shares: dict[str, float] = {}
    for activation in ACTIVATIONS:
        costs = train_together(activation, seeds, epochs, learning_rate, device)
        shares[activation] = float((costs < SOLVED).mean())
        counts = [[name, round(share * len(seeds)), len(seeds), share] for name, share in shares.items()]
        print(f"{activation}: {counts[-1][1]} of {len(seeds)} seeds solve XOR")
        table("seeds", ["activation", "solved", "seeds", "share"], counts, percent=["share"])
    return {f"share_{activation}": share for activation, share in shares.items()}


def train_together(activation: str, seeds: range, epochs: int, learning_rate: float, device: str) -> np.ndarray:
    """Trains one network per seed, all in one Program: every weight has a leading axis of seeds. The last costs."""
    generators = [Generator(seed) for seed in seeds]
    sizes = [INPUTS.shape[1], *HIDDEN, 1]
    pieces = 2 if activation == "maxout" else 1
    kernels: list[Parameter] = []
    biases: list[Parameter] = []
    for units_in, units in zip(sizes, sizes[1:]):
        units *= pieces if len(kernels) < len(HIDDEN) else 1
        kernels.append(Parameter(np.stack([draw.uniform((units_in, units), -1, 1) for draw in generators])))
        biases.append(Parameter(np.zeros((len(seeds), 1, units), np.float32)))
    optimizer = optim.SGD(learning_rate)
    optimizer.build([*kernels, *biases])
    activate = getattr(F, activation)
    cost = losses.BinaryCrossentropy()
    targets = np.broadcast_to(TARGETS, (len(seeds), *TARGETS.shape)).copy()

    @jit(device=device)
    def step(x: Tensor, y: Tensor) -> Tensor:
        optimizer.zero_grad()
        for kernel, bias in zip(kernels[:-1], biases):
            x = activate(x @ kernel + bias)
        hypothesis = F.sigmoid(x @ kernels[-1] + biases[-1])
        costs = cost.call(y, hypothesis).mean(axis=(1, 2))
        costs.sum().backward()  # the networks share no weight, so each gets the gradient of its own cost
        optimizer.step()
        return costs

    loop = Loop(epochs, samples=len(INPUTS), step=step)
    for _ in loop:
        costs: np.ndarray = step(INPUTS, targets).numpy()
        # A network that overflows to NaN has not solved it; the others go on.
        loop.log(loss=np.nanmedian(costs), accuracy=(costs < SOLVED).mean())
    return costs


# ---- the pictures


class Watching(Callback):
    """A line every 2,000 steps, and the size of the gradient in every layer."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.norms: dict[str, list[float]] = {}

    def next_epoch(self, epoch: int) -> int:
        due: int = min(-(-(epoch + 1) // EVERY) * EVERY, self.params["epochs"]) - 1
        return due

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        step = epoch + 1
        if step % EVERY == 0 or step == self.params["epochs"]:
            print(f"step {step:>7,}   cost {logs['loss']:.4f}   accuracy {logs['accuracy']:.2f}")

    def on_probe(self, name: str, record: dict[str, Any]) -> None:
        self.steps.append(record["step"])
        for path, statistics in record["layers"].items():
            layer, _, weight = path.rpartition("/")
            if weight == "kernel":
                self.norms.setdefault(layer, []).append(statistics["norm"])
        plot("gradients", self.steps, self.norms, log=True, ordered=True)

    def on_train_end(self, logs: dict[str, float]) -> None:
        rows = [[layer, norms[0], norms[-1]] for layer, norms in self.norms.items()]
        table("gradients_by_layer", ["layer", "first", "last"], rows)

    def first_and_last(self) -> dict[str, float]:
        """The gradients before the first step, nearest to the input and nearest to the output."""
        norms = list(self.norms.values())
        return {"gradient_first_layer": norms[0][0], "gradient_last_layer": norms[-1][0]}
