"""`jit`: a function that is traced once per shapes and dtypes of its arguments, and runs compiled from then on.

It brings the others of this folder together: trace, optimise, validate, hand over to a backend, remember.
"""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable
from numbers import Number
from typing import Any, overload

import numpy as np

from .. import backends  # the module, not its names: backends read Programs, and so import from this folder
from ..autograd import modes
from ..ops import Spec, spec_of
from ..tensor import Tensor, as_input
from ..variable import Variable
from .passes import optimize
from .program import Program
from .trace import Trace

CACHE_SIZE = 32  # Programs kept per function; the one that was not used for longest goes first


class Prepared:
    """A Program that is ready to run, for loops: call it with the inputs' arrays, and it gives the outputs' arrays.

    That shapes and dtypes stay the same is its caller's care. What runs it lives as long as somebody has this, be it a
    cache or a loop, and then for as long as a Variable's newest value is kept there.

    program: what is run; executable: what runs it
    trial:   milliseconds per step of the devices that were tried before that one was chosen; empty without a choice
    """

    def __init__(self, program: Program, placement: backends.Placement, structure: Any) -> None:
        self.program = program
        self.executable, self.trial = placement.executable, placement.trial
        self._placement = placement
        self._structure = structure  # of the result: how its Tensors are nested

    @property
    def device(self) -> str:
        """Where it is run now: another device than at first, where that one has failed."""
        return self._placement.device

    @property
    def adapter(self) -> str:
        """What it runs on there, in that one's own words: "SwiftShader", "wasmtime 50.0.1"; "" for NumPy."""
        return self._placement.adapter

    def __call__(self, *arrays: np.ndarray) -> list[np.ndarray]:
        outputs = self.executable(*arrays)
        self._assigned()
        return outputs

    def feed(self, *data: np.ndarray) -> Rows:
        """Rows for the inputs, (rows, ...) each, to run many steps at a time on. Raises ExecutionError."""
        return Rows(self, self.executable.feed(*data))

    def _assigned(self) -> None:
        for variable, _ in self.program.updates:
            variable._version += 1  # an assign like any other: what used the old value eagerly must not go back now


class Rows:
    """Rows for a Program's inputs, kept where its steps run.

    batch: rows that a step takes
    """

    def __init__(self, prepared: Prepared, feed: backends.Feed) -> None:
        self._prepared, self._feed = prepared, feed
        inputs = prepared.program.inputs
        self.batch = inputs[0].shape[0] if inputs else 0
        self._again: np.ndarray | None = None  # the first rows, over and over

    @property
    def chunk(self) -> float:
        """How many seconds of steps one call had best take where they run."""
        return self._feed.chunk

    def run(self, order: np.ndarray | None, first: int, count: int) -> list[np.ndarray]:
        """Runs the steps first .. first + count - 1 and gives their outputs, stacked: (done, *shape) each.

        order: row numbers, (rows,); step i takes order[i * batch : (i + 1) * batch]. None: the rows as they come

        It ends with a step whose first output is a single float and not finite. Raises ExecutionError.
        """
        try:
            return self._feed.run(order, first, count)
        finally:
            self._prepared._assigned()

    def repeat(self, count: int) -> list[np.ndarray]:
        """Runs `count` steps that all take the first rows, as `run` does."""
        if count == 1 or not self.batch:
            return self.run(None, 0, count)
        if self._again is None or len(self._again) < count * self.batch:
            several = 1 << (int(count) - 1).bit_length()  # more than asked for: the next time it may be a few more
            self._again = np.tile(np.arange(self.batch, dtype=np.int32), several)
        return self.run(self._again, 0, count)

    def close(self) -> None:
        """Gives the memory of the rows back."""
        self._feed.close()


