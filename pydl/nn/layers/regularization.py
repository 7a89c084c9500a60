"""Dropout: noise while a network learns, so that no unit can rely on a single other one.

The formula is `functional.dropout`; the layer knows when a model learns, and which random numbers are its own.
"""

from __future__ import annotations

from ...random import Generator
from ...tensor import Tensor
from ..arguments import number
from ..functional import dropout
from ..module import Module, Shape


class Dropout(Module):
    """While training, each number is 0 with probability `rate`, and else divided by 1 - rate; at other times nothing.

    x: (batch, ...), whose shape stays. Each step draws another mask. The expected value stays the same, so nothing
    needs to change at test time.

    rate: the share that is dropped, from 0 to less than 1 (TensorFlow's keep_prob is 1 - rate)
    seed: of a generator of this layer's own, whose counter is kept with the weights: the same seed, the same masks.
          Without it the masks come from the default generator (`pydl.seed`)

    Source: N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.
    """

    def __init__(self, rate: float, seed: int | None = None, name: str = "") -> None:
        super().__init__(name)
        self.rate = number("Dropout", "rate", rate, lambda share: 0 <= share < 1, "from 0 to less than 1")
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64):
            raise ValueError(f"Dropout: expected seed as an integer from 0 to 2^64 - 1, or None, received {seed!r}")
        self.seed = seed
        self._generator = None if seed is None else Generator(seed)
        if self._generator is not None:
            self.counter = self._generator.counter  # found as state of this layer: saved, and restored to go on from

    def build(self, shape: Shape) -> None:
        pass

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        return dropout(x, rate=self.rate, training=training, generator=self._generator)
