"""Executables under guard: their steps read only what was written, and write only where they may.

    executable = guarded(lambda: wasm.compile(program))
    executable(*inputs)          # an AssertionError where the step broke a rule

Behind every value is a gap. Before each step all memory but constants, state, inputs and the status word is filled with
0xFF, which is NaN for floats; after it what no result may touch must be as it was: the gaps, constants, inputs, and
state that no update names.
"""

import contextlib

import numpy as np

from pydl.backends.wasm import compiler, placement
from pydl.jit.memory import ALIGNMENT, Block

GAP = 2 * ALIGNMENT  # bytes behind each value
_OVER = 16  # bytes that random bits may write over their end, within what a value's memory is rounded to


def guarded(make):
    """The Executable that `make()` gives, under guard."""
    with _gaps() as units:
        executable = make()
    (unit,) = units
    size, instance = executable.compiled.size, executable.instance
    kept, free = _regions(executable.program, unit, size)
    call = instance.call

    def watched(name, *arguments):
        before, after = np.empty(size, np.uint8), np.empty(size, np.uint8)
        instance.read(0, before)
        before[~kept] = 0xFF
        instance.write(0, before)
        result = call(name, *arguments)
        instance.read(0, after)
        stray = np.flatnonzero((before != after) & ~free)
        assert not stray.size, f"bytes {stray[:8]} are no result's, and were written\n{executable.program}"
        return result

    instance.call = watched
    return executable


@contextlib.contextmanager
def _gaps():
    """Leaves a gap behind every value of the Programs compiled meanwhile; gives their Units."""
    rounded, of_block, place = placement._rounded, Block._rounded, compiler.place
    units = []

    def placing(program, schedule, unit):
        units.append(unit)
        return place(program, schedule, unit)

    placement._rounded = lambda nbytes: rounded(nbytes) + GAP
    Block._rounded = staticmethod(lambda nbytes: of_block(nbytes) + GAP)
    compiler.place = placing
    try:
        yield units
    finally:
        placement._rounded, Block._rounded, compiler.place = rounded, staticmethod(of_block), place


def _regions(program, unit, size):
    """Masks over all bytes: what a step finds as it was left, and where it may write."""
    kept, free = np.zeros(size, bool), np.zeros(size, bool)
    kept[:4] = free[:4] = True  # the status word
    updated = {id(variable) for variable, _ in program.updates}
    random = {each.result for each in program.instructions if each.primitive.name == "random_bits"}
    state = [value for _, value in program.state]
    given = {*program.inputs, *(value for value, _ in program.constants), *state}
    writable = [value for variable, value in program.state if id(variable) in updated]
    for value, address in unit.addresses.items():
        if value in given:
            kept[address : address + value.spec.nbytes] = True
        else:
            free[address : address + value.spec.nbytes + _OVER * (value in random)] = True
    for value in writable:
        free[unit.addresses[value] : unit.addresses[value] + value.spec.nbytes] = True
    free[unit.scratch : size - placement.SPARE] = True
    return kept, free
