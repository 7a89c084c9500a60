"""Module: something with weights that maps a Tensor to a Tensor. Layers and models are Modules.

A Module finds its weights in its attributes, and those of the Modules within it: the path of attributes and layer names
that leads to a weight is its name (`hidden1/kernel`), in summaries, files and the model graph alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import numpy as np

from ..autograd import modes
from ..configurable import Configurable, arguments
from ..jit import Trace
from ..ops import ShapeError, Spec
from ..rules import FLOAT32
from ..scopes import name_scope, scoped
from ..tensor import Tensor
from ..variable import Parameter, Variable

Shape = tuple[int, ...]


class Module(Configurable):
    """Base class. A subclass defines `call(x)`, or `call(x, training)`, and, where it has weights, `build(shape)`.

    Shapes are those of one sample, without the batch axis: a Dense layer over images of 784 numbers is built with
    (784,). A Module that was not built is built by its first input.

    name:      of this Module; unless given, that of its class (`max_pooling2d`) or of the attribute that holds it
    trainable: False leaves its weights, and those of the Modules within it, as they are when a model is trained
    """

    name: str = "module"
    trainable: bool = True
    built: bool = False
    _path_name: str = ""
    _takes_training: ClassVar[bool] = False

    def __init__(self, name: str = "") -> None:
        if name:
            self.name = name

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in vars(cls):
            cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", cls.__name__).lower()
        code = getattr(cls.call, "__code__", None)
        taken = () if code is None else code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        cls._takes_training = "training" in taken

    # ---- what a subclass defines

    def build(self, shape: Shape) -> None:
        """Makes the weights for samples of this shape; by default those that `call` needs of the Modules within."""
        self._result_of(shape)

    def output_shape(self, shape: Shape) -> Shape:
        """The shape of a result for a sample of this shape."""
        return self._result_of(shape).shape[1:]

    def call(self, x: Tensor) -> Tensor:
        """The result for a batch x (batch, ...), in Tensor operations: what a subclass defines."""
        raise NotImplementedError(f"{type(self).__name__} must define call(x)")

    def penalties(self) -> list[Tensor]:
        """What the weights of this Module itself add to the loss: its regularisers' terms."""
        return []

    # ---- calling it

    def __call__(self, x: Any, training: bool | None = None) -> Tensor:
        """The result for a batch.

        training: whether layers like Dropout act as they do while a model learns; without it the mode stays as it is,
                  which is False outside of `fit` and `training_mode`.
        """
        x = x if isinstance(x, Tensor) else Tensor(x)
        if not x.shape:
            raise ShapeError(f"{self.name}: expected a batch of samples, received a single number")
        self.ensure_built(x.shape[1:])
        frozen, modes.frozen = modes.frozen, modes.frozen or not self.trainable
        try:
            with training_mode(modes.training if training is None else training), name_scope(self.scope):
                y = self._call(x)
                if modes.tap is not None:
                    modes.tap.append((scoped(""), y))
        finally:
            modes.frozen = frozen
        return y

    def _call(self, x: Tensor) -> Tensor:
        y = self.call(x, training=modes.training) if self._takes_training else self.call(x)  # type: ignore[call-arg]
        if y is None:
            raise TypeError(f"{type(self).__name__}: expected call to return the result, received None; add a return")
        return y

    def ensure_built(self, shape: Shape) -> None:
        """Builds for samples of this shape, and names the weights, unless that is done already."""
        if self.built:
            return
        # Initial weights are drawn at once and on the CPU, even where a first call is being traced.
        recorder, modes.recorder = modes.recorder, None
        tap, modes.tap = modes.tap, None
        try:
            self.build(shape)
        finally:
            modes.recorder, modes.tap = recorder, tap
        self.built = True
        self.name_weights()

    def _result_of(self, shape: Shape) -> Tensor:
        """What `call` gives for one sample, of which only the shape is known: it is traced, and computes nothing."""
        with Trace(self.name) as trace, training_mode(False):
            x = trace.input(Spec((1, *shape), FLOAT32))
            return self._call(x)

    # ---- what is in it

    @property
    def scope(self) -> str:
        """The part of a path that this Module stands for; "" for a model of its own."""
        return self._path_name

    def children(self) -> Iterator[tuple[str, Module]]:
        """The Modules held by this one, each with its part of a path."""
        for name, module in _named(vars(self), Module):
            yield (name if module.name == type(module).name else module.name), module

    def modules(self, path: str = "") -> Iterator[tuple[str, Module]]:
        """This Module and all within it, with their paths ("" for this one), each once."""
        yield from ((where, module) for where, module, _ in self._walk(path, True, set()))

    def _walk(self, path: str, trainable: bool, seen: set[int]) -> Iterator[tuple[str, Module, bool]]:
        if id(self) in seen:
            return
        seen.add(id(self))
        trainable = trainable and self.trainable
        yield path, self, trainable
        taken: set[str] = set()
        for name, child in self.children():
            if id(child) in seen:
                continue
            name = _free(name, taken)
            child._path_name = name
            yield from child._walk(f"{path}/{name}" if path else name, trainable, seen)

    def _weights(self) -> Iterator[tuple[str, Variable, bool]]:
        """(path, weight, whether training changes it), each once."""
        seen: set[int] = set()
        for path, module, trainable in self._walk("", True, set()):
            for name, weight in _named(vars(module), Variable):
                if id(weight) not in seen:
                    seen.add(id(weight))
                    yield (f"{path}/{name}" if path else name), weight, trainable and isinstance(weight, Parameter)

    def named_weights(self) -> dict[str, Variable]:
        """Everything that a saved model keeps, by path: parameters, and other state such as moving averages."""
        named: dict[str, Variable] = {}
        for path, weight, _ in self._weights():
            if path in named:  # a layer "a/b" beside a layer "b" in a model "a": one of them would be lost in a file
                raise ValueError(f"{self.name}: two weights are called {path}; give one of their layers another name")
            named[path] = weight
        return named

    @property
    def weights(self) -> list[Variable]:
        """All weights, in the order in which they were made."""
        return [weight for _, weight, _ in self._weights()]

    @property
    def trainable_weights(self) -> list[Parameter]:
        """The parameters that training changes."""
        return [weight for _, weight, trainable in self._weights() if trainable and isinstance(weight, Parameter)]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """Frozen parameters, and state that no gradient reaches."""
        return [weight for _, weight, trainable in self._weights() if not trainable]

    def parameters(self) -> list[Parameter]:
        """All parameters, frozen ones too."""
        return [weight for weight in self.weights if isinstance(weight, Parameter)]

    def count_parameters(self) -> int:
        """How many numbers the weights hold."""
        return sum(weight.size for weight in self.weights)

    def name_weights(self) -> None:
        """Gives every weight its path as its name: what Programs, optimizers and messages call it."""
        alone = next(iter(self.children()), None) is None
        for path, weight in self.named_weights().items():
            weight.name = f"{self.name}/{path}" if alone else path

    def regularization(self) -> Tensor | None:
        """The sum of all penalties of what is trained here and in the Modules within, or None where there are none."""
        total = None
        for _, module, trainable in self._walk("", True, set()):
            for penalty in module.penalties() if trainable else ():
                total = penalty if total is None else total + penalty
        return total

    # ---- configuration and weights, out and in

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments by name; a name of its own only, and `trainable` where it is frozen.

        Raises ConfigError.
        """
        config = super().get_config()
        config["name"] = self.name
        if self.name == type(self).name:
            del config["name"]
        return config if self.trainable else config | {"trainable": False}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        own = {"trainable", "name"} - set(arguments(cls))  # of every Module, whatever its constructor takes
        module = super().from_config({name: value for name, value in config.items() if name not in own})
        module.trainable = bool(config.get("trainable", True))
        module.name = str(config.get("name", module.name))
        return module

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights, in order."""
        return [weight.numpy() for weight in self.weights]

    def set_weights(self, weights: Iterable[Any] | Mapping[str, Any]) -> None:
        """Gives all weights new values: a list in their order, or a mapping from their paths.

        Raises ValueError (ShapeError) before anything is changed where names, number or shapes do not fit.
        """
        named = self.named_weights()
        if isinstance(weights, Mapping):
            missing, unknown = sorted(set(named) - set(weights)), sorted(set(weights) - set(named))
            if missing or unknown:
                raise ValueError(
                    f"set_weights: this model has the weights {', '.join(named) or 'none'}; "
                    f"missing: {', '.join(missing) or 'none'}; unknown: {', '.join(unknown) or 'none'}"
                )
            values = {path: _array(weights[path]) for path in named}
        else:
            if isinstance(weights, str) or not isinstance(weights, Iterable):
                raise TypeError(f"set_weights: expected a list of arrays, or a dict by path, received {weights!r}")
            given = [_array(value) for value in weights]
            if len(given) != len(named):
                raise ValueError(f"set_weights: expected {len(named)} arrays, received {len(given)}")
            values = dict(zip(named, given))
        for path, weight in named.items():
            if values[path].shape != weight.shape or values[path].dtype.kind not in "fiub":
                raise ShapeError(
                    f"set_weights: expected numbers of shape {weight.shape} for {path}, "
                    f"received {values[path].dtype} of shape {values[path].shape}"
                )
        for path, weight in named.items():
            weight.assign(Tensor(values[path], dtype=weight.dtype))


