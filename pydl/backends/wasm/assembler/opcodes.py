"""The instructions of WebAssembly that pydl writes: for each its name, its bytes and what it takes and gives.

One table for the encoder, the text form and the validator. Source: the WebAssembly core specification 3.0, appendix
"Index of Instructions".
"""

from __future__ import annotations

from typing import NamedTuple

I32, I64, F32, F64, V128 = "i32", "i64", "f32", "f64", "v128"
VALUE_TYPES = {I32: 0x7F, I64: 0x7E, F32: 0x7D, F64: 0x7C, V128: 0x7B}


def unsigned(number: int) -> bytes:
    """LEB128: seven bits a byte, lowest first, the top bit set where more follow."""
    if number < 0x80:
        return bytes((number,))
    parts = bytearray()
    while number >= 0x80:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def signed(number: int) -> bytes:
    """LEB128 of two's complement."""
    parts = bytearray()
    while not -0x40 <= number < 0x40:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number & 0x7F)
    return bytes(parts)


class Opcode(NamedTuple):
    """An instruction.

    code: its bytes; takes, gives: value types; operand: what follows the code ("", "memory", "lane", "memory lane" or
    "shuffle")
    """

    code: bytes
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    operand: str = ""


OPCODES: dict[str, Opcode] = {}


def _row(names: str, first: int, takes: str, gives: str, prefix: int = 0, operand: str = "") -> None:
    """Enters instructions with ascending codes; "-" leaves a code out. takes, gives: types, separated by spaces."""
    for place, name in enumerate(names.split()):
        if name != "-":
            code = bytes((prefix,)) + unsigned(first + place) if prefix else bytes((first + place,))
            OPCODES[name] = Opcode(code, tuple(takes.split()), tuple(gives.split()), operand)


def _all(type_: str, names: str) -> str:
    return " ".join(name if name == "-" else f"{type_}.{name}" for name in names.split())


_INTEGER_COMPARISONS = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"
_FLOAT_COMPARISONS = "eq ne lt gt le ge"
_INTEGER_ARITHMETIC = "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr"
_FLOAT_UNARY = "abs neg ceil floor trunc nearest sqrt"
_FLOAT_BINARY = "add sub mul div min max copysign"

# ---- numbers
_row("i32.eqz", 0x45, "i32", "i32")
_row(_all(I32, _INTEGER_COMPARISONS), 0x46, "i32 i32", "i32")
_row("i64.eqz", 0x50, "i64", "i32")
_row(_all(I64, _INTEGER_COMPARISONS), 0x51, "i64 i64", "i32")
_row(_all(F32, _FLOAT_COMPARISONS), 0x5B, "f32 f32", "i32")
_row(_all(F64, _FLOAT_COMPARISONS), 0x61, "f64 f64", "i32")
_row(_all(I32, "clz ctz popcnt"), 0x67, "i32", "i32")
_row(_all(I32, _INTEGER_ARITHMETIC), 0x6A, "i32 i32", "i32")
_row(_all(I64, "clz ctz popcnt"), 0x79, "i64", "i64")
_row(_all(I64, _INTEGER_ARITHMETIC), 0x7C, "i64 i64", "i64")
_row(_all(F32, _FLOAT_UNARY), 0x8B, "f32", "f32")
_row(_all(F32, _FLOAT_BINARY), 0x92, "f32 f32", "f32")
_row(_all(F64, _FLOAT_UNARY), 0x99, "f64", "f64")
_row(_all(F64, _FLOAT_BINARY), 0xA0, "f64 f64", "f64")
_row("i32.wrap_i64", 0xA7, "i64", "i32")
_row("i64.extend_i32_s i64.extend_i32_u", 0xAC, "i32", "i64")
_row("f32.convert_i32_s f32.convert_i32_u", 0xB2, "i32", "f32")
_row("f32.convert_i64_s f32.convert_i64_u", 0xB4, "i64", "f32")
_row("f32.demote_f64", 0xB6, "f64", "f32")
_row("f64.convert_i32_s f64.convert_i32_u", 0xB7, "i32", "f64")
_row("f64.convert_i64_s f64.convert_i64_u", 0xB9, "i64", "f64")
_row("f64.promote_f32", 0xBB, "f32", "f64")
_row("i32.reinterpret_f32", 0xBC, "f32", "i32")
_row("i64.reinterpret_f64", 0xBD, "f64", "i64")
_row("f32.reinterpret_i32", 0xBE, "i32", "f32")
_row("f64.reinterpret_i64", 0xBF, "i64", "f64")
_row("i32.trunc_sat_f32_s i32.trunc_sat_f32_u", 0x00, "f32", "i32", 0xFC)
_row("i32.trunc_sat_f64_s i32.trunc_sat_f64_u", 0x02, "f64", "i32", 0xFC)
_row("i64.trunc_sat_f32_s i64.trunc_sat_f32_u", 0x04, "f32", "i64", 0xFC)
_row("i64.trunc_sat_f64_s i64.trunc_sat_f64_u", 0x06, "f64", "i64", 0xFC)

