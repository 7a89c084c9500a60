"""Trainer: a Module that can be trained, with compile, fit, evaluate and predict after Keras.

There is one training loop (`run.py`), and it runs compiled: forward pass, backward pass and update are one Program
that `jit` makes before the first batch, and the steps run many at a time (`batches.py`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from .. import losses, optim
from .. import metrics as metric_functions
from ..autograd import grad_mode, no_grad
from ..backends import backend_for
from ..callbacks import Callback, History, observers
from ..configurable import ConfigError, Configurable, describe, revive
from ..jit import Jitted, jit
from ..metrics import Metric
from ..nn.module import Module, training_mode
from ..ops import ShapeError
from ..rules import FLOAT32
from ..tensor import Tensor
from . import control
from .batches import Batches
from .progress import EpochLines, ProgressBar
from .run import EVALUATION_BATCH, Probe, Run, measure
from .samples import Samples, class_weights, numbers, samples_from


class Trainer(Module):
    """Base class of models: `self(x)` gives outputs (batch, ...), `self.trainable_weights` is what `fit` changes."""

    optimizer: optim.Optimizer
    metrics: list[Metric]
    history: History  # of the last fit
    stop_training: bool = False  # a callback sets it to end the training after the step, or the epoch, under way
    _loss: losses.Loss | None = None
    _metrics_given: list[Any]
    _programs: dict[tuple[str, str], tuple[Any, Jitted]]  # (what, device): (made for what, function)
    _run: Run | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        # Here and not in __init__: the one of a model of one's own may forget super().__init__().
        model = super().__new__(cls)
        model.metrics, model.history = [], History()
        model._metrics_given, model._programs = [], {}
        return model

    def __getstate__(self) -> dict[str, Any]:
        # For copy and for other processes: what is compiled belongs to this model's own weights, here.
        return vars(self) | {"_programs": {}, "_run": None}

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, metrics: Any = None) -> None:
        """Chooses how to train.

        optimizer: a name ("adam") or an Optimizer. loss: a name ("sparse_categorical_crossentropy") or a Loss.
        metrics: names ("accuracy"), Metrics, or functions (y_true, y_pred) -> Tensor; one, or a list of them.
        """
        found_optimizer, found_loss = optim.get(optimizer), losses.get(loss)
        given_metrics = _several(metrics)
        found_metrics = [metric_functions.get(metric, found_loss) for metric in given_metrics]
        names = ["loss", *(metric.name for metric in found_metrics)]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"compile: two metrics are called {', '.join(sorted(twice))}; give one another name")
        self.optimizer, self._loss, self.metrics = found_optimizer, found_loss, found_metrics
        self._metrics_given = given_metrics
        self._programs = {}

    def get_compile_config(self) -> dict[str, Any] | None:
        """What `compile` was given, in the types that JSON knows; None before. Raises ConfigError."""
        if self._loss is None:
            return None
        return {
            "optimizer": describe(self.optimizer),
            "loss": describe(self._loss),
            "metrics": [describe(metric) for metric in self._metrics_given],
        }

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compiles by a config of `get_compile_config`. Raises ConfigError."""
        if not isinstance(config, Mapping) or not {"optimizer", "loss", "metrics"} <= set(config):
            raise ConfigError("expected how a model is compiled: optimizer, loss and metrics")
        try:
            self.compile(
                revive(config["optimizer"], optim.Optimizer),
                revive(config["loss"], losses.Loss),
                [revive(metric, Configurable) for metric in config["metrics"]],
            )
        except (TypeError, ValueError) as error:
            raise ConfigError(f"how the model is compiled: {error}") from None

    def fit(
        self,
        x: Any,
        y: Any,
        batch_size: int = 32,
        epochs: int = 1,
        verbose: int | str = 1,
        callbacks: Sequence[Callback] | Callback | None = (),
        validation_split: float = 0.0,
        validation_data: Sequence[Any] | None = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        device: str = "auto",
        probes: Sequence[Probe] | Probe | None = (),
        resume: str | os.PathLike[str] | None = None,
    ) -> History:
        """Trains until `epochs` are done and returns the History.

        x, y:             (samples, ...) each
        batch_size:       samples per step; the last batch of an epoch takes what is left
        verbose:          0 silent, 1 ("auto") with a progress bar, 2 a line per epoch
        validation_split: the share of the samples, from the end, that is not learned from, but measured by
        validation_data:  (x, y) or (x, y, sample_weight) to measure by after each epoch; counts before the split
        shuffle:          a new order of the samples in every epoch
        class_weight:     {class number: weight} of the samples in the loss; sample_weight: (samples,) of each. As in
                          Keras a batch's loss is sum(weight * loss) / samples, and metrics know no weights
        initial_epoch:    the number of the first epoch, from 0
        device:           one of `pydl.devices()`, or "auto": the one that runs a few steps fastest, on copies; the
                          History says which it was, and by what figures
        probes:           what to look at inside of the network: `pydl.probes`
        resume:           a file that ModelCheckpoint or `save_checkpoint` has written: training goes on from there as
                          if it had never stopped; with the same data and callbacks, the numbers are the same, too

        What is changed in the model between two fits, or by a callback between two epochs (`trainable`, say), holds
        from then on; the optimizer goes on.
        Raises NonFiniteError when the loss becomes NaN or infinite (unless TerminateOnNaN is among the callbacks),
        TrainingStopped when a stop was requested, and every other error before the first step.
        """
        samples, validation = self._split(x, y, validation_split, validation_data, class_weight, sample_weight)
        _check_counts(epochs=epochs, batch_size=batch_size, initial_epoch=initial_epoch)
        if not isinstance(verbose, (int, str)) or verbose not in _WATCHERS:
            raise ValueError(f"fit: expected verbose 0, 1, 2 or 'auto', received {verbose!r}")
        backend_for(device)
        self._build_optimizer()
        watchers = [*_listed("callbacks", callbacks, Callback), *observers(), *_WATCHERS[verbose]()]
        names = [name for callback in watchers for name in callback.adds_logs]
        names = [*self._names(), *([f"val_{name}" for name in self._names()] if validation else []), *names]
        params = {
            "epochs": epochs,
            "steps": -(-len(samples.x) // batch_size),
            "batch_size": batch_size,
            "samples": len(samples.x),
            "device": device,
            "trial": {},
            "metrics": list(dict.fromkeys(names)),
        }
        run = Run(
            self,
            samples,
            validation,
            batch_size,
            epochs,
            initial_epoch,
            shuffle,
            device,
            _listed("probes", probes, Probe),
            watchers,
            params,
        )
        restore = None
        if resume is not None:
            if initial_epoch:
                raise ValueError("fit: expected initial_epoch or resume, received both; a checkpoint knows its epoch")
            from .checkpoint import restorer

            restore = restorer(resume, run)
        self._run, self.history, self.stop_training = run, run.history, False
        return run.run(restore)

    def save_checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Writes what `fit(resume=path)` goes on from: the last fit as it stands, also from within a callback.

        path: ends in .npz or .safetensors. The file is also a model's, for `nn.load_model`, where the model can be
        described (`get_config`). Raises FileError.
        """
        if self._run is None:
            raise RuntimeError("save_checkpoint: there was no fit yet; `save` writes a model as it is")
        from .checkpoint import save

        save(path, self._run)

    def evaluate(
        self,
        x: Any,
        y: Any,
        batch_size: int = EVALUATION_BATCH,
        verbose: int | str = 1,
        sample_weight: Any = None,
        return_dict: bool = False,
        device: str = "auto",
    ) -> Any:
        """The loss, and the metrics after it, over all of (x, y): a number, or a list where there are several.

        x, y, sample_weight, device: as for `fit`. batch_size: how many samples at a time; the result does not depend
        on it but for rounding. verbose: 0 prints nothing. return_dict: True for a dict by name.
        """
        _check_counts(batch_size=batch_size)
        values = self.measured(self._checked("evaluate", x, y, sample_weight), device, batch_size)
        if verbose:
            print("  ".join(f"{name} {value:.4f}" for name, value in values.items()))
        if return_dict:
            return values
        return list(values.values()) if len(values) > 1 else values["loss"]

    def predict(self, x: Any, batch_size: int = EVALUATION_BATCH, device: str = "auto") -> np.ndarray:
        """The model's outputs (samples, ...) for x (samples, ...) as an array.

        batch_size: how many samples at a time. device: as for `fit`. Raises ShapeError for no samples.
        """
        _check_counts(batch_size=batch_size)
        x = numbers("predict", "x", x)
        if not x.shape or not len(x):
            raise ShapeError(f"predict: expected at least one sample, received x of shape {x.shape}")
        self.ensure_built(x.shape[1:])
        forward = self.compiled("predict", device)
        samples = Samples(x, x, floats=self._floats())
        parts = []
        for start in range(0, len(x), batch_size):
            control.boundary(self.history.history)
            parts.append(forward(samples.batch(start, start + batch_size, None)[0]).numpy())
        return np.concatenate(parts)

    # ---- what is compiled

    def compiled(self, what: str, device: str) -> Jitted:
        """The jitted "train", "evaluate" or "predict" step of a device; anew when what it depends on has changed."""
        # Which weights are trained is fixed in a Program, so is which of them are priced by a regulariser.
        made_for = (
            None
            if what == "predict"
            else [
                *((id(module), module.trainable) for _, module in self.modules()),
                *map(id, self.weights),
            ]
        )
        kept = self._programs.get((what, device))
        if kept is None or kept[0] != made_for:
            kept = self._programs[what, device] = made_for, jit(getattr(self, f"_{what}_step"), device=device)
            # Measuring goes where the training is, weights and all. A prediction chooses for itself: a model that was
            # saved and loaded, and knows of no training, then predicts the same bits.
            if what == "evaluate" and ("train", device) in self._programs:
                kept[1].follow(self._programs["train", device][1])
        return kept[1]

    def objective(self, x: Tensor, y: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(what training makes small, the outputs) of a batch x, y: its loss with the regularisers' penalties."""
        assert self._loss is not None  # _checked has seen to it
        outputs = self(x)
        loss = self._loss(y, outputs) if weights is None else self._loss(y, outputs, sample_weight=weights)
        penalty = self.regularization()
        return loss if penalty is None else loss + penalty, outputs

    def _train_step(self, x: Tensor, y: Tensor, weights: Tensor | None = None) -> list[Tensor]:
        with grad_mode(True), training_mode(True):
            loss, outputs = self.objective(x, y, weights)
        for parameter in self.parameters():  # frozen ones, too: an old gradient would be added to
            parameter.grad = None
        loss.backward()
        self.optimizer.step()
        return [loss, *(metric.counts(y, outputs) for metric in self.metrics)]

    def _evaluate_step(self, x: Tensor, y: Tensor, weights: Tensor | None = None) -> list[Tensor]:
        with no_grad(), training_mode(False):
            loss, outputs = self.objective(x, y, weights)
            return [loss, *(metric.counts(y, outputs) for metric in self.metrics)]

    def _predict_step(self, x: Tensor) -> Tensor:
        with no_grad(), training_mode(False):
            return self(x)

    # ---- what surrounds it

    def _build_optimizer(self) -> None:
        """Makes the optimizer's slots at the first fit; later ones go on with those of the weights still trained."""
        optimizer, trained = self.optimizer, self.trainable_weights
        if not trained:
            raise ValueError("fit: the model has no weights to train; every one of its layers is frozen or has none")
        if list(map(id, optimizer.parameters)) == list(map(id, trained)):
            return
        known = set(map(id, optimizer.parameters))
        staying = {parameter.name for parameter in trained if id(parameter) in known}
        before = optimizer.state()
        optimizer.build(trained)
        for key in [key for key in self._programs if key[0] == "train"]:  # of any device: they change the old slots
            del self._programs[key]
        fresh = optimizer.state()
        kept = {name: value for name, value in before.items() if name in fresh and name.rpartition("/")[0] in staying}
        optimizer.load_state(fresh | kept)

    def _names(self) -> list[str]:
        return ["loss", *(metric.name for metric in self.metrics)]

    def measured(self, samples: Samples, device: str, batch_size: int = EVALUATION_BATCH) -> dict[str, float]:
        """The loss and the metrics over all samples, by name; device and batch_size as for `evaluate`."""
        return measure(self, Batches(self.compiled("evaluate", device), samples, batch_size, once=True))

    def _split(
        self,
        x: Any,
        y: Any,
        share: float,
        validation_data: Sequence[Any] | None,
        class_weight: Mapping[int, float] | None,
        sample_weight: Any,
    ) -> tuple[Samples, Samples | None]:
        """What to learn from, and what to measure by after each epoch."""
        if class_weight is not None and sample_weight is not None:
            raise ValueError("fit: expected class_weight or sample_weight, received both; multiply them yourself")
        samples = self._checked("fit", x, y, sample_weight)
        validation = None
        if validation_data is not None:
            if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
                several = isinstance(validation_data, (tuple, list))
                parts = f"{len(validation_data)} parts" if several else f"one {type(validation_data).__name__}"
                raise ValueError(f"validation_data: expected (x, y) or (x, y, sample_weight), received {parts}")
            validation = self._checked("validation_data", *validation_data)
            if validation.x.shape[1:] != samples.x.shape[1:]:  # else found only when the first epoch has been trained
                raise ShapeError(
                    f"validation_data: expected samples of shape {samples.x.shape[1:]} as in training, "
                    f"received {validation.x.shape[1:]}"
                )
        elif share:
            samples, validation = samples.split(share)
        if class_weight is not None:
            weights = class_weights(class_weight, samples.y, self.output_shape(samples.x.shape[1:]))
            samples = samples._replace(weights=weights)
        return samples, validation

    def _checked(self, where: str, x: Any, y: Any, sample_weight: Any = None) -> Samples:
        """Data as arrays, after every check that can be made before a step is run."""
        if self._loss is None:
            raise RuntimeError(f"{where}: call compile(optimizer=..., loss=...) first")
        samples = samples_from(where, x, y, sample_weight)
        self.ensure_built(samples.x.shape[1:])
        self._loss.check(samples.y, self.output_shape(samples.x.shape[1:]))
        return samples._replace(floats=self._floats())

    def _floats(self) -> np.dtype:
        """The dtype in which the model computes: that of its weights."""
        return max((weight.dtype for weight in self.parameters()), key=lambda dtype: dtype.itemsize, default=FLOAT32)


_WATCHERS: dict[int | str, Any] = {
    0: list,
    1: lambda: [ProgressBar()],
    "auto": lambda: [ProgressBar()],
    2: lambda: [EpochLines()],
}


def _several(given: Any) -> list[Any]:
    """None, one thing, or a list of things as a list."""
    if given is None:
        return []
    return list(given) if isinstance(given, (list, tuple)) else [given]


def _listed(name: str, given: Any, kind: type) -> list[Any]:
    """None, one or several of a kind as a list."""
    several = _several(given)
    for each in several:
        if not isinstance(each, kind) or isinstance(each, type):
            raise TypeError(f"{name}: expected objects of class {kind.__name__}, received {each!r}")
    return several


def _check_counts(**counts: int) -> None:
    for name, count in counts.items():
        least = 1 if name == "batch_size" else 0
        if not isinstance(count, (int, np.integer)) or count < least:
            raise ValueError(f"{name}: expected a whole number, {name} >= {least}, received {count!r}")
