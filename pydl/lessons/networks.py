"""The numbers of networks, as a lesson's history and result want them.

A history knows one network's curves; lessons that train several put the others' beside them, under longer names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def last(history: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Every curve's last value: what a training has come to."""
    return {name: values[-1] for name, values in history.items()}


def side_by_side(networks: Mapping[str, Mapping[str, Any]], main: str) -> dict[str, Any]:
    """{"loss": ..., "relu_loss": ..., ...}: the main network's by their plain names, the others' with theirs before.

    networks: histories or results, {"sigmoid": {"loss": ...}, "relu": {"loss": ...}}.
    """
    others = {
        f"{network}_{name}": value
        for network, values in networks.items()
        if network != main
        for name, value in values.items()
    }
    return dict(networks[main]) | others
