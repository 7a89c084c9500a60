"""State: the Tensors that a step may change. Everything else in a traced function is an input or a constant.

A compiled step may keep the newest value of a Variable where it computes; whoever reads the Variable has it brought
home first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .autograd import modes
from .ops import ShapeError
from .scopes import scoped
from .tensor import Tensor, TracedValueError, as_tensor

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from .tensor import Operand


class Holder(Protocol):
    """Who keeps the newest value of a Variable: an Executable of a backend."""

    def fetch(self, variable: Variable) -> None:
        """Writes the value into the Variable's array, which then counts again."""


class Variable(Tensor):
    """State: a Tensor that a step may change, and only through `assign`.

    A Program reads and writes it by identity, so a compiled step sees every change. Its array stays the same object
    for life; its shape and dtype never change. Ask for `.data` again after a step: an array that was asked for before
    need not show what the step has changed, nor does the next step see what is written into it.

    value: what it begins with, copied; dtype as for Tensor
    name:  what Programs, files and messages call it; the name scopes in which it is made come before it
    requires_grad: True to have `backward()` fill in `.grad`
    """

    _is_state = True

    def __init__(
        self, value: Operand, name: str = "variable", requires_grad: bool = False, dtype: DTypeLike | None = None
    ) -> None:
        super().__init__(value, requires_grad, dtype)
        self._value = np.array(self._value, order="C")
        self.name = scoped(name)
        self._version = 0
        self._elsewhere: Holder | None = None  # who holds a newer value than this array

    def assign(self, value: Operand) -> None:
        """Gives the variable a new value of the same shape: now, or at the end of the step being traced."""
        value = as_tensor(value, self.dtype).astype(self.dtype)
        if value.shape != self.shape:
            raise ShapeError(f"assign to '{self.name}': expected shape {self.shape}, received {value.shape}")
        if modes.recorder is not None:
            modes.recorder.assign(self, value)
        else:
            array = value._array()
            self._elsewhere = None
            np.copyto(self._value, array)
        self._version += 1

    def _array(self) -> np.ndarray:
        if modes.recorder is not None:
            raise TracedValueError(
                f"{self!r} is state: its value is not known while a function is traced by jit, which reads it anew "
                "at every call. Compute with it as a Tensor, or read it outside of the traced function"
            )
        return self._home()

    def _home(self) -> np.ndarray:
        """The array, with the newest value in it."""
        if (holder := self._elsewhere) is not None:
            holder.fetch(self)
        return self._value

    def __getstate__(self) -> Any:
        self._home()  # a copy, here or in another process, is by itself
        return super().__getstate__()

    @property
    def data(self) -> np.ndarray:
        return self._array()

    @data.setter
    def data(self, value: Operand) -> None:
        self._array()
        self.assign(value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}('{self.name}', shape={self.shape}, dtype={self.dtype})"


class Parameter(Variable):
    """A Variable that training changes: the optimizer follows its gradient. Arguments as for Variable."""

    def __init__(self, value: Operand, name: str = "parameter", dtype: DTypeLike | None = None) -> None:
        super().__init__(value, name, requires_grad=True, dtype=dtype)
