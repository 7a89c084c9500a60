"""The schedule: a Program's kernels in the order in which they run, with what each reads and writes in memory.

Between the fused Program and the machine code. It finds the values that need memory at all (most live in registers
only), adds copies where no layout can say what a view means, and orders what happens to the state: everything that
could go wrong is over before the first of it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from ...jit.layout import Axis, Layout, layouts, whole
from ...jit.program import Instruction, Program, Value
from ...ops import REGISTRY, Spec
from .kernels.body import Body, Store, Unit, loop_lengths
from .kernels.loops import rows_fit, write_loop
from .kernels.movement import write_argmax, write_gather, write_parts
from .kernels.products import Product, matrix_product
from .kernels.reductions import write_reduction
from .kernels.threefry import write_random_bits

REDUCTIONS = ("sum", "max")


@dataclass
class Step:
    """One function of the machine code.

    layouts:       of all values, as they were when the step was made: a later one may have read a copy instead
    reads, writes: whose memory
    in_place:      of what it reads, what a result of as many elements may be written over, one by one
    write:         adds the function of this name to the module; called once every value has its address
    may_fail:      whether it can find an index out of range
    loop:          whether it computes elements and reduces nothing
    """

    write: Callable[[Unit, str], None]
    layouts: dict[Value, Layout]
    reads: set[Value]
    writes: list[Value]
    in_place: set[Value] = field(default_factory=set)
    may_fail: bool = False
    loop: bool = False
    product: Product | None = None


@dataclass
class Schedule:
    """All steps, where the outputs are in the end, and which values become state.

    commits: (state's value, new value): copied, or computed in place, when all else is done
    """

    steps: list[Step]
    outputs: list[Value]
    commits: list[tuple[Value, Value]]


def make_schedule(program: Program, unit: Unit) -> Schedule:
    """The schedule of a fused Program; fills in the unit's layouts."""
    return _Scheduler(program, unit).schedule()


class _Scheduler:
    def __init__(self, program: Program, unit: Unit) -> None:
        self.program, self.unit = program, unit
        found, self.pending = layouts(program)  # copies wait until somebody reads them
        unit.layouts.update(found)
        self.kernels = program.kernels()
        self.given = {*program.inputs, *(v for _, v in program.state), *(v for v, _ in program.constants)}
        self.users = self._users()
        self.steps: list[Step] = []

    def _users(self) -> dict[Value, set[int]]:
        """By which kernels each memory's owner is read; -1 stands for copies and for the end of the step."""
        users: dict[Value, set[int]] = {}
        for number, kernel in enumerate(self.kernels):
            for value in (value for instruction in kernel for value in instruction.inputs):
                users.setdefault(self.unit.layouts[value].owner, set()).add(number)
        for value in (*self.pending.values(), *self.program.results()):
            users.setdefault(self.unit.layouts[value].owner, set()).add(-1)
        return users

    def schedule(self) -> Schedule:
        state = {id(variable): value for variable, value in self.program.state}
        ends: dict[Value, Value] = {}  # where each result is in the end
        results = list(dict.fromkeys(self.program.results()))
        for value in results:  # what is there from the start: before the state changes
            if self.unit.layouts[value].owner in self.given:
                ends[value] = self._copy(value)
        for number, kernel in enumerate(self.kernels):
            self._kernel(number, kernel)
        for value in results:
            layout = self.unit.layouts[value]
            if value not in ends:
                self._require([layout.owner])
                ends[value] = layout.owner if layout.identity else self._copy(value)
        commits = [(state[id(variable)], ends[value]) for variable, value in self.program.updates]
        return Schedule(self.steps, [ends[value] for value in self.program.outputs], commits)

    # ---- copies

    def _copy(self, value: Value) -> Value:
        """A step that writes a value's elements one after the other into memory of their own."""
        copied = Value(f"{value.name}.copy", value.spec)
        self.unit.layouts[copied] = whole(copied)
        self._copy_step(value, copied)
        return copied

    def _copy_step(self, source: Value, target: Value) -> None:
        owner = self.unit.layouts[source].owner
        self._require([owner])
        write = partial(write_loop, instructions=[], stores=[Store(source, whole(target))])
        self.steps.append(Step(write, self.unit.layouts, {owner}, [target], loop=True))

    def _require(self, owners: Iterable[Value]) -> None:
        """Writes the copies among these owners that are still waiting for it."""
        for owner in owners:
            if owner in self.pending:
                self._copy_step(self.pending.pop(owner), owner)

    def _make_contiguous(self, values: Iterable[Value]) -> None:
        """Copies what does not lie in order."""
        for value in values:
            if not self.unit.layouts[value].contiguous:
                self._read_copy(value)

    def _read_copy(self, value: Value) -> None:
        """Copies a value; from here on its layout is that of the copy."""
        copied = self._copy(value)
        self.unit.layouts = {**self.unit.layouts, value: self.unit.layouts[copied]}

    # ---- kernels

    def _kernel(self, number: int, kernel: list[Instruction]) -> None:
        self._require([self.unit.layouts[value].owner for each in kernel for value in each.inputs])
        first = kernel[0].primitive.name
        if first == "matmul":
            self._product(number, kernel)
        elif first in _SINGLE:
            self._single(kernel[0])
        else:
            self._loop(number, kernel)

    def _stored(self, number: int, instructions: Iterable[Instruction]) -> list[Store]:
        """The results that somebody outside of the kernel reads."""
        results = [instruction.result for instruction in instructions]
        return [Store(r, whole(r)) for r in results if self.users.get(r, set()) - {number}]

    def _loop(self, number: int, kernel: Sequence[Instruction]) -> None:
        reductions = [each for each in kernel if each.primitive.name in REDUCTIONS]
        body = [each for each in kernel if each not in reductions]
        stores = self._stored(number, body)
        writes = [store.value for store in stores]
        if reductions:
            self._readable(kernel, [each.inputs[0] for each in reductions], reductions[0].inputs[0].shape)
            writes += [each.result for each in reductions]
            reads, in_place = self._memory(body, [each.inputs[0] for each in reductions])
            write = partial(write_reduction, instructions=body, reductions=reductions, stores=stores)
        else:
            self._readable(kernel, [], ())
            reads, in_place = self._memory(body, [])
            write = partial(write_loop, instructions=body, stores=stores)
        if writes:
            self.steps.append(Step(write, self.unit.layouts, reads, writes, in_place, loop=not reductions))

    def _readable(self, kernel: Sequence[Instruction], reduced: Sequence[Value], shape: tuple[int, ...]) -> None:
        """Copies operands that no common nest of loops can read together."""
        cuts, inside = [], 1
        for length in reversed(shape):
            inside *= length
            cuts.append(inside)
        body = [
            each for each in kernel if each.result not in {r.result for r in kernel if r.primitive.name in REDUCTIONS}
        ]
        values = [*(value for each in body for value in each.inputs), *reduced]
        size = (reduced or [kernel[0].result])[0].spec.size
        while size and loop_lengths(Body(self.unit, body, [], reduced).layouts(), [*cuts, size]) is None:
            odd = next(v for v in values if len(self.unit.layouts[v].dims) > 1)
            self._make_contiguous([odd])
            values.remove(odd)

    def _memory(self, body: Sequence[Instruction], reduced: Sequence[Value]) -> tuple[set[Value], set[Value]]:
        """Whose memory a loop reads, and which of it only element by element, in order."""
        operands = Body(self.unit, body, [], reduced).operands.values()
        reads = {layout.owner for layout in operands}
        return reads, reads - {layout.owner for layout in operands if not layout.identity}

    def _product(self, number: int, kernel: Sequence[Instruction]) -> None:
        instruction, *tail = kernel
        if instruction.result.dtype != np.float32:
            self._plain_product(number, instruction)
            if tail:
                self._loop(number, tail)
            return
        self._multipliable(instruction)
        stores = self._stored(number, tail)
        tail = tail if stores else []  # what reads it has no elements
        row = instruction.result.shape[-1]
        if tail and not (instruction.result.spec.size and rows_fit(self.unit, tail, stores, row)):
            self.users.setdefault(instruction.result, set()).add(-1)
            self._product(number, [instruction])
            self._loop(number, tail)
            return
        product = matrix_product(instruction, self.unit.layouts)
        operands = {self.unit.layouts[value].owner for value in instruction.inputs}
        reads, _ = self._memory(tail, []) if tail else (set(), set())
        kept = bool(self.users.get(instruction.result, set()) - {number})
        # The product lies in memory between its rows and their tail: where a result of the tail will be, if it can.
        wide = [] if kept else [store.value for store in stores if store.value.dtype == np.float32]
        place = wide[0] if wide else instruction.result
        writes = [*([place] if place is instruction.result else []), *(store.value for store in stores)]

        def write(unit: Unit, name: str) -> None:
            unit.addresses[instruction.result] = unit.addresses[place]
            if tail:
                write_loop(unit, f"{name}_tail", tail, stores, row)
            product.write(unit, name, f"{name}_tail" if tail else "")

        self.steps.append(
            Step(write, self.unit.layouts, (reads | operands) - {instruction.result}, writes, product=product)
        )

    def _plain_product(self, number: int, instruction: Instruction) -> None:
        """A product of other numbers than float32: every element a sum of products, over copies that are no copies."""
        a, b = instruction.inputs
        dtype, (m, k), n = a.dtype, a.shape[-2:], b.shape[-1]
        shape = (*a.shape[:-1], n, k)
        spread = []
        for factor, missing in ((a, -1), (b, -2)):
            layout = self.unit.layouts[factor]
            rows, columns = layout.axes[-2:]
            last = (rows, _still(n), columns) if missing == -1 else (_still(m), columns, rows)
            spread.append(Value(f"{factor.name}.spread", Spec(shape, dtype)))
            self.unit.layouts[spread[-1]] = replace(layout, axes=(*layout.axes[:-2], *last))
        product = Value(f"{instruction.result.name}.products", Spec(shape, dtype))
        self.unit.layouts[product] = whole(product)
        self.users.setdefault(instruction.result, set()).add(-1)
        axes = {"axes": (len(shape) - 1,)}
        self._loop(
            number,
            [
                Instruction(product, REGISTRY["mul"], tuple(spread), {}),
                Instruction(instruction.result, REGISTRY["sum"], (product,), axes),
            ],
        )

    def _multipliable(self, instruction: Instruction) -> None:
        """Copies factors whose leading axes do not move by one stride."""
        for value in instruction.inputs:
            axes = self.unit.layouts[value].axes[:-2]
            if len([dim for axis in axes for dim in axis]) > 1 and len(_batch(self.unit.layouts[value])) > 1:
                self._read_copy(value)

    def _single(self, instruction: Instruction) -> None:
        name = instruction.primitive.name
        if name == "gather" or name == "random_bits":
            self._make_contiguous(instruction.inputs)
        reads = {self.unit.layouts[value].owner for value in instruction.inputs}
        writer = _SINGLE[name]

        def write(unit: Unit, name: str) -> None:
            writer(unit, name, instruction)

        self.steps.append(Step(write, self.unit.layouts, reads, [instruction.result], may_fail=name == "gather"))


def _still(length: int) -> Axis:
    """An axis along which the elements stay the same."""
    return ((length, 0),) if length != 1 else ()


def _batch(layout: Layout) -> tuple[tuple[int, int], ...]:
    """The leading axes of a matrix product's factor, merged."""
    return Layout(layout.owner, layout.offset, layout.axes[:-2]).dims


def _write_random(unit: Unit, name: str, instruction: Instruction) -> None:
    key, counter = (unit.address(unit.layouts[value]) for value in instruction.inputs)
    count = instruction.result.spec.size
    write_random_bits(unit.module, name, key, counter, unit.addresses[instruction.result], count)


_SINGLE: dict[str, Callable[[Unit, str, Instruction], None]] = {
    "pad": write_parts,
    "concatenate": write_parts,
    "fold": write_parts,
    "gather": write_gather,
    "argmax": write_argmax,
    "random_bits": _write_random,
}
