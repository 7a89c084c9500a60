"""x^y for float32 and float64: 2^(y log2 |x|) with more digits in the logarithm than the result has.

An error in y log2 |x|, which reaches 1075, is a relative error of the result: float32 goes through float64, and float64
through sums of two float64 (the way of fdlibm's e_pow.c, Sun Microsystems, 1993). Zeros, infinities, NaN and negative
bases are set right at the end, and only where one of the lanes has such a number.
"""

from __future__ import annotations

from ..assembler import Expr, Function, const, op, shuffle, where
from . import double
from .series import limited, polynomial
from .single import SQRT_HALF

# log2((1 + s) / (1 - s)) / s for |s| <= 0.1716, relative error 2^-37.8
LOG2 = (2.885390081790092, 0.9617966732883603, 0.5770835976429471, 0.4116718667121042, 0.34074716984694886)
# 2^r for |r| <= 1/2, relative error 2^-28.9
EXP2 = (1.0, 0.6931472028563571, 0.24022647913463135, 0.055503324687814645, 0.009618437368012846,
        0.0013398875247841665, 0.00015353361013527628)  # fmt: skip
# 2 / (3 ln 2) in two parts, the first of 26 bits; and ln 2
TWO_THIRDS_HIGH, TWO_THIRDS_LOW = 0.9617966860532761, 7.872699542894897e-09
LN2 = 0.6931471805599453
# 3 / (2 k + 1) for k = 2, 3, ...: 3 atanh(s) / s = 3 + s^2 + these times s^4, s^6, ...; the next is below 2^-66
ATANH = tuple(3.0 / (2 * k + 1) for k in range(2, 13))
HIGH = -(2**27)  # the mask of a float64's upper 26 bits: products of two such numbers are exact


def pow(f: Function, x: Expr, y: Expr) -> Expr:
    """x^y with the special cases of IEEE 754 and NumPy: 0^0 = 1, 1^NaN = 1, (-2)^3 = -8, (-2)^0.5 = NaN, ..."""
    x, y = f.let("x", x), f.let("y", y)
    size = f.let("size", x.apply("abs"))
    result = f.let("power", _single(f, size, y) if x.type == "f32x4" else _double(f, size, y))
    infinity = float("inf")
    special = f.let("special", ~((x > 0.0) & (x < infinity) & (y.apply("abs") < infinity)))
    with f.when(op("v128.any_true", "i32", special)):
        _set_right(f, x, y, size, result)
    return result


def _set_right(f: Function, x: Expr, y: Expr, size: Expr, result: Expr) -> None:
    infinity = float("inf")
    zero, sign = const(x.type, 0.0), const(x.type, -0.0)
    endless = f.let("endless", y.apply("abs").equals(infinity))
    # 0 or infinity, from a base or an exponent that is one of them
    grows = (size > 1.0) ^ (y < 0.0)
    extreme = size.equals(0.0) | size.equals(infinity) | endless
    f.set(result, where(extreme, where(grows, const(x.type, infinity), zero), result))
    # the sign, of a negative base (or -0) with an odd exponent
    whole = f.let("whole", y.equals(y.apply("trunc")))
    half = f.let("half", y * 0.5)
    odd = whole & half.unequal(half.apply("trunc"))
    f.set(result, result ^ (x & sign & odd.seen_as(x.type)))
    # no number
    undefined = (x < 0.0) & (x > -infinity) & ~whole
    undefined = undefined | x.unequal(x) | y.unequal(y)
    f.set(result, where(undefined, const(x.type, float("nan")), result))
    one = x.equals(1.0) | y.equals(0.0) | (size.equals(1.0) & endless)
    f.set(result, where(one, const(x.type, 1.0), result))


def _single(f: Function, size: Expr, y: Expr) -> Expr:
    """|x|^y of four float32, two and two in float64; one rounding at the end, to subnormals too."""
    tiny = f.let("tiny", size < 2.0**-126)
    bits = f.let("bits", where(tiny, size * 2.0**23, size).seen_as("i32x4"))
    above = f.let("above", bits - SQRT_HALF)
    z = f.let("z", (bits - (above & 0xFF800000)).seen_as("f32x4"))
    k = f.let("k", (above >> 23) - (tiny & 23))
    low, high = (_single_half(f, z, k, y) for z, k, y in ((z, k, y), (_upper(z), _upper(k), _upper(y))))
    return shuffle(low, high, (0, 1, 4, 5))


