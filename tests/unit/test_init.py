"""Initialisers: the variances that the papers ask for, drawn from the generator that is handed in."""

import math

import numpy as np
import pytest

import pydl
from pydl import init
from pydl.random import Generator

SHAPE = (400, 300)
VARIANCES = {
    "random_normal": 0.05**2,
    "random_uniform": 0.1**2 / 12,
    "truncated_normal": (0.05 * 0.8796256610342398) ** 2,
    "glorot_uniform": 2 / (400 + 300),
    "glorot_normal": 2 / (400 + 300),
    "he_uniform": 2 / 400,
    "he_normal": 2 / 400,
    "lecun_uniform": 1 / 400,
    "lecun_normal": 1 / 400,
}


def test_every_initializer_has_its_variance_checked():
    assert set(VARIANCES) | {"zeros", "ones"} == set(init.INITIALIZERS)


@pytest.mark.parametrize("name", VARIANCES)
def test_the_variance_is_that_of_the_paper(name):
    weights = init.draw(name, SHAPE, Generator(1))
    assert weights.dtype == np.float32
    assert weights.shape == SHAPE
    assert weights.mean() == pytest.approx(0, abs=5 * math.sqrt(VARIANCES[name] / weights.size))
    assert weights.var() == pytest.approx(VARIANCES[name], rel=0.02)


def test_uniform_initializers_keep_their_limit_and_normal_ones_are_truncated():
    assert np.abs(init.draw("glorot_uniform", SHAPE)).max() <= math.sqrt(6 / 700)
    deviation = math.sqrt(2 / 400) / 0.8796256610342398
    assert np.abs(init.draw("he_normal", SHAPE)).max() <= 2 * deviation * (1 + 1e-6)


def test_constants():
    assert init.draw("zeros", (2, 3)).tolist() == [[0] * 3] * 2
    assert init.draw("ones", (2,)).tolist() == [1, 1]
    assert init.draw(init.Constant(0.5), (2,)).tolist() == [0.5, 0.5]


def test_fans_count_the_inputs_of_an_output():
    assert init.fans((784, 256)) == (784, 256)
    assert init.fans((3, 3, 16, 32)) == (9 * 16, 9 * 32)
    assert init.fans((7,)) == (7, 7)
    assert init.fans(()) == (1, 1)


def test_fan_out_and_scale():
    weights = init.draw(init.VarianceScaling(3.0, "fan_out", "uniform"), SHAPE, Generator(1))
    assert weights.var() == pytest.approx(3 / 300, rel=0.02)


def test_draws_come_from_the_default_generator_unless_another_is_given():
    pydl.seed(8)
    first = init.draw("he_normal", (3, 3))
    np.testing.assert_array_equal(init.draw("he_normal", (3, 3), Generator(8)), first)
    assert not np.array_equal(init.draw("he_normal", (3, 3)), first), "a second draw goes on from the first"


def test_a_function_is_an_initializer_too():
    assert init.draw(lambda shape, generator: np.arange(math.prod(shape)), (3,)).tolist() == [0, 1, 2]


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match="unknown initializer 'he'.*glorot_uniform, he_normal"):
        init.draw("he", (2, 2))
    with pytest.raises(TypeError, match="initializer: expected a name or a function, received 3"):
        init.draw(3, (2, 2))
    with pytest.raises(ValueError, match="mode as one of fan_in, fan_out, fan_avg, received 'fan'"):
        init.VarianceScaling(mode="fan")
    with pytest.raises(ValueError, match="distribution as one of truncated_normal, uniform, received 'normal'"):
        init.VarianceScaling(distribution="normal")
