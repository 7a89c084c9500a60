"""Comparison: several networks of one lesson side by side, published beside measured.

A lesson adds one network after the other; the pictures grow, and the history holds them all.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydl.callbacks import Callback

from .figures import plot, table
from .networks import last, side_by_side
from .options import Outcome


class Comparison:
    """Collects what each network of a lesson reached and shows it so far; the first one is the main network.

    published: test accuracies by network, as the tutorial gives them; where it gives any.
    """

    def __init__(self, published: Mapping[str, float] | None = None) -> None:
        self.published = published or {}
        self.histories: dict[str, dict[str, list[float]]] = {}
        self.results: dict[str, dict[str, float]] = {}

    def main_only(self, callback: Callback) -> list[Callback]:
        """The callback while the main network is trained, later none: its digits stay beside its numbers."""
        return [] if self.histories else [callback]

    def add(self, name: str, history: dict[str, list[float]], test_loss: float, test_accuracy: float) -> None:
        """A network that has been trained. Shows "plot:accuracies" and "table:results"."""
        first = history["val_accuracy"][0]
        self.histories[name] = history
        self.results[name] = {
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
            "first_epoch_accuracy": first,
        }
        curves = {name: curves["val_accuracy"] for name, curves in self.histories.items()}
        plot("accuracies", range(1, len(history["val_accuracy"]) + 1), curves)
        shares = [*(["published"] if self.published else []), "measured", "first"]
        rows = []
        for name, result in self.results.items():
            published = [self.published.get(name)] if self.published else []
            rows.append([name, *published, result["test_accuracy"], result["first_epoch_accuracy"]])
        table("results", ["network", *shares], rows, percent=shares)

    def outcome(self) -> Outcome:
        """What the lesson returns: a history and a result.

        Both hold the main network's curves and figures by their plain names, and those of the others (of the figures:
        of every network) with the network's name before.
        """
        main, *_ = self.histories
        result = last(self.histories[main]) | self.results[main]
        for network, values in self.results.items():
            result |= {f"{network}_{name}": value for name, value in values.items()}
        return {"history": side_by_side(self.histories, main), "result": result}
