"""Random bits in machine code, run in wasmtime, against `pydl.ops.random` word for word."""

import numpy as np
import pytest

from pydl.backends.wasm.assembler import Module, load, load_splat, validate
from pydl.backends.wasm.kernels.threefry import block_numbers, key_schedule, threefry, write_random_bits
from pydl.ops.random import random_words
from tests.support.wasm import run_module

KEYS = [(0, 0), (1, 2), (0xFFFFFFFF, 0x80000000), (0x13198A2E, 0x03707344)]
KEY, COUNTER, OUT = 64, 128, 256


def words_of(key, counter, count):
    """`count` words as the machine code gives them, and what stands behind them up to the end of memory."""
    module = Module(65536)
    write_random_bits(module, "bits", KEY, COUNTER, OUT, count).export = True
    memory = [(KEY, np.uint32(key)), (COUNTER, np.uint32([counter])), (OUT, np.full(4096, 0xABCDEF01, np.uint32))]
    found = run_module(module, "bits", memory=memory, read=[(OUT, np.uint32, 4096)])[1][0]
    return found[:count], found[count:]


@pytest.mark.parametrize(
    "count", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 25, 31, 32, 33, 100, 255, 1000, 4001]
)
def test_words_are_those_of_numpy(count):
    received, _ = words_of(KEYS[3], 7, count)
    assert np.array_equal(received, random_words(np.uint32(KEYS[3]), 7, count))


@pytest.mark.parametrize("counter", [0, 1, 0xFFFFFFFF])
@pytest.mark.parametrize("key", KEYS)
def test_words_follow_key_and_counter(key, counter):
    received, _ = words_of(key, counter, 37)
    assert np.array_equal(received, random_words(np.uint32(key), counter, 37))


def test_the_published_vectors_come_out():
    # Random123's known answers for threefry2x32, 20 rounds: block (counter, 0)
    assert words_of((0, 0), 0, 2)[0].tolist() == [0x6B200159, 0x99BA4EFE]


@pytest.mark.parametrize("count", range(1, 70))
def test_nothing_is_written_beyond_the_buffers_64_bytes(count):
    _, behind = words_of((3, 4), 5, count)
    assert np.all(behind[-count % 16 :] == 0xABCDEF01)


def test_blocks_can_be_enciphered_within_a_loop():
    module = Module(65536)
    f = module.function("bits", export=True)
    keys = key_schedule(
        f, *(load_splat("i32x4", f.let("zero", f.local("nothing", "i32")), KEY + 4 * n) for n in (0, 1))
    )
    with f.range("at", 8, 40, 4) as at:
        x0, x1 = threefry(f, keys, load_splat("i32x4", at * 0, COUNTER), block_numbers(at))
        f.store(x0 ^ x1, at << 2, OUT)
    memory = [(KEY, np.uint32(KEYS[2])), (COUNTER, np.uint32([9]))]
    received = run_module(module, "bits", memory=memory, read=[(OUT + 32, np.uint32, 32)])[1][0]
    words = random_words(np.uint32(KEYS[2]), 9, 80)
    assert np.array_equal(received, words[8:40] ^ words[48:80])


def test_single_blocks_are_enciphered_with_whole_numbers():
    module = Module(65536)
    f = module.function("block", {"counter": "i32", "number": "i32"}, "i32", export=True)
    keys = key_schedule(f, load("i32", f["counter"] * 0, KEY), load("i32", f["counter"] * 0, KEY + 4))
    x0, x1 = threefry(f, keys, f["counter"], f["number"])
    f.give(x0 ^ x1)
    received = run_module(validate(module), "block", 9, 5, memory=[(KEY, np.uint32(KEYS[3]))])[0]
    words = random_words(np.uint32(KEYS[3]), 9, 12)
    assert received & 0xFFFFFFFF == words[5] ^ words[11]
