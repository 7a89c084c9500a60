"""What every primitive promises: its shape rule tells shape and dtype before anything is evaluated, it is pure, and
only the elementwise ones may write over what they read."""

import numpy as np
import pytest

from pydl import ops
from pydl.ops import ShapeError, Spec, short_name, spec_of
from tests.unit.ops.cases import CASES
from tests.unit.support import assert_refused

FLOATS = [np.float32, np.float64]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_shape_rule_tells_what_the_evaluation_gives(case, dtype):
    primitive, arrays = ops.REGISTRY[case.primitive], case.cast(dtype)
    result = primitive(*arrays, **case.params)
    assert spec_of(result) == primitive.shape_rule(*map(spec_of, arrays), **case.params)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_evaluation_changes_no_input_and_repeats_itself(case):
    primitive, before = ops.REGISTRY[case.primitive], [a.copy() for a in case.arrays]
    first = np.array(primitive(*case.arrays, **case.params))
    np.testing.assert_array_equal(first, primitive(*case.arrays, **case.params))
    for array, copy in zip(case.arrays, before):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("case", [c for c in CASES if ops.REGISTRY[c.primitive].view], ids=str)
def test_a_view_shares_the_memory_of_its_input(case):
    array = case.arrays[0]
    result = ops.REGISTRY[case.primitive](array, **case.params)
    assert result.size == 0 or np.shares_memory(result, array)


@pytest.mark.parametrize("case", [c for c in CASES if not ops.REGISTRY[c.primitive].view], ids=str)
def test_evaluation_fills_all_of_its_result(case):
    primitive = ops.REGISTRY[case.primitive]
    spec = primitive.shape_rule(*map(spec_of, case.arrays), **case.params)
    results = []
    for junk in (0xFF, 0x00):
        out = np.frombuffer(bytearray([junk]) * spec.nbytes, spec.dtype).reshape(spec.shape)
        with np.errstate(all="ignore"):
            primitive.evaluate(*case.arrays, out=out, **case.params)
        results.append(out)
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize("case", [c for c in CASES if ops.REGISTRY[c.primitive].elementwise], ids=str)
def test_an_elementwise_primitive_may_write_over_any_of_its_inputs(case):
    primitive = ops.REGISTRY[case.primitive]
    expected = primitive(*case.arrays, **case.params)
    for position in range(len(case.arrays)):
        arrays = [a.copy() for a in case.arrays]
        primitive.evaluate(*arrays, out=arrays[position], **case.params)
        np.testing.assert_array_equal(arrays[position], expected)


@pytest.mark.parametrize("name", [n for n, p in ops.REGISTRY.items() if p.elementwise])
def test_an_elementwise_primitive_keeps_the_dtype_of_its_inputs(name):
    case = next(c for c in CASES if c.primitive == name)
    assert ops.REGISTRY[name](*case.arrays, **case.params).dtype == case.arrays[0].dtype


def test_infinities_are_values_and_raise_no_warning(recwarn):
    huge = np.array([1e300, -1.0, 0.0])
    ops.elementwise.exp(huge)
    ops.elementwise.log(huge)
    ops.elementwise.div(huge, np.zeros(3))
    ops.elementwise.sigmoid(np.array([-1e300, 1e300]))
    assert not recwarn.list


def test_specs_print_short():
    assert str(Spec((2, 3), np.dtype(np.float32))) == "f32[2,3]"
    assert str(Spec((), np.dtype(np.uint32))) == "u32[]"
    dtypes = (np.bool_, np.uint8, np.int32, np.float64)
    assert [short_name(np.dtype(d)) for d in dtypes] == ["bool", "u8", "i32", "f64"]
    assert Spec((2, 0), np.dtype(np.float64)).nbytes == 0


