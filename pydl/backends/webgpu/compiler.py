"""The compiler: a Program becomes shaders, and a list of dispatches that is a step.

A shader holds the kernels of the steps that are dispatched together; `take` and `record` around them bring a batch from
the data set and write down what the step gave. Nothing here speaks to a GPU: the same texts go to every host.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...jit.program import Program
from ..errors import InvalidOnDevice, Unsupported
from .hosts import Limits
from .hosts import Shader as Text
from .kernels import control
from .kernels.control import Source
from .kernels.shader import Place, Shader, Tuning, Unit
from .placement import Placement, place
from .schedule import Schedule, Step, make_schedule, side_by_side
from .words import pack


@dataclass(frozen=True)
class Dispatched:
    """A shader, the banks that it binds, in order, and its workgroups along x and y."""

    text: Text
    banks: tuple[int, ...]
    x: int
    y: int


@dataclass
class Compiled:
    """What a host runs, and where it puts what goes in.

    step: the dispatches of a step, without those that take its rows
    """

    program: Program
    unit: Unit
    placement: Placement
    step: list[Dispatched]
    constants: list[tuple[Place, np.ndarray]]

    def take(self, sources: Sequence[Source]) -> list[tuple[Dispatched, list[int]]]:
        """The dispatches that open a step of a feed: each with the numbers of the sources that it reads.

        A shader binds at most so many buffers as the device allows: bank 0, the order, and rows.
        """
        most = self.unit.limits.bindings - 1 - len({self.unit.places[source.value].bank for source in sources} | {0})
        if most < 1:
            raise Unsupported(f"webgpu: {self.program.name} has its inputs in more buffers than a shader may bind")
        found = []
        for start in range(0, max(1, len(sources)), most):
            shader = Shader(1, self.unit.tuning)
            if start == 0:
                control.write_begin(shader)
            some = list(enumerate(sources))[start : start + most]
            if some:
                shader.extra.append(("order", "u32"))
            for number, source in some:
                control.write_take(shader, self.unit, number, source)
            found.append((_dispatched(shader, f"{self.program.name}: take", self.unit.limits), [n for n, _ in some]))
        return found


def compile_program(program: Program, limits: Limits, tuning: Tuning) -> Compiled:
    """The shaders for a fused Program on a device with these limits, written for its kind. Raises Unsupported."""
    numbers = {v: a for v, a in program.constants if a.size == 1 and (a.dtype.kind != "f" or np.isfinite(a).all())}
    unit = Unit(limits, tuning, {}, numbers)
    try:
        words = [(value, pack(array)) for value, array in program.constants]
    except InvalidOnDevice as error:
        raise Unsupported(f"webgpu: a constant of {program.name}: {error}") from None
    schedule = make_schedule(program, unit)
    dispatches = [group for level in schedule.levels for group in side_by_side(level, tuning)]
    placement = place(program, schedule, unit, [steps for _, steps in dispatches])
    shaders = _write(program, schedule, unit, placement)
    step = [_dispatched(shader, name, limits) for name, shader in shaders]
    return Compiled(program, unit, placement, step, [(unit.places[value], array) for value, array in words])


def _write(program: Program, schedule: Schedule, unit: Unit, placement: Placement) -> list[tuple[str, Shader]]:
    """All shaders of a step, with names for messages."""
    state = {unit.places[value] for _, value in program.state}
    shaders: list[tuple[str, Shader]] = []
    number = 0
    large = [
        (place, output, at)
        for place, (output, at) in enumerate(zip(schedule.outputs, placement.record.offsets))
        if output.spec.size > control.SMALL
    ]
    levels = [*schedule.levels]
    end = len(levels) - 1 if not large else max(len(levels) - 1, schedule.last + 1)
    while len(levels) <= end:
        levels.append([])
    for depth, level in enumerate(levels):
        groups: list[tuple[int, list[Step]]] = side_by_side(level, unit.tuning)
        closing = depth == end
        if not groups and (closing or (large and depth == schedule.last)):
            groups = [(4, [])]
        for place_, (width, steps) in enumerate(groups):
            shader = Shader(width, unit.tuning)
            for step in steps:
                guarded = any(unit.places[value] in state for value in step.writes)
                step.write(shader, f"kernel_{number}", guarded)
                number += 1
            if place_ == len(groups) - 1:
                if depth == schedule.last:
                    for each, output, at in large:
                        control.write_copy_out(shader, unit, output, each, placement.record, at)
                if closing:
                    control.write_record(shader, unit, schedule.outputs, placement.record)
            shaders.append((f"{program.name}: dispatch {len(shaders)}", shader))
    return shaders


def _dispatched(shader: Shader, name: str, limits: Limits) -> Dispatched:
    groups = max(1, shader.groups)
    y = -(-groups // limits.workgroups)
    x = -(-groups // y)
    if y > limits.workgroups:
        raise Unsupported(f"webgpu: {name} needs {groups:,} workgroups, more than two dimensions of this GPU hold")
    if len(shader.banks) + len(shader.extra) > limits.bindings:
        raise Unsupported(
            f"webgpu: {name} works on {len(shader.banks)} buffers, and this GPU binds at most {limits.bindings}; "
            "take a smaller batch, or device='wasm' or 'numpy'"
        )
    if 4 * shader.shared > limits.shared:
        raise Unsupported(f"webgpu: {name} needs {4 * shader.shared} bytes of shared memory, there are {limits.shared}")
    text = Text(name, shader.text(x), ("read_write",) * len(shader.banks) + ("read",) * len(shader.extra))
    return Dispatched(text, tuple(sorted(shader.banks)), x, y)