def _upper(x: Expr) -> Expr:
    return shuffle(x, x, (2, 3, 2, 3))


def _single_half(f: Function, z: Expr, k: Expr, y: Expr) -> Expr:
    """(2^k z)^y of the two lower lanes, which it gives as the two lower lanes."""
    u = f.let("u", op("f64x2.promote_low_f32x4", "f64x2", z) - 1.0)
    s = f.let("s", u / (u + 2.0))
    logarithm = op("f64x2.convert_low_i32x4_s", "f64x2", k) + s * polynomial(f.let("w", s * s), LOG2)
    exponent = f.let("t", limited(logarithm * op("f64x2.promote_low_f32x4", "f64x2", y), -160.0, 160.0))
    magic = f.let("magic", exponent + (double.ROUNDING + 1023))
    r = f.let("r", exponent - (magic - (double.ROUNDING + 1023)))
    value = polynomial(r, EXP2) * double.power_of_two(magic.seen_as("i64x2"))
    return f.let("power", op("f32x4.demote_f64x2_zero", "f32x4", value))


def _high(x: Expr) -> Expr:
    return (x.seen_as("i64x2") & HIGH).seen_as("f64x2")


def _double(f: Function, size: Expr, y: Expr) -> Expr:
    """|x|^y of two float64. Names with _high and _low are two parts of one number, the first of 26 bits or fewer."""
    tiny = f.let("tiny", size < double.NORMAL)
    scaled = f.let("scaled", where(tiny, size * 2.0**52, size))
    z, k = double.split(f, scaled, const("f64x2", 52.0) & tiny.seen_as("f64x2"))
    z, k = f.let("z", z), f.let("k", k)
    # s = (z - 1) / (z + 1)
    below, above = f.let("below", z - 1.0), f.let("above", z + 1.0)
    s = f.let("s", below / above)
    s_high, above_high = f.let("s_high", _high(s)), f.let("above_high", _high(above))
    above_low = (above - above_high) + (z - (above - 1.0))
    s_low = f.let("s_low", ((below - s_high * above_high) - s_high * above_low) / above)
    # log2 z = 2 / (3 ln 2) s (3 + s^2 + ...)
    w = f.let("w", s * s)
    w_high = f.let("w_high", s_high * s_high)
    rest = f.let("rest", w * w * polynomial(w, ATANH) + s_low * (s + s_high))
    sum_high = f.let("sum_high", _high(w_high + 3.0 + rest))
    sum_low = rest - ((sum_high - 3.0) - w_high)
    head = f.let("head", s_high * sum_high)
    tail = f.let("tail", s_low * sum_high + s * sum_low)
    part_high = f.let("part_high", _high(head + tail))
    part_low = tail - (part_high - head)
    head = f.let("head", part_high * TWO_THIRDS_HIGH)
    tail = f.let("tail", part_high * TWO_THIRDS_LOW + part_low * (2 / (3 * LN2)))
    log_high = f.let("log_high", _high(head + tail + k))
    log_low = f.let("log_low", tail - ((log_high - k) - head))
    # y log2 |x|; beyond 2^70 every x but 1 has left the range of numbers
    y = f.let("y", limited(y, -(2.0**70), 2.0**70))
    y_high = f.let("y_high", _high(y))
    head = f.let("head", y_high * log_high)
    tail = f.let("tail", (y - y_high) * log_high + y * log_low)
    magic = f.let("magic", limited(head + tail, -1100.0, 1100.0) + (double.ROUNDING + 2046))
    n = f.let("n", magic - (double.ROUNDING + 2046))
    r = f.let("r", limited((head - n) + tail, -1.0, 1.0) * LN2)
    half, other = double.halves(f, magic)
    q = f.let("q", polynomial(f.let("square", r * r), double.COTH))
    return (q + r) / (q - r) * double.power_of_two(half) * double.power_of_two(other)
