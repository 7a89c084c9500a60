"""Dropout: in training each number is left out at random, so that no unit relies on another one being there.

The `Dropout` layer is this function with a rate and, if wanted, a generator of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...random import Generator, bernoulli
from ...tensor import Tensor, as_tensor, floating

if TYPE_CHECKING:
    from ...tensor import Operand


def dropout(
    x: Operand,
    rate: float | None = None,
    keep_prob: float | None = None,
    training: bool = True,
    generator: Generator | None = None,
) -> Tensor:
    """Each element is set to 0 with probability `rate`, the others are divided by 1 - rate; x itself if not training.

    The division keeps the mean as it is, so that nothing needs scaling at test time ("inverted" dropout). The mask is
    drawn from `pydl.random` as part of the step: every step of a compiled function draws another one.

    x:         of any shape, which stays
    rate:      the share to leave out, 0 <= rate < 1
    keep_prob: the share to keep, 0 < keep_prob <= 1, as TensorFlow's first version had it; give one of the two
    generator: of the mask, where it is not the default one
    Source: N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.
    """
    kept = _share_kept(rate, keep_prob)
    x = floating(as_tensor(x))
    if not training or kept == 1:
        return x
    return bernoulli(x.shape, kept, generator).where(x * (1 / kept), 0)


def _share_kept(rate: float | None, keep_prob: float | None) -> float:
    if (rate is None) == (keep_prob is None):
        raise TypeError(f"dropout: expected either rate or keep_prob, received rate={rate}, keep_prob={keep_prob}")
    if rate is not None:
        if not 0 <= rate < 1:
            raise ValueError(f"dropout: expected 0 <= rate < 1, the share to leave out, received {rate}")
        return 1 - rate
    assert keep_prob is not None
    if not 0 < keep_prob <= 1:
        raise ValueError(f"dropout: expected 0 < keep_prob <= 1, the share to keep, received {keep_prob}")
    return keep_prob
