"""Threefry-2x32 against the known answers of its authors' library Random123, and against a second implementation in
plain Python integers."""

import numpy as np
import pytest

from pydl.ops import random

ONES = 0xFFFFFFFF
KNOWN_ANSWERS = [  # key, counter, expected: Random123's kat_vectors, threefry2x32 with 20 rounds
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((ONES, ONES), (ONES, ONES), (0x1CB996FC, 0xBB002BE7)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
]


def in_plain_python(key, counter):
    """The paper's algorithm in integers without a size."""
    k = [*key, key[0] ^ key[1] ^ 0x1BD11BDA]
    x0, x1 = ((c + w) & ONES for c, w in zip(counter, k))
    for turn in range(20):
        rotation = (13, 15, 26, 6, 17, 29, 16, 24)[turn % 8]
        x0 = (x0 + x1) & ONES
        x1 = ((x1 << rotation | x1 >> 32 - rotation) & ONES) ^ x0
        if turn % 4 == 3:
            block = turn // 4 + 1
            x0 = (x0 + k[block % 3]) & ONES
            x1 = (x1 + k[(block + 1) % 3] + block) & ONES
    return x0, x1


@pytest.mark.parametrize("key, counter, expected", KNOWN_ANSWERS)
def test_known_answers_of_random123(key, counter, expected):
    words = [np.array([c], np.uint32) for c in counter]
    x0, x1 = random.threefry2x32(np.array(key, np.uint32), *words)
    assert (int(x0[0]), int(x1[0])) == expected
    assert in_plain_python(key, counter) == expected


@pytest.mark.parametrize("key", [(0, 0), (777, 0), (ONES, 1), (0x9E3779B9, 0x7F4A7C15)])
@pytest.mark.parametrize("counter", [0, 1, ONES])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 20])
def test_random_words_are_the_first_halves_of_all_blocks_then_the_second(key, counter, count):
    blocks = [in_plain_python(key, (counter, block)) for block in range((count + 1) // 2)]
    expected = [x0 for x0, _ in blocks] + [x1 for _, x1 in blocks]
    assert random.random_words(np.array(key, np.uint32), counter, count).tolist() == expected[:count]


def test_the_primitive_shapes_the_words():
    key, counter = np.array([1, 2], np.uint32), np.array(3, np.uint32)
    bits = random.random_bits(key, counter, shape=(2, 3))
    assert bits.ravel().tolist() == random.random_words(key, 3, 6).tolist()


def test_enciphering_leaves_key_and_counter_as_they_were():
    key, x0, x1 = (np.array([5, 6], np.uint32) for _ in range(3))
    random.threefry2x32(key, x0, x1)
    assert key.tolist() == x0.tolist() == x1.tolist() == [5, 6]
