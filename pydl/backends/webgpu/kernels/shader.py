"""Shader: one WGSL module while it is written, and the Unit: what all kernels of a Program share.

The banks, the buffers in which values live, are arrays of 32-bit words; a wide module sees them as vectors of four, a
narrow one word by word (a buffer that is written can be seen in one way only). The kernels of a module are functions;
`main` gives each of them its share of the workgroups.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ....jit.layout import Layout
from ....jit.program import Value
from ..hosts import Limits
from .functions import FUNCTIONS
from .indexing import WIDTH
from .numbers import NUMBER, abstract, number

WORKGROUP = 256  # invocations: what every GPU allows
# What a step writes for those to come, in the first words of bank 0; each vector of four is one kernel's to write.
STEP, SLOT, PENDING, ORDERED = 0, 1, 2, 3  # the step's number; records written; why to halt; whether rows have an order
HALTED = 4  # why steps change nothing any more
CONTROL = 8  # words in all
NONFINITE, OUT_OF_RANGE = 1, 2  # reasons to halt


@dataclass(frozen=True)
class Tuning:
    """How kernels are written for a kind of device.

    workgroup: invocations
    shared:    whether they share memory, and wait for each other at barriers
    """

    workgroup: int
    shared: bool


HARDWARE = Tuning(WORKGROUP, shared=True)
# A CPU that plays a GPU runs the invocations of a workgroup one after the other: at each barrier it changes between all
# of them, so that a tiled product takes forty times as long as one that reads its factors from memory, and small
# workgroups are spread more evenly over few cores (SwiftShader and llvmpipe, 2026-11).
SOFTWARE = Tuning(32, shared=False)


@dataclass(frozen=True)
class Place:
    """Where a value's words are: in which bank, and from which word on."""

    bank: int
    start: int


@dataclass
class Unit:
    """What the kernels of one Program share while they are written.

    layouts: of all values, as they were when a kernel was scheduled
    numbers: constants of one element, which stand in the code
    places:  of every value with memory
    """

    limits: Limits
    tuning: Tuning
    layouts: dict[Value, Layout]
    numbers: dict[Value, np.ndarray]
    places: dict[Value, Place] = field(default_factory=dict)


@dataclass
class Kernel:
    """A function of a module, and how many workgroups each of its members has.

    code:    with <0>, <1>, ... in the places of numbers in which members differ
    numbers: those of each member
    """

    name: str
    code: str
    groups: list[int]
    numbers: list[list[int]]


