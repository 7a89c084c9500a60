"""One table of examples for every primitive: shapes, options, sizes of zero. The gradient checks, the comparison of
traced with eager and the tests of shapes all walk over it, so a primitive that is added needs a row here and no more.
"""

from dataclasses import dataclass, field

import numpy as np

from pydl.ops import REGISTRY

_RNG = np.random.default_rng(20)


@dataclass(frozen=True, eq=False)
class Case:
    """`primitive(*arrays, **params)`; float arrays are float64 and may be cast to float32."""

    primitive: str
    arrays: tuple
    params: dict = field(default_factory=dict)

    def __str__(self):
        shapes = "_".join("x".join(map(str, a.shape)) or "number" for a in self.arrays)
        options = "_".join(f"{k}{v}" for k, v in self.params.items()).replace(" ", "")
        return f"{self.primitive}-{shapes}{'-' if options else ''}{options}"

    def differentiable(self):
        """The positions of the float arrays by which the primitive has a derivative."""
        primitive = REGISTRY[self.primitive]
        return tuple(i for i, a in enumerate(self.arrays) if a.dtype.kind == "f" and primitive.derivative(i))

    def cast(self, dtype):
        """The arrays with every float of another dtype."""
        return [a.astype(dtype) if a.dtype.kind == "f" else a for a in self.arrays]


def normal(*shape):
    return _RNG.standard_normal(shape)


def positive(*shape):
    return _RNG.uniform(0.5, 2.0, shape)


def booleans(*shape):
    return _RNG.random(shape) < 0.5


def numbers(high, *shape, dtype=np.int32):
    return _RNG.integers(0, high, shape).astype(dtype)


SHAPES = [(), (1,), (5,), (3, 4), (2, 0, 3), (2, 3, 4)]

WINDOWS = [  # images, window, strides
    ((2, 5, 5, 2), (3, 2), (1, 1)),
    ((2, 5, 4, 1), (2, 3), (2, 3)),
    ((1, 6, 5, 3), (3, 2), (2, 3)),
    ((2, 4, 4, 3), (2, 2), (2, 2)),
    ((1, 5, 4, 2), (1, 1), (3, 3)),
    ((1, 3, 4, 2), (3, 4), (1, 1)),
    ((1, 1, 1, 1), (1, 1), (1, 1)),
    ((0, 4, 4, 1), (2, 2), (1, 1)),
    ((2, 4, 4, 0), (2, 2), (1, 1)),
]

