"""device="auto": each backend that works here runs a few steps of a Program, and the fastest is kept.

The steps run on copies of the state, with inputs made up from their shapes, so that a trial leaves no trace in weights,
counters or shuffling. Its figures are remembered for this Program on this machine.
"""

from __future__ import annotations

import dataclasses
import math
import time
from typing import TYPE_CHECKING

import numpy as np

from ..ops import Spec
from ..variable import Variable
from . import trials
from .device import Device, Placement, devices
from .errors import ExecutionError, Unsupported
from .executable import Executable

if TYPE_CHECKING:
    from ..jit.program import Program

# Operations below which a trial is not worth its time: NumPy needs about 1 microsecond for each instruction of such a
# Program and wasm none (2026-11), so the answer is known.
TINY = 200_000
TINY_DEVICE = "wasm"
STEPS = 3  # timed on each device, after one that warms it up
HOPELESS = 4  # times the best figure so far: a device that is so slow is not asked for more steps
_PATTERN = np.random.default_rng(0).random(1021)  # of made-up inputs: plain numbers from 0 to 1


class Auto:
    """A choice of device, made by trial at the first Program that is large enough for one to matter.

    Programs that are compiled later on go where that one went: the same step for another size of batch.

    leader: another choice, to follow where that has been made: the evaluation goes where the training is
    """

    name = "auto"

    def __init__(self, leader: Auto | None = None) -> None:
        self._leader = leader
        self._chosen: str | None = None

    @property
    def chosen(self) -> str | None:
        """The device that a trial has chosen; None as long as there was none."""
        return self._chosen or (self._leader.chosen if self._leader else None)

    def compile(self, program: Program) -> Executable:
        """The Program, ready to run on the device that suits it best."""
        return self.place(program).executable

    def place(self, program: Program) -> Placement:
        """The Program on the device that suits it best: one that cannot run it is passed over."""
        names, trial = devices(), {}
        if len(names) > 1:
            best = self.chosen
            if best is None and work(program) <= TINY:
                best = TINY_DEVICE
            if best is None:
                trial = trials.recall(program, names) or _try_out(program, names)
                best = self._chosen = min(trial, key=trial.__getitem__, default=names[0])
                trial = trial if len(trial) > 1 else {}
            names.sort(key=lambda name: name != best)
        for name in names[:-1]:
            try:
                return Placement(Device(name).compile(program), name, trial)
            except (Unsupported, ExecutionError):  # it cannot run it, or has no memory for it
                continue
        return Placement(Device(names[-1]).compile(program), names[-1], trial)


def work(program: Program) -> int:
    """About how many operations a Program takes: those of its matrix products, and one for each element it makes."""
    total = 0
    for instruction in program.instructions:
        if instruction.primitive.view:
            continue
        total += instruction.result.spec.size
        if instruction.primitive.name == "matmul":
            total += 2 * instruction.result.spec.size * instruction.inputs[0].shape[-1]
    return total


def _try_out(program: Program, names: list[str]) -> dict[str, float]:
    """Milliseconds per step of each device that can run the Program; where only one can, nothing is run."""
    ready: dict[str, Executable] = {}
    # The slowest is likely the last, and is then not asked for more steps than it takes to see that.
    for name in sorted(names, key=lambda name: name != TINY_DEVICE):
        try:
            ready[name] = Device(name).compile(_on_copies(program))
        except (Unsupported, ExecutionError):
            continue
    inputs = [_made_up(value.spec) for value in program.inputs]
    found: dict[str, float] = {}
    for name, executable in ready.items():
        if len(ready) == 1:
            found[name] = 0.0
            break
        try:
            found[name] = _milliseconds(executable, inputs, HOPELESS * min(found.values(), default=math.inf))
        except ExecutionError:  # no memory for two networks, say: the other device may do
            continue
    for executable in ready.values():
        executable.close()
    if len(found) > 1:
        trials.keep(program, names, found)
    return found


def _milliseconds(executable: Executable, inputs: list[np.ndarray], hopeless: float) -> float:
    times: list[float] = []
    for _ in range(1 + STEPS):
        start = time.perf_counter()
        executable(*inputs)
        times.append(1000 * (time.perf_counter() - start))
        if times[-1] > hopeless:
            break
    return min(times)


def _on_copies(program: Program) -> Program:
    """The same Program with Variables of its own, which hold what those of the original hold."""
    copies = {id(variable): Variable(variable._home(), variable.name, dtype=variable.dtype)
              for variable, _ in program.state}  # fmt: skip
    state = [(copies[id(variable)], value) for variable, value in program.state]
    updates = [(copies[id(variable)], value) for variable, value in program.updates]
    return dataclasses.replace(program, state=state, updates=updates)


def _made_up(spec: Spec) -> np.ndarray:
    """An array for an input: numbers of a usual size, and 0 for integers, which may be the numbers of classes."""
    if spec.dtype.kind != "f":
        return np.zeros(spec.shape, spec.dtype)
    return np.resize(_PATTERN.astype(spec.dtype), spec.shape)
