"""Why is my loss NaN? What can be told from the batch and the weights at the moment when it happens."""

from __future__ import annotations

from typing import Any

import numpy as np


class NonFiniteError(ArithmeticError):
    """The loss became NaN or infinite; the message names the step and the likely cause."""


def explain_nonfinite(
    model: Any, loss: float, where: str, x: np.ndarray, y: np.ndarray, so_far: dict[str, float]
) -> str:
    """One sentence on what happened and one on the likely cause.

    so_far: the means of this epoch before the step, {"loss": ...}; all 0 at its first step.
    """
    return f"the loss became {loss} at {where}. {_cause(model, x, y, so_far)}"


def _cause(model: Any, x: np.ndarray, y: np.ndarray, so_far: dict[str, float]) -> str:
    for name, data in (("inputs", x), ("labels", y)):
        if data.dtype.kind == "f" and not np.isfinite(data).all():
            row = int(np.argwhere(~np.isfinite(data))[0][0])
            return f"Likely cause: the {name} of this batch hold NaN or infinity (row {row} of the batch). Clean them."
    largest = float(np.abs(x).max())
    if largest > 100:
        return f"Likely cause: the inputs reach {largest:g}. Scale them, pixels to 0..1 by dividing by 255."
    rate = model.optimizer.learning_rate.item()
    grown = f" (the mean loss of this epoch had reached {so_far['loss']:.3g})" if so_far["loss"] else ""
    return (
        f"Likely cause: the learning rate {rate:g} is too large, so that each step overshoots{grown}. "
        f"Try {rate / 10:g}."
    )
