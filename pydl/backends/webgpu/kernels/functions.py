"""Functions in WGSL: what the language lacks, or does not promise, as texts for numbers and for vectors of four.

WGSL lets a compiler take it that there are no NaN and infinities. So a NaN is looked for in the bits, not by x != x,
and what decides by a comparison is written so that a NaN comes through. Each is within 2^-20 of NumPy's, relative to
the largest number involved, on every device seen (self-test, `selftest.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ....ops.special import BORDER, CENTRE, LARGEST, TAIL


@dataclass(frozen=True)
class Source:
    """A function with F, I, U and B in the places of the types f32, i32, u32 and bool, or of vectors of them."""

    code: str
    needs: tuple[str, ...] = field(default=())

    def text(self, name: str, width: int) -> str:
        """Its text for numbers (width 1) or vectors (width 4)."""
        text = self.code.replace("NAME", f"{name}_{width}")
        for letter, type_ in (("F", "f32"), ("I", "i32"), ("U", "u32"), ("B", "bool")):
            text = text.replace(f"${letter}", type_ if width == 1 else f"vec4<{type_}>")
        for other in self.needs:
            text = text.replace(f"@{other}", f"{other}_{width}")
        return text


def _horner(coefficients: tuple[float, ...], x: str) -> str:
    text = f"$F({coefficients[-1]!r})"
    for coefficient in reversed(coefficients[:-1]):
        text = f"({text} * {x} + {coefficient!r})"
    return text


FUNCTIONS = {
    "is_nan": Source("fn NAME(x: $F) -> $B { return (bitcast<$U>(x) & $U(0x7fffffffu)) > $U(0x7f800000u); }"),
    # inf and NaN: all bits of the exponent are set
    "not_finite": Source("fn NAME(x: $F) -> $B { return (bitcast<$U>(x) & $U(0x7f800000u)) == $U(0x7f800000u); }"),
    "larger": Source(
        "fn NAME(a: $F, b: $F) -> $F { return select(select(max(a, b), b, @is_nan(b)), a, @is_nan(a)); }", ("is_nan",)
    ),
    # max(x, bound) for a bound that is a number: relu, mostly
    "at_least": Source("fn NAME(x: $F, bound: $F) -> $F { return select(max(x, bound), x, @is_nan(x)); }", ("is_nan",)),
    "sigmoid": Source("fn NAME(x: $F) -> $F { return 1.0 / (1.0 + exp(-x)); }"),
    # (1 - e) / (1 + e) with e = exp(-2 |x|), which neither overflows nor cancels; near 0, where 1 - e would, the series
    "tanh": Source(
        """fn NAME(x: $F) -> $F {
  let size = abs(x);
  let e = exp(-2.0 * size);
  let s = x * x;
  let series = size * (1.0 - s * (0.33333333 - s * (0.13333333 - s * (0.053968254 - s * 0.021869489))));
  let found = select((1.0 - e) / (1.0 + e), series, size < $F(0.25));
  return select(found, -found, x < $F(0.0));
}"""
    ),
    # W. J. Cody's quotients, as in pydl.ops.special
    "erf": Source(
        f"""fn NAME(x: $F) -> $F {{
  let size = min(abs(x), $F({LARGEST!r}));
  let square = size * size;
  let centre = size * {_horner(CENTRE[0], "square")} / {_horner(CENTRE[1], "square")};
  let tail = 1.0 - exp(-square) * {_horner(TAIL[0], "size")} / {_horner(TAIL[1], "size")};
  let found = select(tail, centre, size < $F({BORDER!r}));
  return select(select(found, -found, x < $F(0.0)), x, @is_nan(x));
}}""",
        ("is_nan",),
    ),
    # WGSL's pow knows no negative numbers, nor what becomes of 0: there the exponent decides, odd ones keep the sign
    "power": Source(
        """fn NAME(x: $F, y: $F) -> $F {
  let variable = bitcast<$U>(x) & $U(0u);  // no compiler objects to constants that are no numbers
  let pole = select($F(0.0), bitcast<$F>($U(0x7f800000u) | variable), y < $F(0.0));
  let size = select(pow(abs(x), y), pole, x == $F(0.0));
  let whole = floor(y) == y;
  let odd = abs(y - 2.0 * floor(y * 0.5)) == $F(1.0);
  let broken = select(size, bitcast<$F>($U(0x7fc00000u) | variable), (x < $F(0.0)) & !@not_finite(x));
  let negative = select(broken, select(size, -size, odd), whole);
  let found = select(size, negative, bitcast<$U>(x) >= $U(0x80000000u));
  let unknown = select(select(found, y, @is_nan(y)), x, @is_nan(x));
  return select(unknown, $F(1.0), y == $F(0.0));
}""",
        ("is_nan", "not_finite"),
    ),
}
