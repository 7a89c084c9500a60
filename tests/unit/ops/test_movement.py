"""Movement against index arithmetic written out element by element."""

import itertools

import pytest

from pydl.ops import movement
from tests.unit.ops.cases import CASES


def elements(shape):
    return itertools.product(*map(range, shape))


def of(name):
    return pytest.mark.parametrize("case", [c for c in CASES if c.primitive == name], ids=str)


@of("reshape")
def test_reshape_keeps_the_order_of_the_elements(case):
    x = case.arrays[0]
    y = movement.reshape(x, **case.params)
    assert [y[i] for i in elements(y.shape)] == [x[i] for i in elements(x.shape)]


@of("transpose")
def test_transpose_moves_axes(case):
    x, axes = case.arrays[0], case.params["axes"]
    y = movement.transpose(x, axes=axes)
    for index in elements(y.shape):
        source = [0] * x.ndim
        for place, axis in enumerate(axes):
            source[axis] = index[place]
        assert y[index] == x[tuple(source)]


@of("broadcast")
def test_broadcast_repeats_axes_of_length_one(case):
    x = case.arrays[0]
    y = movement.broadcast(x, **case.params)
    assert y.shape == case.params["shape"]
    for index in elements(y.shape):
        source = index[y.ndim - x.ndim :]
        assert y[index] == x[tuple(0 if n == 1 else i for i, n in zip(source, x.shape))]


@of("slice")
def test_slice_takes_every_step_from_start_to_stop(case):
    x = case.arrays[0]
    y = movement.slice(x, **case.params)
    ranges = [range(*bounds) for bounds in zip(*(case.params[k] for k in ("start", "stop", "step")))]
    assert y.shape == tuple(map(len, ranges))
    for index in elements(y.shape):
        assert y[index] == x[tuple(r[i] for r, i in zip(ranges, index))]


@of("pad")
def test_pad_puts_zeros_before_between_and_after(case):
    x = case.arrays[0]
    y = movement.pad(x, **case.params)
    before, after, interior = (case.params[k] for k in ("before", "after", "interior"))
    lengths = zip(x.shape, before, after, interior)
    assert y.shape == tuple(b + n + max(n - 1, 0) * i + a for n, b, a, i in lengths)
    expected = {
        tuple(b + k * (i + 1) for k, b, i in zip(index, before, interior)): x[index] for index in elements(x.shape)
    }
    for index in elements(y.shape):
        assert y[index] == expected.get(index, 0)


@of("concatenate")
def test_concatenate_puts_one_after_the_other(case):
    axis = case.params["axis"]
    y = movement.concatenate(*case.arrays, axis=axis)
    position = 0
    for x in case.arrays:
        for index in elements(x.shape):
            moved = list(index)
            moved[axis] += position
            assert y[tuple(moved)] == x[index]
        position += x.shape[axis]
    assert y.shape[axis] == position
