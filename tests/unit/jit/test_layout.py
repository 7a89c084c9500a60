"""Layouts say where the elements of every view lie: they are read here from the owner's memory and compared with it."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from pydl.jit import Instruction, Program, Value
from pydl.jit.layout import Layout, common_lengths, layouts, regroup, whole
from pydl.ops import REGISTRY, Spec
from tests.support.programs import evaluate, programs

F32 = np.dtype(np.float32)


def elements(layout, memory):
    """The elements of a layout, in their order."""
    flat = memory.reshape(-1)
    places = itertools.product(*(range(length) for length, _ in layout.dims))
    strides = [stride for _, stride in layout.dims]
    return np.array([flat[layout.offset + sum(map(int.__mul__, place, strides))] for place in places], memory.dtype)


def seen(x, *views):
    """The layout of an array after views (name, params), the copies that it took, and the array itself after them."""
    program = Program("views")
    value = Value("%0", Spec(x.shape, x.dtype))
    program.inputs = [value]
    for number, (name, params) in enumerate(views, 1):
        primitive = REGISTRY[name]
        result = Value(f"%{number}", primitive.shape_rule(value.spec, **params))
        program.instructions.append(Instruction(result, primitive, (value,), params))
        value, x = result, primitive(x, **params)
    found, copies = layouts(program)
    return found[value], copies, x


IMAGES = np.arange(2 * 5 * 6 * 3, dtype=F32).reshape(2, 5, 6, 3)


@pytest.mark.parametrize(
    "views",
    [
        [("reshape", {"shape": (10, 18)})],
        [("transpose", {"axes": (3, 1, 0, 2)})],
        [("transpose", {"axes": (1, 0, 2, 3)}), ("reshape", {"shape": (5, 2, 18)})],
        [("slice", {"start": (0, 1, 0, 1), "stop": (2, 5, 6, 3), "step": (1, 2, 1, 1)})],
        [("slice", {"start": (1, 0, 5, 2), "stop": (2, 5, 6, 3), "step": (1, 1, 1, 1)}), ("reshape", {"shape": (5,)})],
        [("unfold", {"window": (3, 2), "strides": (1, 2)}), ("reshape", {"shape": (18, 18)})],
        [("unfold", {"window": (2, 2), "strides": (2, 2)}), ("transpose", {"axes": (5, 0, 1, 2, 3, 4)})],
        [("reshape", {"shape": (1, 2, 5, 6, 3)}), ("broadcast", {"shape": (4, 2, 5, 6, 3)})],
        [("reshape", {"shape": (180,)}), ("reshape", {"shape": (4, 45)}), ("transpose", {"axes": (1, 0)})],
    ],
    ids=lambda views: "-".join(name for name, _ in views),
)
def test_a_layout_says_where_the_elements_of_views_lie(views):
    layout, copies, expected = seen(IMAGES, *views)
    assert not copies
    np.testing.assert_array_equal(elements(layout, IMAGES), expected.reshape(-1))


def test_a_reshape_that_no_strides_express_is_a_view_of_a_copy():
    views = [("transpose", {"axes": (1, 0)}), ("reshape", {"shape": (4, 3)})]
    layout, copies, _ = seen(np.zeros((4, 3), F32), *views)
    ((copy, source),) = copies.items()
    assert layout.owner is copy
    assert source.shape == copy.shape == (3, 4)
    assert layout.contiguous


def test_windows_over_an_axis_of_two_parts_are_views_of_a_copy():
    x = np.arange(24, dtype=F32).reshape(2, 3, 4)
    merged = [("transpose", {"axes": (1, 0, 2)}), ("reshape", {"shape": (1, 6, 4, 1)})]
    part = {"start": (0, 1, 0, 0), "stop": (1, 6, 4, 1), "step": (1, 2, 1, 1)}
    for view in (("unfold", {"window": (2, 2), "strides": (1, 1)}), ("slice", part)):
        layout, copies, expected = seen(x, *merged, view)
        ((copy, source),) = copies.items()
        assert layout.owner is copy and source.shape == (1, 6, 4, 1)
        np.testing.assert_array_equal(elements(layout, x.transpose(1, 0, 2)), expected.reshape(-1))


def test_the_dims_of_a_layout_are_merged_where_one_stride_serves():
    value = Value("%0", Spec((4, 5, 6), F32))
    assert whole(value).dims == ((120, 1),)
    assert whole(value).identity
    assert Layout(value, 0, (((4, 30),), ((5, 6),), ())).dims == ((20, 6),)


def test_regroup_cuts_evenly_or_not_at_all():
    assert regroup([(6, 4), (4, 1)], (2, 3, 2, 2)) == [((2, 12),), ((3, 4),), ((2, 2),), ((2, 1),)]
    assert regroup([(6, 4), (4, 1)], (24,)) == [((6, 4), (4, 1))]
    assert regroup([(6, 4), (4, 1)], (12, 2)) == [((6, 4), (2, 2)), ((2, 1),)]
    assert regroup([(6, 5), (4, 1)], (8, 3)) is None


def test_common_lengths_cut_all_lists_of_dims():
    assert common_lengths([[(12, 1)], [(3, 0), (4, 1)], [(6, 7), (2, 1)]]) == [3, 2, 2]
    assert common_lengths([[(3, 4), (4, 1)], [(4, 1), (3, 9)]]) is None
    assert common_lengths([[], []]) == []


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_layouts_of_random_programs_hold_the_elements_of_their_values(drawn):
    found, copies = layouts(drawn.program)
    given_ = {*drawn.program.inputs, *(v for v, _ in drawn.program.constants)}
    views = [i for i in drawn.program.instructions if i.primitive.view and found[i.result].owner in given_]
    values = [i.result for i in views] + [found[i.result].owner for i in views]
    drawn.program.outputs = values
    arrays = dict(zip(values, evaluate(drawn.program, drawn.inputs, drawn.state())[0]))
    for view in views:
        layout = found[view.result]
        np.testing.assert_array_equal(elements(layout, arrays[layout.owner]), arrays[view.result].reshape(-1))
