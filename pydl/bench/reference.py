"""The training step of network 1 as somebody wrote it by hand in C, compiled to WebAssembly: the page's yardstick.

Such a module imports nothing and exports its memory, the places of its weights, pixels and labels (`w`, `x`, `y`) and
`step(learning_rate)`, which gives the loss. It is no part of the site: `python3 -m web bench --reference` serves it.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from .networks import NETWORKS, SEED
from .turns import Contestant

NETWORK = "relu-mlp"
SIZES = (784, 256, 256, 10)


async def load(url: str) -> Contestant:
    """The module at an address as a contestant, with random weights in it and a batch of the network's rows."""
    js: Any = importlib.import_module("js")
    answer = await js.fetch(url)
    if not answer.ok:
        raise FileNotFoundError(f"{url}: {answer.status} {answer.statusText}")
    compiled = await js.WebAssembly.instantiate(await answer.arrayBuffer())
    exports = compiled.instance.exports
    rng = np.random.default_rng(SEED)
    weights = [rng.standard_normal(a * b, np.float32) * np.float32((2 / a) ** 0.5) for a, b in zip(SIZES, SIZES[1:])]
    network = NETWORKS[NETWORK]
    x, y = (array[: network.batch].reshape(-1) for array in network.rows())
    for address, array in ((exports.w(), np.concatenate(weights)), (exports.x(), x), (exports.y(), y)):
        place = js.Uint8Array.new(exports.memory.buffer, address, array.nbytes)
        place.assign(np.ascontiguousarray(array).view(np.uint8))

    def run(count: int) -> float:
        for _ in range(count):
            loss: float = exports.step(0.001)
        if not np.isfinite(loss):
            raise ArithmeticError(f"{url}: the loss became {loss}; its times mean nothing")
        return loss

    return run
