"""Probes: looking inside of a network while it learns, `fit(probes=[probes.Gradients(every=100)])`."""

from .probe import Activations, Gradients, Probe, Weights

__all__ = ["Activations", "Gradients", "Probe", "Weights"]
