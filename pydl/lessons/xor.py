"""XOR: four points that no straight line separates, and a hidden layer that learns to.

The output is 1 where exactly one of two inputs is 1. A single neuron draws one straight line and must fail. With a
hidden layer the network bends the plane first; nine sigmoid layers in a row, though, let the gradient vanish on its
way back, and with most seeds the cost stays at log 2 = 0.6931: a coin toss.
"""

from typing import Annotated

import numpy as np

import pydl
from pydl import losses, nn, optim

from .figures import Drawing, show
from .options import Activation, BatchSize, Device, Epochs, Layers, LearningRate, OneOf, Outcome, Range, Seed

FIGURES = ["decision_surface", "outputs"]

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
TARGETS = np.array([[0], [1], [1], [0]], np.float32)


def run(
    layers: Layers = (8,),
    activation: Activation = "tanh",
    learning_rate: LearningRate = 0.01,
    epochs: Epochs = 500,
    batch_size: BatchSize = 4,
    seed: Seed = 777,
    device: Device = "auto",
    dataset: Annotated[str, OneOf("xor")] = "xor",
    subset: Annotated[int, Range(0, 4)] = 0,
) -> Outcome:
    pydl.seed(seed)
    rows = slice(subset or None)  # how many of the four rows to learn from; 0 for all

    initializer = "glorot_normal" if activation in ("sigmoid", "tanh") else "he_normal"  # each activation's own
    hidden = [nn.Dense(units, activation=activation, kernel_initializer=initializer) for units in layers]
    model = nn.Sequential([*hidden, nn.Dense(1)])
    model.compile(
        optimizer=optim.Adam(learning_rate=learning_rate),
        loss=losses.BinaryCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(
        INPUTS[rows],
        TARGETS[rows],
        batch_size=batch_size,
        epochs=epochs,
        callbacks=[Drawing(lambda: draw(model))],
        device=device,
        verbose=0,
    )

    loss, accuracy = model.evaluate(INPUTS, TARGETS, device=device, verbose=0)
    outputs = probabilities(model, INPUTS)
    result = {"loss": loss, "accuracy": accuracy}
    result |= {f"output_{a:.0f}{b:.0f}": float(output) for (a, b), output in zip(INPUTS, outputs)}
    return {"history": history.history, "result": result}


def probabilities(model: nn.Sequential, points: np.ndarray) -> np.ndarray:
    """What the network holds each point to be: the probability of a 1."""
    return nn.functional.sigmoid(model.predict(points)).numpy().ravel()


# ---- the pictures

LOW, HIGH, SIZE = -0.5, 1.5, 41
AXIS = np.linspace(LOW, HIGH, SIZE, dtype=np.float32)
PLANE = np.stack(np.meshgrid(AXIS, AXIS), axis=-1).reshape(-1, 2)


def draw(model: nn.Sequential) -> None:
    """The decision surface, and the four outputs beside what they should be."""
    surface = probabilities(model, PLANE).reshape(SIZE, SIZE)
    points = np.hstack([INPUTS, TARGETS]).tolist()
    show("decision_surface", low=LOW, high=HIGH, size=SIZE, values=surface, points=points)
    outputs = probabilities(model, INPUTS).tolist()
    show("outputs", inputs=INPUTS.tolist(), targets=TARGETS.ravel().tolist(), outputs=outputs)
