"""PyTorch as a contestant, where it is installed: the same four networks, eager, on one thread.

It is a yardstick and shares no code with pydl. Batches lie ready as slices, which costs it nothing.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from .networks import Network
from .turns import Contestant


def available() -> bool:
    """Whether PyTorch is installed; it is not loaded for that."""
    return importlib.util.find_spec("torch") is not None


def contestants(network: Network) -> dict[str, Contestant]:
    """The network's training step; with Adam in its plain and in its fused form."""
    if not available():
        return {}
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
    if network.name == "deep-xor":
        return {"PyTorch": _step(torch, network, lambda weights: torch.optim.SGD(weights, 0.1))}
    return {
        "PyTorch": _step(torch, network, torch.optim.Adam),
        "PyTorch, fused Adam": _step(torch, network, lambda weights: torch.optim.Adam(weights, fused=True)),
    }


def _layers(nn: Any, name: str) -> list[Any]:
    if name == "relu-mlp":
        return [nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10)]
    if name == "dropout-mlp":
        sizes = [784, 512, 512, 512, 512]
        hidden = ((nn.Linear(a, b), nn.ReLU(), nn.Dropout(0.3)) for a, b in zip(sizes, sizes[1:]))
        return [*(layer for layers in hidden for layer in layers), nn.Linear(512, 10)]
    if name == "cnn":
        first = [nn.Unflatten(1, (1, 28, 28)), nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2)]
        return [*first, nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1600, 10)]
    sizes = [2, *[5] * 10]
    return [*(layer for a, b in zip(sizes, sizes[1:]) for layer in (nn.Linear(a, b), nn.ReLU())), nn.Linear(5, 1)]


def _step(torch: Any, network: Network, optimizer_of: Any) -> Contestant:
    model = torch.nn.Sequential(*_layers(torch.nn, network.name))
    binary = network.name == "deep-xor"
    loss_of = torch.nn.BCEWithLogitsLoss() if binary else torch.nn.CrossEntropyLoss()
    optimizer = optimizer_of(model.parameters())
    x, y = map(torch.from_numpy, network.rows())
    labels = y if binary else y.long()
    starts = range(0, len(x), network.batch)
    batches = [(x[start : start + network.batch], labels[start : start + network.batch]) for start in starts]

    def run(count: int) -> None:
        for number in range(count):
            pixels, wanted = batches[number % len(batches)]
            optimizer.zero_grad()
            loss_of(model(pixels), wanted).backward()
            optimizer.step()

    return run
