"""What NumPy does with arrays of any shape, Tensors do too: broadcasting, reductions, slicing and movement, on shapes
and options that hypothesis thinks of, and the gradients that belong to them.

The numbers are small and whole, so float64 is exact and a difference is a wrong element. Each operation tested for its
gradient is linear, or linear piece by piece: <A x, w> = <x, A^T w> then holds exactly.
"""

import operator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as shapes_of

import pydl
from pydl import Tensor

SHAPES = shapes_of.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
PAIRS = shapes_of.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=4)
SEEDS = st.integers(0, 999)


def whole(shape, seed):
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(float)


def same(received, expected):
    expected = np.asarray(expected)
    assert received.shape == expected.shape
    np.testing.assert_array_equal(received.numpy(), expected)


def gradient_is_the_transpose(function, x, seed):
    """<f(x), w> = <x, gradient of <f(x), w> by x>, for f linear."""
    w = whole(function(Tensor(x)).shape, seed + 1)
    gradient = pydl.grad(lambda t: (function(t) * w).sum())(x)
    assert gradient.shape == x.shape
    assert (function(Tensor(x)).numpy() * w).sum() == (x * gradient.numpy()).sum()


# ---- broadcasting

BINARY = [operator.add, operator.sub, operator.mul, operator.gt, operator.ge, operator.lt, operator.le,
          operator.eq, operator.ne]  # fmt: skip


@given(PAIRS, st.sampled_from(BINARY), SEEDS)
def test_operators_broadcast_any_two_shapes_as_numpy_does(pair, function, seed):
    a, b = (whole(shape, seed + i) for i, shape in enumerate(pair.input_shapes))
    same(function(Tensor(a), Tensor(b)), function(a, b))
    same(function(a, Tensor(b)), function(a, b))


@given(PAIRS, SEEDS)
def test_maximum_and_where_broadcast_any_shapes_as_numpy_does(pair, seed):
    a, b = (whole(shape, seed + i) for i, shape in enumerate(pair.input_shapes))
    same(Tensor(a).maximum(Tensor(b)), np.maximum(a, b))
    same(Tensor(a).minimum(Tensor(b)), np.minimum(a, b))
    same((Tensor(a) > 0).where(Tensor(b), 7), np.where(a > 0, b, 7))


@given(PAIRS, SEEDS)
def test_the_gradient_of_what_was_stretched_is_summed_back(pair, seed):
    a, b = (whole(shape, seed + i) for i, shape in enumerate(pair.input_shapes))
    gradient_is_the_transpose(lambda t: t * b, a, seed)
    gradient_is_the_transpose(lambda t: a * t, b, seed)
    gradient_is_the_transpose(lambda t: t.broadcast_to(pair.result_shape), a, seed)


@given(shapes_of.array_shapes(max_dims=3, max_side=4), shapes_of.array_shapes(max_dims=3, max_side=4))
def test_shapes_are_refused_exactly_where_numpy_refuses_them(first, second):
    try:
        expected = np.broadcast_shapes(first, second)
    except ValueError:
        expected = None
    try:
        assert (Tensor(np.zeros(first)) + Tensor(np.zeros(second))).shape == expected
    except pydl.ShapeError:
        assert expected is None


# ---- reductions


@st.composite
def reductions(draw, min_side):
    """A shape, and axes as NumPy takes them: None, one number, some of them; from the front or the end."""
    shape = draw(shapes_of.array_shapes(min_dims=1, max_dims=4, min_side=min_side, max_side=5))
    some = shapes_of.valid_tuple_axes(len(shape))
    axes = draw(st.one_of(st.none(), st.integers(-len(shape), len(shape) - 1), some))
    return shape, axes


@given(reductions(min_side=0), st.booleans(), SEEDS)
def test_sums_over_any_axes_are_numpys(reduction, keepdims, seed):
    shape, axes = reduction
    x = whole(shape, seed)
    same(Tensor(x).sum(axes, keepdims), x.sum(axis=axes, keepdims=keepdims))
    gradient_is_the_transpose(lambda t: t.sum(axes, keepdims), x, seed)


