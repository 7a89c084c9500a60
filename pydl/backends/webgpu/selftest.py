"""The self-test: what a GPU has to compute before it is trusted, with every kind of kernel, as NumPy does.

Drivers are programs, and some return wrong numbers. Two small Programs use all that the compiler writes: one has every
function, reduction, product and movement; the other trains, with rows from a data set and state that changes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...functions import concatenate, where
from ...jit.passes import optimize
from ...jit.program import Program
from ...jit.trace import Trace
from ...ops import spec_of
from ...ops.random import UINT32, random_bits
from ...tensor import Tensor, apply
from ...variable import Variable
from .. import numpy as reference
from ..copies import on_copies
from ..errors import DeviceFailure, WrongNumbers
from .executable import Executable
from .gpu import Gpu

TOLERANCE = 1e-4  # norm-wise; all that is no float must be equal
STEPS = 3


def check(gpu: Gpu) -> None:
    """Raises WrongNumbers, which names what is wrong, and every other DeviceFailure."""
    try:
        _compute(gpu)
        _train(gpu)
    except DeviceFailure:
        raise
    except (IndexError, RuntimeError) as error:  # a gather, or a count of steps, that went wrong
        raise WrongNumbers(f"in the self-test: {error}") from error


def _compute(gpu: Gpu) -> None:
    """All functions, reductions, products and movements, once."""
    program, names, inputs = _kernels()
    executable = Executable(program, gpu)
    found = executable(*inputs)
    executable.close()
    _compare(names, found, reference.compile(program)(*inputs))


def _compare(names: Sequence[str], found: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> None:
    for name, ours, theirs in zip(names, found, expected, strict=True):
        apart = np.linalg.norm(ours.astype(np.float64) - theirs.astype(np.float64))
        allowed = TOLERANCE * np.linalg.norm(theirs.astype(np.float64)) if theirs.dtype.kind == "f" else 0.0
        if not apart <= allowed:
            raise WrongNumbers(f"in the self-test of {name} it is {apart:.2g} away from NumPy, {allowed:.2g} allowed")


def _numbers(*shape: int) -> np.ndarray:
    """Plain numbers, the same everywhere: between -2 and 2, none of them near 0, and never two alike in a row."""
    numbers = np.arange(int(np.prod(shape)), dtype=np.float32)
    numbers = (numbers * np.float32(0.7548777)) % 1 * 1.9 + 0.1
    return (numbers * np.where(numbers * 31 % 1 < 0.5, -1, 1)).astype(np.float32).reshape(shape)


def _kernels() -> tuple[Program, list[str], list[np.ndarray]]:
    """A Program with every kind of kernel, what its outputs are called, and inputs for it."""
    inputs = {
        "wide": _numbers(24, 32),
        "odd": _numbers(7, 9),
        "deep": _numbers(6, 2048),
        "tall": _numbers(512, 24),
        "images": _numbers(2, 6, 6, 4),
        "rows": (np.arange(10) * 7 % 6).astype(np.int32),
        "key": np.array([11, 13], UINT32),
        "counter": np.array(5, UINT32),
    }
    with Trace("self-test") as trace:
        tensors = {name: trace.input(spec_of(array)) for name, array in inputs.items()}
        outputs = _functions(tensors["wide"], tensors["odd"]) | _others(**tensors)
        program = optimize(trace.finish(list(outputs.values()))).validate()
    return program, list(outputs), list(inputs.values())


def _functions(wide: Tensor, odd: Tensor) -> dict[str, Tensor]:
    """Every function, in vectors and one by one; what all begin with is computed, so that they are one kernel."""
    found: dict[str, Tensor] = {}
    for name, x in (("in fours", wide * 1.5), ("one by one", odd.T[:, :5] * 1.5)):
        size = x.abs()
        functions = {
            "arithmetic": (x + 2) * x - x / 3,
            "exp": x.exp(),
            "log": size.log(),
            "sqrt": size.sqrt(),
            "tanh": x.tanh(),
            "sigmoid": x.sigmoid(),
            "erf": x.erf(),
            "power": size**1.3,
            "maximum": x.maximum(0.2),
            "where": where(x > 0.5, x, -1.0),
            "conversion": (x * 9).astype("int32"),
        }
        found |= {f"{what} {name}": result for what, result in functions.items()}
    return found


def _others(
    wide: Tensor,
    odd: Tensor,
    deep: Tensor,
    tall: Tensor,
    images: Tensor,
    rows: Tensor,
    key: Tensor,
    counter: Tensor,
) -> dict[str, Tensor]:
    """Reductions, products and movements."""
    found = {
        "sums over the last axis": odd.sum(-1),
        "sums over the first axis": wide.sum(0),
        "sums of odd length": odd.sum(0),
        "sum of everything": deep.sum(),
        "sums of many": (deep.T * deep.T).sum(0),
        "maxima": wide.max(-1),
        "maxima over the first axis": odd.max(0),
        "places of maxima": odd.argmax(-1),
    }
    small = wide[:20, :20]
    found |= {
        "large products": ((tall @ tall.T) * 0.1 + 1).sum(-1),
        "products": ((tall[:256] @ tall[256:].T) ** 2).sum(0),
        "products with a tail": (wide @ wide.T[:, :12] + wide[0, :12]).maximum(0),
        "products of a transposed matrix": wide.T @ wide,
        "products by a transposed matrix": wide @ wide.T,
        "small products": small @ small,
        "odd products": odd.T @ odd,
        "long products": deep @ deep.T,
        "batches of products": images.reshape((2, 12, 12)) @ images.reshape((2, 12, 12)).swapaxes(-1, -2),
        "convolutions": images.unfold((3, 3), (1, 1)).reshape((32, 36)) @ wide.reshape((-1,))[:288].reshape((36, 8)),
    }
    found |= {
        "pad in fours": images.pad((0, 1, 2, 0), (0, 0, 1, 0), (0, 1, 0, 0)),
        "pad": odd.pad((1, 0), (0, 2), (1, 1)),
        "concatenate": concatenate([odd, odd[:, :2]], axis=1),
        "fold in fours": images.unfold((3, 3), (1, 1)).fold((6, 6), (1, 1)),
        "fold": images[..., :3].unfold((2, 2), (2, 2)).fold((6, 6), (2, 2)),
        "gather in fours": wide.gather(rows),
        "gather": odd.gather(rows),
        "one-hot rows": rows.one_hot(6),
        "random bits": apply(random_bits, key, counter, shape=(37,)),
    }
    return found


def _train(gpu: Gpu) -> None:
    """Steps of a feed: rows in an order, bytes that become floats, state in its place, a record of each step."""
    weights, count = Variable(_numbers(12, 4), "weights"), Variable(np.zeros((), UINT32), "count", dtype=UINT32)
    x = (np.arange(20 * 12) * 37 % 251).astype(np.uint8).reshape(20, 12)
    y = _numbers(20, 4)
    with Trace("self-test-of-a-training") as trace:
        pixels = trace.input(spec_of(x[:5].astype(np.float32)))
        wanted = trace.input(spec_of(y[:5]))
        error = pixels * (1 / 255) @ weights - wanted
        weights.assign(weights - (pixels * (1 / 255)).T @ error * 0.05)
        count.assign(count + 1)
        program = optimize(trace.finish([(error * error).mean(), error.sum(0)])).validate()
    order = (np.arange(20) * 7 % 20).astype(np.int32)
    ours, theirs = on_copies(program), on_copies(program)
    executable, expected = Executable(ours, gpu), reference.compile(theirs)
    feed = executable.feed(x, y)
    found = feed.run(order, 1, STEPS)
    feed.close()
    names = ["the losses of a training", "the outputs of a training"]
    _compare(names, found, expected.feed(x, y).run(order, 1, STEPS))
    executable.sync()
    states = [[variable._value for variable, _ in each.state] for each in (ours, theirs)]
    _compare([f"the {variable.name} of a training" for variable, _ in ours.state], *states)
    executable.close()