# ---- memory
for _name, _code, _type in (
    ("i32.load", 0x28, I32), ("i64.load", 0x29, I64), ("f32.load", 0x2A, F32), ("f64.load", 0x2B, F64),
    ("i32.load8_s", 0x2C, I32), ("i32.load8_u", 0x2D, I32), ("i32.load16_s", 0x2E, I32), ("i32.load16_u", 0x2F, I32),
):  # fmt: skip
    _row(_name, _code, "i32", _type, operand="memory")
for _name, _code, _type in (
    ("i32.store", 0x36, I32), ("i64.store", 0x37, I64), ("f32.store", 0x38, F32), ("f64.store", 0x39, F64),
    ("i32.store8", 0x3A, I32), ("i32.store16", 0x3B, I32),
):  # fmt: skip
    _row(_name, _code, f"i32 {_type}", "", operand="memory")
OPCODES["memory.copy"] = Opcode(b"\xfc\x0a\x00\x00", (I32, I32, I32), ())
OPCODES["memory.fill"] = Opcode(b"\xfc\x0b\x00", (I32, I32, I32), ())

# ---- vectors of 128 bits
_SIMD = 0xFD
_row(
    "v128.load v128.load8x8_s v128.load8x8_u v128.load16x4_s v128.load16x4_u v128.load32x2_s v128.load32x2_u "
    "v128.load8_splat v128.load16_splat v128.load32_splat v128.load64_splat",
    0x00, "i32", "v128", _SIMD, "memory",
)  # fmt: skip
_row("v128.store", 0x0B, "i32 v128", "", _SIMD, "memory")
_row("i8x16.shuffle", 0x0D, "v128 v128", "v128", _SIMD, "shuffle")
_row("i8x16.swizzle", 0x0E, "v128 v128", "v128", _SIMD)
for _place, (_shape, _type) in enumerate(
    (("i8x16", I32), ("i16x8", I32), ("i32x4", I32), ("i64x2", I64), ("f32x4", F32), ("f64x2", F64))
):
    _row(f"{_shape}.splat", 0x0F + _place, _type, "v128", _SIMD)
for _shape, _code, _type in (("i32x4", 0x1B, I32), ("i64x2", 0x1D, I64), ("f32x4", 0x1F, F32), ("f64x2", 0x21, F64)):
    _row(f"{_shape}.extract_lane", _code, "v128", _type, _SIMD, "lane")
    _row(f"{_shape}.replace_lane", _code + 1, f"v128 {_type}", "v128", _SIMD, "lane")
