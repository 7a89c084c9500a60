"""Initialisers: the variances that the papers ask for, drawn from the generator that is handed in."""

import hashlib
import json
import math

import numpy as np
import pytest

import pydl
from pydl import ShapeError, init
from pydl.configurable import describe, revive
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


GOLDEN = {  # the first 16 digits of the SHA-256 of 600 numbers, little-endian float32, generator 7
    "zeros": "a0ee989ed2a0a2e3",
    "ones": "66f0f4bb76c6f002",
    "random_normal": "3aa8518c4e2daed7",
    "random_uniform": "b3e09d9878f4f831",
    "truncated_normal": "15e3ff01b0edd536",
    "glorot_uniform": "653a93b860df3990",
    "glorot_normal": "57236ed7d36f196b",
    "he_uniform": "0cc271bb14ba67b0",
    "he_normal": "a1011c5ba9a3c17d",
    "lecun_uniform": "a27af3818b733fdb",
    "lecun_normal": "486295b3c9e33bc4",
}


@pytest.mark.parametrize("name", init.INITIALIZERS)
def test_golden_hashes(name):
    drawn = init.draw(name, (30, 20), Generator(7)).astype("<f4")
    assert hashlib.sha256(drawn.tobytes()).hexdigest()[:16] == GOLDEN[name]


CLASSES = {
    "zeros": init.Zeros,
    "ones": init.Ones,
    "random_normal": init.RandomNormal,
    "random_uniform": init.RandomUniform,
    "truncated_normal": init.TruncatedNormal,
    "glorot_uniform": init.GlorotUniform,
    "glorot_normal": init.GlorotNormal,
    "he_uniform": init.HeUniform,
    "he_normal": init.HeNormal,
    "lecun_uniform": init.LecunUniform,
    "lecun_normal": init.LecunNormal,
}


@pytest.mark.parametrize("name", init.INITIALIZERS)
def test_a_class_draws_what_its_name_draws(name):
    expected = init.draw(name, (5, 4), Generator(3))
    for wanted in (CLASSES[name], CLASSES[name]()):
        np.testing.assert_array_equal(init.draw(wanted, (5, 4), Generator(3)), expected)


@pytest.mark.parametrize("name", init.INITIALIZERS)
def test_a_configuration_makes_the_same_initializer_again(name):
    initializer = init.INITIALIZERS[name]
    again = CLASSES[name].from_config(json.loads(json.dumps(initializer.get_config())))
    assert again == initializer
    assert type(again) is CLASSES[name]
    assert repr(CLASSES[name]()) == f"{CLASSES[name].__name__}()", "as it is made"


def test_an_initializer_is_described_by_its_name_where_that_says_it_all():
    assert describe(init.HeNormal()) == "he_normal"
    described = describe(init.TruncatedNormal(stddev=0.1))
    assert described["class_name"] == "TruncatedNormal"
    assert revive(json.loads(json.dumps(described)), init.Initializer) == init.TruncatedNormal(stddev=0.1)


KERNELS = [(64, 32), (5, 5, 3, 40), (3, 3, 16, 8)]  # dense, and convolutions (height, width, in, out)
LIMITS = {  # the largest number there can be, from the fans
    "glorot_uniform": lambda i, o: math.sqrt(6 / (i + o)),
    "he_uniform": lambda i, o: math.sqrt(6 / i),
    "lecun_uniform": lambda i, o: math.sqrt(3 / i),
    "glorot_normal": lambda i, o: 2 * math.sqrt(2 / (i + o)) / 0.8796256610342398,
    "he_normal": lambda i, o: 2 * math.sqrt(2 / i) / 0.8796256610342398,
    "lecun_normal": lambda i, o: 2 * math.sqrt(1 / i) / 0.8796256610342398,
}


@pytest.mark.parametrize("shape", KERNELS, ids=str)
@pytest.mark.parametrize("name", LIMITS)
def test_range_mean_and_deviation_follow_the_fans(name, shape):
    field = math.prod(shape[:-2])
    fan_in, fan_out = shape[-2] * field, shape[-1] * field
    limit = LIMITS[name](fan_in, fan_out)
    drawn = np.concatenate([init.draw(name, shape, Generator(seed)).ravel() for seed in range(20)]).astype(float)
    deviation = limit / math.sqrt(3) if name.endswith("uniform") else limit / 2 * 0.8796256610342398
    assert 0.99 * limit < np.abs(drawn).max() <= limit * (1 + 1e-6)
    assert drawn.mean() == pytest.approx(0, abs=5 * deviation / math.sqrt(drawn.size))
    assert drawn.std() == pytest.approx(deviation, rel=0.02)


