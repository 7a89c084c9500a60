"""The schedule: a Program's kernels as steps, and which of them are dispatched side by side.

A step is what one kernel of WGSL does. Steps that do not wait for each other share a dispatch, each with workgroups of
its own: a dispatch costs some microseconds, and a small kernel leaves most of a GPU idle. What changes the state comes
last, when nothing can go wrong any more, and does nothing once the training has halted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ...jit.layout import whole
from ...jit.program import Instruction, Program, Value
from ...ops import REGISTRY, Primitive, Spec
from ..scheduling import REDUCTIONS, Scheduler
from .kernels import products, reductions
from .kernels.body import Body, Store
from .kernels.factors import Plan
from .kernels.indexing import WIDTH
from .kernels.loops import write_loop
from .kernels.movement import MOVEMENTS, write_movement
from .kernels.movement import fits_wide as movement_fits_wide
from .kernels.shader import Shader, Tuning, Unit
from .kernels.threefry import write_random_bits
from .words import check

Write = Callable[[Shader, str, bool], None]  # (module, name, guarded)
LITTLE = 1 << 16  # elements below which a kernel gives up its vectors to share a dispatch
GREAT = 1 << 20  # multiplications of a product from which it gets a dispatch of its own where sharing one costs time


@dataclass(eq=False)
class Step:
    """One kernel.

    write:         adds the function of this name to a module; called once every value has its place
    reads, writes: whose memory
    in_place:      of what it reads, what a result of as many elements may be written over, one by one
    wide:          whether it can take four elements at a time
    narrow:        whether it can take one at a time
    elements:      about how many it makes or takes
    product:       whether it is a matrix product that is worth a dispatch of its own
    may_fail:      whether it can find an index out of range
    """

    write: Write
    reads: set[Value]
    writes: list[Value]
    in_place: set[Value] = field(default_factory=set)
    wide: bool = False
    narrow: bool = True
    elements: int = 0
    product: bool = False
    may_fail: bool = False


@dataclass
class Schedule:
    """Steps in levels, each of which needs the ones before; where the outputs are in the end; what becomes state.

    direct: new states that are computed straight into the state's memory, each with the state's value
    last:   how many levels there are when all outputs have been computed and state may change
    """

    levels: list[list[Step]]
    outputs: list[Value]
    direct: dict[Value, Value]
    last: int


def make_schedule(program: Program, unit: Unit) -> Schedule:
    """The schedule of a fused Program; fills in the unit's layouts. Raises Unsupported."""
    scheduler = _Scheduler(program, unit)
    outputs, commits = scheduler.scheduled()
    unit.layouts = scheduler.layouts
    return _in_levels(scheduler, outputs, commits)


