"""The moves of which random Programs (programs.py) are made: one for each primitive, a function of the builder.

A move looks for values that its primitive can read, makes what else is needed, and appends an instruction with the
range of its result. Where there is nothing to read, or the result would be too large, it does nothing.
"""

import math

import numpy as np

from pydl import Variable
from pydl.ops import REGISTRY, Spec
from tests.support import ranges
from tests.support.ranges import Range

F32, F64, I32, I64, U32, U8, BOOL = map(
    np.dtype, (np.float32, np.float64, np.int32, np.int64, np.uint32, np.uint8, np.bool_)
)
FLOATS, NUMBERS = (F32, F64), (F32, I32, F64, I64)


def apply(b, name, x):
    fits, rule = ranges.FUNCTIONS[name]
    return b.make(name, x, known=rule(b.ranges[x])) if fits(b.ranges[x]) else None


def function_of_one(name):
    def move(b):
        x = b.pick(lambda value, known: value.dtype in FLOATS and ranges.FUNCTIONS[name][0](known))
        return apply(b, name, x) if x is not None else None

    return move


def neg(b):
    x = b.pick(lambda value, known: value.dtype in NUMBERS)
    b.make("neg", x, known=ranges.negated(b.ranges[x]))


def function_of_two(name, rule, dtypes=(F32, F32, F32, I32, F64, I64)):
    def move(b):
        x = b.pick(lambda value, known: value.dtype == b.choose(dtypes)) or b.pick()
        y = b.like(x, lambda known: rule(b.ranges[x], known) is not None)
        if y is None:
            return
        if b.number(2) and rule(b.ranges[y], b.ranges[x]) is not None:
            x, y = y, x
        b.make(name, x, y, known=rule(b.ranges[x], b.ranges[y]))

    return move


def largest(a, b):
    return Range(max(a.low, b.low), max(a.high, b.high), min(a.grain, b.grain), max(a.error, b.error))


def comparison(name):
    def move(b):
        x = b.pick(lambda value, known: value.dtype in (*NUMBERS, U32, U8) and known.exact())
        y = b.like(x, Range.exact) if x is not None else None
        if y is not None:
            b.make(name, x, y, known=Range(0, 1, 1))

    return move


def where(b):
    x = b.pick(lambda value, known: value.dtype in (*NUMBERS, U8, BOOL))
    y, condition = b.like(x), b.like(x, dtype=BOOL)
    if y is None or condition is None:
        return
    b.make("where", condition, x, y, known=ranges.joined(b.ranges[x], b.ranges[y]))


def cast(b):
    x = b.pick(lambda value, known: value.dtype == F32 or known.size < 2**31)
    known = b.ranges[x]
    if x.dtype != F32:
        b.make("cast", x, known=known, dtype=F32)
        return
    targets = [F32, F64]
    if known.exact() and known.size < 2**20:
        targets = [I32, I32, I64, *([U8] if known.low >= 0 and known.high < 256 else []), *targets]
    dtype = b.choose(targets)
    if dtype.kind in "iu":  # cuts what is behind the point off
        known = Range(math.trunc(known.low), math.trunc(known.high), max(known.grain, 1.0))
    b.make("cast", x, known=known, dtype=dtype)


def random_bits(b):
    key = b.given((2,), U32, Range(0, 2**20, 1))
    counter = Variable(b.number(9), name=f"counter{len(b.program.state)}", dtype=U32)
    count = b.value(Spec((), U32), Range(0, 2**20, 1))
    b.program.state.append((counter, count))
    one = b.given((), U32, Range(1, 1, 1))
    b.make("random_bits", key, count, known=Range(0, 2.0**32, 1), shape=b.shape())
    b.program.updates.append((counter, b.make("add", count, one, known=Range(0, 2**20, 1))))


def right_shift(b):
    x = b.pick(lambda value, known: value.dtype == U32 and known.high > 2**31)
    if x is None:
        random_bits(b)
        x = b.pick(lambda value, known: value.dtype == U32 and known.high > 2**31)
    if x is not None:
        by = 8 + b.number(20)
        b.make("right_shift", x, known=Range(0, 2.0 ** (32 - by), 1), by=by)


def some_axes(b, x):
    return tuple(axis for axis in range(len(x.shape)) if b.number(2))


def reduced_sum(b):
    x = b.pick(lambda value, known: value.dtype in (*NUMBERS, U32))
    axes = some_axes(b, x)
    b.make("sum", x, known=ranges.summed(b.ranges[x], math.prod(x.shape[axis] for axis in axes)), axes=axes)


def reduced_max(b):
    x = b.pick(lambda value, known: value.dtype in (*NUMBERS, U8, BOOL))
    b.make("max", x, known=b.ranges[x], axes=some_axes(b, x))


def argmax(b):
    x = b.pick(lambda value, known: value.dtype in (*NUMBERS, U8) and known.exact() and value.shape)
    if x is not None:
        axis = b.number(len(x.shape))
        b.make("argmax", x, known=Range(0, max(0, x.shape[axis] - 1), 1), axis=axis)


def anything(value, known):
    return known.size < 2**31


def reshape(b):
    x = b.pick(anything)
    shape = b.choose([(x.spec.size,), (1, *x.shape, 1), tuple(n for n in x.shape if n != 1), x.shape[::-1]])
    b.view("reshape", x, shape=shape)


def transpose(b):
    x = b.pick(lambda value, known: len(value.shape) > 1) or b.pick(anything)
    b.view("transpose", x, axes=b.order(len(x.shape)))


def broadcast(b):
    x = b.pick(anything)
    b.view("broadcast", x, shape=(*b.shape(2), *(n if n != 1 else b.number(4) for n in x.shape)))


