"""Expressions: what an instruction computes, written with Python's operators and typed as one writes it.

`load("f32x4", address) * x + 1.0` is a tree of nodes; a Function writes it down as instructions, operands first. The
types are WebAssembly's, but a vector is called by its lanes: f32x4, i32x4, f64x2, i64x2.
"""

from __future__ import annotations

import struct
from typing import Any

from .opcodes import F32, F64, I32, I64, OPCODES, V128

Number = int | float
LANES = {"f32x4": F32, "i32x4": I32, "f64x2": F64, "i64x2": I64}  # vector types, with the type of a lane
_PACK = {"f32x4": "<4f", "i32x4": "<4i", "f64x2": "<2d", "i64x2": "<2q"}
_BYTES = {I32: 4, I64: 8, F32: 4, F64: 8}
_LOADS = {"i32": "i32.load", "i64": "i64.load", "f32": "f32.load", "f64": "f64.load"}


def storage(type_: str) -> str:
    """The type as WebAssembly has it: v128 for every vector."""
    return V128 if type_ in LANES else type_


def mask_of(type_: str) -> str:
    """The type of a comparison's result: all bits of a lane set or none; 0 or 1 for numbers."""
    return {"f32x4": "i32x4", "f64x2": "i64x2"}.get(type_, type_ if type_ in LANES else I32)


class Expr:
    """An instruction with its operands.

    op: its name; type: of what it gives, "" for nothing; args: Exprs; operand: numbers that stand in the code
    """

    __slots__ = ("args", "op", "operand", "type")

    def __init__(self, op: str, type_: str, args: tuple[Expr, ...] = (), operand: Any = None) -> None:
        self.op, self.type, self.args, self.operand = op, type_, args, operand

    def _with(self, name: str, other: Expr | Number, gives: str = "") -> Expr:
        if not isinstance(other, Expr):
            other = const(self.type, other)
        return Expr(f"{self.type}.{name}", gives or self.type, (self, other))

    def _compared(self, name: str, other: Expr | Number) -> Expr:
        sign = "_s" if self.type in ("i32", "i64", "i32x4", "i64x2") else ""
        return self._with(name + sign, other, mask_of(self.type))

    def _bits(self, name: str, other: Expr | Number) -> Expr:
        if not isinstance(other, Expr):
            other = const(self.type, other)
        return Expr(f"{storage(self.type)}.{name}", self.type, (self, other))

    def __add__(self, other: Expr | Number) -> Expr:
        return self._with("add", other)

    def __sub__(self, other: Expr | Number) -> Expr:
        return self._with("sub", other)

    def __rsub__(self, other: Number) -> Expr:
        return const(self.type, other)._with("sub", self)

    def __mul__(self, other: Expr | Number) -> Expr:
        return self._with("mul", other)

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: Expr | Number) -> Expr:
        return self._with("div", other)

    def __rtruediv__(self, other: Number) -> Expr:
        return const(self.type, other)._with("div", self)

    def __neg__(self) -> Expr:
        return Expr(f"{self.type}.neg", self.type, (self,))

    def __and__(self, other: Expr | Number) -> Expr:
        return self._bits("and", other)

    def __or__(self, other: Expr | Number) -> Expr:
        return self._bits("or", other)

    def __xor__(self, other: Expr | Number) -> Expr:
        return self._bits("xor", other)

    def __invert__(self) -> Expr:
        return Expr("v128.not", self.type, (self,))

    def _shifted(self, name: str, by: Expr | int) -> Expr:
        by = by if isinstance(by, Expr) else const(I64 if self.type == I64 else I32, by)
        return Expr(f"{self.type}.{name}", self.type, (self, by))

    def __lshift__(self, by: Expr | int) -> Expr:
        return self._shifted("shl", by)

    def __rshift__(self, by: Expr | int) -> Expr:
        """The sign moves in; `shift_right_unsigned` lets zeros in."""
        return self._shifted("shr_s", by)

    def shift_right_unsigned(self, by: Expr | int) -> Expr:
        """A shift to the right with zeros from the left."""
        return self._shifted("shr_u", by)

    def __lt__(self, other: Expr | Number) -> Expr:
        return self._compared("lt", other)

    def __gt__(self, other: Expr | Number) -> Expr:
        return self._compared("gt", other)

    def __le__(self, other: Expr | Number) -> Expr:
        return self._compared("le", other)

    def __ge__(self, other: Expr | Number) -> Expr:
        return self._compared("ge", other)

    def equals(self, other: Expr | Number) -> Expr:
        """Equality, a mask for vectors; == is left to Python."""
        return self._with("eq", other, mask_of(self.type))

    def unequal(self, other: Expr | Number) -> Expr:
        """Inequality, true for NaN."""
        return self._with("ne", other, mask_of(self.type))

    def apply(self, name: str, *others: Expr | Number, gives: str = "") -> Expr:
        """An instruction of this type by its name: x.apply("sqrt"), x.apply("max", y), x.apply("lt_u", y)."""
        args = [other if isinstance(other, Expr) else const(self.type, other) for other in others]
        return Expr(f"{self.type}.{name}", gives or self.type, (self, *args))

    def seen_as(self, type_: str) -> Expr:
        """The same bits as another type of the same size; no instruction for vectors."""
        if storage(self.type) == V128:
            return Expr("", type_, (self,))
        return Expr(f"{type_}.reinterpret_{self.type}", type_, (self,))

    def lane(self, number: int) -> Expr:
        """One number of a vector."""
        return Expr(f"{self.type}.extract_lane", LANES[self.type], (self,), number)

    def with_lane(self, number: int, value: Expr) -> Expr:
        """The vector with one number replaced."""
        return Expr(f"{self.type}.replace_lane", self.type, (self, value), number)


