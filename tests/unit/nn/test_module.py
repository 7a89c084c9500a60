"""Modules: how they find their parameters and when they are built."""

import numpy as np
import pytest

import pydl
from pydl import Parameter, Tensor, jit, nn
from pydl.random import Generator


class Branches(nn.Module):
    """Parameters in every place where a Module may keep them."""

    def __init__(self):
        self.scale = Parameter([2.0], name="scale")
        self.first = nn.Dense(2, name="first")
        self.rest = [nn.Dense(2, name="second"), (nn.Dense(2, name="third"),)]

    def call(self, x):
        return self.rest[1][0](self.rest[0](self.first(x))) * self.scale


def test_parameters_are_found_in_attributes_lists_and_modules_within():
    module = Branches()
    module(np.ones((1, 3)))
    assert [p.name for p in module.parameters()] == [
        "scale", "first/kernel", "first/bias", "second/kernel", "second/bias", "third/kernel", "third/bias",
    ]  # fmt: skip
    assert module.count_parameters() == 1 + 3 * 2 + 2 + 2 * (2 * 2 + 2)


def test_a_parameter_used_in_two_places_is_counted_once():
    shared = nn.Dense(3, name="shared")
    module = nn.Sequential([shared, shared], input_shape=(3,))
    assert [p.name for p in module.parameters()] == ["shared/kernel", "shared/bias"]


def test_a_module_is_built_once():
    layer = nn.Dense(2)
    layer(np.ones((1, 3)))
    kernel = layer.kernel
    layer(np.ones((4, 3)))
    assert layer.kernel is kernel


def test_building_inside_a_trace_draws_the_weights_that_eager_building_draws():
    traced, eager = nn.Dense(2), nn.Dense(2)
    pydl.seed(3)
    jit(lambda x: traced(x))(np.ones((1, 3), np.float32))
    pydl.seed(3)
    eager(np.ones((1, 3)))
    np.testing.assert_array_equal(traced.kernel.numpy(), eager.kernel.numpy())
    np.testing.assert_array_equal(pydl.random.default.bits(3), _after_one_draw(3))


def _after_one_draw(seed):
    generator = Generator(seed)
    generator.uniform((3, 2))  # the kernel; zeros draw nothing
    return generator.bits(3)


def test_a_failed_build_leaves_the_module_unbuilt():
    layer = nn.Dense(2)
    with pytest.raises(pydl.ShapeError):
        layer(np.ones((1, 2, 3)))
    assert not layer.built
    layer(np.ones((1, 3)))
    assert layer.built


def test_arrays_become_tensors():
    assert isinstance(nn.Activation("relu")([[1.0, -1.0]]), Tensor)


def test_a_module_of_ones_own_must_define_call():
    class Nothing(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match=r"Nothing must define call\(x\)"):
        Nothing()(np.ones((1, 1)))
