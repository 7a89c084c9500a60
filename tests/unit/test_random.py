"""The generator: golden hashes that hold on every machine, its numbers worked out a second way, and its statistics."""

import hashlib
import math
import statistics

import numpy as np
import pytest

import pydl
from pydl import random
from pydl.ops.random import random_words
from pydl.random import Generator, normal_quantile

DRAWS = {
    "bits": lambda g: g.bits(1000),
    "uniform": lambda g: g.uniform((10, 100), -2, 3),
    "normal": lambda g: g.normal((10, 100), 0.5, 2),
    "truncated_normal": lambda g: g.truncated_normal((10, 100), 0, 0.05),
    "permutation": lambda g: g.permutation(1000),
    "integers": lambda g: g.integers(-5, 1000, (1000,)),
}
# SHA-256 of the little-endian bytes of two draws after another from seed 777. A change here changes every seeded run
# of every user: initial weights, shuffles, drawn digits.
GOLDEN = {
    "bits": ("u4", "ffb8b765c212fbd2", "b581d8a0435539c5"),
    "uniform": ("f4", "9c10862884cd1f79", "371089f06974c6b2"),
    "normal": ("f4", "77d433e36e4a472e", "0bcc14b9e311460a"),
    "truncated_normal": ("f4", "4470718bbe73a8fc", "0c74be46c252a203"),
    "permutation": ("i8", "6d9364a93e8ce081", "21a4a3c0d16f993f"),
    "integers": ("i8", "b7f16949f955dea0", "54224c0af8a7bc3a"),
}


@pytest.mark.parametrize("name", DRAWS)
def test_golden_hashes(name):
    generator = Generator(777)
    code, *hashes = GOLDEN[name]
    for expected in hashes:
        array = DRAWS[name](generator)
        assert array.dtype == np.dtype(code)
        received = hashlib.sha256(array.astype(f"<{code}").tobytes()).hexdigest()
        assert received.startswith(expected), f"{received}, first numbers {array.ravel()[:4]}"


# ---- the same numbers worked out a second way


def words_of(seed, counter, count):
    return random_words(np.array([seed % 2**32, seed >> 32], np.uint32), counter, count)


def test_bits_are_threefry_of_the_seed_and_a_counter_that_moves_on():
    for seed in (0, 777, 2**40 + 5, 2**64 - 1):
        generator = Generator(seed)
        for counter in range(3):
            np.testing.assert_array_equal(generator.bits(9), words_of(seed, counter, 9))


def test_the_counter_starts_again_after_its_last_number():
    generator = Generator(1)
    generator.counter.assign(pydl.Tensor(2**32 - 1, dtype="uint32"))
    np.testing.assert_array_equal(generator.bits(3), words_of(1, 2**32 - 1, 3))
    np.testing.assert_array_equal(generator.bits(3), words_of(1, 0, 3))


def test_uniform_numbers_are_the_top_24_bits():
    words = words_of(5, 0, 100).tolist()
    expected = [(word >> 8) / 2**24 for word in words]
    assert Generator(5).uniform(100).tolist() == expected
    scaled = Generator(5).uniform((4, 25), low=-3, high=5)
    np.testing.assert_allclose(scaled.ravel(), [-3 + 8 * u for u in expected], rtol=1e-6, atol=1e-6)


def test_normal_numbers_are_quantiles_of_the_middles_of_cells():
    normal = statistics.NormalDist()
    cells = [((word >> 8) + 0.5) / 2**24 for word in words_of(5, 0, 1000).tolist()]
    expected = np.array([normal.inv_cdf(p) for p in cells], np.float32)
    np.testing.assert_allclose(Generator(5).normal(1000), expected, rtol=1.2e-7)
    low = normal.cdf(-2)
    expected = np.array([normal.inv_cdf(low + (1 - 2 * low) * p) for p in cells], np.float32)
    np.testing.assert_allclose(Generator(5).truncated_normal(1000), expected, rtol=1.2e-7, atol=1e-10)


def test_integers_are_the_high_part_of_a_product():
    words = words_of(5, 0, 100).tolist()
    assert Generator(5).integers(-3, 14, 100).tolist() == [-3 + (word * 17 >> 32) for word in words]


def test_a_permutation_sorts_by_pairs_of_words():
    words = words_of(5, 0, 40).tolist()
    keys = [words[i] * 2**32 + words[20 + i] for i in range(20)]
    assert Generator(5).permutation(20).tolist() == sorted(range(20), key=keys.__getitem__)


def test_a_tensor_drawn_in_a_step_holds_the_numbers_of_the_generator():
    generator = Generator(9)
    tensors = [random.uniform((3, 4), generator).numpy() for _ in range(2)]
    again = Generator(9)
    for tensor in tensors:
        np.testing.assert_array_equal(tensor, again.uniform((3, 4)))


def test_bernoulli_is_true_with_its_probability():
    generator = Generator(9)
    for probability in (0.0, 0.2, 0.5, 1.0):
        drawn = random.bernoulli((200, 500), probability, generator).numpy()
        assert drawn.dtype == np.bool_
        assert drawn.mean() == pytest.approx(probability, abs=5 * math.sqrt(probability * (1 - probability) / 1e5))


def test_bernoulli_compares_the_uniform_numbers_of_the_same_draw():
    drawn = random.bernoulli((3, 4), 0.3, Generator(9)).numpy()
    uniform = Generator(9).uniform((3, 4))
    np.testing.assert_array_equal(drawn, uniform < np.float32(0.3))
    assert not random.bernoulli((3, 4), float(uniform[0, 0]), Generator(9)).numpy()[0, 0], "the border is outside"