F32, F64, I32 = (np.dtype(d) for d in (np.float32, np.float64, np.int32))
BAD = [  # primitive, specs, params, what the message must name: expected and received
    ("add", [Spec((2,), F32), Spec((3,), F32)], {}, ["f32[2]", "f32[3]"]),
    ("mul", [Spec((2,), F32), Spec((2,), F64)], {}, ["f32[2]", "f64[2]"]),
    ("greater", [Spec((2,), F32), Spec((2,), I32)], {}, ["f32[2]", "i32[2]"]),
    ("where", [Spec((2,), F32), Spec((2,), F32), Spec((2,), F32)], {}, ["bool[2]", "f32[2]"]),
    ("where", [Spec((2,), np.dtype(bool)), Spec((2,), F32), Spec((2,), F64)], {}, ["f32[2]", "f64[2]"]),
    ("right_shift", [Spec((2,), I32)], {"by": 8}, ["uint32", "i32[2]"]),
    ("sum", [Spec((2, 3), F32)], {"axes": (2,)}, ["2 axes", "(2,)"]),
    ("sum", [Spec((2, 3), F32)], {"axes": (1, 0)}, ["sorted", "(1, 0)"]),
    ("max", [Spec((2, 0), F32)], {"axes": (1,)}, ["at least one", "f32[2,0]"]),
    ("argmax", [Spec((0,), F32)], {"axis": 0}, ["argmax", "f32[0]"]),
    ("reshape", [Spec((2, 3), F32)], {"shape": (4,)}, ["f32[2,3]", "[4]"]),
    ("reshape", [Spec((2, 3), F32)], {"shape": (-2, -3)}, ["f32[2,3]", "[-2, -3]"]),
    ("transpose", [Spec((2, 3), F32)], {"axes": (0, 0)}, ["0..1", "(0, 0)"]),
    ("broadcast", [Spec((2, 3), F32)], {"shape": (3, 3)}, ["f32[2,3]", "[3, 3]"]),
    ("broadcast", [Spec((2, 3), F32)], {"shape": (3,)}, ["f32[2,3]", "[3]"]),
    ("slice", [Spec((4,), F32)], {"start": (0,), "stop": (5,), "step": (1,)}, ["0:5:1", "length 4"]),
    ("slice", [Spec((4,), F32)], {"start": (0,), "stop": (4,), "step": (0,)}, ["0:4:0", "length 4"]),
    ("slice", [Spec((4, 2), F32)], {"start": (0,), "stop": (4,), "step": (1,)}, ["per axis", "f32[4,2]"]),
    ("pad", [Spec((4,), F32)], {"before": (-1,), "after": (0,), "interior": (0,)}, [">= 0", "(-1,)"]),
    ("unfold", [Spec((2, 3), F32)], {"window": (1, 1), "strides": (1, 1)}, ["(batch, height", "f32[2,3]"]),
    ("unfold", [Spec((1, 2, 3, 1), F32)], {"window": (3, 1), "strides": (1, 1)}, ["3 x 1", "2 x 3"]),
    ("unfold", [Spec((1, 2, 3, 1), F32)], {"window": (1, 4), "strides": (1, 1)}, ["1 x 4", "2 x 3"]),
    ("unfold", [Spec((1, 2, 3, 1), F32)], {"window": (1, 1), "strides": (0, 1)}, ["at least 1", "(0, 1)"]),
    ("fold", [Spec((1, 2, 3, 1), F32)], {"size": (2, 3), "strides": (1, 1)}, ["(batch, rows", "f32[1,2,3,1]"]),
    ("fold", [Spec((1, 2, 2, 2, 2, 1), F32)], {"size": (4, 3), "strides": (1, 1)}, ["4 x 3", "f32[1,3,2,2,2,1]"]),
    ("concatenate", [Spec((2, 3), F32), Spec((2, 4), F32)], {"axis": 0}, ["f32[2,3]", "f32[2,4]"]),
    ("concatenate", [Spec((2, 3), F32), Spec((2, 3), F64)], {"axis": 0}, ["f32[2,3]", "f64[2,3]"]),
    ("matmul", [Spec((2, 3), F32), Spec((4, 2), F32)], {}, ["f32[2,3]", "f32[4,2]"]),
    ("matmul", [Spec((2, 3), F32), Spec((3, 2), F64)], {}, ["f32[2,3]", "f64[3,2]"]),
    ("matmul", [Spec((3,), F32), Spec((3, 2), F32)], {}, ["f32[3]", "f32[3,2]"]),
    ("matmul", [Spec((2, 2, 3), F32), Spec((3, 3, 2), F32)], {}, ["f32[2,2,3]", "f32[3,3,2]"]),
    ("gather", [Spec((2, 3), F32), Spec((1,), F32)], {}, ["integer", "f32[1]"]),
    ("gather", [Spec((), F32), Spec((1,), I32)], {}, ["rows", "single number"]),
    ("one_hot", [Spec((2,), F32)], {"depth": 3, "dtype": F32}, ["integer", "f32[2]"]),
    ("random_bits", [Spec((2,), I32), Spec((), I32)], {"shape": (3,)}, ["u32[2]", "i32[2]"]),
]


@pytest.mark.parametrize("name, specs, params, named", BAD, ids=lambda x: x if isinstance(x, str) else "")
def test_shapes_that_do_not_fit_are_refused_by_name(name, specs, params, named):
    assert_refused(lambda: ops.REGISTRY[name].shape_rule(*specs, **params), ShapeError, name, *named)