def sliced(b):
    x = b.pick(lambda value, known: len(value.shape) > 0) or b.pick(anything)
    start = tuple(b.number(n + 1) if b.number(2) else 0 for n in x.shape)
    stop = tuple(n - b.number(n - a + 1) if b.number(2) else n for n, a in zip(x.shape, start))
    b.view("slice", x, start=start, stop=stop, step=tuple(1 + b.number(3) for _ in x.shape))


def unfold(b):
    x = b.pick(lambda value, known: len(value.shape) == 4 and min(value.shape[1:3]) > 0)
    if x is None:
        sides = [max(2 + b.number(4), b.length(16)) for _ in range(2)]
        x = b.given((1 + b.number(2), *sides, 1 + b.number(3)), F32)
    window = tuple(1 + b.number(min(n, 3)) for n in x.shape[1:3])
    b.view("unfold", x, window=window, strides=(1 + b.number(3), 1 + b.number(3)))


def fold(b):
    x = b.pick(lambda value, known: len(value.shape) == 6 and value.dtype == F32 and min(value.shape[1:5]) > 0)
    if x is None:
        sides = [max(1 + b.number(3), b.length(12)) for _ in range(2)]
        x = b.given((1 + b.number(2), sides[0], sides[1], 2, 1 + b.number(3), 1 + b.number(2)), F32)
    strides = (1 + b.number(3), 1 + b.number(3))
    size = tuple((x.shape[1 + i] - 1) * strides[i] + x.shape[3 + i] + b.number(strides[i]) for i in range(2))
    known = ranges.joined(ranges.ZERO, ranges.summed(b.ranges[x], x.shape[3] * x.shape[4]), b.ranges[x])
    b.make("fold", x, known=known, size=size, strides=strides)


def pad(b):
    x = b.pick(lambda value, known: known.size < 2**31 and value.dtype != BOOL)
    widths = {name: tuple(b.number(3) for _ in x.shape) for name in ("before", "after", "interior")}
    b.make("pad", x, known=ranges.joined(b.ranges[x], ranges.ZERO), **widths)


def concatenate(b):
    x = b.pick(lambda value, known: len(value.shape) > 0 and value.dtype != U32)
    if x is None:
        x = b.given((3,), F32)
    parts = [x, *(part for _ in range(b.number(3)) if (part := b.like(x)) is not None)]
    known = ranges.joined(*(b.ranges[part] for part in parts))
    b.make("concatenate", *parts, known=known, axis=b.number(len(x.shape)))


def matmul(b):
    dtype = b.choose([F32, F32, F32, F64])
    a = b.pick(lambda value, known: value.dtype == dtype and len(value.shape) >= 2)
    if a is None:
        a = b.given((1 + b.number(5), b.length()), dtype)
    *batch, _, inner = a.shape
    right = b.pick(lambda value, known: value.dtype == dtype and value.shape[:-1] == (*batch, inner) and value.shape)
    if right is None or not b.number(2):
        columns = b.length(b.largest // max(1, inner * math.prod(batch)))
        if b.number(2):
            right = b.given((*batch, inner, columns), dtype)
        else:
            other = b.given((*batch, columns, inner), dtype)
            axes = (*range(len(batch)), len(batch) + 1, len(batch))
            right = b.view("transpose", other, axes=axes)
    if right is not None:
        known = ranges.summed(ranges.multiplied(b.ranges[a], b.ranges[right]), inner)
        b.make("matmul", a, right, known=known)


def indices(b, rows):
    """Numbers of rows: computed ones where there are some, else new ones, negative ones among them."""
    found = b.pick(
        lambda value, known: (
            value.dtype.kind in "iu" and value.dtype != U32 and -rows <= known.low and known.high < rows
        )
    )
    if found is not None and b.number(2):
        return found
    dtype = b.choose([I32, I64, U8] if rows <= 256 else [I32, I64])
    return b.given(b.shape(2), dtype, Range(0 if dtype == U8 else -rows, rows - 1, 1))


def gather(b):
    x = b.pick(lambda value, known: len(value.shape) > 0 and value.shape[0] > 0)
    if x is None:
        x = b.given((3, 2), F32)
    b.make("gather", x, indices(b, x.shape[0]), known=b.ranges[x])


def one_hot(b):
    depth = 1 + b.number(5)
    dtype = b.choose([F32, F32, I32])
    b.make("one_hot", indices(b, depth + 1), known=Range(0, 1, 1), depth=depth, dtype=dtype)


MOVES = {
    **{name: function_of_one(name) for name in ranges.FUNCTIONS},
    "neg": neg,
    "add": function_of_two("add", ranges.added),
    "sub": function_of_two("sub", lambda a, b: ranges.added(a, ranges.negated(b))),
    "mul": function_of_two("mul", ranges.multiplied),
    "div": function_of_two("div", ranges.divided, (F32,)),
    "pow": function_of_two("pow", ranges.powered, (F32,)),
    "maximum": function_of_two("maximum", largest),
    **{name: comparison(name) for name in ("greater", "greater_equal", "equal")},
    "where": where,
    "cast": cast,
    "right_shift": right_shift,
    "sum": reduced_sum,
    "max": reduced_max,
    "argmax": argmax,
    "reshape": reshape,
    "transpose": transpose,
    "broadcast": broadcast,
    "slice": sliced,
    "unfold": unfold,
    "fold": fold,
    "pad": pad,
    "concatenate": concatenate,
    "matmul": matmul,
    "gather": gather,
    "one_hot": one_hot,
    "random_bits": random_bits,
}
OFTEN = ["add", "sub", "mul", "maximum", "neg", "where", "tanh", "add", "mul", "sum", "max", "matmul", "matmul"]
assert set(MOVES) == set(REGISTRY), "a primitive without a move"
