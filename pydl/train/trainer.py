"""Trainer: a Module that can be trained, with compile, fit, evaluate and predict after Keras.

There is one training loop, and it runs compiled: forward pass, backward pass and update are one Program that `jit`
makes at the first batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import losses, optim, random
from .. import metrics as metric_functions
from ..autograd import no_grad
from ..backends import backend_for, devices
from ..callbacks import Callback, CallbackList, History, observers
from ..jit import jit
from ..metrics import Metric
from ..nn.module import Module
from ..tensor import ShapeError, Tensor
from . import control
from .diagnosis import NonFiniteError, explain_nonfinite
from .progress import ProgressBar

EVALUATION_BATCH = 500  # rows at a time where nothing is learned: less overhead, and activations still fit the cache


class Trainer(Module):
    """Base class of models: `self(x)` gives outputs, `self.parameters()` what is trained."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], Any] = {}  # (what, device): the jitted function
        self._loss: losses.Loss | None = None
        self._metrics: list[tuple[str, Metric]] = []
        self.history = History()  # of the last fit

    def compile(self, optimizer="sgd", loss=None, metrics: Sequence = ()) -> None:
        """Chooses how to train.

        optimizer: a name ("adam") or an Optimizer. loss: a name ("sparse_categorical_crossentropy") or a Loss.
        metrics: names ("accuracy") or functions (y_true, y_pred) -> Tensor.
        """
        self.optimizer = optim.get(optimizer)
        self._loss = losses.get(loss)
        self._metrics = [metric_functions.get(metric, self._loss) for metric in metrics]
        self._compiled = {}

    def fit(
        self,
        x,
        y,
        batch_size: int = 32,
        epochs: int = 1,
        verbose: int = 1,
        callbacks: Sequence[Callback] = (),
        validation_data: tuple | None = None,
        shuffle: bool = True,
        device: str = "auto",
    ) -> History:
        """Trains for a number of epochs and returns the History.

        x: (samples, ...), y: (samples, ...). verbose: 0 silent, 1 with a progress bar.
        Raises NonFiniteError when the loss becomes NaN or infinite, TrainingStopped when a stop was requested.
        """
        x, y = self._checked("fit", x, y)
        if epochs < 0 or batch_size < 1:
            raise ValueError(f"fit: expected epochs >= 0 and batch_size >= 1, received {epochs} and {batch_size}")
        if validation_data is not None and len(validation_data) != 2:
            raise ValueError(f"validation_data: expected (x, y), received {len(validation_data)} parts")
        validation = None if validation_data is None else self._checked("validation_data", *validation_data)
        self._build_optimizer()
        step = self._function("train", device)
        history = self.history = History()
        samples = len(x)
        device = devices()[0] if device == "auto" else device
        params = {
            "epochs": epochs,
            "steps": -(-samples // batch_size),
            "batch_size": batch_size,
            "samples": samples,
            "device": device,
        }
        watchers = [history, *callbacks, *observers(), *([ProgressBar()] if verbose else [])]
        notify = CallbackList(watchers, self, params)
        self.stop_training = False
        notify("on_train_begin", {})
        logs: dict[str, float] = {}
        for epoch in range(epochs):
            notify("on_epoch_begin", epoch, {})
            order = random.default.permutation(samples) if shuffle else np.arange(samples)
            means = _Means(self._names())
            for batch, start in enumerate(range(0, samples, batch_size)):
                control.boundary(history.history)
                notify("on_train_batch_begin", batch, {})
                rows = order[start : start + batch_size]
                values = step(_numbers(x[rows]), y[rows])
                if not np.isfinite(loss := values[0].item()):
                    where = f"epoch {epoch + 1}, step {batch + 1} of {params['steps']}"
                    raise NonFiniteError(explain_nonfinite(self, loss, where, x[rows], y[rows], means.logs()))
                means.add(values, len(rows))
                notify("on_train_batch_end", batch, means.logs())
                if self.stop_training:
                    break
            logs = means.logs()
            if validation is not None:
                values = self._measure(*validation, EVALUATION_BATCH, device)
                logs.update({f"val_{name}": value for name, value in values.items()})
            notify("on_epoch_end", epoch, logs)
            if self.stop_training:
                break
        notify("on_train_end", logs)
        return history

    def evaluate(
        self, x, y, batch_size: int = EVALUATION_BATCH, verbose: int = 1, return_dict: bool = False, device="auto"
    ):
        """The loss, and the metrics after it, over all of (x, y): a number, a list, or a dict by name."""
        values = self._measure(*self._checked("evaluate", x, y), batch_size, device)
        if verbose:
            print("  ".join(f"{name} {value:.4f}" for name, value in values.items()))
        if return_dict:
            return values
        return list(values.values()) if len(values) > 1 else values["loss"]

    def predict(self, x, batch_size: int = EVALUATION_BATCH, device: str = "auto") -> np.ndarray:
        """The model's outputs (samples, ...) as an array."""
        x = np.asarray(x)
        if not x.shape or not len(x):
            raise ShapeError(f"predict: expected at least one sample, received shape {x.shape}")
        self.ensure_built(x.shape[1:])
        forward = self._function("predict", device)
        parts = []
        for start in range(0, len(x), batch_size):
            control.boundary(self.history.history)
            parts.append(forward(_numbers(x[start : start + batch_size])).numpy())
        return np.concatenate(parts)

    # ---- what is compiled

    def _function(self, what: str, device: str):
        backend_for(device)  # an unknown device is an error before anything is traced
        key = what, device
        if key not in self._compiled:
            self._compiled[key] = jit(getattr(self, f"_{what}_step"), device=device)
        return self._compiled[key]

    def _train_step(self, x: Tensor, y: Tensor) -> list[Tensor]:
        outputs = self(x)
        loss, *rest = self._judged(y, outputs)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return [loss, *rest]

    def _evaluate_step(self, x: Tensor, y: Tensor) -> list[Tensor]:
        with no_grad():
            return self._judged(y, self(x))

    def _predict_step(self, x: Tensor) -> Tensor:
        with no_grad():
            return self(x)

    def _judged(self, y: Tensor, outputs: Tensor) -> list[Tensor]:
        assert self._loss is not None  # _checked has seen to it
        return [self._loss(y, outputs), *(metric(y, outputs) for _, metric in self._metrics)]

    # ---- what surrounds it

    def _build_optimizer(self) -> None:
        """Makes the optimizer's slots at the first fit; later ones go on with them."""
        parameters = self.parameters()
        if list(map(id, self.optimizer.parameters)) != list(map(id, parameters)):
            self.optimizer.build(parameters)

    def _names(self) -> list[str]:
        return ["loss", *(name for name, _ in self._metrics)]

    def _measure(self, x: np.ndarray, y: np.ndarray, batch_size: int, device: str) -> dict[str, float]:
        step = self._function("evaluate", device)
        means = _Means(self._names())
        for start in range(0, len(x), batch_size):
            control.boundary(self.history.history)
            rows = slice(start, start + batch_size)
            means.add(step(_numbers(x[rows]), y[rows]), len(x[rows]))
        return means.logs()

    def _checked(self, where: str, x, y) -> tuple[np.ndarray, np.ndarray]:
        """Data as arrays, after every check that can be made before a step is run."""
        if self._loss is None:
            raise RuntimeError(f"{where}: call compile(optimizer=..., loss=...) first")
        x, y = np.asarray(x), np.asarray(y)
        if not x.shape or not y.shape or len(x) != len(y) or not len(x):
            raise ShapeError(
                f"{where}: expected as many labels as samples, and at least one; "
                f"received x of shape {x.shape} and y of shape {y.shape}"
            )
        self.ensure_built(x.shape[1:])
        self._loss.check(y, self.output_shape(x.shape[1:]))
        return x, y


def _numbers(x: np.ndarray) -> np.ndarray:
    """Samples as floats: bytes of images, for instance, are converted a batch at a time."""
    return x if x.dtype in (np.float32, np.float64) else x.astype(np.float32)


class _Means:
    """Means over an epoch, each batch weighted with its size."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._sums = np.zeros(len(names))
        self._count = 0

    def add(self, values: list[Tensor], size: int) -> None:
        self._sums += [value.item() * size for value in values]
        self._count += size

    def logs(self) -> dict[str, float]:
        return dict(zip(self._names, (self._sums / max(self._count, 1)).tolist()))
