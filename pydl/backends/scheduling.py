"""Scheduling: what every compiler of Programs does before it writes kernels of its own.

It goes through the kernels that fusion has made, in order; finds the values that somebody outside of a kernel reads,
and so need memory at all; has copies made where no layout can say what a view means; and sees to it that outputs and
new states lie in memory of their own in the end. A compiler says how each kind of kernel becomes one of its steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..jit.layout import Axis, Layout, layouts, whole
from ..jit.program import Instruction, Program, Value
from ..ops import REGISTRY, Spec
from ..ops.elementwise import pointwise

REDUCTIONS = ("sum", "max")


class Scheduler:
    """Base class: a subclass makes its steps in `copy_step`, `loop`, `product` and `single`.

    layouts: of all values; replaced, not changed, where a value is read from a copy from then on
    pending: copies that wait until somebody reads them, each with the value that is written there
    given:   values that are there when a step begins
    users:   by which kernels each memory's owner is read; -1 stands for copies and for the end of the step
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        found, self.pending = layouts(program)
        self.see(found)
        self.kernels = program.kernels()
        self.given = {*program.inputs, *(v for _, v in program.state), *(v for v, _ in program.constants)}
        self.users = self._users()

    def see(self, found: dict[Value, Layout]) -> None:
        """From here on these are the layouts."""
        self.layouts = found

    def _users(self) -> dict[Value, set[int]]:
        users: dict[Value, set[int]] = {}
        for number, kernel in enumerate(self.kernels):
            for value in (value for instruction in kernel for value in instruction.inputs):
                users.setdefault(self.layouts[value].owner, set()).add(number)
        for value in (*self.pending.values(), *self.program.results()):
            users.setdefault(self.layouts[value].owner, set()).add(-1)
        return users

    def scheduled(self) -> tuple[list[Value], list[tuple[Value, Value]]]:
        """Makes all steps. Returns where the outputs are in the end, and (state's value, new value) of each update."""
        state = {id(variable): value for variable, value in self.program.state}
        ends: dict[Value, Value] = {}  # where each result is in the end
        results = list(dict.fromkeys(self.program.results()))
        for value in results:  # what is there from the start: before the state changes
            if self.layouts[value].owner in self.given:
                ends[value] = self.copy(value)
        for number, kernel in enumerate(self.kernels):
            self._kernel(number, kernel)
        for value in results:
            layout = self.layouts[value]
            if value not in ends:
                self.require([layout.owner])
                ends[value] = layout.owner if layout.identity else self.copy(value)
        commits = [(state[id(variable)], ends[value]) for variable, value in self.program.updates]
        return [ends[value] for value in self.program.outputs], commits

    def _kernel(self, number: int, kernel: list[Instruction]) -> None:
        self.require([self.layouts[value].owner for each in kernel for value in each.inputs])
        first = kernel[0].primitive.name
        if first == "matmul":
            self.product(number, kernel)
        elif pointwise(kernel[0].primitive) or first in REDUCTIONS:
            self.loop(number, kernel)
        else:
            self.single(kernel[0])

    def stored(self, number: int, instructions: Iterable[Instruction]) -> list[Value]:
        """The results that somebody outside of the kernel reads."""
        results = [instruction.result for instruction in instructions]
        return [result for result in results if self.users.get(result, set()) - {number}]

    # ---- copies

    def copy(self, value: Value) -> Value:
        """A step that writes a value's elements one after the other into memory of their own."""
        copied = Value(f"{value.name}.copy", value.spec)
        self.see({**self.layouts, copied: whole(copied)})
        self.copy_step(value, copied)
        return copied

    def read_copy(self, value: Value) -> None:
        """Copies a value; from here on its layout is that of the copy."""
        copied = self.copy(value)
        self.see({**self.layouts, value: self.layouts[copied]})

    def require(self, owners: Iterable[Value]) -> None:
        """Writes the copies among these owners that are still waiting for it."""
        for owner in owners:
            if owner in self.pending:
                self.copy_step(self.pending.pop(owner), owner)

    def plain_product(self, number: int, kernel: Sequence[Instruction]) -> None:
        """A product of other numbers than float32: every element a sum of products, over copies that are no copies."""
        instruction, *tail = kernel
        a, b = instruction.inputs
        dtype, (m, k), n = a.dtype, a.shape[-2:], b.shape[-1]
        shape = (*a.shape[:-1], n, k)
        spread = []
        for factor, missing in ((a, -1), (b, -2)):
            layout = self.layouts[factor]
            rows, columns = layout.axes[-2:]
            last = (rows, _still(n), columns) if missing == -1 else (_still(m), columns, rows)
            spread.append(Value(f"{factor.name}.spread", Spec(shape, dtype)))
            self.layouts[spread[-1]] = replace(layout, axes=(*layout.axes[:-2], *last))
        product = Value(f"{instruction.result.name}.products", Spec(shape, dtype))
        self.layouts[product] = whole(product)
        self.users.setdefault(instruction.result, set()).add(-1)
        axes = {"axes": (len(shape) - 1,)}
        self.loop(
            number,
            [
                Instruction(product, REGISTRY["mul"], tuple(spread), {}),
                Instruction(instruction.result, REGISTRY["sum"], (product,), axes),
            ],
        )
        if tail:
            self.loop(number, tail)

    # ---- what a compiler does in its own way

    def copy_step(self, source: Value, target: Value) -> None:
        """Makes the step that copies a value to a new one, which is whole."""
        raise NotImplementedError

    def loop(self, number: int, kernel: Sequence[Instruction]) -> None:
        """Makes the step of elementwise instructions, and of reductions behind them."""
        raise NotImplementedError

    def product(self, number: int, kernel: Sequence[Instruction]) -> None:
        """Makes the step of a matrix product, and of the elementwise instructions behind it."""
        raise NotImplementedError

    def single(self, instruction: Instruction) -> None:
        """Makes the step of an instruction of another kind."""
        raise NotImplementedError


def _still(length: int) -> Axis:
    """An axis along which the elements stay the same."""
    return ((length, 0),) if length != 1 else ()
