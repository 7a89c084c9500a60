"""Function: the body of one WebAssembly function, written statement by statement in Python.

Locals have names, blocks and loops are `with` statements, and what was written can be read as text and checked before
it is bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .expression import Expr, Number, const, natural_alignment, storage
from .opcodes import F32, F64, I32, I64, OPCODES, VALUE_TYPES, signed, unsigned

Instruction = tuple[str, Any]  # its name, and what stands in the code after it
_STORES = {"i32": "i32.store", "i64": "i64.store", "f32": "f32.store", "f64": "f64.store"}


class Function:
    """One function under construction; `Module.function` makes it.

    body: its instructions; locals: name and type of each, parameters first
    """

    def __init__(self, name: str, parameters: Mapping[str, str], result: str = "", export: bool = False) -> None:
        self.name, self.result, self.export = name, result, export
        self.parameters = dict(parameters)
        self.locals: dict[str, str] = dict(parameters)
        self.body: list[Instruction] = []
        self._numbers = {local: number for number, local in enumerate(self.locals)}
        self._used: dict[str, int] = {}
        self._labels: list[str] = []

    def __getitem__(self, name: str) -> Expr:
        """A local by its name."""
        return Expr("local.get", self.locals[name], (), name)

    # ---- locals

    def local(self, name: str, type_: str) -> Expr:
        """A new local, 0 at first; a name that is taken gets a number."""
        count = self._used.get(name, 0)
        unique = name if not count and name not in self.locals else f"{name}.{count}"
        while unique in self.locals:
            count += 1
            unique = f"{name}.{count}"
        self._used[name] = count + 1
        self._numbers[unique] = len(self.locals)
        self.locals[unique] = type_
        return Expr("local.get", type_, (), unique)

    def let(self, name: str, value: Expr) -> Expr:
        """A new local that holds a value."""
        local = self.local(name, value.type)
        self.set(local, value)
        return local

    def set(self, local: Expr, value: Expr | Number) -> None:
        """Gives a local a new value."""
        self._write(value if isinstance(value, Expr) else const(local.type, value))
        self.body.append(("local.set", local.operand))

    # ---- statements

    def store(self, value: Expr, address: Expr, offset: int = 0) -> None:
        """Writes a number or a vector to memory at address + offset (bytes)."""
        self._write(address)
        self._write(value)
        self.body.append((_STORES.get(value.type, "v128.store"), offset))

    def store_lane(self, value: Expr, lane: int, address: Expr, offset: int = 0, bits: int = 0) -> None:
        """Writes one lane of a vector; bits: its width, of the vector's type unless given, and what lanes count in."""
        self._write(address)
        self._write(value)
        self.body.append((f"v128.store{bits or (32 if value.type[-1] == '4' else 64)}_lane", (offset, lane)))

    def do(self, statement: Expr) -> None:
        """An instruction for what it does: memory.copy, a call without a result, ..."""
        self._write(statement)
        if statement.type:
            self.body.append(("drop", None))

    def give(self, value: Expr) -> None:
        """What the function returns; its last statement, or before a `leave`."""
        self._write(value)

    def leave(self, value: Expr | None = None) -> None:
        """Returns from within."""
        if value is not None:
            self._write(value)
        self.body.append(("return", None))

    # ---- blocks

    @contextmanager
    def block(self, label: str) -> Iterator[None]:
        """What `break_to(label)` jumps behind."""
        with self._nested("block", label):
            yield

    @contextmanager
    def loop(self, label: str) -> Iterator[None]:
        """What `break_to(label)` jumps back to the start of; it ends where nothing jumps."""
        with self._nested("loop", label):
            yield

    @contextmanager
    def when(self, condition: Expr) -> Iterator[None]:
        """What happens where the condition is not 0."""
        self._write(condition)
        with self._nested("if", ""):
            yield

    @contextmanager
    def otherwise(self) -> Iterator[None]:
        """Right after a `when`: what happens where its condition is 0."""
        assert self.body[-1] == ("end", None), "otherwise() belongs right after a when()"
        self.body[-1] = ("else", None)
        self._labels.append("")
        yield
        self._labels.pop()
        self.body.append(("end", None))

    @contextmanager
    def _nested(self, kind: str, label: str) -> Iterator[None]:
        self.body.append((kind, label))
        self._labels.append(label)
        yield
        self._labels.pop()
        self.body.append(("end", None))

    def break_to(self, label: str, condition: Expr | None = None) -> None:
        """Jumps: behind a block, or to the start of a loop; always, or where the condition is not 0."""
        depth = list(reversed(self._labels)).index(label)
        if condition is not None:
            self._write(condition)
        self.body.append(("br" if condition is None else "br_if", depth))

    @contextmanager
    def range(self, name: str, start: Expr | int, stop: Expr | int, step: Expr | int = 1) -> Iterator[Expr]:
        """A loop that counts up: `with f.range("row", 0, rows) as row:`."""
        counter = self.let(name, start if isinstance(start, Expr) else const(I32, start))
        with self.counting(counter, stop, step, sure=isinstance(start, int) and isinstance(stop, int) and start < stop):
            yield counter

    @contextmanager
    def counting(self, counter: Expr, stop: Expr | int, step: Expr | int = 1, sure: bool = False) -> Iterator[None]:
        """A loop that counts a local up to below `stop`; sure: the first round is known to happen."""
        label = f"{counter.operand}@{len(self.body)}"
        if sure:
            with self.loop(label):
                yield
                self.set(counter, counter + step)
                self.break_to(label, counter < stop)
            return
        with self.when(counter < stop), self.loop(label):
            yield
            self.set(counter, counter + step)
            self.break_to(label, counter < stop)

    def hoist_constants(self) -> None:
        """Puts vector constants that stand in loops into locals that are set once, at the function's start.

        V8 puts a constant together from two numbers wherever it stands; a local costs a register, or a load (Chromium
        156, 2026-11, four numbers: exp 3.3 ns, hoisted 2.8; log 3.3 and 2.6; erf 11.3 and 6.2; pow 30 and 31). It also
        takes 2 bytes of code for 18. Zeros stay: every engine has an instruction for them.
        """
        constants: dict[bytes, str] = {}
        blocks: list[str] = []
        for place, (name, operand) in enumerate(self.body):
            if name in ("block", "loop", "if"):
                blocks.append(name)
            elif name == "end":
                blocks.pop()
            elif name == "v128.const" and "loop" in blocks and any(operand):
                if operand not in constants:
                    constants[operand] = self.local("constant", "f32x4").operand
                self.body[place] = ("local.get", constants[operand])
        self.body[:0] = [
            written for value, local in constants.items() for written in (("v128.const", value), ("local.set", local))
        ]

    # ---- writing down

    def _write(self, expr: Expr) -> None:
        for arg in expr.args:
            self._write(arg)
        if expr.op:  # a vector seen as another type is no instruction
            self.body.append((expr.op, expr.operand))

    def encode(self, functions: Mapping[str, int]) -> bytes:
        """The function's bytes: its locals, then its instructions; functions: the number of each by its name."""
        types = [storage(type_) for type_ in list(self.locals.values())[len(self.parameters) :]]
        runs: list[list[Any]] = []
        for type_ in types:
            if runs and runs[-1][1] == type_:
                runs[-1][0] += 1
            else:
                runs.append([1, type_])
        code = bytearray(unsigned(len(runs)))
        for count, type_ in runs:
            code += unsigned(count) + bytes((VALUE_TYPES[type_],))
        numbers = self._numbers
        for name, operand in self.body:
            plain = _PLAIN.get(name)
            if plain is not None:
                code += plain
            elif name == "local.get":
                code.append(0x20)
                code += unsigned(numbers[operand])
            elif name == "local.set":
                code.append(0x21)
                code += unsigned(numbers[operand])
            elif name == "call":
                code += b"\x10" + unsigned(functions[operand])
            elif name in _CONSTANTS:
                code += _CONSTANTS[name](operand)
            elif name in ("br", "br_if"):
                code += (b"\x0c" if name == "br" else b"\x0d") + unsigned(operand)
            else:
                opcode = OPCODES[name]
                code += opcode.code
                if opcode.operand == "memory":
                    code += _ALIGNMENTS[name] + unsigned(operand)
                elif opcode.operand == "memory lane":
                    code += _ALIGNMENTS[name] + unsigned(operand[0]) + bytes((operand[1],))
                elif opcode.operand == "lane":
                    code.append(operand)
                else:
                    code += operand
        code.append(0x0B)
        return unsigned(len(code)) + code


_CONSTANTS: dict[str, Callable[[Any], bytes]] = {
    I32 + ".const": lambda value: b"\x41" + signed(value),
    I64 + ".const": lambda value: b"\x42" + signed(value),
    F32 + ".const": lambda value: b"\x43" + struct.pack("<f", value),
    F64 + ".const": lambda value: b"\x44" + struct.pack("<d", value),
    "v128.const": lambda value: b"\xfd\x0c" + value,
}
# Instructions that are the same bytes wherever they stand.
_PLAIN = {name: opcode.code for name, opcode in OPCODES.items() if not opcode.operand} | {
    "block": b"\x02\x40",
    "loop": b"\x03\x40",
    "if": b"\x04\x40",
    "else": b"\x05",
    "end": b"\x0b",
    "return": b"\x0f",
    "drop": b"\x1a",
    "select": b"\x1b",
    "unreachable": b"\x00",
}
_ALIGNMENTS = {
    name: bytes((natural_alignment(name),)) for name, opcode in OPCODES.items() if "memory" in opcode.operand
}
