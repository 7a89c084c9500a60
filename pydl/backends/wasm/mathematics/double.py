"""exp, log, tanh, sigmoid and erf of two float64 at a time: the forms of `single`, with longer series.

Source of the coefficients of exp and log: fdlibm's e_exp.c and e_log.c (Sun Microsystems, 1993); of erf: Cody's, which
the NumPy backend evaluates too (`pydl.ops.special`).
"""

from __future__ import annotations

from pydl.ops.special import BORDER, CENTRE, LARGEST, TAIL

from ..assembler import Expr, Function, const, where
from .series import limited, polynomial

ROUNDING = 1.5 * 2.0**52  # as in `single`
LOG2_E = 1.4426950408889634
# ln 2 as a number of 32 bits, whose product with an exponent is exact, and the rest
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
# r coth(r / 2) for |r| <= ln(2) / 2: e^r = (that + r) / (that - r), relative error 2^-59
COTH = (2.0, 1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05,
        -1.65339022054652515390e-06, 4.13813679705723846039e-08)  # fmt: skip
# (2 atanh(s) / s - 2) / s^2 for |s| <= 0.1716, relative error 2^-58.5
LOG = (6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
       1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01)  # fmt: skip
NORMAL = 2.0**-1022
SQRT_HALF = 0x3FE6A09E667F3BCD  # the bits of sqrt(1/2), rounded up
EXPONENT = -(2**52)  # the mask of sign and exponent


def halves(f: Function, magic: Expr) -> tuple[Expr, Expr]:
    """Bits with n + 1023 split in two in their lowest 12, from `magic` = n + 2046 + ROUNDING."""
    bits = magic.seen_as("i64x2")
    half = f.let("half", bits.shift_right_unsigned(1))
    return half, bits - half


def power_of_two(exponent: Expr) -> Expr:
    """2^(e - 1023) from bits whose lowest 12 are e."""
    return (exponent << 52).seen_as("f64x2")


def _reduced(f: Function, x: Expr, sign: int) -> tuple[Expr, Expr, Expr]:
    """x = n ln 2 + sign * r: gives r and two numbers of bits as `halves` does."""
    magic = f.let("t", x * (sign * LOG2_E) + (ROUNDING + 2046))
    n = f.let("n", magic - (ROUNDING + 2046))
    r = x - n * LN2_HIGH - n * LN2_LOW if sign > 0 else x + n * LN2_HIGH + n * LN2_LOW
    return f.let("r", r), *halves(f, magic)


def exp(f: Function, x: Expr) -> Expr:
    """e^x = 2^n (q + r) / (q - r), the power in two halves."""
    x = f.let("x", limited(x, -746.0, 710.0))
    r, half, other = _reduced(f, x, 1)
    q = f.let("q", polynomial(f.let("z", r * r), COTH))
    return (q + r) / (q - r) * power_of_two(half) * power_of_two(other)


def sigmoid(f: Function, x: Expr) -> Expr:
    """1 / (1 + e^-x) = d / (d + 2^b (q + r)) with d = 2^-a (q - r), as in `single`."""
    x = f.let("x", limited(x, -746.0, 746.0))
    r, half, other = _reduced(f, x, -1)
    q = f.let("q", polynomial(f.let("z", r * r), COTH))
    d = f.let("d", (q + r) * power_of_two(2046 - half))
    return d / (d + (q - r) * power_of_two(other))


def tanh(f: Function, x: Expr) -> Expr:
    """(e^2x - 1) / (e^2x + 1) with e^2x = s (q + r) / (q - r): (r (1 + s) - q (1 - s)) / (q (1 + s) - r (1 - s))."""
    x = f.let("x", limited(x, -19.1, 19.1) * 2.0)
    magic = f.let("t", x * LOG2_E + (ROUNDING + 1023))
    n = f.let("n", magic - (ROUNDING + 1023))
    r = f.let("r", x - n * LN2_HIGH - n * LN2_LOW)
    q = f.let("q", polynomial(f.let("z", r * r), COTH))
    power = f.let("power", power_of_two(magic.seen_as("i64x2")))
    less, more = f.let("less", 1.0 - power), f.let("more", power + 1.0)
    return (r * more - q * less) / (q * more - r * less)


def split(f: Function, x: Expr, lowered: Expr | float = 0.0) -> tuple[Expr, Expr]:
    """x = 2^k z for normal numbers, z from sqrt(1/2) to sqrt(2): gives z and k - lowered, both as numbers."""
    bits = x.seen_as("i64x2")
    above = f.let("above", bits - (SQRT_HALF - (1023 << 52)))
    # k + 1023 as the lowest bits of 2^52: less 2^52 + 1023 it is k as a number
    k = (above.shift_right_unsigned(52) | 0x4330000000000000).seen_as("f64x2") - (2.0**52 + 1023)
    # exponents differ by `above`'s, less the bias that was put in
    z = bits - (above & EXPONENT) + (1023 << 52)
    return z.seen_as("f64x2"), k - lowered


def log(f: Function, x: Expr) -> Expr:
    """log x = k ln 2 + log(1 + u), as in `single`; numbers of all kinds in one way."""
    x = f.let("x", x)
    tiny = f.let("tiny", x < NORMAL)
    lowered = const("f64x2", 52.0) & tiny.seen_as("f64x2")
    z, k = split(f, f.let("scaled", where(tiny, x * 2.0**52, x)), lowered)
    power, u = f.let("power", k), f.let("u", z - 1.0)
    s = f.let("s", u / (u + 2.0))
    square = f.let("z", s * s)
    half_square = f.let("half_square", u * u * 0.5)
    rest = polynomial(square, LOG) * square
    value = power * LN2_HIGH - ((half_square - (s * (half_square + rest) + power * LN2_LOW)) - u)
    limit = where(x < 0.0, const("f64x2", float("nan")), x)
    limit = where(x.equals(0.0), const("f64x2", -float("inf")), limit)
    return where((x > 0.0) & (x < float("inf")), value, limit)


def erf(f: Function, x: Expr) -> Expr:
    """x CENTRE(x^2) below 0.46875, and 1 - e^-x^2 TAIL(x) above."""
    x = f.let("x", x)
    size = f.let("size", x.apply("abs").apply("pmin", LARGEST))
    square = f.let("square", size * size)
    centre = f.let("centre", polynomial(square, CENTRE[0]) * size / polynomial(square, CENTRE[1]))
    tail = f.let("tail", polynomial(size, TAIL[0]) / polynomial(size, TAIL[1]))
    result = where(size < BORDER, centre, 1.0 - tail * exp(f, -square))
    return result | (x & -0.0)
