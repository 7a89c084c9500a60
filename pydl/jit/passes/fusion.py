"""Fusion: which instructions become one loop of machine code, so that what is between them never goes to memory.

It only numbers instructions (`Instruction.kernel`) and puts those of one number together: a backend that evaluates
one instruction after the other need not know. Kernels are made in the order in which they will run, and an
instruction joins one only if all that it reads has been made by then, so there is never a circle to look for.

The order is: everything that the outputs need; then what serves only the state's updates, single numbers first, then
one kernel for each parameter. Nothing that could fail comes after the first write to the state.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

from ...ops.elementwise import pointwise
from ..program import Instruction, Program, Value
from .kernels import LOOP, Kernel, kind_of
from .sinking import sink


def fuse(program: Program) -> Program:
    """Numbers the kernels, and orders instructions so that those of a kernel stand together.

    In a kernel every element is made from the same elements of what was made there before, so views between them are
    reshapes only. A matrix product takes the elementwise instructions that follow as its tail, a loop ends in the
    reductions of what it makes, all over the same axes. An elementwise instruction joins the last kernel that it reads
    from; other kernels it reads from become a part of that one where nobody else needs them sooner.
    """
    fusion = Fusion(program)
    late = fusion.late()
    waiting = []
    for number, instruction in enumerate(program.instructions):
        if instruction.primitive.view:
            continue
        if instruction.result in late:
            waiting.append(number)
        else:
            fusion.place(number, late=False)
    rest = []
    for number in waiting:  # single numbers that need no larger result of the same kind
        if fusion.instructions[number].result.spec.size == 1 and fusion.ready(number, late):
            fusion.place(number, late=True)
        else:
            rest.append(number)
    for number in rest:
        fusion.place(number, late=True)
    sink(fusion)
    return replace(program, instructions=fusion.ordered())


class Fusion:
    """The kernels of a Program, as far as they are made.

    sources: for each view the value in whose memory it lies, and whether its elements stand in the same order
    homes:   the kernel that makes a value; ask it which it is `now()`
    kept:    values that must be in memory when the Program ends
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.instructions = program.instructions
        self.sources: dict[Value, tuple[Value, bool]] = {}
        for instruction in program.instructions:
            if instruction.primitive.view:
                source, same = self.source(instruction.inputs[0])
                self.sources[instruction.result] = source, same and instruction.primitive.name == "reshape"
        self.kept = {self.source(value)[0] for value in program.results()}
        self.homes: dict[Value, Kernel] = {}
        self.kernels: list[Kernel] = []
        self._places = itertools.count()
        self._reduced: set[Value] = set()  # results of reductions
        self._single: dict[bool, Kernel] = {}  # the last kernel of single numbers, early and late
        self._reducing: dict[tuple[object, ...], Kernel] = {}  # kernels of reductions, by what they reduce

    def source(self, value: Value) -> tuple[Value, bool]:
        """In whose memory a value lies, and whether its elements stand in the same order there."""
        return self.sources.get(value) or (value, True)

    def late(self) -> set[Value]:
        """The results that only the updates of the state need, directly or through others like them."""
        early = {self.source(value)[0] for value in self.program.outputs}
        late = set()
        for instruction in reversed(self.instructions):
            if instruction.primitive.view:
                continue
            if pointwise(instruction.primitive) and instruction.result not in early:
                late.add(instruction.result)
            else:
                early.update(self.source(value)[0] for value in instruction.inputs)
        return late

    def ready(self, number: int, late: set[Value]) -> bool:
        """Whether all that an instruction reads has been placed."""
        sources = (self.source(value)[0] for value in self.instructions[number].inputs)
        return all(source in self.homes or source not in late for source in sources)

    # ---- placing an instruction

    def place(self, number: int, late: bool) -> None:
        """Lets an instruction join a kernel, or begins one with it. All that it reads has been placed."""
        instruction = self.instructions[number]
        kind, size = kind_of(instruction), instruction.result.spec.size
        reads = {source for source in self._sources(instruction) if source.spec.size > 1}
        kernels = self._kernels_read(instruction, kind)
        if pointwise(instruction.primitive):
            home = self._home_of_pointwise(kernels, size, late, len(reads))
        elif kind == LOOP:
            home = self._home_of_reduction(instruction, kernels)
            self._reduced.add(instruction.result)
        else:
            home = self._new(kind, size, late)
        home.members.append(number)
        home.made.add(instruction.result)
        home.reads |= reads - home.made
        self.homes[instruction.result] = home
        for kernel, same in kernels.items():
            if kernel.now() is not home:
                kernel.now().readers.add(home)
                if not same:
                    home.apart.add(kernel)

    def _sources(self, instruction: Instruction) -> list[Value]:
        return [self.source(value)[0] for value in instruction.inputs]

    def _kernels_read(self, instruction: Instruction, kind: str) -> dict[Kernel, bool]:
        """The kernels whose results are read; True where element i needs no more than their elements i."""
        kernels: dict[Kernel, bool] = {}
        for value in instruction.inputs:
            source, same = self.source(value)
            if source in self.homes:
                kernel = self.homes[source].now()
                same = same and kind == LOOP and source not in self._reduced
                kernels[kernel] = same and kernels.get(kernel, True)
        return kernels

    def _new(self, kind: str, size: int, late: bool) -> Kernel:
        kernel = Kernel(kind, size, next(self._places), late)
        self.kernels.append(kernel)
        return kernel

    def _home_of_pointwise(self, kernels: dict[Kernel, bool], size: int, late: bool, reads: int) -> Kernel:
        latest = max((kernel.place for kernel in kernels), default=-1)
        joinable = [kernel for kernel, same in kernels.items() if same and kernel.takes(size, late, reads)]
        joinable.sort(key=lambda kernel: -kernel.place)
        home = next((kernel for kernel in joinable if kernel.place == latest or kernel.read_only_by(kernel)), None)
        if home is None and size == 1:
            single = self._single.get(late)
            if single is not None and kernels.get(single.now(), True):
                single = single.now()
                if single.place >= latest and single.takes(size, late, reads):
                    home = single
        if home is None:
            home = self._new(LOOP, size, late)
        elif home.place < latest:  # nobody has read from it yet: it can run after all the others
            home.place = next(self._places)
        for kernel in joinable:
            if kernel is not home and home.can_merge(kernel):
                home.merge(kernel)
        if size == 1:
            self._single[late] = home
        return home

    def _home_of_reduction(self, instruction: Instruction, kernels: dict[Kernel, bool]) -> Kernel:
        (value,) = instruction.inputs
        source, same = self.source(value)
        over = (value.shape, instruction.params["axes"])
        key = (source if same else value, *over)
        makers = [kernel for kernel, same in kernels.items() if same]
        if key in self._reducing:
            makers.append(self._reducing[key].now())
        for kernel in makers:
            fits = kernel.kind == LOOP and kernel.reduced in (None, over)
            if fits and kernel.takes(value.spec.size, late=False, reads=0):
                kernel.reduced = over
                return kernel
        kernel = self._reducing[key] = self._new(LOOP, value.spec.size, late=False)
        kernel.reduced = over
        return kernel

    # ---- writing it down

    def ordered(self) -> list[Instruction]:
        """The instructions, kernel by kernel, each view just before it is needed."""
        views = {i.result: i for i in self.instructions if i.primitive.view}
        ordered: list[Instruction] = []

        def write_views(value: Value) -> None:
            chain = []
            while value in views:
                chain.append(views.pop(value))
                (value,) = chain[-1].inputs
            ordered.extend(reversed(chain))

        kernels = [kernel for kernel in self.kernels if kernel.members and kernel.merged is None]
        kernels.sort(key=lambda kernel: kernel.place)
        for index, kernel in enumerate(kernels):
            for number in sorted(kernel.members, key=self._rank):
                instruction = self.instructions[number]
                for value in instruction.inputs:
                    write_views(value)
                ordered.append(replace(instruction, kernel=index))
        for value in self.program.results():
            write_views(value)
        return ordered

    def _rank(self, number: int) -> tuple[int, int]:
        """In a kernel the matrix product comes first and reductions last."""
        instruction = self.instructions[number]
        if instruction.primitive.name == "matmul":
            return 0, number
        return (2 if instruction.result in self._reduced else 1), number