def test_a_traced_draw_moves_the_counter_on_at_every_step():
    generator = Generator(9)
    step = pydl.jit(lambda: [random.uniform((50,), generator), random.bernoulli((50,), 0.5, generator)])
    traced = [[t.numpy() for t in step()] for _ in range(2)]
    assert int(generator.counter) == 4
    again = Generator(9)
    for uniform, bernoulli in traced:
        np.testing.assert_array_equal(uniform, again.uniform(50))
        np.testing.assert_array_equal(bernoulli, again.uniform(50) < 0.5)


@pytest.mark.parametrize("probability", [-0.1, 1.1, math.nan])
def test_a_probability_out_of_range_is_refused(probability):
    with pytest.raises(ValueError, match=f"from 0 to 1, received {probability}"):
        random.bernoulli((2,), probability)


# ---- normal_quantile


def test_normal_quantile_agrees_with_the_standard_library():
    p = np.concatenate([10.0 ** -np.arange(1, 300, 7), np.linspace(0.001, 0.999, 999), 1 - 10.0 ** -np.arange(1, 16)])
    expected = [statistics.NormalDist().inv_cdf(each) for each in p.tolist()]
    np.testing.assert_allclose(normal_quantile(p), expected, rtol=1e-14, atol=1e-15)


def test_normal_quantile_undoes_the_error_function():
    p = np.linspace(1e-6, 1 - 1e-6, 1001)
    back = [math.erfc(-x / math.sqrt(2)) / 2 for x in normal_quantile(p)]
    np.testing.assert_allclose(back, p, rtol=1e-12)


def test_log_agrees_with_the_standard_library():
    x = np.concatenate([np.linspace(0.01, 3, 1000), 2.0 ** np.arange(-1000, 1000, 37), [5e-324, 1.7e308]])
    np.testing.assert_allclose(random._log(x), [math.log(each) for each in x.tolist()], rtol=1e-15, atol=1e-15)


# ---- statistics, to five standard errors

N = 200_000


def moments(sample):
    sample = sample.astype(np.float64)
    return sample.mean(), sample.std(), ((sample - sample.mean()) ** 4).mean() / sample.var() ** 2


@pytest.mark.parametrize(
    "draw, mean, deviation, kurtosis",
    [
        (lambda g: g.uniform(N, -1, 3), 1, 4 / math.sqrt(12), 1.8),
        (lambda g: g.normal(N, 2, 0.5), 2, 0.5, 3),
        (lambda g: g.truncated_normal(N, 1, 2), 1, 2 * 0.8796256610342398, 2.36546),
        (lambda g: g.integers(0, 6, N), 2.5, math.sqrt(35 / 12), 1.7314),
    ],
    ids=["uniform", "normal", "truncated_normal", "integers"],
)
def test_moments_are_those_of_the_distribution(draw, mean, deviation, kurtosis):
    received = moments(draw(Generator(31)))
    error = deviation / math.sqrt(N)
    assert received[0] == pytest.approx(mean, abs=5 * error)
    assert received[1] == pytest.approx(deviation, abs=5 * error * math.sqrt(kurtosis / 4))
    assert received[2] == pytest.approx(kurtosis, abs=0.06)


def test_ranges_are_kept():
    uniform = Generator(1).uniform(N)
    assert 0 <= uniform.min() < 1e-4
    assert 1 - 1e-4 < uniform.max() < 1
    assert np.abs(Generator(1).truncated_normal(N)).max() <= 2
    assert set(Generator(1).integers(3, 6, 1000).tolist()) == {3, 4, 5}
    assert np.abs(Generator(1).normal(N)).max() < 5.5


def test_every_position_of_a_permutation_is_as_likely():
    generator = Generator(2)
    counts = np.zeros((5, 5))
    for _ in range(5000):
        counts[np.arange(5), generator.permutation(5)] += 1
    chi_square = ((counts - 1000) ** 2 / 1000).sum()
    assert chi_square < 40, "16 degrees of freedom: above 40 once in a thousand"


def test_successive_draws_are_not_correlated():
    generator = Generator(3)
    a, b = generator.uniform(N), generator.uniform(N)
    assert abs(np.corrcoef(a, b)[0, 1]) < 5 / math.sqrt(N)
    assert abs(np.corrcoef(a[:-1], a[1:])[0, 1]) < 5 / math.sqrt(N)


# ---- seeds and shapes


def test_the_same_seed_gives_the_same_numbers_in_the_order_of_the_draws():
    generator = Generator(4)
    first = [generator.uniform(3), generator.normal(3)]
    generator.seed(4)
    for before, again in zip(first, [generator.uniform(3), generator.normal(3)]):
        np.testing.assert_array_equal(before, again)


def test_neighbouring_seeds_have_nothing_in_common():
    assert not np.intersect1d(Generator(1).bits(1000), Generator(2).bits(1000)).size


def test_pydl_seed_seeds_the_default_generator():
    pydl.seed(12)
    np.testing.assert_array_equal(random.default.bits(5), words_of(12, 0, 5))


def test_shapes():
    generator = Generator()
    assert generator.uniform().shape == ()
    assert generator.normal((0, 3)).shape == (0, 3)
    assert generator.permutation(0).shape == (0,)
    assert generator.integers(0, 5).shape == ()
    assert random.uniform((2, 0)).shape == (2, 0)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, "a", None])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(ValueError, match=rf"expected an integer from 0 to 2\^64 - 1, received {seed!r}"):
        pydl.seed(seed)


@pytest.mark.parametrize("low, high", [(3, 3), (5, 2), (0, 2**32 + 1)])
def test_an_empty_range_of_integers_is_refused(low, high):
    with pytest.raises(ValueError, match=f"low < high.*{low} and {high}"):
        Generator().integers(low, high)
