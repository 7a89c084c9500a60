"""Random functions for the tests of tracing: a recipe is a list of moves, each a small step on a pool of Tensors and
Variables. The numbers are whole and stay far below 2^53, so float64 is exact and any difference at all is a wrong
element: a value read too late, memory overwritten too early, a lost update.
"""

import numpy as np
from hypothesis import strategies as st

import pydl
from pydl import Variable, random

SHAPES = [(2, 3), (3, 2), (3,), ()]
STATE_SHAPES = [(2, 3), (2, 3), (3,), ()]
LARGEST = 64  # elements; what is larger is summed before it grows on


def inputs(seed):
    rng = np.random.default_rng(seed)
    return [rng.integers(-4, 5, shape).astype(float) for shape in SHAPES]


def variables():
    rng = np.random.default_rng(99)
    return [Variable(rng.integers(-4, 5, s).astype(float), name=f"s{i}") for i, s in enumerate(STATE_SHAPES)]


def small(x):
    return x.clip(-9, 9)


def fitted(y, x):
    """y, or a single number made of it where it does not broadcast to the shape of x."""
    fits = y.ndim <= x.ndim and all(a in (1, b) for a, b in zip(y.shape[::-1], x.shape[::-1]))
    return y if fits else small(y.sum())


def product(x, y, k):
    if x.ndim == y.ndim == 2 and x.shape[1] == y.shape[0]:
        return small(x @ y)
    return small(x @ x.T) if x.ndim == 2 else small(x * fitted(y, x))


def gradient(x, y, k):
    return small(pydl.grad(lambda t: (t * t * fitted(y, t) + t.maximum(k - 4)).sum())(x))


