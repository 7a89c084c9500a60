"""Random Programs for the tests of passes and backends, and a plain interpreter to hold them to.

    from hypothesis import given
    from tests.support.programs import evaluate, programs

    @given(programs())
    def test_a_backend_agrees(drawn):
        outputs, state = evaluate(drawn.program, drawn.inputs, drawn.state())
        ...                      # run it elsewhere, from the same state
        drawn.check(ours, outputs, our_state, state)

A Program is drawn instruction by instruction, from all primitives of `pydl.ops`: shapes of up to four axes (windows
have six), sizes of 0 and 1 too, mostly float32, with float64, int32, int64, uint32, uint8 and bool beside it. It has
inputs, constants, state with updates (new values, another state's value, the same value for two), several outputs,
views of views, products of transposed and batched matrices, reductions over any axes. Its axes are short, so that all
kinds of shapes fit together and examples can be read; `LONG` ones reach what machine code does for long loops.

So that two correct evaluations agree, every value carries a `Range` (ranges.py): its bounds, which keep far from
overflow and from the poles of log, division and power; how far rounding may carry two evaluations apart, which is
the tolerance of `check`; and whether it is exact. Only exact values decide something: comparisons, argmax, indices.
They are small multiples of a power of two, and so the same whatever the order of summation; ties among them are
frequent, and the same everywhere. State counts as not exact: the tolerances hold for one step from equal state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from pydl import Variable
from pydl.jit import Instruction, Program, Value
from pydl.ops import REGISTRY, ShapeError, Spec, spec_of
from tests.support import ranges
from tests.support.moves import BOOL, F32, MOVES, OFTEN, apply
from tests.support.ranges import Range

EXACT = Range(-2.0, 2.0, 0.125)
LARGEST_SIZE = 600  # elements of a value
SHORT = (3, 1, 4, 2, 5, 0)  # lengths of axes, the simplest first
LONG = (3, 1, 4, 2, 5, 0, 6, 7, 8, 9, 12, 16, 17, 24, 31, 33, 48, 64, 65, 70, 260, 515, 1030)
LARGEST_LONG = 20_000  # elements of a value with long axes


def evaluate(program, inputs, state):
    """Evaluates a Program one instruction after the other, each into fresh memory: no plan, no sharing, no views.

    Returns the outputs, and the state arrays when the call ends.
    """
    values = dict(zip(program.inputs, inputs, strict=True))
    values.update(zip((value for _, value in program.state), state, strict=True))
    values.update(program.constants)
    for instruction in program.instructions:
        result = instruction.primitive(*[values[v] for v in instruction.inputs], **instruction.params)
        values[instruction.result] = np.array(result)
    after = {id(variable): values[value] for variable, value in (*program.state, *program.updates)}
    outputs = [np.array(values[value]) for value in program.outputs]
    return outputs, [np.array(after[id(variable)]) for variable, _ in program.state]


@dataclass
class Drawn:
    """A random Program with numbers for it.

    program: its state Variables hold their first values
    inputs:  an array for each of its inputs
    ranges:  what is known of each value
    """

    program: Program
    inputs: list[np.ndarray]
    ranges: dict[Value, Range]

    def __repr__(self):
        return f"{self.program}\nwith inputs {[array.tolist() for array in self.inputs]}"

    def _repr_pretty_(self, printer, cycle):  # what Hypothesis prints of a failing example
        printer.text(repr(self))

    def state(self):
        """Copies of the arrays that the Variables hold now."""
        return [variable.numpy() for variable, _ in self.program.state]

    def check(self, outputs, expected, state=(), expected_state=(), rounding=2, relative=0.0):
        """Holds results to those of `evaluate`, as near as rounding allows; the state in the order of the Program.

        rounding: how many times what correct rounding may do; relative: besides, to the largest float of a value
        """
        last = {id(variable): value for variable, value in (*self.program.state, *self.program.updates)}
        values = [*self.program.outputs, *(last[id(variable)] for variable, _ in self.program.state)]
        for value, ours, reference in zip(values, [*outputs, *state], [*expected, *expected_state]):
            assert (ours.shape, ours.dtype) == (reference.shape, reference.dtype), f"{value}\n{self.program}"
            allowed = rounding * self.ranges[value].error
            if reference.dtype.kind == "f":
                allowed += relative * np.abs(reference).max(initial=0.0)
            apart = np.abs(ours.astype(np.float64) - reference.astype(np.float64)).max(initial=0.0)
            assert apart <= allowed, f"{value}: {apart:g} apart, allowed {allowed:g}\n{ours}\n{reference}\n{self}"


@st.composite
def programs(draw, instructions=24, primitives=None, lengths=SHORT):
    """Strategy of `Drawn` Programs.

    instructions: how many moves to make at most; a move makes one instruction, and what that needs around it
    primitives:   names to choose from, for a backend that does not know all; what moves need around them (broadcast,
                  reshape, tanh before an update) may come besides
    lengths:      that axes may have, SHORT or LONG
    """
    return _built(lambda below: draw(st.integers(0, below - 1)), instructions, primitives, lengths)


def program_of(seed, instructions=24, lengths=SHORT):
    """The `Drawn` Program of a number: drawn faster than Hypothesis draws, and evenly, but never made simpler."""
    random = np.random.default_rng(seed)
    return _built(lambda below: int(random.integers(below)), instructions, None, lengths)


def _built(number, instructions, primitives, lengths):
    builder = _Builder(number, lengths)
    moves = [name for name in (*MOVES, *OFTEN) if primitives is None or name in primitives]
    least = min(4, instructions)
    for _ in range(least + builder.number(instructions - least + 1)):
        MOVES[builder.choose(moves)](builder)
    return builder.finish()


class _Builder:
    """A Program that grows by moves. `pool` holds the values that a move may read, the newest last.

    number: gives a number from 0 to below the one that it is asked with: all choices are made by it
    """

    def __init__(self, number, lengths=SHORT):
        self._number, self.lengths = number, lengths
        self.largest = LARGEST_SIZE if lengths is SHORT else LARGEST_LONG
        self.program = Program("drawn")
        self.inputs = []
        self.ranges = {}
        self.pool = []
        self.random = np.random.default_rng(self.number(2**16))
        self.given(self.shape(), F32)
        self.state(self.shape(), self.number(2))
        for _ in range(self.number(3)):
            _, old = self.choose(self.program.state)
            self.state(self.choose([self.shape(), old.shape]), self.number(2))

    # ---- choices

    def number(self, below):
        return self._number(below) if below > 1 else 0

    def choose(self, things):
        return things[self.number(len(things))]

    def order(self, count):
        """The numbers 0, 1, ... below `count` in any order."""
        left = list(range(count))
        return tuple(left.pop(self.number(len(left))) for _ in range(count))

    def length(self, room=LARGEST_LONG):
        """Of an axis, which may have so many elements at most."""
        length = self.choose(self.lengths)
        return length if length <= room else 1

    def shape(self, axes=4):
        lengths = []
        for _ in range(self.number(axes + 1)):
            lengths.append(self.length(self.largest // max(1, math.prod(lengths))))
        return tuple(lengths)

    def pick(self, fits=lambda value, known: value.dtype == F32):
        """A value of the pool, new ones first; None where none fits."""
        found = [value for value in reversed(self.pool) if fits(value, self.ranges[value])]
        return found[min(self.number(len(found)), self.number(len(found)))] if found else None

    # ---- values

    def value(self, spec, known):
        value = Value(f"%{len(self.ranges)}", spec)
        self.ranges[value] = known
        self.pool.append(value)
        return value

    def numbers(self, shape, dtype, known):
        """Random numbers of a range."""
        if known.exact():
            low, high = round(known.low / known.grain), round(known.high / known.grain)
            return np.asarray(self.random.integers(low, high, shape, endpoint=True) * known.grain).astype(dtype)
        return np.asarray(self.random.uniform(known.low, known.high, shape)).astype(dtype)

    def given(self, shape, dtype, known=None):
        """A new input, or a new constant."""
        if known is None:
            known = self.choose([EXACT, Range(-2.0, 2.0), Range(0.25, 2.0)]) if dtype.kind == "f" else Range(0, 1, 1)
        array = self.numbers(shape, dtype, known)
        value = self.value(spec_of(array), known)
        if self.number(3):
            self.program.inputs.append(value)
            self.inputs.append(array)
        else:
            if dtype == F32 and not self.number(3):  # the numbers that simplification looks out for
                array[...] = np.clip(self.choose([1.0, 0.0, -0.0, 2.0, 0.5, -1.0]), known.low, known.high)
            self.program.constants.append((value, array))
        return value

    def state(self, shape, positive=False):
        known = Range(0.25, 2.0) if positive else Range(-2.0, 2.0)
        variable = Variable(self.numbers(shape, F32, known), name=f"state{len(self.program.state)}")
        value = self.value(Spec(shape, F32), known)
        self.program.state.append((variable, value))
        return value

    def make(self, name, *inputs, known, **params):
        """Appends an instruction, unless its numbers would grow too large or its result has too many."""
        primitive = REGISTRY[name]
        try:
            spec = primitive.shape_rule(*(value.spec for value in inputs), **params)
        except ShapeError:
            return None
        known = known and known.rounded(spec.dtype)
        if known is None or spec.size > self.largest or len(spec.shape) > 6:
            return None
        result = self.value(spec, known)
        scope = self.choose(["", "layer", "layer/inner"])
        self.program.instructions.append(Instruction(result, primitive, inputs, params, scope))
        return result

    def view(self, name, x, **params):
        return self.make(name, x, known=self.ranges[x], **params)

    def stretched(self, x, shape):
        return x if x.shape == shape else self.view("broadcast", x, shape=shape)

    def like(self, x, fits=lambda known: True, dtype=None):
        """A value of the shape of x: one that is there, one that is stretched to it, or a new one."""
        dtype = dtype or x.dtype

        def stretches(value, known):
            tail = x.shape[len(x.shape) - len(value.shape) :]
            return (
                value.dtype == dtype
                and fits(known)
                and len(value.shape) <= len(x.shape)
                and all(a in (1, b) for a, b in zip(value.shape, tail))
            )

        found = self.pick(stretches) if self.number(4) else None
        if found is None:
            shape = x.shape if self.number(2) else ()
            known = next((r for r in (None, Range(0.25, 2.0), EXACT) if r is not None and fits(r)), None)
            if dtype.kind != "f":
                known = Range(0, 1, 1) if dtype == BOOL else Range(0, 5, 1)
            if known is None or not fits(known):
                return None
            found = self.given(shape, dtype, known)
        return self.stretched(found, x.shape)

    def finish(self):
        program = self.program
        self._updates()
        for _ in range(1 + self.number(3)):
            program.outputs.append(self.choose(list(reversed(self.pool))))
        read = {value for instruction in program.instructions for value in instruction.inputs}
        unread = [each.result for each in program.instructions if each.result not in {*read, *program.results()}]
        program.outputs += [value for value in unread if self.number(4)]  # else most of it would be dead code
        program.validate()
        return Drawn(program, self.inputs, self.ranges)

    def _updates(self):
        """New values for some of the state: they stay within the state's range, so that a step can follow a step."""
        done = {id(variable) for variable, _ in self.program.updates}
        for variable, old in self.program.state:
            if id(variable) in done or not self.number(4):
                continue
            known = self.ranges[old]
            new = self.pick(
                lambda value, r, old=old, known=known: (
                    value.spec == old.spec and known.low <= r.low and r.high <= known.high and value is not old
                )
            )
            if new is None or not self.number(3):
                new = self._bounded(self.pick(lambda value, r, old=old: value.spec == old.spec), known.low > 0)
            if new is not None:
                self.program.updates.append((variable, new))

    def _bounded(self, x, positive):
        """A number between 0 and 1 for each element, or between 1/2 and 3/2."""
        new = apply(self, "sigmoid", x)
        if new is None or not positive:
            return new
        half = self.stretched(self.given((), F32, Range(0.5, 0.5, 0.5)), x.shape)
        return half and self.make("add", new, half, known=ranges.added(self.ranges[new], self.ranges[half]))
