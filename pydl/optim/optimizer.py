"""What all optimizers share: the learning rate as state, the walk over the parameters, the clearing of gradients."""

from __future__ import annotations

from collections.abc import Iterable

from ..tensor import Tensor
from ..variable import Parameter, Variable


class Optimizer:
    """Base class; a subclass defines `slots` and `update`.

    learning_rate: the size of a step. It is a Variable (float64, converted to each parameter's dtype):
                   `optimizer.learning_rate.assign(0.01)` acts at the next step of a compiled training step, too
    """

    slots: tuple[str, ...] = ()  # names of the numbers kept beside each weight, all beginning at zero

    def __init__(self, learning_rate: float) -> None:
        if not learning_rate > 0:
            raise ValueError(f"learning_rate: expected a number above 0, received {learning_rate}")
        self.learning_rate = Variable(learning_rate, name="optimizer/learning_rate", dtype="float64")
        self.iterations = Variable(0, name="optimizer/iterations", dtype="uint32")
        self.parameters: list[Parameter] = []
        self._slots: list[dict[str, Variable]] = []

    def build(self, parameters: Iterable[Parameter]) -> None:
        """Names the parameters to train and makes their slots."""
        self.parameters = list(parameters)
        self._slots = [
            {
                slot: Variable(Tensor(0, dtype=p.dtype).broadcast_to(p.shape), name=f"optimizer/{p.name}/{slot}")
                for slot in self.slots
            }
            for p in self.parameters
        ]

    def zero_grad(self) -> None:
        """Forgets the gradients of the last step, which would be added to otherwise."""
        for parameter in self.parameters:
            parameter.grad = None

    def step(self) -> None:
        """Changes every parameter that has a gradient."""
        if not self.parameters:
            raise RuntimeError("step(): this optimizer has no parameters yet; call build(parameters) first")
        self.iterations.assign(self.iterations + 1)
        factors: dict = {}  # what depends on the step alone is computed once per dtype
        for parameter, slots in zip(self.parameters, self._slots):
            if parameter.grad is not None:
                if parameter.dtype not in factors:
                    factors[parameter.dtype] = self.factor(parameter.dtype)
                self.update(parameter, parameter.grad.detach(), factors[parameter.dtype], **slots)

    def factor(self, dtype) -> Tensor:
        """What every parameter of this dtype is multiplied with in this step: the learning rate, or more."""
        return self.learning_rate.astype(dtype)

    def update(self, parameter: Parameter, gradient: Tensor, rate: Tensor, **slots: Variable) -> None:
        raise NotImplementedError(f"{type(self).__name__} must define update(parameter, gradient, rate, **slots)")
