"""Probes: looking inside of a network while it learns, `fit(probes=[probes.Gradients(every=100)])`.

Statistics of activations, gradients and weights, layer by layer, computed where the training step is.
"""

from .probe import Activations, Gradients, Probe, Weights

__all__ = ["Activations", "Gradients", "Probe", "Weights"]
