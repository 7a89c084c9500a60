"""Logic gates: what a single neuron can learn, and what it cannot.

A neuron weighs its two inputs and answers 1 where w1 x1 + w2 x2 + b is above 0: one side of a straight line. AND, OR
and NAND each need just one line. XOR, 1 where exactly one input is 1, has its ones in opposite corners: no line
separates them, so that at most three of the four answers are right, whatever is learned.
"""

from functools import partial
from typing import Annotated

import numpy as np

import pydl
from pydl import nn, optim

from .figures import Drawing, show, table
from .networks import side_by_side
from .options import Device, Epochs, LearningRate, OneOf, Outcome, Range, Seed

GATES = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "nand": [1, 1, 1, 0], "xor": [0, 1, 1, 0]}
INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
FIGURES = [*(f"decision_surface:{gate}" for gate in GATES), "table:outputs", "table:neurons"]


def run(
    learning_rate: LearningRate = 1.0,
    epochs: Epochs = 500,
    seed: Seed = 777,
    device: Device = "auto",
    dataset: Annotated[str, OneOf("all", *GATES)] = "all",
    subset: Annotated[int, Range(0, 4)] = 0,
) -> Outcome:
    gates = list(GATES) if dataset == "all" else [dataset]
    rows = slice(subset or None)  # how many of the four rows to learn from; 0 for all
    neurons: dict[str, nn.Sequential] = {}
    histories: dict[str, dict[str, list[float]]] = {}
    results: dict[str, dict[str, float]] = {}

    for gate in gates:
        pydl.seed(seed)
        targets = np.array(GATES[gate], np.float32)
        neuron = neurons[gate] = nn.Sequential([nn.Dense(1, activation="sigmoid")])
        neuron.compile(optimizer=optim.SGD(learning_rate), loss="binary_crossentropy", metrics=["accuracy"])
        history = neuron.fit(
            INPUTS[rows],
            targets[rows],
            epochs=epochs,
            callbacks=[Drawing(partial(draw, gate, neuron))],
            device=device,
            verbose=0,
        )
        histories[gate] = history.history
        results[gate] = neuron.evaluate(INPUTS, targets, device=device, verbose=0, return_dict=True)

    show_tables(neurons, results)
    return {
        "history": side_by_side(histories, main=gates[0]),
        "result": side_by_side(results, main=gates[0]),
    }


# ---- the pictures

LOW, HIGH, SIZE = -0.5, 1.5, 41
AXIS = np.linspace(LOW, HIGH, SIZE, dtype=np.float32)
PLANE = np.stack(np.meshgrid(AXIS, AXIS), axis=-1).reshape(-1, 2)


def draw(gate: str, neuron: nn.Sequential) -> None:
    """What the neuron answers to every point of the plane, with the gate's four points."""
    surface = neuron.predict(PLANE).reshape(SIZE, SIZE)
    points = [[x1, x2, target] for (x1, x2), target in zip(INPUTS.tolist(), GATES[gate])]
    show("decision_surface", name=gate, low=LOW, high=HIGH, size=SIZE, values=surface, points=points)


def show_tables(neurons: dict[str, nn.Sequential], results: dict[str, dict[str, float]]) -> None:
    """Every answer of every gate's neuron, and what each has learned."""
    outputs = np.hstack([INPUTS, *(neuron.predict(INPUTS) for neuron in neurons.values())])
    table("outputs", ["x1", "x2", *neurons], outputs.tolist())
    rows = []
    for gate, neuron in neurons.items():
        kernel, bias = (weights.ravel().tolist() for weights in neuron.get_weights())
        rows.append([gate, *kernel, *bias, results[gate]["loss"], results[gate]["accuracy"]])
    table("neurons", ["gate", "w1", "w2", "b", "cost", "accuracy"], rows, percent=["accuracy"])
