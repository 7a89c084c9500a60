"""Checkpoints: all that a training depends on in one file, so that it goes on as if it had never stopped.

That is more than the weights: the optimizer's state, the key and counter of the random numbers, the history, how far
the epoch is, and what every callback remembers. Where a model can be described the file is a model's, too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import random
from ..callbacks import Callback
from ..io import FileError, load_checkpoint, model_state, save_checkpoint
from ..io.errors import told
from ..tensor import Tensor
from .run import Run

_OPTIMIZER = "optimizer/"
_ARRAY = "array"  # {"array": name} stands for an array in the part that is JSON


def save(path: str | os.PathLike[str], run: Run) -> None:
    """Writes where a run stands, whole or not at all. Raises FileError."""
    arrays, meta = _model_part(run)
    history, generator = run.history, random.default
    training = {
        "epoch": run.epoch,
        "batch": run.batch,
        "stopped": bool(run.trainer.stop_training),
        "samples": len(run.samples.x),
        "batch_size": run.batch_size,
        "order": run.order if run.batch else None,
        "averages": run.averages.state(),
        "optimizer": type(run.trainer.optimizer).__name__,
        "key": generator.key.numpy(),
        "counter": generator.counter.numpy(),
        "epochs": history.epoch,
        "probes": history.probes,
        "callbacks": [[type(each).__name__, state] for each in run.notify.callbacks if (state := each.state())],
    }
    save_checkpoint(path, arrays, meta | {"training": _packed(training, arrays)})


def _model_part(run: Run) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    try:
        arrays, meta = model_state(run.trainer)
    except FileError:  # a loss that is somebody's function, say: the file cannot make such a model, only restore it
        weights = {path: weight.numpy() for path, weight in run.trainer.named_weights().items()}
        state = {_OPTIMIZER + name: array for name, array in run.trainer.optimizer.state().items()}
        if set(weights) & set(state):
            raise
        arrays, meta = {**weights, **state}, {"weights": list(weights), "history": run.history.history}
    return dict(arrays), dict(meta)


def restorer(path: str | os.PathLike[str], run: Run) -> Callable[[Run], None]:
    """What puts a run back to where the file's training stood. All is checked here; nothing is changed before.

    Raises FileError for a file that is broken, or of another model, optimizer or training.
    """
    arrays, meta = load_checkpoint(path)
    name = os.fspath(path)
    if "training" not in meta:
        raise FileError(f"{name}: expected a training to go on with, as ModelCheckpoint writes it without "
                        "save_weights_only; received a file of weights or of a model")  # fmt: skip
    try:
        return _restorer(arrays, meta, _unpacked(meta["training"], arrays), run)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise FileError(f"{name}: {told(error)}") from None


def _restorer(
    arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], training: Mapping[str, Any], run: Run
) -> Callable[[Run], None]:
    trainer, optimizer, generator = run.trainer, run.trainer.optimizer, random.default
    weights = {path: arrays[path] for path in meta["weights"]}
    _check_same("this checkpoint is of another model", trainer.named_weights(), weights)
    if training["optimizer"] != type(optimizer).__name__:
        raise ValueError(
            f"the model is compiled with {type(optimizer).__name__}, the checkpoint's was with {training['optimizer']}"
        )
    taken = {name: array for name, array in arrays.items() if name.startswith(_OPTIMIZER) and name not in weights}
    state = {name.removeprefix(_OPTIMIZER): array for name, array in taken.items()}
    _check_same("this checkpoint's optimizer trains other weights", optimizer.state(), state)
    _check_same("random numbers", {"key": generator.key, "counter": generator.counter}, training)

    epoch, batch = int(training["epoch"]), int(training["batch"])
    order, averages = training["order"], training["averages"]
    if batch:
        here = len(run.samples.x), run.batch_size
        if (training["samples"], training["batch_size"]) != here:
            raise ValueError(
                f"it was written within an epoch of {training['samples']} samples in batches of "
                f"{training['batch_size']}, and cannot go on with {here[0]} in batches of {here[1]}"
            )
        if order is not None and not (order.dtype.kind in "iu" and np.array_equal(np.sort(order), np.arange(here[0]))):
            raise ValueError("the order of its samples is no order of all samples")
        run.averages.check_state(averages)
    if not 0 <= batch <= run.steps or epoch < 0:
        raise ValueError(f"it stands at epoch {epoch}, batch {batch}, which is no place in this training")
    history = {name: [float(value) for value in values] for name, values in meta["history"].items()}
    epochs = [int(number) for number in training["epochs"]]
    probes = {name: list(records) for name, records in training["probes"].items()}
    states = _states(training["callbacks"], run.notify.callbacks)
    stopped = bool(training["stopped"])

    def restore(run: Run) -> None:
        trainer.set_weights(weights)
        optimizer.load_state(state)
        for variable in (generator.key, generator.counter):
            value = training["key" if variable is generator.key else "counter"]
            variable.assign(Tensor(value, dtype=variable.dtype))
        run.epoch, run.batch, run.order = epoch, batch, order
        if batch:
            run.averages.load_state(averages)
        run.history.history = {name: list(values) for name, values in history.items()}
        run.history.epoch = list(epochs)
        run.history.probes = {name: list(records) for name, records in probes.items()}
        for callback, remembered in states:
            callback.load_state(remembered)
        trainer.stop_training = stopped

    return restore


def _check_same(message: str, expected: Mapping[str, Any], received: Mapping[str, Any]) -> None:
    missing = [name for name in expected if name not in received]
    unknown = [] if message == "random numbers" else [name for name in received if name not in expected]
    if missing or unknown:
        raise ValueError(f"{message}: it lacks {_listed(missing)}, and has {_listed(unknown)} beside")
    for name, value in expected.items():
        found = received[name]
        if (found.shape, found.dtype) != (value.shape, value.dtype):
            raise ValueError(
                f"{message}: expected {value.dtype} of shape {value.shape} for {name}, "
                f"received {found.dtype} of shape {found.shape}"
            )


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:4]) or "nothing"
    return shown if len(names) <= 4 else f"{shown}, ... ({len(names)} in all)"


def _states(saved: list[Any], callbacks: list[Callback]) -> list[tuple[Callback, Mapping[str, Any]]]:
    """Each callback with what the one of its class, the first, second, ... of them, has remembered."""
    left = [(name, state) for name, state in saved]
    found = []
    for callback in callbacks:
        kind = type(callback).__name__
        index = next((index for index, (name, _) in enumerate(left) if name == kind), None)
        if index is None:
            continue
        _, state = left.pop(index)
        try:
            callback.check_state(state)
        except ValueError as error:
            raise ValueError(f"{kind}: {error}") from None
        found.append((callback, state))
    return found


def _packed(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """A value in JSON's types; arrays in it go to `arrays`."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        name = f"training/{len(arrays)}"
        arrays[name] = value
        return {_ARRAY: name}
    if isinstance(value, (list, tuple)):
        return [_packed(part, arrays) for part in value]
    if isinstance(value, dict):
        return {name: _packed(part, arrays) for name, part in value.items()}
    return value


def _unpacked(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_unpacked(part, arrays) for part in value]
    if isinstance(value, dict):
        if set(value) == {_ARRAY}:
            return arrays[value[_ARRAY]]
        return {name: _unpacked(part, arrays) for name, part in value.items()}
    return value
