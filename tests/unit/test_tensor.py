"""Tensors speak NumPy: the same numbers, shapes and broadcasts, with gradients beside them."""

import math
import operator

import numpy as np
import pytest

import pydl
from pydl import ShapeError, Tensor
from tests.unit.support import assert_agree, assert_refused, check_gradients, gradient_of

RNG = np.random.default_rng(3)
A, B, V = RNG.standard_normal((3, 4)), RNG.standard_normal((3, 4)), RNG.standard_normal(4)
CUBE = RNG.standard_normal((2, 3, 4))

# ---- values: the same expression on Tensors and on arrays

BINARY = ["add", "sub", "mul", "truediv", "pow", "gt", "ge", "lt", "le", "eq", "ne"]
PAIRS = [(A, B), (A, V), (V, A), (A, A[:, :1]), (A[:1], A[:, :1]), (CUBE, V), (A, 2.0), (0.5, A), (np.array(3.0), V)]


@pytest.mark.parametrize("a, b", PAIRS, ids=lambda x: str(np.shape(x)))
@pytest.mark.parametrize("name", BINARY)
def test_operators_broadcast_as_in_numpy(name, a, b):
    a, b = np.abs(a), np.abs(b)  # a root of a negative number is NaN
    expected = getattr(operator, name)(a, b)
    for left, right in ((Tensor(a), Tensor(b)), (Tensor(a), b), (a, Tensor(b))):
        if np.ndim(left) == 0 and not isinstance(left, Tensor):
            left = float(left)
        received = getattr(operator, name)(left, right)
        assert isinstance(received, Tensor)
        np.testing.assert_allclose(received.numpy().astype(float), expected.astype(float), rtol=1e-6)


