"""What all optimizers share: the learning rate as state, the walk over the parameters, clipping, and what is saved.

A subclass adds a formula: what one parameter and its slots become. All of it is traced into the training step.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np

from ..configurable import Configurable, describe
from ..tensor import Tensor
from ..variable import Parameter, Variable
from .clipping import Clipping
from .schedules import LearningRateSchedule


class Optimizer(Configurable):
    """Base class; a subclass defines `slots` and `update`.

    learning_rate:   the size of a step, a number above 0 or a LearningRateSchedule. `optimizer.learning_rate` is a
                     Variable (float64, converted to each parameter's dtype): `optimizer.learning_rate.assign(0.01)` or
                     `optimizer.learning_rate = 0.01` acts at the next step, of a compiled training step, too. With a
                     schedule it shows the rate of the last step
    clipnorm:        each gradient g with a norm above it becomes g * clipnorm / ||g||
    clipvalue:       elements of gradients are kept within [-clipvalue, clipvalue]
    global_clipnorm: as clipnorm, with the one norm of all gradients together

    At most one of the three. Source: R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent
    neural networks", 2013.
    """

    slots: tuple[str, ...] = ()  # names of the numbers kept beside each weight

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        self.schedule = learning_rate if isinstance(learning_rate, LearningRateSchedule) else None
        if isinstance(learning_rate, LearningRateSchedule):
            first = learning_rate(0).item()
        elif isinstance(learning_rate, Real) and 0 < learning_rate < math.inf:
            first = float(learning_rate)
        else:
            raise ValueError(f"learning_rate: expected a number above 0 or a schedule, received {learning_rate!r}")
        self._learning_rate = Variable(first, name="optimizer/learning_rate", dtype="float64")
        self.iterations = Variable(0, name="optimizer/iterations", dtype="uint32")
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self._clip = Clipping(clipnorm, clipvalue, global_clipnorm)
        self.parameters: list[Parameter] = []
        self._slots: list[dict[str, Variable]] = []

    @property
    def learning_rate(self) -> Variable:
        """The learning rate of the next step, or, with a schedule, of the last one."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if self.schedule is not None:
            raise TypeError(
                "learning_rate: this optimizer follows a schedule, which gives the rate of every step; "
                "make it with a number to change the rate by hand"
            )
        if isinstance(value, Real) and not 0 <= float(value) < math.inf:
            raise ValueError(f"learning_rate: expected a number of 0 or more, received {value!r}")
        self._learning_rate.assign(value)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments: the learning rate as it is now, or the schedule."""
        config = super().get_config()
        return config if self.schedule is None else {**config, "learning_rate": describe(self.schedule)}

    # ---- a step

    def build(self, parameters: Iterable[Parameter]) -> None:
        """Names the parameters to train and makes their slots. No other parameter is ever changed."""
        several = parameters if isinstance(parameters, Iterable) else [parameters]
        different = list({id(parameter): parameter for parameter in several}.values())
        for parameter in different:
            if not isinstance(parameter, Parameter):
                raise TypeError(f"build: expected Parameters, as model.parameters() has them, received {parameter!r}")
        slots = [
            {
                slot: Variable(np.full(p.shape, self.start(slot), p.dtype), name=f"optimizer/{p.name}/{slot}")
                for slot in self.slots
            }
            for p in different
        ]
        self.parameters, self._slots = different, slots  # together: an error above leaves both as they were

    def start(self, slot: str) -> float:
        """The number that all elements of a slot begin with."""
        return 0.0

    def zero_grad(self) -> None:
        """Forgets the gradients of the last step, which would be added to otherwise."""
        for parameter in self.parameters:
            parameter.grad = None

    def step(self) -> None:
        """Changes every parameter that has a gradient."""
        if not self.parameters:
            raise RuntimeError("step(): this optimizer has no parameters yet; call build(parameters) first")
        if self.schedule is not None:
            self._learning_rate.assign(self.schedule(self.iterations))
        self.iterations.assign(self.iterations + 1)
        due = [(p, slots) for p, slots in zip(self.parameters, self._slots) if p.grad is not None]
        clipped = self._clip([p.grad.detach() for p, _ in due if p.grad is not None])
        rates: dict[np.dtype, Tensor] = {}  # what depends on the step alone is computed once per dtype
        for (parameter, slots), gradient in zip(due, clipped):
            if parameter.dtype not in rates:
                rates[parameter.dtype] = self.factor(parameter.dtype)
            self.update(parameter, gradient, rates[parameter.dtype], **slots)

    def factor(self, dtype: np.dtype) -> Tensor:
        """What every parameter of this dtype is multiplied with in this step: the learning rate, or more."""
        return self._learning_rate.astype(dtype)

    def update(self, parameter: Parameter, gradient: Tensor, rate: Tensor, *args: Any, **slots: Any) -> None:
        """Assigns the parameter and its slots (given by their names) what they are after this step."""
        raise NotImplementedError(f"{type(self).__name__} must define update(parameter, gradient, rate, **slots)")

    # ---- out and in

    def _state(self) -> dict[str, Variable]:
        state = {"learning_rate": self._learning_rate, "iterations": self.iterations}
        for parameter, slots in zip(self.parameters, self._slots):
            for slot, variable in slots.items():
                name, number = f"{parameter.name}/{slot}", 1
                while name in state:  # parameters made by hand may share a name: they are numbered in their order
                    name, number = f"{parameter.name}_{number}/{slot}", number + 1
                state[name] = variable
        return state

    def state(self) -> dict[str, np.ndarray]:
        """Copies of all that a later step depends on beside the parameters, by name.

        "learning_rate", "iterations", and every slot by its parameter's name, as "hidden1/kernel/velocity".
        """
        return {name: variable.numpy() for name, variable in self._state().items()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state()` gave for an optimizer of the same kind, built for the same parameters.

        Raises ValueError where names, shapes or dtypes differ; then nothing is changed.
        """
        own = self._state()
        missing, unknown = sorted(set(own) - set(state)), sorted(set(state) - set(own))
        if missing or unknown:
            raise ValueError(
                f"load_state: this is not the state of this {type(self).__name__} with its {len(self.parameters)} "
                f"parameters; missing: {', '.join(missing) or 'none'}; unknown: {', '.join(unknown) or 'none'}"
            )
        arrays = {name: np.asarray(state[name]) for name in own}
        for name, variable in own.items():
            expected, received = (variable.shape, variable.dtype), (arrays[name].shape, arrays[name].dtype)
            if received != expected:
                raise ValueError(
                    f"load_state: expected {expected[1]} of shape {expected[0]} for {name}, "
                    f"received {received[1]} of shape {received[0]}"
                )
        for name, variable in own.items():
            variable.assign(Tensor(arrays[name], dtype=variable.dtype))


def from_zero_on(name: str, number: float) -> float:
    """The number as it is; raises ValueError where it is negative, infinite or NaN."""
    if not isinstance(number, Real) or not 0 <= number < math.inf:
        raise ValueError(f"{name}: expected a number from 0 on, received {number!r}")
    return number


def below_one(name: str, number: float) -> float:
    """A share of the past that is kept, as it is; raises ValueError where it is not from 0 to below 1."""
    if not isinstance(number, Real) or not 0 <= number < 1:
        raise ValueError(f"{name}: expected a number from 0 to below 1, received {number!r}")
    return number
