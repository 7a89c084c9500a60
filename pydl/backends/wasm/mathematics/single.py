"""exp, log, tanh, sigmoid and erf of four float32 at a time, written in line.

Each function brings its argument into a short interval, with the power of two that was taken out put together from
bits, and takes a polynomial there. The polynomials are minimax fits by `tests/support/minimax.py`, which a test runs
again. Errors, over all 2^32 numbers (2026-11): the table in `mathematics`.
"""

from __future__ import annotations

import struct

from ..assembler import Expr, Function, const, op, where
from .series import limited, polynomial

# Added to a small number it leaves the nearest integer in the lowest bits, and taken away again that integer: rounding
# and conversion in one addition. With a bias b on top, the bits are those of integer + b.
ROUNDING = 1.5 * 2.0**23
LOG2_E = 1.4426950408889634
# ln 2 as a number of 15 bits, whose product with an exponent is exact, and the rest.
LN2_HIGH, LN2_LOW = 0.693145751953125, 1.4286068203094173e-06
# e^r = 1 + r + ... for |r| <= ln(2) / 2, relative error 2^-28.2
EXP = (1.0, 1.0, 0.4999999341216014, 0.16666520103720267, 0.04166839427205442, 0.008368780843544641,
       0.001381446495404114)  # fmt: skip
# r coth(r / 2) = c0 + c1 r^2 + c2 r^4 for |r| <= ln(2) / 2: e^r = (that + r) / (that - r), relative error 2^-31.6
COTH = (2.000000012575684, 0.16666583146449002, -0.0027638932904288263)
# tanh(h) / h for |h| <= ln(2) / 4, relative error 2^-24.1
TANH = (1.0, -0.3333126073283757, 0.1310995930064954)
# 2 atanh(s) / s - 2 = c0 s^2 + c1 s^4 + c2 s^6 for |s| <= 0.1716, relative error 2^-30.2
LOG = (0.66666776717016, 0.3997749554403069, 0.298730750553478)
# log2(1 - erf(x)) / x for 0 <= x <= 3.95, error of erf 2^-27.9
LOG_ERFC = (-1.627907035180748, -0.9184476238305472, -0.14827707751570285, 0.02763206708255014, 0.00023134011436821771,
            -0.0024049537586210003, 0.0009129602874427967, -0.0001697123714903682, 1.3353097795310608e-05)  # fmt: skip
# (2^g - 1) / g for |g| <= 1/2, relative error 2^-26.5
EXP2 = (0.6931471879268267, 0.2402264979486492, 0.055503574329586566, 0.009618237508397078, 0.0013390735846178854,
        0.00015403508589144848)  # fmt: skip
NORMAL = 2.0**-126  # the smallest number with all of its bits
SQRT_HALF = struct.unpack("<i", struct.pack("<f", 0.5**0.5))[0]


def _halves(f: Function, x: Expr, sign: int) -> tuple[Expr, Expr, Expr]:
    """x = n ln 2 + sign * r: gives r and the bits of n + 254 and of (n + 254) / 2, rounded down, in their lowest 9."""
    magic = ROUNDING + 254
    t = f.let("t", x * (sign * LOG2_E) + magic)
    n = f.let("n", t - magic)
    if sign > 0:
        r = f.let("r", x - n * LN2_HIGH - n * LN2_LOW)
    else:
        r = f.let("r", x + n * LN2_HIGH + n * LN2_LOW)
    bits = t.seen_as("i32x4")
    return r, bits, f.let("half", bits >> 1)


def exp(f: Function, x: Expr) -> Expr:
    """e^x = 2^n e^r. The power is put on in two halves, so that it may leave the range of normal numbers."""
    x = f.let("x", limited(x, -104.5, 89.0))
    r, bits, half = _halves(f, x, 1)
    return polynomial(r, EXP) * (half << 23).seen_as("f32x4") * ((bits - half) << 23).seen_as("f32x4")


