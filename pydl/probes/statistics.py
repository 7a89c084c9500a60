"""Statistics of a Tensor in Tensor operations, so that they are computed where the Tensor is.

Nothing here overflows or vanishes on the way: a gradient of 1e-30 has a norm, though its square is no float32.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..functions import concatenate
from ..tensor import Tensor

Statistics = dict[str, Tensor]


def statistics(x: Tensor, bins: int = 0) -> Statistics:
    """The numbers that describe a Tensor, each a Tensor without axes.

    mean, std, norm: of all elements; the deviation is that of the elements themselves (divided by n), the norm
                     sqrt(sum(x^2))
    dead:            the share of units, the places along the last axis, for which every element is 0
    counts, edges:   with `bins`, the histogram: (bins,) and (bins + 1,), as numpy.histogram has them
    """
    largest = x.abs().max()
    scale = (largest > 0).where(largest, 1.0)
    scaled = x / scale  # within -1..1
    mean = scaled.mean()
    found = {
        "mean": mean * scale,
        "std": ((scaled - mean) ** 2).mean().sqrt() * scale,
        "norm": (scaled * scaled).sum().sqrt() * scale,
        "dead": _dead_share(x),
    }
    return found | _histogram(x, bins) if bins else found


def _dead_share(x: Tensor) -> Tensor:
    units = x.abs().reshape((-1, x.shape[-1] if x.shape else 1)).max(0)
    return (units == 0).astype(x.dtype).mean()


def _histogram(x: Tensor, bins: int) -> Statistics:
    low, high = x.min(), x.max()
    alike = low == high
    low, high = alike.where(low - 0.5, low), alike.where(high + 0.5, high)
    edges = low + (high - low) * np.linspace(0, 1, bins + 1, dtype=x.dtype)
    # Edge by edge: comparing all elements with all edges at once would take memory for bins times the Tensor.
    above = [(x >= edges[number]).sum().reshape((1,)) for number in range(1, bins)]
    reached = concatenate([Tensor(np.array([x.size], np.int32), dtype=np.int32), *above])
    return {"counts": reached - concatenate([*above, Tensor(np.zeros(1, np.int32), dtype=np.int32)]), "edges": edges}


def record(found: dict[str, Tensor]) -> dict[str, Any]:
    """The values of `statistics` as plain numbers, its histogram as {"counts": [...], "edges": [...]}."""
    numbers = {name: found[name].item() for name in ("mean", "std", "norm", "dead")}
    if "counts" not in found:
        return numbers
    return numbers | {"histogram": {name: found[name].numpy().tolist() for name in ("counts", "edges")}}


def is_described(x: Tensor) -> bool:
    """Whether a Tensor has statistics: numbers, and at least one."""
    return x.dtype.kind == "f" and math.prod(x.shape) > 0