@given(reductions(min_side=1), st.booleans(), SEEDS)
def test_maxima_minima_and_means_over_any_axes_are_numpys(reduction, keepdims, seed):
    shape, axes = reduction
    x = whole(shape, seed)
    t = Tensor(x)
    same(t.max(axes, keepdims), x.max(axis=axes, keepdims=keepdims))
    same(t.min(axes, keepdims), x.min(axis=axes, keepdims=keepdims))
    np.testing.assert_allclose(t.mean(axes, keepdims).numpy(), x.mean(axis=axes, keepdims=keepdims), rtol=1e-13)
    if axes is None or isinstance(axes, int):
        same(t.argmax(axes), x.argmax(axis=axes))


@given(reductions(min_side=1), SEEDS)
def test_the_gradient_of_a_maximum_is_shared_by_the_largest(reduction, seed):
    shape, axes = reduction
    x = whole(shape, seed)
    gradient = pydl.grad(lambda t: t.max(axes).sum())(x).numpy()
    largest = x == x.max(axis=axes, keepdims=True)
    np.testing.assert_allclose(gradient, largest / largest.sum(axis=axes, keepdims=True))


@given(st.integers(1, 20), st.integers(60, 400), st.integers(1, 3), SEEDS)
def test_many_small_groups_are_reduced_like_any_other(few, many, last, seed):
    x = whole((many, few, last), seed)  # beyond some size these go slice by slice
    same(Tensor(x).max(1), x.max(axis=1))
    same(Tensor(x).sum((1, 2)), x.sum(axis=(1, 2)))


# ---- slicing


@st.composite
def indexed(draw):
    """An array's shape and a basic index with positive steps."""
    shape = draw(shapes_of.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
    index = draw(shapes_of.basic_indices(shape, allow_newaxis=True))
    parts = index if isinstance(index, tuple) else (index,)
    steps = [abs(p.step or 1) for p in parts if isinstance(p, slice)]
    parts = tuple(slice(p.start, p.stop, steps.pop(0)) if isinstance(p, slice) else p for p in parts)
    return shape, parts if isinstance(index, tuple) else parts[0]


@given(indexed(), SEEDS)
def test_any_basic_index_is_numpys(case, seed):
    shape, index = case
    x = whole(shape, seed)
    same(Tensor(x)[index], x[index])
    gradient_is_the_transpose(lambda t: t[index], x, seed)


@given(st.data(), SEEDS)
def test_rows_by_number_are_numpys(data, seed):
    shape = data.draw(shapes_of.array_shapes(max_dims=3, max_side=5))
    numbers = st.lists(st.integers(-shape[0], shape[0] - 1), max_size=6).map(lambda rows: np.array(rows, np.int32))
    x, rows = whole(shape, seed), data.draw(numbers)
    same(Tensor(x)[rows], x[rows])
    gradient_is_the_transpose(lambda t: t[rows], x, seed)


# ---- movement and products


@given(SHAPES, st.randoms(use_true_random=False), SEEDS)
def test_any_order_of_axes_and_any_reshape_are_numpys(shape, chance, seed):
    x = whole(shape, seed)
    order = list(range(len(shape)))
    chance.shuffle(order)
    other = tuple(chance.sample(shape, len(shape)))
    same(Tensor(x).transpose(order), x.transpose(order))
    same(Tensor(x).transpose(order).reshape(other), x.transpose(order).reshape(other))
    gradient_is_the_transpose(lambda t: t.transpose(order).reshape(other), x, seed)


WIDTHS = st.tuples(st.integers(0, 2), st.integers(0, 2))


@given(st.data(), SEEDS)
def test_any_padding_is_numpys(data, seed):
    shape = data.draw(SHAPES)
    widths = data.draw(st.lists(WIDTHS, min_size=len(shape), max_size=len(shape)))
    x = whole(shape, seed)
    before, after = [b for b, _ in widths], [a for _, a in widths]
    same(Tensor(x).pad(before, after), np.pad(x, widths) if shape else x)
    gradient_is_the_transpose(lambda t: t.pad(before, after), x, seed)


@given(shapes_of.mutually_broadcastable_shapes(signature="(m,k),(k,n)->(m,n)", max_dims=2, max_side=4), SEEDS)
def test_any_stack_of_matrices_is_multiplied_as_numpy_does(pair, seed):
    a, b = (whole(shape, seed + i) for i, shape in enumerate(pair.input_shapes))
    same(Tensor(a) @ Tensor(b), a @ b)
    gradient_is_the_transpose(lambda t: t @ b, a, seed)
    gradient_is_the_transpose(lambda t: a @ t, b, seed)