class Jitted:
    """What `jit` makes of a function. Call it like the function; `.program(*args)` shows what is run.

    function, device, updates: as for `jit`
    """

    def __init__(self, function: Callable[..., Any], device: str, updates: bool = True) -> None:
        functools.update_wrapper(self, function, updated=())
        self._function = function
        self._updates = updates
        self._backend = backends.backend_for(device)
        self._cache: OrderedDict[Any, Prepared] = OrderedDict()
        self._lock = threading.RLock()  # of the cache; threads that need the same Program have it traced once

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        inside = modes.recorder is not None  # another traced function: part of its Program
        if inside or (modes.grad_enabled and _requires_gradient((args, kwargs))):  # a compiled call has no way back
            return self._function(*args, **kwargs)
        compiled, arrays = self._compiled(args, kwargs)
        return _nested(compiled._structure, compiled(*arrays))

    def repeat(self, count: int, *args: Any) -> Any:
        """Calls the function `count` times with the same arguments, and gives the results stacked: (count, ...) each.

        For full-batch training by hand: `costs = step.repeat(1000, x, y)` is a thousand steps and one call, without
        Python's work between them. Where the first result is a single float, a loss, it ends with the step in which
        that is no longer finite. Raises ValueError for arguments by which a gradient is asked for.
        """
        if not isinstance(count, (int, np.integer)) or count < 1:
            raise ValueError(f"repeat: expected a number of calls from 1, received {count!r}")
        if modes.recorder is not None:
            raise RuntimeError("repeat: inside of a traced function, write the calls as a loop")
        if modes.grad_enabled and _requires_gradient(args):
            raise ValueError("repeat: its results have no way back to an argument with requires_grad=True")
        compiled, arrays = self._compiled(args, {})
        lengths = {array.shape[:1] for array in arrays}
        if () in lengths or len(lengths) > 1:  # not what a feed takes: rows, as many of each
            return _nested(compiled._structure, _one_by_one(compiled, arrays, count))
        rows = compiled.feed(*arrays)
        try:
            return _nested(compiled._structure, rows.repeat(int(count)))
        finally:
            rows.close()

    @property
    def chooses(self) -> bool:
        """Whether the device is chosen by trial: device="auto"."""
        return isinstance(self._backend, backends.Auto)

    @property
    def device(self) -> str | None:
        """Where the Program runs that was used last; None before the first."""
        return self.last.device if self.last else None

    @property
    def trial(self) -> dict[str, float]:
        """The figures by which that device was chosen, in milliseconds per step; empty without a trial."""
        return dict(self.last.trial) if self.last else {}

    @property
    def last(self) -> Prepared | None:
        """What was run last; None before the first call."""
        with self._lock:
            return next(reversed(self._cache.values())) if self._cache else None

    def program(self, *args: Any, **kwargs: Any) -> Program:
        """The Program for arguments of these shapes and dtypes (traced now if it was not yet); print it."""
        return self._compiled(args, kwargs)[0].program

    def prepared(self, *args: Any) -> Prepared:
        """For loops: what runs for arguments of these shapes and dtypes, without looking it up at every call.

        args: as in a call; a `Spec` stands for an array of its shape and dtype
        """
        return self._compiled(args, {})[0]

    def follow(self, other: Jitted) -> None:
        """Has device="auto" choose what it has chosen for another function, where a trial has been made for that."""
        if isinstance(other._backend, backends.Auto):
            self._backend = backends.Auto(other._backend)

    def _compiled(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Prepared, list[Any]]:
        arrays: list[Any] = []
        structure = _flatten((args, kwargs), arrays)
        specs = tuple(array if isinstance(array, Spec) else spec_of(array) for array in arrays)
        key = (structure, specs, modes.grad_enabled, modes.training)
        with self._lock:
            compiled = self._cache.get(key)
            if compiled is None:
                compiled = self._cache[key] = self._trace(structure, specs)
                if len(self._cache) > CACHE_SIZE:
                    self._cache.popitem(last=False)
            else:
                self._cache.move_to_end(key)
        return compiled, arrays

    def _trace(self, structure: Any, specs: tuple[Spec, ...]) -> Prepared:
        with Trace(getattr(self._function, "__name__", "function")) as trace:
            inputs = iter([trace.input(spec) for spec in specs])
            args, kwargs = _rebuild(structure, lambda _: next(inputs))
            outputs: list[Tensor] = []
            result = _collect(self._function(*args, **dict(kwargs)), outputs)
            program = trace.finish(outputs)
            if not self._updates:
                program.updates = []
            program = optimize(program).validate()
        return Prepared(program, self._backend.place(program), result)


