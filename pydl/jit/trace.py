"""Tracing: running a Python function once to write down what it does.

While a `Trace` is under way every Tensor operation is recorded instead of evaluated. A plain Tensor or number met on
the way is a constant; a Variable is state, read when the call begins and written when it ends; an `assign` is seen by
what comes after it in the same function.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd import modes
from ..ops import Primitive, Spec, spec_of
from ..tensor import Tensor, TracedValueError
from ..variable import Variable
from .program import Instruction, Program, Value


class Trace:
    """The recorder of one function; `with Trace(name) as trace:` makes it the active one of this thread."""

    def __init__(self, name: str) -> None:
        self.program = Program(name)
        self._owned: set[Value] = set()
        self._constants: dict[Any, tuple[np.ndarray, Value]] = {}
        self._state: dict[int, Value] = {}  # the value each variable has now
        self._gradients: dict[int, tuple[Tensor, Tensor | None]] = {}

    def __enter__(self) -> Trace:
        self._outer = modes.recorder, modes.grad_enabled
        modes.recorder = self
        return self

    def __exit__(self, *error: object) -> None:
        modes.recorder, modes.grad_enabled = self._outer
        # Gradients are not state: those computed inside stay inside, and those from before come back.
        for tensor, gradient in self._gradients.values():
            tensor._grad = gradient

    def _new(self, spec: Spec) -> Value:
        value = Value(f"%{len(self._owned)}", spec)
        self._owned.add(value)
        return value

    def input(self, spec: Spec) -> Tensor:
        """A Tensor that stands for the next argument."""
        value = self._new(spec)
        self.program.inputs.append(value)
        return Tensor._wrap(value)

    def constant(self, array: np.ndarray) -> Value:
        """The value that stands for an array, which is copied into the Program."""
        # Single numbers are shared by value, arrays by identity: kept here, so that their ids stay theirs, and copied
        # into the Program, which does not see what is written into them later.
        key = (array.dtype, array.tobytes()) if array.ndim == 0 else id(array)
        if key not in self._constants:
            value = self._new(spec_of(array))
            self.program.constants.append((value, array.copy()))
            self._constants[key] = array, value
        return self._constants[key][1]

    def read(self, tensor: Tensor) -> Value:
        """The value that stands for a Tensor here and now."""
        if isinstance(tensor, Variable):
            if id(tensor) not in self._state:
                value = self._new(Spec(tensor.shape, tensor.dtype))
                self.program.state.append((tensor, value))
                self._state[id(tensor)] = value
            return self._state[id(tensor)]
        if isinstance(tensor._value, np.ndarray):
            return self.constant(tensor._value)
        if tensor._value not in self._owned:
            raise TracedValueError(
                f"{tensor!r} comes from another traced function, which has ended: return it from there and pass it in"
            )
        known: Value = tensor._value
        return known

    def record(self, primitive: Primitive, inputs: Sequence[Tensor], params: dict[str, Any]) -> Value:
        """Writes down an operation and gives the value of its result. Raises ShapeError."""
        values = tuple(self.read(tensor) for tensor in inputs)
        result = self._new(primitive.shape_rule(*(value.spec for value in values), **params))
        self.program.instructions.append(Instruction(result, primitive, values, params, "/".join(modes.scope)))
        return result

    def assign(self, variable: Variable, tensor: Tensor) -> None:
        """From here on the variable stands for this Tensor; it holds it when the call ends."""
        self.read(variable)  # puts the variable into the state
        self._state[id(variable)] = self.read(tensor)

    def keep_gradient(self, tensor: Tensor) -> None:
        """Called before `.grad` of a Tensor changes, so that it can be put back when the trace ends."""
        self._gradients.setdefault(id(tensor), (tensor, tensor._grad))

    def check_gradient(self, leaf: Tensor) -> None:
        """A gradient from before the trace would be a constant in it: it must not be added to."""
        if leaf._grad is not None and isinstance(leaf._grad._value, np.ndarray):
            raise RuntimeError(
                f"{leaf!r} holds a gradient from before the traced function: call optimizer.zero_grad() first"
            )

    def finish(self, outputs: Sequence[Tensor]) -> Program:
        """The Program that gives these Tensors and leaves every variable with its last value."""
        program = self.program
        program.outputs = [self.read(tensor) for tensor in outputs]
        first = {id(variable): value for variable, value in program.state}
        program.updates = [
            (variable, self._state[id(variable)])
            for variable, _ in program.state
            if self._state[id(variable)] is not first[id(variable)]
        ]
        return program
