"""The compiler: a Program becomes one WebAssembly module.

Every kernel of the schedule is a function; `step` calls them in order and then puts the new state in its place; `run`
takes the batches of many steps from the rows of a data set, runs them, and collects their outputs, without returning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...jit.program import Program, Value
from ..errors import Unsupported
from .assembler import Expr, Function, Module, call, const, load, op, where
from .kernels.body import Unit
from .kernels.movement import STATUS
from .placement import Placement, place
from .schedule import Schedule, make_schedule

MOST = 2**31 - 2**16  # bytes of memory: addresses are compared as numbers with a sign
COPY, FROM_BYTES = 0, 1  # how a row of data becomes a row of an input: as it is, or uint8 as float32


@dataclass
class Compiled:
    """A module, and where its host puts what goes in and finds what comes out; addresses in bytes.

    record: bytes of one step's outputs as `run` collects them; outputs: their offsets within
    """

    module: Module
    size: int
    constants: list[tuple[int, np.ndarray]]
    state: list[int]
    inputs: list[int]
    outputs: list[int]
    record: int
    offsets: list[int]


def compile_program(program: Program, relaxed: bool) -> Compiled:
    """The module for a fused Program. relaxed: with relaxed SIMD. Raises Unsupported."""
    module = Module()
    numbers = {value: array for value, array in program.constants if array.size == 1}
    unit = Unit(module, relaxed, {}, numbers)
    schedule = make_schedule(program, unit)
    placement = place(program, schedule, unit)
    if placement.size > MOST:
        raise Unsupported(f"{program.name} needs {placement.size / 1e9:.1f} GB; compiled code has {MOST / 1e9:.1f}")
    module.nbytes = placement.size
    names = []
    for number, step in enumerate(schedule.steps):
        names.append(f"kernel_{number}")
        unit.layouts = step.layouts
        step.write(unit, names[-1])
    _write_step(module, names, schedule, placement)
    outputs = [unit.addresses[value] for value in schedule.outputs]
    offsets, record = _record(program.outputs)
    _write_run(program, unit, outputs, offsets, record)
    for function in module.functions.values():
        function.hoist_constants()
    return Compiled(
        module,
        placement.size,
        [(unit.addresses[value], array) for value, array in program.constants],
        [unit.addresses[value] for _, value in program.state],
        [unit.addresses[value] for value in program.inputs],
        outputs,
        record,
        offsets,
    )


def _record(outputs: list[Value]) -> tuple[list[int], int]:
    """Offsets of a step's outputs side by side, each at a multiple of 8 bytes, and the bytes of all."""
    offsets, total = [], 0
    for value in outputs:
        offsets.append(total)
        total += -(-value.spec.nbytes // 8) * 8
    return offsets, max(total, 8)


def _write_step(module: Module, names: list[str], schedule: Schedule, placement: Placement) -> None:
    """`step() -> status`: every kernel once; the state changes at the end, and only where nothing went wrong."""
    f = module.function("step", result="i32", export=True)
    for name, step in zip(names, schedule.steps):
        f.do(call(name, ""))
        if step.may_fail:
            with f.when(load("i32", const("i32", STATUS))):
                f.leave(load("i32", const("i32", STATUS)))
    for old, new, nbytes in placement.commits:
        f.do(op("memory.copy", "", *(const("i32", number) for number in (old, new, nbytes))))
    f.give(const("i32", 0))


def _write_run(program: Program, unit: Unit, outputs: list[int], offsets: list[int], record: int) -> None:
    """`run(first, count, order, results, source, kind, ...) -> done`: the steps first, first + 1, ..., at least one.

    order: address of row numbers (i32), 0 for the rows as they come. results: address of `count` records. source,
    kind: for each input, the address of its rows, and COPY or FROM_BYTES.
    It ends early after a step whose first output is a single float and not finite, and where a step failed: the
    result is then -1 - done.
    """
    inputs = range(len(program.inputs))
    parameters = {"first": "i32", "count": "i32", "order": "i32", "results": "i32"}
    for number in inputs:
        parameters |= {f"source{number}": "i32", f"kind{number}": "i32"}
    for number in inputs:
        _write_take(program.inputs[number], unit, f"take_{number}")
    f = unit.module.function("run", parameters, "i32", export=True)
    done = f.local("done", "i32")
    loss = program.outputs[0] if program.outputs else None
    with f.block("end"), f.loop("steps"):
        for number in inputs:
            source, kind = f[f"source{number}"], f[f"kind{number}"]
            f.do(call(f"take_{number}", "", f["order"], f["first"] + done, source, kind))
        with f.when(call("step", "i32")):
            f.leave(const("i32", -1) - done)
        for value, address, offset in zip(program.outputs, outputs, offsets):
            _copy(f, f["results"] + offset, const("i32", address), value.spec.nbytes)
        f.set(f["results"], f["results"] + record)
        f.set(done, done + 1)
        if loss is not None and not loss.shape and loss.dtype.kind == "f":
            latest = f.let("loss", load("f64" if loss.dtype.itemsize == 8 else "f32", const("i32", outputs[0])))
            f.break_to("end", (latest - latest).unequal(0.0))  # inf - inf and NaN - NaN are NaN
        f.break_to("steps", done < f["count"])
    f.give(done)


def _copy(f: Function, target: Expr, source: Expr, nbytes: int) -> None:
    """A copy of so many bytes; small ones as a number."""
    types = {4: "i32", 8: "i64", 16: "i32x4"}
    if nbytes in types:
        f.store(load(types[nbytes], source), target)
    elif nbytes:
        f.do(op("memory.copy", "", target, source, const("i32", nbytes)))


def _write_take(value: Value, unit: Unit, name: str) -> None:
    """Adds `name(order, step, source, kind)`: the rows of one step from a data set into an input."""
    f = unit.module.function(name, {"order": "i32", "step": "i32", "source": "i32", "kind": "i32"})
    batch = value.shape[0] if value.shape else 1
    elements = math.prod(value.shape[1:])
    nbytes = elements * value.dtype.itemsize
    if not batch * elements:
        return
    address = unit.addresses[value]
    number = f.let("number", f["step"] * batch)
    with f.range("at", address, address + batch * nbytes, nbytes) as at:
        row = f.let(
            "row",
            where(f["order"], load("i32", where(f["order"], f["order"] + (number << 2), const("i32", 0))), number),
        )
        if value.dtype == np.float32:
            with f.when(f["kind"].equals(FROM_BYTES)):
                _from_bytes(f, f["source"] + row * elements, at, elements)
            with f.otherwise():
                _copy(f, at, f["source"] + row * nbytes, nbytes)
        else:
            _copy(f, at, f["source"] + row * nbytes, nbytes)
        f.set(number, number + 1)


def _from_bytes(f: Function, source: Expr, target: Expr, elements: int) -> None:
    """uint8 numbers as float32, 16 at a time while there are as many."""
    source, target = f.let("bytes", source), f.let("floats", target)
    whole, rest = divmod(elements, 16)
    if whole:
        with f.range("sixteen", 0, whole):
            row = f.let("row_bytes", load("i32x4", source))
            for half in ("low", "high"):
                eight = f.let(half, op(f"i16x8.extend_{half}_i8x16_u", "i32x4", row))
                for place, quarter in enumerate(("low", "high")):
                    four = op(f"i32x4.extend_{quarter}_i16x8_u", "i32x4", eight)
                    offset = (32 if half == "high" else 0) + 16 * place
                    f.store(op("f32x4.convert_i32x4_u", "f32x4", four), target, offset)
            f.set(source, source + 16)
            f.set(target, target + 64)
    for place in range(rest):
        byte = op("i32.load8_u", "i32", source, operand=place)
        f.store(op("f32.convert_i32_u", "f32", byte), target, 4 * place)