class _Scheduler(Scheduler):
    def __init__(self, program: Program, unit: Unit) -> None:
        self.unit = unit
        self.steps: list[Step] = []
        for instruction in program.instructions:
            check(instruction)
        super().__init__(program)

    def _body(
        self,
        instructions: Sequence[Instruction],
        values: Iterable[Value],
        reduced: Sequence[Value] = (),
        given: Iterable[Value] = (),
    ) -> Body:
        stores = [Store(value, whole(value)) for value in values if value.spec.size]
        return Body(self.unit, self.layouts, instructions, stores, reduced, given)

    def copy_step(self, source: Value, target: Value) -> None:
        self.require([self.layouts[source].owner])
        body = Body(self.unit, self.layouts, [], [Store(source, whole(target))])
        self._add_loop(body)

    def _add_loop(self, body: Body) -> None:
        stores = [store for store in body.stores if store.value.spec.size]
        if not stores:
            return
        size = stores[0].value.spec.size
        reads, in_place = _memory(body)
        writes = [store.target.owner for store in stores]

        def write(shader: Shader, name: str, guarded: bool) -> None:
            write_loop(shader, name, body, guarded)

        self.steps.append(Step(write, reads, writes, in_place, body.wide(size), elements=size))

    def loop(self, number: int, kernel: Sequence[Instruction]) -> None:
        reduced = [each for each in kernel if each.primitive.name in REDUCTIONS]
        plain = [each for each in kernel if each not in reduced]
        if reduced:
            self._reduce(plain, reduced, self.stored(number, plain))
        else:
            self._add_loop(self._body(plain, self.stored(number, plain)))

    def _reduce(
        self,
        plain: Sequence[Instruction],
        reduced: Sequence[Instruction],
        stored: Sequence[Value],
        results: Sequence[Value] = (),
    ) -> None:
        """A reduction's step; where workgroups share its results, a second one adds up what each of them has.

        results: whose memory is written; those of the instructions unless given
        """
        body = self._body(plain, stored, reduced=[each.inputs[0] for each in reduced])
        shape, axes = reduced[0].inputs[0].shape, reduced[0].params["axes"]
        results, tuning = results or [each.result for each in reduced], self.unit.tuning
        if not results[0].spec.size:
            return
        wide = reductions.fits_wide(body, shape, axes, tuning)
        plan = reductions.plan_reduction(shape, axes, 4 if wide else 1, tuning)
        size = results[0].spec.size
        parts = [Value(f"{each.name}.parts", Spec((plan.splits, size), each.dtype)) for each in results]
        targets = parts if plan.splits > 1 else results
        reads, in_place = _memory(body)

        def write(shader: Shader, name: str, guarded: bool) -> None:
            fitting = reductions.plan_reduction(shape, axes, shader.width, tuning)
            fitting = replace(fitting, splits=plan.splits)
            reductions.write_reduction(shader, name, body, fitting, reduced, targets, guarded)

        writes = [*(store.value for store in body.stores), *targets]
        narrow = plan.splits == 1 or not wide
        self.steps.append(Step(write, reads, writes, in_place, wide, narrow, math.prod(shape)))
        if plan.splits > 1:
            self.see({**self.layouts, **{part: whole(part) for part in parts}})
            for part, each, result in zip(parts, reduced, results):
                self._add_up(part, each.primitive, result)

    def _add_up(self, parts: Value, primitive: Primitive, result: Value) -> None:
        """The step that reduces parts (splits, elements) to a result, of whatever shape."""
        flat = Value(f"{result.name}.flat", Spec(parts.shape[1:], result.dtype))
        self._reduce([], [Instruction(flat, primitive, (parts,), {"axes": (0,)})], [], [result])

    def product(self, number: int, kernel: Sequence[Instruction]) -> None:
        instruction, *tail = kernel
        if instruction.result.dtype != np.float32:
            self.plain_product(number, kernel)
            return
        result = instruction.result
        stored = self.stored(number, tail)
        if self.users.get(result, set()) - {number}:
            stored = [result, *stored]
        if not result.spec.size or not stored:
            return
        body = self._body(tail, stored, given=[result])
        wide = products.fits_wide(instruction, self.layouts, body)
        plan = products.plan_product(instruction, self.layouts, self.unit, wide)
        factors = {self.layouts[value].owner for value in instruction.inputs}
        if plan.splits > 1:
            self._split(number, instruction, tail, plan, factors)
            return
        reads, in_place = _memory(body)
        write = self._write_product(plan, instruction, body)
        writes = [store.value for store in body.stores]
        great = result.spec.size * plan.terms >= GREAT
        step = Step(write, reads | factors, writes, in_place - factors, wide, not wide, result.spec.size, great)
        self.steps.append(step)

    def _write_product(self, plan: Plan, instruction: Instruction, body: Body) -> Write:
        def write(shader: Shader, name: str, guarded: bool) -> None:
            products.write_product(shader, name, self.unit, plan, instruction, body, guarded)

        return write

    def _split(
        self, number: int, instruction: Instruction, tail: Sequence[Instruction], plan: Plan, reads: set[Value]
    ) -> None:
        """A product whose tiles several workgroups share: each writes its sums, which are added up, and the tail."""
        result = instruction.result
        parts = Value(f"{result.name}.parts", Spec((plan.splits, result.spec.size), result.dtype))
        self.see({**self.layouts, parts: whole(parts)})
        body = Body(self.unit, self.layouts, [], [Store(result, whole(parts))], given=[result])
        write = self._write_product(plan, instruction, body)
        wide = plan.width != 1
        self.steps.append(Step(write, reads, [parts], set(), wide, not wide, parts.spec.size, product=True))
        self._add_up(parts, REGISTRY["sum"], result)
        if tail:
            self._add_loop(self._body(tail, self.stored(number, tail)))

    def single(self, instruction: Instruction) -> None:
        result, layouts, unit = instruction.result, self.layouts, self.unit
        if not result.spec.size:
            return
        name = instruction.primitive.name
        writer = write_movement if name in MOVEMENTS else write_random_bits

        def write(shader: Shader, name: str, guarded: bool) -> None:
            writer(shader, name, unit, instruction, layouts, guarded)

        reads = {layouts[value].owner for value in instruction.inputs if value.spec.size}
        wide = name in MOVEMENTS and movement_fits_wide(instruction, layouts)
        step = Step(write, reads, [result], wide=wide, elements=result.spec.size, may_fail=name == "gather")
        self.steps.append(step)