def sigmoid(f: Function, x: Expr) -> Expr:
    """1 / (1 + e^-x) with e^-x = 2^a 2^b (q + r) / (q - r): d / (d + 2^b (q + r)) with d = 2^-a (q - r).

    One division, and no overflow: also below -88, where e^-x itself is infinite.
    """
    x = f.let("x", limited(x, -104.5, 104.5))
    r, bits, half = _halves(f, x, -1)
    # r is -x - n ln 2 with its sign turned: the quotient is turned over
    q = f.let("q", polynomial(f.let("z", r * r), COTH))
    d = f.let("d", (q + r) * ((254 - half) << 23).seen_as("f32x4"))
    return d / (d + (q - r) * ((bits - half) << 23).seen_as("f32x4"))


def tanh(f: Function, x: Expr) -> Expr:
    """The hyperbolic tangent, by the addition theorem and one division.

    tanh(n ln(2) / 2 + h) = (t (1 + s) - (1 - s)) / (1 + s - t (1 - s)) with s = 2^n and t = tanh(h). Written so that -0
    stays -0, and never beyond 1 in size.
    """
    x = f.let("x", limited(x, -9.02, 9.02))
    magic = ROUNDING + 127
    t = f.let("t", x * (2 * LOG2_E) + magic)
    n = f.let("n", t - magic)
    h = f.let("h", x - n * (LN2_HIGH / 2) - n * (LN2_LOW / 2))
    small = f.let("small", polynomial(f.let("z", h * h), TANH) * h)
    power = f.let("power", (t.seen_as("i32x4") << 23).seen_as("f32x4"))
    less, more = f.let("less", 1.0 - power), f.let("more", power + 1.0)
    return (small * more - less) / (more - small * less)


def log(f: Function, x: Expr) -> Expr:
    """log x = k ln 2 + log(1 + u) with x = 2^k (1 + u), 1 + u from sqrt(1/2) to sqrt(2).

    Numbers that are negative, 0, subnormal, infinite or NaN are looked for once for all four, and seen to apart.
    """
    x = f.let("x", x)
    bits = x.seen_as("i32x4")
    special = f.let("special", (bits - 0x00800000).apply("ge_u", 0x7F000000))
    result = f.let("log", _log(f, bits, None))
    with f.when(op("v128.any_true", "i32", special)):
        tiny = f.let("tiny", x < NORMAL)
        scaled = f.let("scaled", where(tiny, x * 2.0**23, x))
        value = _log(f, scaled.seen_as("i32x4"), tiny & 23)
        limit = where(x < 0.0, const(x.type, float("nan")), x)  # infinity and NaN are their own logarithm
        limit = where(x.equals(0.0), const(x.type, -float("inf")), limit)
        f.set(result, where((x > 0.0) & (x < float("inf")), value, limit))
    return result


def _log(f: Function, bits: Expr, lowered: Expr | None) -> Expr:
    """The logarithm of normal numbers from their bits, less `lowered` powers of two.

    log(1 + u) = u - (u^2/2 - s (u^2/2 + rest)) with s = u / (2 + u) as in fdlibm's e_log.c (Sun Microsystems, 1993):
    what is rounded is small against u.
    """
    above = f.let("above", bits - SQRT_HALF)
    k = above >> 23
    power = f.let("power", (k - lowered if lowered is not None else k).seen_as("f32x4").apply("convert_i32x4_s"))
    u = f.let("u", (bits - (above & 0xFF800000)).seen_as("f32x4") - 1.0)
    s = f.let("s", u / (u + 2.0))
    z = f.let("z", s * s)
    half_square = f.let("half_square", u * u * 0.5)
    rest = polynomial(z, LOG) * z
    return power * LN2_HIGH - ((half_square - (s * (half_square + rest) + power * LN2_LOW)) - u)


def erf(f: Function, x: Expr) -> Expr:
    """1 - 2^v with v = log2(1 - erf |x|), a polynomial, as (1 - 2^n) - 2^n (2^g - 1), v = n + g: small x keep digits.

    Two roundings fewer than quotients of polynomials have near 1 (those came to 7 ulp), and no division.
    """
    x = f.let("x", x)
    magic = ROUNDING + 127
    size = f.let("size", x.apply("abs").apply("pmin", 3.95))
    v = f.let("v", polynomial(size, LOG_ERFC) * size)
    t = f.let("t", v + magic)
    g = f.let("g", v - (t - magic))
    power = f.let("power", (t.seen_as("i32x4") << 23).seen_as("f32x4"))
    result = (1.0 - power) - power * (polynomial(g, EXP2) * g)
    return result | (x & -0.0)