@pytest.mark.parametrize("stddev", [0.05, 2 / math.sqrt(784), 1.0])
def test_the_truncated_normal_has_the_deviation_that_its_docstring_states(stddev):
    drawn = init.draw(init.TruncatedNormal(mean=0.5, stddev=stddev), (400, 300), Generator(2)).astype(float)
    assert drawn.std() == pytest.approx(0.8796 * stddev, rel=0.01)
    assert drawn.mean() == pytest.approx(0.5, abs=5 * stddev / math.sqrt(drawn.size))
    assert 1.99 * stddev < np.abs(drawn - 0.5).max() <= 2 * stddev * (1 + 1e-5)
    # and its shape is that of the normal distribution: P(|z| < 1) / P(|z| < 2)
    assert (np.abs(drawn - 0.5) < stddev).mean() == pytest.approx(0.682689 / 0.954500, abs=0.005)


def test_an_untruncated_normal_is_not_cut_off():
    drawn = init.draw(init.VarianceScaling(2.0, "fan_in", "untruncated_normal"), SHAPE, Generator(1))
    assert drawn.std() == pytest.approx(math.sqrt(2 / 400), rel=0.02)
    assert np.abs(drawn).max() > 3 * math.sqrt(2 / 400)


def test_an_initializer_with_a_seed_draws_the_same_again_and_leaves_the_generator_alone():
    pydl.seed(8)
    first = init.draw(init.HeNormal(seed=4), (3, 3))
    np.testing.assert_array_equal(init.draw(init.HeNormal(seed=4), (3, 3)), first)
    assert not np.array_equal(init.draw(init.HeNormal(seed=5), (3, 3)), first)
    np.testing.assert_array_equal(init.draw("he_normal", (3, 3)), init.draw("he_normal", (3, 3), Generator(8)))


def test_an_initializer_called_by_itself_draws_from_the_default_generator():
    pydl.seed(8)
    drawn = init.GlorotUniform()((3, 3))
    np.testing.assert_array_equal(drawn, init.draw("glorot_uniform", (3, 3), Generator(8)))


def test_an_initializer_of_ones_own_must_define_values():
    with pytest.raises(NotImplementedError, match=r"Initializer must define values\(shape, generator\)"):
        init.Initializer()((2, 2))


def test_blank_weights_are_zeros_that_nobody_has_drawn():
    pydl.seed(8)
    with init.blank(10):
        assert init.draw("he_normal", (2, 3)).tolist() == [[0] * 3] * 2
        assert init.draw("ones", (4,)).tolist() == [0] * 4
        with pytest.raises(ValueError, match=r"0 more numbers at most, received weights of shape \(1,\)"):
            init.draw("zeros", (1,))
    np.testing.assert_array_equal(init.draw("he_normal", (3, 3)), init.draw("he_normal", (3, 3), Generator(8)))


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
    assert init.draw(lambda shape: np.ones(shape), (2,)).tolist() == [1, 1]
    with pytest.raises(ShapeError, match=r"initializer: expected numbers of shape \(2, 3\), received \(3, 2\)"):
        init.draw(lambda shape: np.ones(shape[::-1]), (2, 3))


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match="unknown initializer 'he'.*glorot_uniform, he_normal"):
        init.draw("he", (2, 2))
    with pytest.raises(TypeError, match="initializer: expected a name or an object, received 3"):
        init.draw(3, (2, 2))
    with pytest.raises(ValueError, match="mode as one of fan_in, fan_out, fan_avg, received 'fan'"):
        init.VarianceScaling(mode="fan")
    with pytest.raises(ValueError, match="distribution as one of truncated_normal, .*, received 'gaussian'"):
        init.VarianceScaling(distribution="gaussian")
    assert init.VarianceScaling(distribution="normal") == init.VarianceScaling(), "Keras's other name"
    with pytest.raises(ValueError, match="scale above 0, received 0"):
        init.VarianceScaling(scale=0)
    with pytest.raises(ValueError, match="TruncatedNormal: expected stddev from 0 on, received -1"):
        init.TruncatedNormal(stddev=-1)
    with pytest.raises(ValueError, match="minval <= maxval, received 1 and 0"):
        init.RandomUniform(1, 0)