def _memory(body: Body) -> tuple[set[Value], set[Value]]:
    """Whose memory a body reads, and which of it only element by element, in order."""
    reads = {layout.owner for layout in body.operands}
    return reads, reads - {layout.owner for layout in body.operands if not layout.identity}


# ---- levels


def _in_levels(scheduler: _Scheduler, outputs: list[Value], commits: Sequence[tuple[Value, Value]]) -> Schedule:
    """Puts each step as early as what it reads allows, and what only changes the state at the end."""
    steps = scheduler.steps
    writers = {value: step for step in steps for value in step.writes}
    readers: dict[Value, list[Step]] = {}
    for step in steps:
        for value in step.reads:
            readers.setdefault(value, []).append(step)
    level: dict[Step, int] = {}
    for step in steps:
        before = (writers[value] for value in step.reads if value in writers)
        level[step] = max((level[each] + 1 for each in before), default=0)
    news = {new for _, new in commits}
    final = {
        step
        for step in steps
        if not step.may_fail
        and all(value in news and value not in outputs and not readers.get(value) for value in step.writes)
    }
    last = max([1, *(level[step] + 1 for step in steps if step not in final), *(level[step] for step in final)])
    for step in final:
        level[step] = last
    direct: dict[Value, Value] = {}
    copies: list[tuple[Value, Value]] = []
    for old, new in commits:
        writer = writers.get(new)
        others = [each for each in readers.get(old, ()) if each is not writer and each in final]
        ours = writer is not None and (old not in writer.reads or old in writer.in_place)
        if writer in final and ours and not others and new not in direct and old.spec.size:
            direct[new] = old
        elif old.spec.size:
            copies.append((old, new))
    levels: list[list[Step]] = [[] for _ in range(last + 1)]
    for step in steps:
        levels[level[step]].append(step)
    late: list[Step] = []
    for old, new in copies:
        step = _commit(scheduler, old, new)
        waits = (new in writers and level[writers[new]] == last) or any(each in final for each in readers.get(old, ()))
        (late if waits else levels[last]).append(step)
    if late:
        levels.append(late)
    return Schedule(levels, outputs, direct, last)


def _commit(scheduler: _Scheduler, old: Value, new: Value) -> Step:
    """The step that copies a new state to where the state is."""
    layouts = {**scheduler.layouts, old: whole(old), new: whole(new)}
    body = Body(scheduler.unit, layouts, [], [Store(new, whole(old))])

    def write(shader: Shader, name: str, guarded: bool) -> None:
        write_loop(shader, name, body, guarded)

    return Step(write, {new}, [old], wide=True, elements=old.spec.size)


def side_by_side(level: Sequence[Step], tuning: Tuning) -> list[tuple[int, list[Step]]]:
    """The dispatches of a level: (width, steps).

    Wide and narrow kernels see the banks differently, so they do not share one; wide ones with little to do join the
    narrow ones. A CPU that plays a GPU goes through the code of all kernels of a dispatch in each workgroup, with what
    is not meant masked out: there a product gets one of its own.
    """
    alone = [step for step in level if step.product and not tuning.shared]
    others = [step for step in level if step not in alone]
    only_narrow = [step for step in others if not step.wide]
    only_wide = [step for step in others if not step.narrow]
    both = [step for step in others if step.wide and step.narrow]
    if not only_narrow or only_wide or any(step.elements >= LITTLE for step in both):
        groups = [(WIDTH, only_wide + both), (1, only_narrow)]
    else:
        groups = [(1, only_narrow + both)]
    products = [(WIDTH if step.wide else 1, [step]) for step in alone]
    return [*products, *((width, steps) for width, steps in groups if steps)]