@overload
def jit(function: Callable[..., Any], *, device: str = "auto", updates: bool = True) -> Jitted: ...
@overload
def jit(function: None = None, *, device: str = "auto", updates: bool = True) -> Callable[..., Jitted]: ...
def jit(
    function: Callable[..., Any] | None = None, *, device: str = "auto", updates: bool = True
) -> Jitted | Callable[..., Jitted]:
    """Compiles a function of arrays and Tensors.

    The function is run once per shapes and dtypes of its arguments to write down its operations as a `Program`;
    further calls run the compiled Program. Arrays, Tensors and numbers among the arguments (also in lists, tuples and
    dicts) are inputs; strings, booleans and None are fixed, each choice with a Program of its own. Variables are
    state: read when the call begins, written when it ends. Gradients computed inside do not leave the function; a
    call with a Tensor that requires a gradient is evaluated line by line, so that the gradient finds its way back.

    device:  "auto", or one of `pydl.devices()`.
    updates: False leaves every Variable as it is, whatever the function assigns: it is looked at, not run.
    """
    if function is None:
        return functools.partial(jit, device=device, updates=updates)
    if not callable(function):
        raise TypeError(f"jit: expected a function, received {function!r}; a device is named by jit(device=...)")
    return Jitted(function, device, updates)


def _one_by_one(prepared: Prepared, arrays: list[np.ndarray], count: int) -> list[np.ndarray]:
    """What `Rows.repeat` gives, for arguments that are no rows."""
    steps: list[list[np.ndarray]] = []
    while len(steps) < count:
        steps.append(outputs := prepared(*arrays))
        if outputs and not outputs[0].ndim and outputs[0].dtype.kind == "f" and not np.isfinite(outputs[0]):
            break
    return [np.stack(parts) for parts in zip(*steps)]


# ---- nested arguments: a structure is the nesting with _LEAF (or a fixed value) in the places of arrays

_LEAF = "\0leaf"


def _flatten(thing: Any, arrays: list[Any]) -> Any:
    if isinstance(thing, (tuple, list)):
        return (type(thing).__name__, *(_flatten(part, arrays) for part in thing))
    if isinstance(thing, dict):
        return ("dict", *((name, _flatten(thing[name], arrays)) for name in sorted(thing)))
    if thing is None or isinstance(thing, (str, bool)):
        return ("fixed", thing)
    if isinstance(thing, Spec):
        arrays.append(thing)
        return _LEAF
    if isinstance(thing, Variable):
        raise TypeError(f"jit: {thing!r} is state, not an argument: use it inside of the function")
    if isinstance(thing, (Tensor, np.ndarray, Number, np.generic)):
        number = isinstance(thing, Number) and not isinstance(thing, np.generic)
        value: Any = thing
        arrays.append((Tensor(value) if number else as_input(value))._array())
        return _LEAF
    raise TypeError(f"jit: expected arrays, Tensors, numbers, strings or None, received {type(thing).__name__}")


def _requires_gradient(thing: Any) -> bool:
    if isinstance(thing, Tensor):
        return thing.requires_grad and not thing._is_state
    parts = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, (tuple, list)) else ()
    return any(map(_requires_gradient, parts))


def _collect(thing: Any, outputs: list[Tensor]) -> Any:
    """Like _flatten, for what a traced function returns: its Tensors go to `outputs`."""
    if isinstance(thing, (tuple, list)):
        return (type(thing).__name__, *(_collect(part, outputs) for part in thing))
    if isinstance(thing, dict):
        return ("dict", *((name, _collect(thing[name], outputs)) for name in thing))
    if isinstance(thing, Tensor):
        outputs.append(thing)
        return _LEAF
    return ("fixed", thing)


def _nested(structure: Any, outputs: list[np.ndarray]) -> Any:
    """The arrays of a call as Tensors, nested as the function has nested them."""
    parts = iter(outputs)
    return _rebuild(structure, lambda _: Tensor._wrap(next(parts)))


def _rebuild(structure: Any, leaf: Callable[[str], Any]) -> Any:
    if structure is _LEAF:
        return leaf(_LEAF)
    kind, *parts = structure
    if kind == "fixed":
        return parts[0]
    if kind == "dict":
        return {name: _rebuild(part, leaf) for name, part in parts}
    items = [_rebuild(part, leaf) for part in parts]
    return items if kind == "list" else tuple(items)