CASES = [
    *[Case(name, (normal(*s),)) for name in ("neg", "exp", "tanh", "sigmoid", "erf") for s in SHAPES],
    *[Case(name, (positive(*s),)) for name in ("log", "sqrt") for s in SHAPES],
    *[Case(name, (normal(*s), normal(*s))) for name in ("add", "sub", "mul", "maximum") for s in SHAPES],
    *[Case("div", (normal(*s), positive(*s))) for s in SHAPES],
    *[Case("pow", (positive(*s), normal(*s))) for s in SHAPES],
    *[Case(name, (normal(*s), normal(*s))) for name in ("greater", "greater_equal", "equal") for s in SHAPES],
    *[Case("where", (booleans(*s), normal(*s), normal(*s))) for s in SHAPES],
    *[Case("cast", (normal(*s),), {"dtype": np.dtype(np.float64)}) for s in SHAPES],
    Case("cast", (numbers(9, 3, 2),), {"dtype": np.dtype(np.float32)}),
    Case("cast", (booleans(5),), {"dtype": np.dtype(np.float64)}),
    Case("right_shift", (numbers(2**32, 7, dtype=np.uint32),), {"by": 8}),
    # reductions
    *[Case("sum", (normal(2, 3, 4),), {"axes": axes}) for axes in [(), (0,), (1,), (2,), (0, 2), (0, 1, 2)]],
    Case("sum", (normal(2, 0, 3),), {"axes": (1,)}),
    Case("sum", (normal(2, 0, 3),), {"axes": (0,)}),
    *[Case("max", (normal(2, 3, 4),), {"axes": axes}) for axes in [(0,), (1,), (2,), (0, 2), (0, 1, 2)]],
    Case("max", (normal(2, 0, 3),), {"axes": (2,)}),
    *[Case("argmax", (normal(2, 3, 4),), {"axis": axis}) for axis in (0, 1, 2)],
    # movement
    Case("reshape", (normal(2, 6),), {"shape": (3, 4)}),
    Case("reshape", (normal(),), {"shape": (1, 1)}),
    Case("reshape", (normal(2, 0),), {"shape": (0, 5)}),
    Case("transpose", (normal(3, 4),), {"axes": (1, 0)}),
    Case("transpose", (normal(2, 3, 4),), {"axes": (2, 0, 1)}),
    Case("transpose", (normal(2, 0),), {"axes": (1, 0)}),
    Case("broadcast", (normal(),), {"shape": (2, 3)}),
    Case("broadcast", (normal(1, 3),), {"shape": (4, 3)}),
    Case("broadcast", (normal(2, 1, 3),), {"shape": (5, 2, 4, 3)}),
    Case("broadcast", (normal(1, 3),), {"shape": (0, 3)}),
    Case("slice", (normal(5, 6),), {"start": (1, 0), "stop": (4, 6), "step": (1, 1)}),
    Case("slice", (normal(5, 6),), {"start": (0, 1), "stop": (5, 6), "step": (2, 3)}),
    Case("slice", (normal(5, 6),), {"start": (2, 0), "stop": (2, 6), "step": (1, 4)}),
    Case("pad", (normal(2, 3),), {"before": (1, 0), "after": (0, 2), "interior": (0, 0)}),
    Case("pad", (normal(2, 3),), {"before": (1, 2), "after": (0, 1), "interior": (2, 1)}),
    Case("pad", (normal(0, 3),), {"before": (2, 0), "after": (1, 0), "interior": (3, 0)}),
    Case("concatenate", (normal(2, 3),), {"axis": 0}),
    Case("concatenate", (normal(2, 3), normal(1, 3), normal(4, 3)), {"axis": 0}),
    Case("concatenate", (normal(2, 3), normal(2, 0), normal(2, 2)), {"axis": 1}),
    # windows: apart, side by side, overlapping, with rows and columns left over
    *[
        Case("unfold", (normal(*shape),), {"window": window, "strides": strides})
        for shape, window, strides in WINDOWS
    ],
    *[
        Case("fold", (normal(*windows),), {"size": size, "strides": strides})
        for windows, size, strides in [
            ((2, 3, 4, 3, 2, 2), (5, 5), (1, 1)),
            ((2, 2, 1, 2, 3, 1), (5, 4), (2, 3)),
            ((1, 2, 2, 3, 2, 3), (6, 5), (2, 3)),
            ((1, 2, 2, 1, 1, 1), (4, 4), (3, 3)),
            ((0, 2, 2, 2, 2, 1), (4, 4), (2, 2)),
        ]
    ],
    # linear algebra and indexing
    Case("matmul", (normal(3, 4), normal(4, 5))),
    Case("matmul", (normal(1, 4), normal(4, 1))),
    Case("matmul", (normal(2, 3, 4), normal(2, 4, 5))),
    Case("matmul", (normal(3, 0), normal(0, 2))),
    Case("matmul", (normal(0, 4), normal(4, 2))),
    Case("gather", (normal(5), numbers(5, 3))),
    Case("gather", (normal(5, 2, 3), numbers(5, 4))),
    Case("gather", (normal(5, 2), numbers(5, 2, 3, dtype=np.uint8))),
    Case("gather", (normal(5, 2), numbers(5, 0))),
    Case("gather", (normal(5, 0), numbers(5, 3))),
    Case("gather", (normal(5, 2), numbers(5))),
    Case("one_hot", (numbers(5, 4),), {"depth": 5, "dtype": np.dtype(np.float32)}),
    Case("one_hot", (numbers(5, 2, 3, dtype=np.uint8),), {"depth": 7, "dtype": np.dtype(np.float64)}),
    Case("one_hot", (numbers(5, 0),), {"depth": 3, "dtype": np.dtype(np.float32)}),
    *[
        Case("random_bits", (numbers(2**32, 2, dtype=np.uint32), numbers(9, dtype=np.uint32)), {"shape": shape})
        for shape in [(), (1,), (7,), (2, 3), (0, 4)]
    ],
]

DIFFERENTIABLE = [case for case in CASES if case.differentiable()]
