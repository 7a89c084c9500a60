"""The yardstick of the benchmark: the MNIST network's training step written by hand in NumPy, for this network only.

784-256-256-10, ReLU, softmax cross-entropy, Adam; in place where a person would write it so. It shares no code with
pydl on purpose.
"""

from __future__ import annotations

import numpy as np

SIZES = (784, 256, 256, 10)


class HandwrittenStep:
    """The weights, and one training step as a call: (batch, 784) pixels and (batch,) labels in, the loss out."""

    def __init__(self, rng: np.random.Generator, learning_rate: float = 0.001) -> None:
        self.weights = []
        for fan_in, units in zip(SIZES, SIZES[1:]):
            self.weights.append(rng.standard_normal((fan_in, units), np.float32) * np.float32((2 / fan_in) ** 0.5))
            self.weights.append(np.zeros(units, np.float32))
        self.means = [np.zeros_like(w) for w in self.weights]
        self.squares = [np.zeros_like(w) for w in self.weights]
        self.scratch = [np.empty_like(w) for w in self.weights]
        self.learning_rate = learning_rate
        self.t = 0

    def __call__(self, x: np.ndarray, labels: np.ndarray) -> float:
        w1, b1, w2, b2, w3, b3 = self.weights
        h1 = np.maximum(x @ w1 + b1, 0)
        h2 = np.maximum(h1 @ w2 + b2, 0)
        logits = h2 @ w3 + b3
        logits -= logits.max(axis=1, keepdims=True)
        p = np.exp(logits)
        total = p.sum(axis=1, keepdims=True)
        rows = np.arange(len(x))
        loss = float((np.log(total[:, 0]) - logits[rows, labels]).mean())
        d3 = p / total
        d3[rows, labels] -= 1
        d3 /= len(x)
        d2 = (d3 @ w3.T) * (h2 > 0)
        d1 = (d2 @ w2.T) * (h1 > 0)
        gradients = [x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ d3, d3.sum(0)]
        self.adam(gradients)
        return loss

    def adam(
        self, gradients: list[np.ndarray], beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7
    ) -> None:
        """Adam's update of all weights, in place, as Keras writes it."""
        self.t += 1
        rate = np.float32(self.learning_rate * (1 - beta_2**self.t) ** 0.5 / (1 - beta_1**self.t))
        for w, g, m, v, s in zip(self.weights, gradients, self.means, self.squares, self.scratch):
            m *= np.float32(beta_1)
            np.multiply(g, np.float32(1 - beta_1), out=s)
            m += s
            v *= np.float32(beta_2)
            np.multiply(g, g, out=s)
            s *= np.float32(1 - beta_2)
            v += s
            np.sqrt(v, out=s)
            s += np.float32(epsilon)
            np.divide(m, s, out=s)
            s *= rate
            w -= s