def op(name: str, gives: str, *args: Expr, operand: Any = None) -> Expr:
    """Any instruction by its full name."""
    return Expr(name, gives, args, operand)


def const(type_: str, value: Number | tuple[Number, ...]) -> Expr:
    """A constant; one number for all lanes of a vector, or one for each."""
    lane = LANES.get(type_, type_)
    values: tuple[Number, ...] = value if isinstance(value, tuple) else (value,) * (16 // _BYTES[lane])
    if lane in (I32, I64):  # in two's complement
        half = 2 ** (8 * _BYTES[lane] - 1)
        values = tuple((int(number) + half) % (2 * half) - half for number in values)
    if type_ in LANES:
        return Expr("v128.const", type_, (), struct.pack(_PACK[type_], *values))
    return Expr(f"{type_}.const", type_, (), values[0])


def splat(type_: str, value: Expr) -> Expr:
    """A number in all lanes of a vector."""
    return Expr(f"{type_}.splat", type_, (value,))


def load(type_: str, address: Expr, offset: int = 0) -> Expr:
    """A number or a vector from memory at address + offset (bytes)."""
    return Expr(_LOADS.get(type_, "v128.load"), type_, (address,), offset)


def load_splat(type_: str, address: Expr, offset: int = 0) -> Expr:
    """A number from memory in all lanes of a vector."""
    return Expr(f"v128.load{32 if type_[-1] == '4' else 64}_splat", type_, (address,), offset)


def where(mask: Expr, a: Expr, b: Expr) -> Expr:
    """a's bits where the mask's are set, b's elsewhere; for numbers a where the mask is not 0."""
    if storage(a.type) == V128:
        return Expr("v128.bitselect", a.type, (a, b, mask))
    return Expr("select", a.type, (a, b, mask))


def shuffle(a: Expr, b: Expr, lanes: tuple[int, ...]) -> Expr:
    """Lanes of a (0, 1, ...) and of b (after a's) in a new order."""
    width = 16 // len(lanes)
    picked = bytes(lane * width + byte for lane in lanes for byte in range(width))
    return Expr("i8x16.shuffle", a.type, (a, b), picked)


def madd(a: Expr, b: Expr, c: Expr, relaxed: bool) -> Expr:
    """a * b + c: rounded once or twice as the processor likes it (relaxed), or always twice."""
    return Expr(f"{a.type}.relaxed_madd", a.type, (a, b, c)) if relaxed else a * b + c


def call(name: str, gives: str, *args: Expr) -> Expr:
    """A function of the module by its name; gives "" where it has no result."""
    return Expr("call", gives, args, name)


def natural_alignment(name: str) -> int:
    """Of a load or store: the logarithm of its bytes."""
    for width, power in (("64", 3), ("32", 2), ("16", 1), ("8", 0)):
        if f"load{width}_" in name or f"store{width}" in name or f"load{width}x" in name:
            return 3 if "x" in name.split(".")[1] else power
    return {"v128": 4, "i64": 3, "f64": 3}.get(name.split(".")[0], 2)


assert all(f"{type_}.add" in OPCODES for type_ in (*LANES, *LANES.values()))