def _array(value: Any) -> np.ndarray:
    """A value as an array; rows of different lengths as what it is not: numbers."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.empty((), object)


def _named(things: Mapping[str, Any], kind: type) -> Iterator[tuple[str, Any]]:
    """Everything of a kind among attributes, also in lists and dicts: `blocks` holds `blocks_0`, `blocks_1`, ..."""
    for name, thing in list(things.items()):  # a list: another thread may compile a prediction meanwhile, and keep it
        if isinstance(thing, kind):
            yield name, thing
        elif isinstance(thing, (list, tuple)):
            yield from _named({f"{name}_{index}": part for index, part in enumerate(thing)}, kind)
        elif isinstance(thing, dict):
            yield from _named({f"{name}_{key}": part for key, part in list(thing.items())}, kind)


def _free(name: str, taken: set[str]) -> str:
    """The name, or with the first number that makes it another one than those taken."""
    free, number = name, 0
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    taken.add(free)
    return free


@contextmanager
def training_mode(enabled: bool = True) -> Iterator[None]:
    """Inside, layers that act differently while a model learns (Dropout, BatchNormalization) do so if `enabled`."""
    before, modes.training = modes.training, enabled
    try:
        yield
    finally:
        modes.training = before


def is_frozen() -> bool:
    """Whether the Module whose call is under way is frozen: it, or one that it stands in, is not trainable."""
    return modes.frozen


def is_training() -> bool:
    """Whether layers act as they do while a model learns."""
    return modes.training


@contextmanager
def tapping() -> Iterator[list[tuple[str, Tensor]]]:
    """Collects (path, output) of every Module that is called inside, in the order in which they end."""
    before, modes.tap = modes.tap, []
    try:
        yield modes.tap
    finally:
        modes.tap = before
