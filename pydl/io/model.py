"""Models in files: what a model is made of, how it is trained, what it has learned; and a model made from that again.

Weights stand in the file under their paths, the optimizer's state under "optimizer/"; the rest is JSON beside them. A
configuration names classes, it holds no code: classes of one's own must be imported before a model of them is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from io import BytesIO
from typing import Any

import numpy as np

from .. import init, random
from ..configurable import describe, revive
from ..nn.module import Module
from .arrays import Arrays, Meta, shortened
from .checkpoint import load_checkpoint, save_checkpoint
from .content import Source, Target, named
from .errors import FileError, told

_FORMAT = 1  # raised when files change in a way that an older reader would get wrong
_OPTIMIZER = "optimizer/"
_ENTRIES: dict[str, tuple[type, ...]] = {  # what stands beside the arrays of a model
    "model": (dict,), "input_shape": (list, type(None)), "weights": (list,), "compile": (dict, type(None)),
    "trained": (list,), "history": (dict,),
}  # fmt: skip


def save_model(model: Module, path: Target, format: str | None = None) -> None:
    """Writes a model, all of it: structure, weights, how it is trained, the optimizer's state, its history.

    path:   ends in .npz or .safetensors; or a file opened for writing bytes
    format: ".npz" or ".safetensors" where the name does not say it
    Raises FileError; a file that was there before is then still there.
    """
    save_checkpoint(path, *model_state(model), format)


def load_model(path: Source) -> Any:
    """The model in a file of `save_model`: it gives the same outputs to the last bit, and goes on training as it would.

    path: the file; or its content; or a file opened for reading bytes. Raises FileError for whatever is wrong with it.
    """
    arrays, meta = load_checkpoint(path)
    name = named(path)
    if "model" not in meta:
        raise FileError(f"{name}: expected a model, received arrays alone; load_weights(model, path) reads them")
    if meta.get("pydl") != _FORMAT:
        raise FileError(f"{name}: expected a file of format {_FORMAT}, received {meta.get('pydl')!r}: of a newer pydl?")
    _check_entries(meta, name)
    with _as_file_error(name):
        model = _made(meta, sum(array.size for array in arrays.values()))
    restore_model(model, arrays, meta, name)
    return model


def _made(meta: Meta, numbers: int) -> Any:
    """The model of a configuration, compiled, and built to be filled with so many numbers."""
    drawn = random.default.counter.numpy()
    try:
        with init.blank(numbers):
            described = revive(meta["model"], Module)
            if not isinstance(described, Module):
                raise ValueError(f"expected a model's class_name and config, received {shortened(meta['model'])}")
            model: Any = described
            if meta["input_shape"] is not None:
                model.ensure_built(_sizes(meta["input_shape"]))
            if meta["compile"] is not None:
                model.compile_from_config(meta["compile"])  # here: a file can name a built model as any argument
    finally:
        random.default.counter.assign(drawn)  # layers of one's own may have drawn weights: loading leaves no trace
    return model


def model_state(model: Any) -> tuple[Arrays, Meta]:
    """(arrays, meta): what a file of a model holds, for `save_checkpoint` to write, alone or with more beside it.

    Raises FileError for a model whose configuration cannot be written down.
    """
    weights = _weights(model)
    optimizer = getattr(model, "optimizer", None)
    state = {} if optimizer is None else {_OPTIMIZER + name: array for name, array in optimizer.state().items()}
    if twice := set(weights) & set(state):
        raise FileError(f"a weight and the optimizer's state are both named {sorted(twice)[0]}: rename the layer")
    with _as_file_error(f"saving {model.name!r}"):
        meta = {
            "pydl": _FORMAT,
            "model": describe(model),
            "input_shape": None if model.input_shape is None else list(model.input_shape),
            "weights": list(weights),
            "compile": model.get_compile_config(),
            "trained": [] if optimizer is None else [parameter.name for parameter in optimizer.parameters],
            "history": describe(model.history.history),
        }
    return {**weights, **state}, meta


def restore_model(model: Any, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], name: str) -> None:
    """Puts weights, optimizer state and history into a model that is made and compiled already: all, or nothing.

    arrays, meta: as `model_state` gave them and `load_checkpoint` has read them; more in them does no harm
    name:         what messages call them
    Raises FileError where they do not fit.
    """
    _check_entries(meta, name)
    with _as_file_error(name):
        weights = {path: arrays[path] for path in meta["weights"]}
        _check_kinds(model, weights)
        before = model.get_weights()
        model.set_weights(weights)
        try:
            history = {key: [float(value) for value in values] for key, values in meta["history"].items()}
            if meta["compile"] is not None:
                state = {key.removeprefix(_OPTIMIZER): arrays[key] for key in arrays if key.startswith(_OPTIMIZER)}
                state = {key: value for key, value in state.items() if _OPTIMIZER + key not in weights}
                _restore_optimizer(model, state, meta["trained"])
        except BaseException:
            model.set_weights(before)
            raise
        model.history.history = history


def _restore_optimizer(model: Any, state: Mapping[str, np.ndarray], trained: Sequence[str]) -> None:
    by_name = {parameter.name: parameter for parameter in model.parameters()}
    parameters = [by_name[name] for name in trained]
    if list(map(id, model.optimizer.parameters)) != list(map(id, parameters)):
        trial = revive(describe(model.optimizer))  # building forgets, so that a copy finds out whether the state fits
        trial.build(parameters)
        trial.load_state(state)
        model.optimizer.build(parameters)
    model.optimizer.load_state(state)


def save_weights(model: Module, path: Target, format: str | None = None) -> None:
    """Writes the weights of a model by their paths ("hidden1/kernel"), and nothing else.

    path: as for `save_model`. Raises FileError.
    """
    weights = _weights(model)
    save_checkpoint(path, weights, {"pydl": _FORMAT, "weights": list(weights)}, format)


def load_weights(
    model: Module, path: Source, only: str | Sequence[str] | None = None, strict: bool = True
) -> list[str]:
    """Reads weights by their paths into a model that has been built. All are checked before any is changed.

    path:   a file of weights, a whole model, or plain arrays of another writer
    only:   patterns of paths: "hidden1/*" reuses that layer, and leaves the rest of the model as it is
    strict: False takes what fits by path and shape, and leaves out the rest
    Returns the paths that were read. Raises FileError.
    """
    arrays, meta = load_checkpoint(path)
    name = named(path)
    own = model.named_weights()
    if not own:
        raise FileError(f"{name}: expected a model with weights, and this one is not built; give it an input_shape")
    patterns = ["*"] if only is None else [only] if isinstance(only, str) else list(only)
    wanted = [path for path in own if any(fnmatchcase(path, pattern) for pattern in patterns)]
    with _as_file_error(name):
        found = {path: arrays[path] for path in meta.get("weights", arrays) if path in arrays}
        if not strict:
            wanted = [path for path in wanted if path in found and found[path].shape == own[path].shape]
        missing = [path for path in wanted if path not in found]
        unknown = [path for path in found if path not in own] if strict and only is None else []
        if missing or unknown or not wanted:
            raise FileError(
                f"{name}: its weights are not those of this model; missing: {_listed(missing)}; "
                f"unknown: {_listed(unknown)}; the model has {_listed(list(own))}"
            )
        _check_kinds(model, {path: found[path] for path in wanted})
        kept = {path: weight.numpy() for path, weight in own.items() if path not in wanted}
        model.set_weights(kept | {path: found[path] for path in wanted})
    return wanted


def to_bytes(model: Module, format: str = ".npz") -> bytes:
    """The file that `save_model` would write, as bytes, for a download; arguments as for `save_model`."""
    file = BytesIO()
    save_model(model, file, format)
    return file.getvalue()


def _weights(model: Module) -> Arrays:
    return {path: weight.numpy() for path, weight in model.named_weights().items()}


def _check_kinds(model: Module, values: Mapping[str, np.ndarray]) -> None:
    """Numbers of another width are fine; floats must not become counters."""
    for path, weight in model.named_weights().items():
        if path in values and values[path].dtype.kind != weight.dtype.kind:
            raise ValueError(f"expected {weight.dtype} for {path}, received {values[path].dtype}")


def _check_entries(meta: Mapping[str, Any], name: str) -> None:
    for entry, kinds in _ENTRIES.items():
        if entry not in meta or not isinstance(meta[entry], kinds):
            expected = " or ".join("nothing" if kind is type(None) else f"a {kind.__name__}" for kind in kinds)
            received = shortened(meta[entry]) if entry in meta else "no such entry"
            raise FileError(f"{name}: expected {expected} as {entry!r} beside the weights, received {received}")


def _sizes(shape: list[Any]) -> tuple[int, ...]:
    if not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"expected input_shape as a list of sizes, received {shape!r}")
    if math.prod(shape) > 2**31:  # a sample of the first layer's; nothing that could be trained here comes near
        raise ValueError(f"expected an input_shape of up to 2^31 numbers, received {shape}")
    return tuple(shape)


def _listed(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:6]) or "none"
    return shown if len(paths) <= 6 else f"{shown}, ... ({len(paths)} in all)"


@contextmanager
def _as_file_error(name: str) -> Iterator[None]:
    """Whatever does not fit while a file is put to use is wrong with the file: one line that names it."""
    try:
        yield
    except FileError:
        raise
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        raise FileError(f"{name}: {told(error)}") from None
