"""Clouds of points for classifiers: easy enough to be learned in a moment, hard enough that one can be better."""

import numpy as np


def blobs(samples=150, classes=3, spread=0.6, seed=0):
    """x float32 (samples, 2) around as many corners as there are classes, y their numbers."""
    random = np.random.default_rng(seed)
    y = np.arange(samples) % classes
    angle = 2 * np.pi * y / classes
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1) + spread * random.standard_normal((samples, 2))
    return x.astype(np.float32), y
