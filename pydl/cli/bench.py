"""`python -m pydl bench`: milliseconds per training step, side by side in one run.

The MNIST network 784-256-256-10, ReLU, Adam, batch 100. Rounds of the contestants take turns, so that a machine that
slows down slows them all; medians over rounds are shown, and the ratio that matters.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import pydl
from pydl import Tensor, losses, nn, optim

from .handwritten import SIZES, HandwrittenStep

BATCH = 100


def contestants(device: str) -> dict[str, Callable[[], object]]:
    """One training step each, on the same batch of random pixels."""
    rng = np.random.default_rng(0)
    x = rng.random((BATCH, SIZES[0]), np.float32)
    y = rng.integers(0, SIZES[-1], BATCH).astype(np.int32)
    handwritten = HandwrittenStep(rng)
    hidden = [nn.Dense(units, activation="relu", kernel_initializer="he_normal") for units in SIZES[1:-1]]
    model = nn.Sequential([*hidden, nn.Dense(SIZES[-1])], input_shape=(SIZES[0],))
    loss_of = losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = optim.Adam()
    optimizer.build(model.parameters())

    @pydl.jit(device=device)
    def step(x: Tensor, y: Tensor) -> Tensor:
        loss = loss_of(y, model(x))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return {
        "NumPy, written by hand": lambda: handwritten(x, y),
        f"pydl, {pydl.devices()[0] if device == 'auto' else device}": lambda: step(x, y).item(),
    }


def measure(device: str = "auto", rounds: int = 15, steps: int = 40) -> dict[str, Any]:
    """Milliseconds per step of each contestant by median over rounds, and pydl's ratio to the hand-written loop."""
    runs = contestants(device)
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        for _ in range(3):
            run()  # tracing, page faults, caches
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            for _ in range(steps):
                run()
            times[name].append((time.perf_counter() - start) / steps * 1000)
    yardstick, ours = times.values()
    return {
        "network": "-".join(map(str, SIZES)),
        "batch": BATCH,
        "rounds": rounds,
        "steps_per_round": steps,
        "milliseconds_per_step": {name: statistics.median(values) for name, values in times.items()},
        "ratio": statistics.median(a / b for a, b in zip(ours, yardstick)),
    }


def report(figures: dict[str, Any], as_json: bool = False) -> str:
    """What `measure` gave, as lines to read or as JSON."""
    if as_json:
        return json.dumps(figures, indent=2)
    lines = [
        f"training step {figures['network']}, ReLU, Adam, batch {figures['batch']}: "
        f"medians over {figures['rounds']} rounds of {figures['steps_per_round']} steps",
    ]
    lines += [f"  {name:<28}{value:8.3f} ms" for name, value in figures["milliseconds_per_step"].items()]
    lines += [f"  {'ratio, pydl to by hand':<28}{figures['ratio']:8.3f}"]
    return "\n".join(lines)
