"""The schedule: a Program's kernels in the order in which they run, with what each reads and writes in memory.

Between the fused Program and the machine code. It finds the values that need memory at all (most live in registers
only), adds copies where no layout can say what a view means, and orders what happens to the state: everything that
could go wrong is over before the first of it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ...jit.layout import Layout, whole
from ...jit.program import Instruction, Program, Value
from ..scheduling import REDUCTIONS, Scheduler
from .kernels.body import Body, Store, Unit, loop_lengths
from .kernels.loops import rows_fit, write_loop
from .kernels.movement import write_argmax, write_gather, write_parts
from .kernels.products import Product, matrix_product
from .kernels.reductions import write_reduction
from .kernels.threefry import write_random_bits


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


class _Scheduler(Scheduler):
    def __init__(self, program: Program, unit: Unit) -> None:
        self.unit = unit
        self.steps: list[Step] = []
        super().__init__(program)

    def schedule(self) -> Schedule:
        return Schedule(self.steps, *self.scheduled())

    def see(self, found: dict[Value, Layout]) -> None:
        super().see(found)
        self.unit.layouts = found

    def copy_step(self, source: Value, target: Value) -> None:
        owner = self.layouts[source].owner
        self.require([owner])
        write = partial(write_loop, instructions=[], stores=[Store(source, whole(target))])
        self.steps.append(Step(write, self.layouts, {owner}, [target], loop=True))

    def _make_contiguous(self, values: Iterable[Value]) -> None:
        """Copies what does not lie in order."""
        for value in values:
            if not self.layouts[value].contiguous:
                self.read_copy(value)

    def _stores(self, number: int, instructions: Iterable[Instruction]) -> list[Store]:
        return [Store(value, whole(value)) for value in self.stored(number, instructions)]

    def loop(self, number: int, kernel: Sequence[Instruction]) -> None:
        reductions = [each for each in kernel if each.primitive.name in REDUCTIONS]
        body = [each for each in kernel if each not in reductions]
        stores = self._stores(number, body)
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
            self.steps.append(Step(write, self.layouts, reads, writes, in_place, loop=not reductions))

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
            odd = next(v for v in values if len(self.layouts[v].dims) > 1)
            self._make_contiguous([odd])
            values.remove(odd)

    def _memory(self, body: Sequence[Instruction], reduced: Sequence[Value]) -> tuple[set[Value], set[Value]]:
        """Whose memory a loop reads, and which of it only element by element, in order."""
        operands = Body(self.unit, body, [], reduced).operands.values()
        reads = {layout.owner for layout in operands}
        return reads, reads - {layout.owner for layout in operands if not layout.identity}

    def product(self, number: int, kernel: Sequence[Instruction]) -> None:
        instruction, *tail = kernel
        if instruction.result.dtype != np.float32:
            self.plain_product(number, kernel)
            return
        self._multipliable(instruction)
        stores = self._stores(number, tail)
        tail = tail if stores else []  # what reads it has no elements
        row = instruction.result.shape[-1]
        if tail and not (instruction.result.spec.size and rows_fit(self.unit, tail, stores, row)):
            self.users.setdefault(instruction.result, set()).add(-1)
            self.product(number, [instruction])
            self.loop(number, tail)
            return
        product = matrix_product(instruction, self.layouts)
        operands = {self.layouts[value].owner for value in instruction.inputs}
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

        self.steps.append(Step(write, self.layouts, (reads | operands) - {instruction.result}, writes, product=product))

    def _multipliable(self, instruction: Instruction) -> None:
        """Copies factors whose leading axes do not move by one stride."""
        for value in instruction.inputs:
            axes = self.layouts[value].axes[:-2]
            if len([dim for axis in axes for dim in axis]) > 1 and len(_batch(self.layouts[value])) > 1:
                self.read_copy(value)

    def single(self, instruction: Instruction) -> None:
        name = instruction.primitive.name
        if name == "gather" or name == "random_bits":
            self._make_contiguous(instruction.inputs)
        reads = {self.layouts[value].owner for value in instruction.inputs}
        writer = _SINGLE[name]

        def write(unit: Unit, name: str) -> None:
            writer(unit, name, instruction)

        self.steps.append(Step(write, self.layouts, reads, [instruction.result], may_fail=name == "gather"))


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