METHODS = {
    "negative": (operator.neg, np.negative),
    "exp": (Tensor.exp, np.exp),
    "tanh": (Tensor.tanh, np.tanh),
    "relu": (Tensor.relu, lambda x: x * (x > 0)),
    "abs": (Tensor.abs, np.abs),
    "clip": (lambda x: x.clip(-0.5, 0.7), lambda x: np.clip(x, -0.5, 0.7)),
    "minimum": (lambda x: x.minimum(0.1), lambda x: np.minimum(x, 0.1)),
    "sum": (Tensor.sum, np.sum),
    "sum over an axis": (lambda x: x.sum(axis=1), lambda x: x.sum(axis=1)),
    "sum over a negative axis": (lambda x: x.sum(-1, keepdims=True), lambda x: x.sum(-1, keepdims=True)),
    "sum over two axes": (lambda x: x.sum((0, -1)), lambda x: x.sum((0, -1))),
    "sum over no axes": (lambda x: x.sum(()), lambda x: x.sum(())),
    "mean": (lambda x: x.mean(axis=(0, 2), keepdims=True), lambda x: x.mean(axis=(0, 2), keepdims=True)),
    "max": (lambda x: x.max(1), lambda x: x.max(1)),
    "min": (lambda x: x.min(0, keepdims=True), lambda x: x.min(0, keepdims=True)),
    "argmax": (lambda x: x.argmax(-1), lambda x: x.argmax(-1)),
    "argmax of all": (Tensor.argmax, np.argmax),
    "reshape": (lambda x: x.reshape(6, -1), lambda x: x.reshape(6, -1)),
    "reshape by a tuple": (lambda x: x.reshape((4, 6)), lambda x: x.reshape((4, 6))),
    "transpose": (Tensor.transpose, np.transpose),
    "transpose by axes": (lambda x: x.transpose(1, -1, 0), lambda x: x.transpose(1, -1, 0)),
    "T": (lambda x: x.T, lambda x: x.T),
    "swapaxes": (lambda x: x.swapaxes(-1, 0), lambda x: x.swapaxes(-1, 0)),
    "broadcast_to": (lambda x: x.broadcast_to((5, 2, 3, 4)), lambda x: np.broadcast_to(x, (5, 2, 3, 4))),
    "pad": (lambda x: x.pad((1, 0, 2), (0, 1, 0)), lambda x: np.pad(x, ((1, 0), (0, 1), (2, 0)))),
    "gather": (lambda x: x[[1, 0, 1]], lambda x: x[[1, 0, 1]]),
    "iteration": (lambda x: pydl.concatenate(list(x)), np.concatenate),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_do_what_numpy_does(name):
    ours, numpys = METHODS[name]
    received, expected = ours(Tensor(CUBE)).numpy(), numpys(CUBE)
    assert received.shape == np.shape(expected)
    np.testing.assert_allclose(received, expected, rtol=1e-12)


INDICES = [0, -1, (1, 2), (0, -2, 3), slice(None), slice(1, None), (slice(None), slice(None, None, 2)), ...,
           (..., 1), (0, ...), (slice(0, 0),), (slice(5, 9),), (slice(2, 1), 0), None, (0, None, ..., slice(1, 3)),
           (slice(-2, -1), slice(None), slice(None, -1, 3)), (np.int64(1), slice(np.int32(1), None))]  # fmt: skip


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_basic_indexing_is_numpys(index):
    received = Tensor(CUBE)[index].numpy()
    np.testing.assert_array_equal(received, CUBE[index])
    assert received.shape == CUBE[index].shape


MATMULS = [((3, 4), (4, 2)), ((4,), (4,)), ((4,), (4, 2)), ((3, 4), (4,)), ((5, 3, 4), (4, 2)), ((3, 4), (5, 4, 2)),
           ((2, 1, 3, 4), (5, 4, 2)), ((5, 3, 4), (4,)), ((0, 4), (4, 2))]  # fmt: skip


@pytest.mark.parametrize("left, right", MATMULS)
def test_matmul_takes_vectors_and_stacks_as_in_numpy(left, right):
    a, b = RNG.standard_normal(left), RNG.standard_normal(right)
    received = (Tensor(a) @ Tensor(b)).numpy()
    assert received.shape == (a @ b).shape
    np.testing.assert_allclose(received, a @ b, rtol=1e-12)
    np.testing.assert_allclose((a @ Tensor(b)).numpy(), a @ b, rtol=1e-12)


# ---- dtypes


def test_numbers_and_integers_become_float32_and_float_arrays_keep_theirs():
    assert Tensor(3).dtype == Tensor([1.5, 2]).dtype == Tensor(np.arange(3)).dtype == np.float32
    assert Tensor(np.array([True])).dtype == np.float32
    assert Tensor(np.zeros(2)).dtype == np.float64
    assert Tensor(np.zeros(2, np.float16)).dtype == np.float32
    assert Tensor(np.zeros(2), dtype="float32").dtype == np.float32
    assert Tensor(Tensor(np.zeros(2))).dtype == np.float64


@pytest.mark.parametrize("number", [2, 2.5, np.float64(2.5), np.int64(2)], ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_number_takes_the_dtype_of_the_tensor(dtype, number):
    x = Tensor(np.ones(3, dtype))
    for y in (x + number, number - x, x * number, number / x, x.maximum(number), x**number):
        assert y.dtype == dtype


def test_float64_wins_over_float32_and_floats_over_integers():
    single, double = Tensor(np.ones(2, np.float32)), Tensor(np.ones(2))
    assert (single + double).dtype == (double @ single).dtype == np.float64
    whole = Tensor(np.array([1, 2]), dtype=np.int32)
    assert (whole + 1).dtype == (whole + whole).dtype == np.int32
    assert (whole + single).dtype == (whole / whole).dtype == (whole * 0.5).dtype == (whole**2.5).dtype == np.float32


def test_the_sum_of_booleans_is_their_number():
    right = Tensor([1.0, 2.0, 3.0]) > 1.5
    assert right.sum().item() == 2
    assert right.mean().item() == pytest.approx(2 / 3)


def test_the_sum_of_bytes_does_not_overflow():
    pixels = np.full((2, 300), 255, np.uint8)
    assert pydl.tensor.as_input(pixels).sum(axis=1).numpy().tolist() == [76500, 76500]


def test_integers_beyond_32_bits_are_refused():
    with pytest.raises(TypeError, match=r"32 bits.*4294967296"):
        pydl.tensor.as_input(np.array([2**32]))


# ---- what it is


def test_shape_size_and_length():
    x = Tensor(CUBE)
    assert (x.shape, x.ndim, x.size, len(x)) == ((2, 3, 4), 3, 24, 2)
    with pytest.raises(TypeError, match="no axes"):
        len(Tensor(1.0))


def test_a_single_whole_number_counts_and_indexes():
    assert list(range(Tensor(2, dtype=np.int32))) == [0, 1]
    assert "abc"[Tensor(1, dtype=np.uint8)] == "b"
    for other in (Tensor(2.0), Tensor([2], dtype=np.int32)):
        with pytest.raises(TypeError, match="expected a whole number, received Tensor"):
            range(other)


def test_conversion_to_python_and_numpy():
    x = Tensor([[2.5]])
    assert (float(x), int(x), bool(x), x.item()) == (2.5, 2, True, 2.5)
    assert np.asarray(Tensor([1.0, 2.0])).tolist() == [1, 2]
    assert np.asarray(Tensor([1.0]), dtype=np.float64).dtype == np.float64


def test_numpy_gives_a_copy_and_data_the_array_itself():
    x = Tensor([1.0, 2.0])
    x.numpy()[0] = 9
    assert x.data.tolist() == [1, 2]
    x.data = [3, 4]
    assert x.numpy().tolist() == [3, 4]
    assert x.dtype == np.float32
    with pytest.raises(ShapeError, match=r"\(2,\).*\(3,\)"):
        x.data = [1, 2, 3]


def test_it_prints_its_numbers_its_dtype_and_whether_it_needs_a_gradient():
    assert repr(Tensor([1.0, 2.5])) == "Tensor([1. , 2.5], dtype=float32)"
    assert repr(Tensor(np.zeros(1), requires_grad=True)) == "Tensor([0.], dtype=float64, requires_grad=True)"
    assert len(repr(Tensor(np.zeros(10**5)))) < 200


def test_tensors_are_keys_of_dictionaries_by_identity():
    x, y = Tensor([1.0]), Tensor([1.0])
    assert {x: "x", y: "y"}[x] == "x"


# ---- gradients of what the operators put in

COMPOSED = {
    "broadcast add": (lambda a, b: a + b, [A, V]),
    "broadcast both sides": (lambda a, b: a * b, [A[:1], A[:, :1]]),
    "number on the left": (lambda a: 3 / (2 - a.tanh()), [A]),
    "square": (lambda a: a**2, [A]),
    "power of a number": (lambda a: 2.5**a, [A]),
    "mean": (lambda a: a.mean(axis=0), [CUBE]),
    "min": (lambda a: a.min(axis=1), [CUBE]),
    "abs and minimum": (lambda a, b: a.abs().minimum(b), [A, B]),
    "clip": (lambda a: a.clip(-0.5, 0.5), [A]),
    "index": (lambda a: a[1, ..., ::2] * 2 + a[0, 1:2, 1::2], [CUBE]),
    "rows": (lambda a: a[[1, 0, 1]].sum(0), [A]),
    "stacked matmul": (lambda a, b: a @ b, [CUBE, A.T.copy()]),
    "vector matmul": (lambda a, b: a @ b, [V, A.T.copy()]),
    "dot": (lambda a, b: a @ b, [V, V[::-1].copy()]),
    "used twice": (lambda a: a * a.sum() + a, [A]),
    "where": (lambda a, b: (a > b).where(a * b, a - b), [A, V]),
    "concatenate": (lambda a, b: pydl.concatenate([a, b * 2, a], axis=-1), [A, B]),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_composed_operations_have_the_right_gradient(name):
    check_gradients(COMPOSED[name][0], *COMPOSED[name][1])


@pytest.mark.parametrize("name", COMPOSED)
def test_composed_operations_have_the_right_second_derivatives(name):
    function, arrays = COMPOSED[name]
    check_gradients(gradient_of(lambda *tensors: (function(*tensors) ** 2).sum(), arrays), *arrays)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", COMPOSED)
def test_composed_operations_traced_are_what_they_are_eager(name, dtype):
    function, arrays = COMPOSED[name]
    arrays = [array.astype(dtype) for array in arrays]

    def with_slopes(*tensors):
        slopes = pydl.grad(lambda *t: (function(*t) ** 2).sum(), tuple(range(len(tensors))))(*tensors)
        return [function(*tensors), *slopes]

    for traced, eager in zip(pydl.jit(with_slopes)(*arrays), with_slopes(*map(Tensor, arrays)), strict=True):
        assert traced.dtype == dtype
        assert_agree(traced.numpy(), eager.numpy())


def test_the_slope_of_the_absolute_value_at_zero_is_zero():
    x = Tensor([-2.0, 0.0, 3.0], requires_grad=True)
    x.abs().sum().backward()
    assert x.grad.numpy().tolist() == [-1, 0, 1]
    assert abs(x).numpy().tolist() == [2, 0, 3]


def test_a_gradient_to_start_from_may_be_an_array_or_a_number():
    x = Tensor([1.0, 2.0], requires_grad=True)
    (x * 3).backward(np.array([1.0, 2.0]))
    x.sum().backward(5)
    assert x.grad.numpy().tolist() == [3 + 5, 6 + 5]


def test_class_numbers_in_a_tensor_make_one_hot_rows():
    assert Tensor([0, 2]).one_hot(3).numpy().tolist() == [[1, 0, 0], [0, 0, 1]]


# ---- what cannot be is said in the caller's words

MISTAKES = {
    "shapes that do not broadcast": (lambda: Tensor(A) + np.ones(3), ShapeError, ["add", "(3, 4)", "(3,)"]),
    "matmul of misfits": (lambda: Tensor(A) @ A, ShapeError, ["matmul", "(3, 4)", "last but one"]),
    "matmul with a number": (lambda: Tensor(A) @ 2.0, ShapeError, ["matmul", "()"]),
    "reshape": (lambda: Tensor(A).reshape(5, -1), ShapeError, ["reshape", "f64[3,4]", "[5, -1]"]),
    "axis": (lambda: Tensor(A).sum(axis=2), ShapeError, ["axis 2", "2 axes"]),
    "transpose": (lambda: Tensor(A).transpose(0, 0), ShapeError, ["transpose", "(0, 0)"]),
    "broadcast_to": (lambda: Tensor(A).broadcast_to((4, 4)), ShapeError, ["f64[3,4]", "[4, 4]"]),
    "index out of range": (lambda: Tensor(A)[3], IndexError, ["index 3", "length 3"]),
    "too many indices": (lambda: Tensor(A)[0, 0, 0], IndexError, ["at most 2", "received 3"]),
    "negative step": (lambda: Tensor(A)[::-1], IndexError, ["negative step"]),
    "index by words": (lambda: Tensor(A)["first"], TypeError, ["index", "'first'"]),
    "index by floats": (lambda: Tensor(A)[[0.5]], ShapeError, ["integer", "f32[1]"]),
    "mean of nothing": (lambda: Tensor(np.ones((0, 2))).mean(0), ShapeError, ["mean", "(0, 2)"]),
    "rows of two lengths": (lambda: Tensor([[1], [1, 2]]), ShapeError, ["Tensor", "rows of one length"]),
    "words": (lambda: Tensor(["a"]), TypeError, ["expected numbers", "<U1"]),
    "complex numbers": (lambda: Tensor(np.ones(2, complex)), TypeError, ["expected numbers", "complex128"]),
    "nothing": (lambda: Tensor([1.0]) + None, TypeError, ["expected numbers", "NoneType"]),
    "a gradient of integers": (lambda: Tensor([1], True, dtype=np.int32), TypeError, ["float dtype", "int32"]),
    "where without a condition": (lambda: Tensor([1.0]).where(1, 2), ShapeError, ["bool[1]", "f32[1]"]),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named(name):
    mistake, kind, named = MISTAKES[name]
    assert_refused(mistake, kind, *named)


def test_one_element_is_not_asked_of_many():
    with pytest.raises(ValueError):
        bool(Tensor([1.0, 2.0]) > 0)
    assert math.isnan((Tensor([math.nan]) + 1).item())
