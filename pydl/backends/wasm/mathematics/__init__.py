"""The functions that WebAssembly has no instruction for, written in line for vectors of float32 and float64.

`FUNCTIONS["exp"](f, x)` writes e^x of the expression x into the function f and gives the result; x may be f32x4 or
f64x2. All of them keep -0 and NaN, go to their limits at infinity, and round to subnormal numbers, 0 and infinity where
the result asks for it: in those cases they are NumPy's. What is promised (2026-11; float32: the greatest error over all
numbers, for pow over samples, in units in the last place; float64: relative error over samples, in 2^-52; instructions
and divisions for four float32, without locals and constants):

    function   float32   float64   instructions   divisions
    exp           1.18       1.6             27           0
    log           0.84       1.0             28           1
    tanh          2.77       2.2             23           1
    sigmoid       2.46       2.3             25           1
    erf           2.63       3.1             39           0
    pow           0.54       1.3             99           2

NumPy's own float32 exp is off by 2.3, its tanh by 1.4. sigmoid keeps its digits below -88 too, where exp(-x) overflows
and NumPy's 1 / (1 + exp(-x)) is 0.
"""

from __future__ import annotations

from collections.abc import Callable

from ..assembler import Expr, Function
from . import double, power, single


def exp(f: Function, x: Expr) -> Expr:
    """e^x."""
    return single.exp(f, x) if x.type == "f32x4" else double.exp(f, x)


def log(f: Function, x: Expr) -> Expr:
    """The natural logarithm."""
    return single.log(f, x) if x.type == "f32x4" else double.log(f, x)


def tanh(f: Function, x: Expr) -> Expr:
    """The hyperbolic tangent."""
    return single.tanh(f, x) if x.type == "f32x4" else double.tanh(f, x)


def sigmoid(f: Function, x: Expr) -> Expr:
    """1 / (1 + e^-x)."""
    return single.sigmoid(f, x) if x.type == "f32x4" else double.sigmoid(f, x)


def erf(f: Function, x: Expr) -> Expr:
    """The error function."""
    return single.erf(f, x) if x.type == "f32x4" else double.erf(f, x)


def pow(f: Function, x: Expr, y: Expr) -> Expr:
    """x^y."""
    return power.pow(f, x, y)


FUNCTIONS: dict[str, Callable[..., Expr]] = {
    "exp": exp,
    "log": log,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "erf": erf,
    "pow": pow,
}