class Shader:
    """A WGSL module: functions, the banks they use, and the memory that a workgroup shares.

    width: 1, or 4 where the banks are arrays of vectors
    """

    def __init__(self, width: int, tuning: Tuning) -> None:
        self.width, self.workgroup = width, tuning.workgroup
        self.kernels: list[Kernel] = []
        self.banks: dict[int, str] = {}  # by number; "read_write"
        self.extra: list[tuple[str, str]] = []  # further buffers: name and element type, only read
        self.shared = 0  # words
        self._used: dict[str, None] = {}

    def use(self, name: str) -> str:
        """The name of a helper function in this module's width, which is then part of it."""
        self._used[name] = None
        for other in FUNCTIONS[name].needs:
            self.use(other)
        return f"{name}_{self.width}"

    def bank(self, number: int) -> str:
        """The variable of a bank."""
        self.banks[number] = "read_write"
        return f"bank{number}"

    def add(self, name: str, groups: int, write: Callable[[Lines], None], guarded: bool = False) -> None:
        """Adds a kernel: a function of its workgroup's number and the lane in it.

        guarded: it does nothing once the steps have halted; not for kernels with barriers, which look when they store

        Kernels that do the same with other memory, as an optimizer does with each weight, become one function.
        """
        lines = Lines()
        if guarded:
            lines(f"if ({self.halted()}) {{ return; }}")
        write(lines)
        code, numbers = abstract(str(lines))
        alike = next((kernel for kernel in self.kernels if kernel.code == code), None)
        if alike is None:
            self.kernels.append(Kernel(name, code, [groups], [numbers]))
        else:
            alike.groups.append(groups)
            alike.numbers.append(numbers)

    def rounds(self, count: int) -> int:
        """Workgroups whose invocations take so many things, one each."""
        return -(-count // self.workgroup)

    def index(self, lines: Lines, count: int) -> str:
        """The number of an invocation; it returns where there are no more than `count` things to do."""
        lines(f"let i = group * {self.workgroup}u + lane;")
        lines(f"if (i >= {number(count)}) {{ return; }}")
        return "i"

    def halted(self) -> str:
        """Whether the steps have halted."""
        bank = self.bank(0)
        return f"{bank}[{HALTED // WIDTH}u].x != 0u" if self.width == WIDTH else f"{bank}[{HALTED}u] != 0u"

    @property
    def groups(self) -> int:
        """Workgroups in all."""
        return sum(sum(kernel.groups) for kernel in self.kernels)

    def text(self, x: int) -> str:
        """The module; x: workgroups along the first dimension of its dispatch."""
        words = "vec4<u32>" if self.width == WIDTH else "u32"
        lines = [
            f"@group(0) @binding({place}) var<storage, read_write> bank{number}: array<{words}>;"
            for place, number in enumerate(sorted(self.banks))
        ]
        lines += [
            f"@group(0) @binding({len(self.banks) + place}) var<storage, read> {name}: array<{type_}>;"
            for place, (name, type_) in enumerate(self.extra)
        ]
        if self.shared:
            lines.append(f"var<workgroup> shared_words: array<{words}, {-(-self.shared // self.width)}>;")
        lines += [FUNCTIONS[name].text(name, self.width) for name in reversed(self._used)]
        lines += [_function(kernel) for kernel in self.kernels]
        main, first = Lines(), 0
        main(f"let group = at.y * {x}u + at.x;")
        for kernel in self.kernels:  # side by side: as a chain of "else" they would lie too deep for some drivers
            end = first + sum(kernel.groups)
            share = "group" if not first else f"group - {first}u"
            inside = f"group < {end}u" if not first else f"group >= {first}u && group < {end}u"
            main(f"if ({inside}) {{ {kernel.name}({share}, lane); }}")
            first = end
        lines.append(
            f"@compute @workgroup_size({self.workgroup})\n"
            f"fn main(@builtin(workgroup_id) at: vec3<u32>, @builtin(local_invocation_index) lane: u32) {{\n{main}\n}}"
        )
        return "\n".join(lines) + "\n"


def _function(kernel: Kernel) -> str:
    """A kernel as a function; one with several members looks up which of them its workgroup belongs to."""
    if len(kernel.groups) == 1:
        code = NUMBER.sub(lambda match: f"{kernel.numbers[0][int(match[1])]}u", kernel.code)
        return f"fn {kernel.name}(group: u32, lane: u32) {{\n{code}\n}}"
    lines, firsts = Lines(), [sum(kernel.groups[:place]) for place in range(1, len(kernel.groups))]
    for place, first in enumerate(firsts, start=1):
        lines(f"let from{place} = share >= {first}u;")
    lines(f"let group = share - {_chosen([0, *firsts])};")
    for place, values in enumerate(zip(*kernel.numbers)):
        lines(f"let n{place} = {_chosen(values)};")
    code = NUMBER.sub(r"n\1", kernel.code)
    return f"fn {kernel.name}(share: u32, lane: u32) {{\n{lines}\n{code}\n}}"


def _chosen(values: Sequence[int]) -> str:
    """The member's own of these numbers: a chain of choices, which costs less than a table in private memory."""
    text = f"{values[0]}u"
    for place in range(1, len(values)):
        if values[place] != values[place - 1]:
            text = f"select({text}, {values[place]}u, from{place})"
    return text


class Lines:
    """The lines of a function, indented as their blocks are."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 1
        self._names = 0

    def __call__(self, line: str) -> None:
        """Adds a line; one that opens a block indents what follows, one that closes it does not any more."""
        if line.startswith("}"):
            self._depth -= 1
        self._lines.append("  " * self._depth + line)
        if line.endswith("{"):
            self._depth += 1

    def let(self, expression: str) -> str:
        """A name for the value of an expression."""
        self._names += 1
        self(f"let v{self._names} = {expression};")
        return f"v{self._names}"

    def __str__(self) -> str:
        return "\n".join(self._lines)
