"""device="auto": each backend that works here runs steps of a Program for a moment, and the fastest is kept.

The steps run on copies of the state, with inputs made up from their shapes, so that a trial leaves no trace in weights,
counters or shuffling. Its figures are remembered for this Program on this machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from ..ops import Spec
from . import trials
from .copies import on_copies
from .device import Placement, compiled, devices, identified, is_here, tell_of_failure, watched
from .errors import DeviceError, ExecutionError
from .executable import Executable
from .failover import DEVICE as GPU
from .failover import FALLBACKS

if TYPE_CHECKING:
    from ..jit.program import Program

# Operations below which a trial is not worth its time: NumPy needs about 1 microsecond for each instruction of such a
# Program and wasm none (2026-11), so the answer is known. Nor is it asked whether there is a GPU: to open one takes a
# second on the desktop, and each of its dispatches takes longer than such a step.
TINY = 200_000
TINY_DEVICE = "wasm"
ENOUGH = 0.05  # seconds of steps in one call, as `fit` has them: a shorter call times what surrounds the steps
GROWTH = 10  # times as many steps as in the call before, at most
HOPELESS = 4  # times the best figure so far: a device that is so slow is not asked for more steps
PATIENCE = 1.0  # seconds that a first step may take, whatever it has to make ready, and be no hopeless one
AGREEMENT = 1e-2  # by which the first output may differ from NumPy's, norm-wise: far above any rounding
_PATTERN = np.random.default_rng(0).random(1021)  # of made-up inputs: plain numbers from 0 to 1


class Auto:
    """A choice of device, made by trial at the first Program that is large enough for one to matter.

    Programs that are compiled later on go where that one runs: the same step for another size of batch.

    leader: another choice, to follow where that has been made: the evaluation goes where the training is
    """

    name = "auto"

    def __init__(self, leader: Auto | None = None) -> None:
        self._leader = leader
        self._placed: Placement | None = None

    @property
    def chosen(self) -> str | None:
        """The device that a trial has chosen, or the one that stands in for it; None as long as there was none."""
        if self._placed:
            return self._placed.device
        return self._leader.chosen if self._leader else None

    def compile(self, program: Program) -> Executable:
        """The Program, ready to run on the device that suits it best."""
        return self.place(program).executable

    def place(self, program: Program) -> Placement:
        """The Program on the device that suits it best: one that cannot run it is passed over."""
        best = self.chosen
        if best is None and program.operations <= TINY:
            best = TINY_DEVICE
        if best is not None:
            return _placed(program, best, {})
        names = devices()
        figures: dict[str, float] = {}
        if len(names) > 1:
            known_as = [identified(name) for name in names]
            figures = trials.recall(program, known_as) or _try_out(program, names)
            if len(figures) > 1:
                trials.keep(program, known_as, figures)
        best = min(figures, key=figures.__getitem__, default=names[0])
        placement = _placed(program, best, figures if len(figures) > 1 else {})
        if len(names) > 1:
            self._placed = placement
        if GPU in names and not is_here(GPU):  # the trial was its first use, and it has failed the self-test
            tell_of_failure(placement.device)
        return placement


def _placed(program: Program, best: str, trial: dict[str, float]) -> Placement:
    *first, last = dict.fromkeys([best, *FALLBACKS])
    for name in first:
        with suppress(DeviceError, ExecutionError):  # it is not here, cannot run it, or has no memory for it
            return Placement(watched(name, program), name, trial)
    return Placement(watched(last, program), last, trial)


def _try_out(program: Program, names: list[str]) -> dict[str, float]:
    """Milliseconds per step of each device that can run the Program; where only one can, nothing is run.

    One that computes something else than NumPy does is not among them.
    """
    ready: dict[str, Executable] = {}
    # The slowest is likely the last, and is then not asked for more steps than it takes to see that.
    for name in sorted(names, key=lambda name: (name == "numpy", name != TINY_DEVICE)):
        with suppress(DeviceError, ExecutionError):
            ready[name] = compiled(name, on_copies(program))
    inputs = [_made_up(value.spec) for value in program.inputs]
    found: dict[str, float] = {}
    outputs: dict[str, list[np.ndarray]] = {}
    if len(ready) == 1:
        found = dict.fromkeys(ready, 0.0)
    for name, executable in ready.items() if not found else ():
        # ExecutionError: no memory for two networks, say, or a GPU that is lost: another device may do.
        with suppress(ExecutionError):
            outputs[name], found[name] = _trial(executable, inputs, HOPELESS * min(found.values(), default=math.inf))
    for executable in ready.values():
        with suppress(ExecutionError):
            executable.close()
    reference = outputs.get("numpy")
    return {name: value for name, value in found.items() if reference is None or _agree(outputs[name], reference)}


def _trial(executable: Executable, inputs: list[np.ndarray], hopeless: float) -> tuple[list[np.ndarray], float]:
    """The outputs of a first step, and the milliseconds that one takes among many; not exact above `hopeless`."""
    steps, close = _steps(executable, inputs)
    try:
        start = time.perf_counter()
        outputs, _ = steps(1)
        seconds = time.perf_counter() - start
        if seconds > max(PATIENCE, hopeless / 1000):
            return outputs, 1000 * seconds
        count = 1
        while True:
            start = time.perf_counter()
            _, done = steps(count)
            seconds = time.perf_counter() - start
            milliseconds = 1000 * seconds / done
            if seconds >= ENOUGH or milliseconds > hopeless or done < count:
                return outputs, milliseconds
            count = max(count + 1, min(GROWTH * count, math.ceil(1.2 * count * ENOUGH / seconds)))
    finally:
        close()


Steps = Callable[[int], tuple[list[np.ndarray], int]]


def _steps(executable: Executable, inputs: list[np.ndarray]) -> tuple[Steps, Callable[[], object]]:
    """What runs so many steps, as `fit` does, and what gives its memory back.

    The steps give the outputs of the first one, and their number: less than asked for where a loss is not finite.
    """
    lengths = {array.shape[:1] for array in inputs}
    if () in lengths or len(lengths) > 1:  # not what a feed takes: rows, as many of each

        def call(count: int) -> tuple[list[np.ndarray], int]:
            return [executable(*inputs) for _ in range(count)][0], count

        return call, lambda: None
    feed = executable.feed(*inputs)
    rows = np.arange(len(inputs[0]) if inputs else 0, dtype=np.int32)

    def run(count: int) -> tuple[list[np.ndarray], int]:
        outputs = feed.run(np.tile(rows, count) if inputs else None, 0, count)
        return [array[0] for array in outputs], len(outputs[0]) if outputs else count

    return run, feed.close


def _agree(outputs: list[np.ndarray], reference: list[np.ndarray]) -> bool:
    """Whether the first output of a step, a loss, is NumPy's; not of whole numbers, and where NumPy has none itself."""
    if not reference or reference[0].dtype.kind != "f" or not np.isfinite(reference[0]).all():
        return True
    expected = reference[0].astype(np.float64)
    return bool(np.linalg.norm(outputs[0] - expected) <= AGREEMENT * np.linalg.norm(expected))


def _made_up(spec: Spec) -> np.ndarray:
    """An array for an input: numbers of a usual size, and 0 for integers, which may be the numbers of classes."""
    if spec.dtype.kind != "f":
        return np.zeros(spec.shape, spec.dtype)
    return np.resize(_PATTERN.astype(spec.dtype), spec.shape)