_row("i8x16.extract_lane_s i8x16.extract_lane_u", 0x15, "v128", "i32", _SIMD, "lane")
_row("i16x8.extract_lane_s i16x8.extract_lane_u", 0x18, "v128", "i32", _SIMD, "lane")
for _shape, _code in (("i8x16", 0x23), ("i16x8", 0x2D), ("i32x4", 0x37)):
    _row(_all(_shape, _INTEGER_COMPARISONS), _code, "v128 v128", "v128", _SIMD)
_row(_all("f32x4", _FLOAT_COMPARISONS), 0x41, "v128 v128", "v128", _SIMD)
_row(_all("f64x2", _FLOAT_COMPARISONS), 0x47, "v128 v128", "v128", _SIMD)
_row("v128.not", 0x4D, "v128", "v128", _SIMD)
_row("v128.and v128.andnot v128.or v128.xor", 0x4E, "v128 v128", "v128", _SIMD)
_row("v128.bitselect", 0x52, "v128 v128 v128", "v128", _SIMD)
_row("v128.any_true", 0x53, "v128", "i32", _SIMD)
_row(
    "v128.load8_lane v128.load16_lane v128.load32_lane v128.load64_lane", 0x54, "i32 v128", "v128", _SIMD, "memory lane"
)
_row("v128.store8_lane v128.store16_lane v128.store32_lane v128.store64_lane", 0x58, "i32 v128", "", _SIMD,
     "memory lane")  # fmt: skip
_row("v128.load32_zero v128.load64_zero", 0x5C, "i32", "v128", _SIMD, "memory")
_row("f32x4.demote_f64x2_zero f64x2.promote_low_f32x4", 0x5E, "v128", "v128", _SIMD)
_row("i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u", 0x65, "v128 v128", "v128", _SIMD)
_row(_all("f32x4", "ceil floor trunc nearest"), 0x67, "v128", "v128", _SIMD)
_row("f64x2.ceil f64x2.floor", 0x74, "v128", "v128", _SIMD)
_row("f64x2.trunc", 0x7A, "v128", "v128", _SIMD)
_row("i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u", 0x85, "v128 v128", "v128", _SIMD)
_row(
    "i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_s i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u",
    0x87, "v128", "v128", _SIMD,
)  # fmt: skip
_row("f64x2.nearest", 0x94, "v128", "v128", _SIMD)
for _shape, _half, _code in (("i32x4", "i16x8", 0xA0), ("i64x2", "i32x4", 0xC0)):
    _row(_all(_shape, "abs neg"), _code, "v128", "v128", _SIMD)
    _row(_all(_shape, "all_true bitmask"), _code + 3, "v128", "i32", _SIMD)
    _extend = f"extend_low_{_half}_s extend_high_{_half}_s extend_low_{_half}_u extend_high_{_half}_u"
    _row(_all(_shape, _extend), _code + 7, "v128", "v128", _SIMD)
    _row(_all(_shape, "shl shr_s shr_u"), _code + 11, "v128 i32", "v128", _SIMD)
    _row(_all(_shape, "add - - sub - - - mul"), _code + 14, "v128 v128", "v128", _SIMD)
_row(_all("i32x4", "min_s min_u max_s max_u"), 0xB6, "v128 v128", "v128", _SIMD)
_row(_all("i64x2", "eq ne lt_s gt_s le_s ge_s"), 0xD6, "v128 v128", "v128", _SIMD)
for _shape, _code in (("f32x4", 0xE0), ("f64x2", 0xEC)):
    _row(_all(_shape, "abs neg - sqrt"), _code, "v128", "v128", _SIMD)
    _row(_all(_shape, "add sub mul div min max pmin pmax"), _code + 4, "v128 v128", "v128", _SIMD)
_row(
    "i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u "
    "i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u",
    0xF8, "v128", "v128", _SIMD,
)  # fmt: skip
# Relaxed: a * b + c with one rounding where the processor has it, with two elsewhere.
_row("f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd", 0x105, "v128 v128 v128", "v128",
     _SIMD)  # fmt: skip
