"""Random bits on the GPU are those of `pydl.ops.random`, word for word."""

import numpy as np

from pydl.ops.random import random_bits
from pydl.tensor import apply
from tests.unit.backends.webgpu.running import run

KEYS = [(0, 0), (1, 2), (0xFFFFFFFF, 0x80000000), (0x13198A2E, 0x03707344)]
COUNTS = [1, 2, 3, 31, 32, 33, 257, 1000, 4001]


def test_words_of_every_number_of_them_are_those_of_numpy(gpu):
    key, counter = np.uint32(KEYS[3]), np.uint32(7)
    found = run(lambda key, counter: [apply(random_bits, key, counter, shape=(n,)) for n in COUNTS], gpu, key, counter)
    for count, ours in zip(COUNTS, found, strict=True):
        np.testing.assert_array_equal(ours, random_bits(key, counter, shape=(count,)))


def test_words_follow_key_and_counter(gpu):
    keys, counters = np.uint32(KEYS), np.uint32([0, 1, 0xFFFFFFFF])

    def step(keys, counters):
        return [apply(random_bits, keys[k], counters[c], shape=(37,)) for k in range(4) for c in range(3)]

    pairs = [(key, counter) for key in keys for counter in counters]
    for (key, counter), ours in zip(pairs, run(step, gpu, keys, counters), strict=True):
        np.testing.assert_array_equal(ours, random_bits(key, counter, shape=(37,)))


def test_the_published_vectors_come_out(gpu):
    # Random123's known answers for threefry2x32, 20 rounds: block (counter, 0)
    (ours,) = run(lambda key, counter: apply(random_bits, key, counter, shape=(2,)), gpu, np.zeros(2, np.uint32),
                  np.uint32(0))  # fmt: skip
    assert ours.tolist() == [0x6B200159, 0x99BA4EFE]


def test_a_key_may_have_any_strides(gpu):
    words, counter = np.arange(1, 7, dtype=np.uint32), np.uint32(5)
    (ours,) = run(lambda words, counter: apply(random_bits, words[::3], counter, shape=(37,)), gpu, words, counter)
    np.testing.assert_array_equal(ours, random_bits(words[::3], counter, shape=(37,)))