def windows(x, y, k):
    """Windows of up to 2 x 2, overlapping for most k; windows are folded again."""
    if x.ndim == 6:
        rows, columns, height, width = x.shape[1:5]
        size = ((rows - 1) * (k % 2 + 1) + height, columns - 1 + width)
        return small(x.fold(size, (k % 2 + 1, 1)))
    if x.ndim != 2 or not x.size:
        return x
    window = (min(x.shape[0], k % 2 + 1), min(x.shape[1], 2))
    return x.reshape((1, *x.shape, 1)).unfold(window, (k // 2 % 2 + 1, 1))


def along(x, k):
    return k % x.ndim if x.ndim else None


MOVES = [
    lambda x, y, k: -x,
    lambda x, y, k: x.relu(),
    lambda x, y, k: x.abs(),
    lambda x, y, k: x + fitted(y, x),
    lambda x, y, k: x - fitted(y, x),
    lambda x, y, k: fitted(y, x) - x,
    lambda x, y, k: small(x * fitted(y, x)),
    lambda x, y, k: x.maximum(fitted(y, x)),
    lambda x, y, k: x.T,
    lambda x, y, k: x.reshape(-1),
    lambda x, y, k: x.reshape((1, *x.shape, 1)),
    lambda x, y, k: x.T.reshape(-1),
    lambda x, y, k: x[..., k % 2 :] if x.ndim else x[None],
    lambda x, y, k: x[k % len(x)] if x.ndim and len(x) else x,
    lambda x, y, k: x[:: k % 2 + 1] if x.ndim else x,
    lambda x, y, k: x.gather([k % len(x), 0]) if x.ndim and len(x) else x,
    lambda x, y, k: small(x.sum(along(x, k))),
    lambda x, y, k: x.max(along(x, k), keepdims=True) if x.size else x,
    lambda x, y, k: x.argmax(along(x, k)).astype(x.dtype) if x.size else x,
    product,
    lambda x, y, k: (x > fitted(y, x)).where(fitted(y, x), x),
    lambda x, y, k: (x == fitted(y, x)).astype(x.dtype),
    lambda x, y, k: pydl.concatenate([x, x + 1], along(x, k)) if x.ndim else x,
    lambda x, y, k: x.broadcast_to((2, *x.shape)),
    lambda x, y, k: x.pad((1,) * x.ndim, (0,) * x.ndim, (k % 2,) * x.ndim),
    lambda x, y, k: x.detach(),
    lambda x, y, k: x.astype(np.float32).astype(np.float64),
    gradient,
    windows,
    windows,
    lambda x, y, k: (random.uniform(x.shape) > 0.5).where(x, k),
]


def assign(pool, state, x, y, k):
    variable = state[k % len(state)]
    variable.assign(fitted(x, variable).broadcast_to(variable.shape))


def swap(pool, state, x, y, k):
    first, second = state[0].detach(), state[1].detach()
    state[0].assign(second)
    state[1].assign(first)


def assign_both(pool, state, x, y, k):
    value = fitted(x, state[0]).broadcast_to(state[0].shape)
    state[0].assign(value)
    state[1].assign(value)


def copy_state(pool, state, x, y, k):
    state[1].assign(state[0])


def update(pool, state, x, y, k):
    state[0].assign(small(state[0] * (k - 4)) + 1)


def view_of_state(pool, state, x, y, k):
    state[2].assign(state[0][k % 2])


def rotate_state(pool, state, x, y, k):
    state[0].assign(pydl.concatenate([state[0][1:], state[0][:1]]))


def transpose_state(pool, state, x, y, k):
    pool.append(state[0].T)


def read(pool, state, x, y, k):
    pool.append(state[k % len(state)])


EFFECTS = [assign, assign, swap, assign_both, copy_state, update, view_of_state, rotate_state, transpose_state, read]

KINDS = len(MOVES) + len(EFFECTS)
MOVE = st.tuples(st.integers(0, KINDS - 1), st.integers(0, 20), st.integers(0, 20), st.integers(0, 8))
RECIPES = st.lists(MOVE, min_size=1, max_size=16)


def follow(recipe, tensors, state):
    """Does what the recipe says; the results are the last few Tensors of the pool."""
    pool = [*tensors, *state]
    for kind, i, j, k in recipe:
        x, y = pool[-1 - i % len(pool)], pool[-1 - j % len(pool)]
        if kind >= len(MOVES):
            EFFECTS[kind - len(MOVES)](pool, state, x, y, k)
        else:
            x, y = (small(t.sum()) if t.size > LARGEST else t for t in (x, y))
            pool.append(MOVES[kind](x, y, k))
    return pool[-4:]


# ---- windows whose elements share memory: what is computed from them must not be written over what others still read

WINDOWED = {
    "a product over windows": lambda y: y.unfold((2, 2), (1, 1)).reshape(9, 4) @ np.ones((4, 16)),
    "the windows themselves": lambda y: y.unfold((2, 2), (2, 2)) * 3,
    "overlapping windows": lambda y: y.unfold((2, 2), (1, 1)) * 3,
    "one element of each": lambda y: y.unfold((1, 2), (1, 1))[:, :, :, 0, 1:] * 3,
    "folded again": lambda y: y.unfold((3, 3), (1, 1)).fold((4, 4), (1, 1)),
    "their maxima after the image": lambda y: [y * 3, y.unfold((3, 3), (1, 1)).max((3, 4))][1],
    "windows of windows": lambda y: (y.unfold((3, 3), (1, 1)).sum((3, 4)) * 2).unfold((2, 2), (1, 1)) * 3,
    "a part of them, reshaped": lambda y: y.unfold((2, 2), (1, 1))[:, 0].reshape(3, 4) * 3,
}


def image_state():
    return [Variable(np.arange(16.0).reshape(1, 4, 4, 1), name="image")]


def windowed_step(name, state, x):
    """Windows of a value in the block and of a Variable that changes in the same step; both are read on after it."""
    function = WINDOWED[name]
    (image,) = state
    y = (x @ np.eye(4)).reshape(1, 4, 4, 1)
    results = [function(y), function(image)]
    image.assign(small(image * 2 + function(y).sum()))
    return [*results, y * 2, function(y * 2), function(image)]
