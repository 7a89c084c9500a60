"""`jit`: a function that is traced once per shapes and dtypes of its arguments, and runs compiled from then on.

It brings the others of this folder together: trace, optimise, validate, hand over to a backend, remember.
"""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable
from numbers import Number
from typing import Any, NamedTuple, overload

import numpy as np

from .. import backends  # the module, not its names: backends read Programs, and so import from this folder
from ..autograd import modes
from ..ops import spec_of
from ..tensor import Tensor, as_input
from ..variable import Variable
from .passes import optimize
from .program import Program
from .trace import Trace

CACHE_SIZE = 32  # Programs kept per function; the one that was not used for longest goes first


class _Compiled(NamedTuple):
    program: Program
    executable: Any
    structure: Any  # of the result: how its Tensors are nested

    def run(self, *arrays: np.ndarray) -> list[np.ndarray]:
        """One call: the arrays of the inputs in, the arrays of the outputs out."""
        outputs: list[np.ndarray] = self.executable(*arrays)
        for variable, _ in self.program.updates:
            variable._version += 1  # an assign like any other: what used the old value eagerly must not go back now
        return outputs


class Jitted:
    """What `jit` makes of a function. Call it like the function; `.program(*args)` shows what is run.

    function, device, updates: as for `jit`
    """

    def __init__(self, function: Callable[..., Any], device: str, updates: bool = True) -> None:
        functools.update_wrapper(self, function, updated=())
        self._function = function
        self._updates = updates
        self._backend = backends.backend_for(device)
        self._cache: OrderedDict[Any, _Compiled] = OrderedDict()
        self._lock = threading.RLock()  # of the cache; threads that need the same Program have it traced once

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        inside = modes.recorder is not None  # another traced function: part of its Program
        if inside or (modes.grad_enabled and _requires_gradient((args, kwargs))):  # a compiled call has no way back
            return self._function(*args, **kwargs)
        compiled, arrays = self._compiled(args, kwargs)
        outputs = iter(compiled.run(*arrays))
        return _rebuild(compiled.structure, lambda _: Tensor._wrap(next(outputs)))

    def program(self, *args: Any, **kwargs: Any) -> Program:
        """The Program for arguments of these shapes and dtypes (traced now if it was not yet); print it."""
        return self._compiled(args, kwargs)[0].program

    def prepared(self, *args: Any) -> Callable[..., list[np.ndarray]]:
        """For loops: what runs for arguments of these shapes and dtypes, without looking it up at every call.

        It takes the arguments' arrays and gives the outputs' arrays; that shapes stay the same is its caller's care.
        """
        return self._compiled(args, {})[0].run

    def _compiled(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[_Compiled, list[np.ndarray]]:
        arrays: list[np.ndarray] = []
        structure = _flatten((args, kwargs), arrays)
        key = (structure, tuple(map(spec_of, arrays)), modes.grad_enabled, modes.training)
        with self._lock:
            compiled = self._cache.get(key)
            if compiled is None:
                compiled = self._cache[key] = self._trace(structure, arrays)
                if len(self._cache) > CACHE_SIZE:
                    self._cache.popitem(last=False)
            else:
                self._cache.move_to_end(key)
        return compiled, arrays

    def _trace(self, structure: Any, arrays: list[np.ndarray]) -> _Compiled:
        with Trace(getattr(self._function, "__name__", "function")) as trace:
            inputs = iter([trace.input(spec_of(array)) for array in arrays])
            args, kwargs = _rebuild(structure, lambda _: next(inputs))
            outputs: list[Tensor] = []
            result = _collect(self._function(*args, **dict(kwargs)), outputs)
            program = trace.finish(outputs)
            if not self._updates:
                program.updates = []
            program = optimize(program).validate()
        state = [variable._value for variable, _ in program.state]
        return _Compiled(program, self._backend.compile(program, state), result)


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


# ---- nested arguments: a structure is the nesting with _LEAF (or a fixed value) in the places of arrays

_LEAF = "\0leaf"


def _flatten(thing: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(thing, (tuple, list)):
        return (type(thing).__name__, *(_flatten(part, arrays) for part in thing))
    if isinstance(thing, dict):
        return ("dict", *((name, _flatten(thing[name], arrays)) for name in sorted(thing)))
    if thing is None or isinstance(thing, (str, bool)):
        return ("fixed", thing)
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
