"""Counter-based random bits: Threefry-2x32 with 20 rounds.

There is no hidden state: the bits are a function of a key and a counter, computed with 32-bit additions, rotations
and exclusive-ors only, so every backend (WGSL too, which has no 64-bit integers) gives the same bits.
Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

import numpy as np

from .primitive import Primitive, ShapeError, Spec

UINT32 = np.dtype(np.uint32)
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = np.uint32(0x1BD11BDA)  # Threefish's constant, so that a zero key is not a fixed point


def threefry2x32(key: np.ndarray, x0: np.ndarray, x1: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Enciphers the blocks (x0[i], x1[i]) with a key of two words; all uint32. Returns new arrays."""
    k0, k1 = np.uint32(key[0]), np.uint32(key[1])
    keys = (k0, k1, k0 ^ k1 ^ PARITY)
    with np.errstate(over="ignore"):
        x0, x1 = x0 + keys[0], x1 + keys[1]
        for group in range(5):
            for rotation in ROTATIONS[group % 2]:
                x0 += x1
                left = x1 << np.uint32(rotation)
                x1 >>= np.uint32(32 - rotation)
                x1 |= left
                x1 ^= x0
            x0 += keys[(group + 1) % 3]
            x1 += keys[(group + 2) % 3] + np.uint32(group + 1)
    return x0, x1


def random_words(key: np.ndarray, counter: int, count: int) -> np.ndarray:
    """`count` random uint32: blocks (counter, 0), (counter, 1), ... enciphered, first words first."""
    blocks = (count + 1) // 2
    x0, x1 = threefry2x32(key, np.full(blocks, counter, UINT32), np.arange(blocks, dtype=UINT32))
    return np.concatenate([x0, x1])[:count]


def _bits_shape(key: Spec, counter: Spec, shape: tuple[int, ...]) -> Spec:
    if key != Spec((2,), UINT32) or counter != Spec((), UINT32):
        raise ShapeError(f"random_bits: expected a key u32[2] and a counter u32[], received {key} and {counter}")
    return Spec(shape, UINT32)


def _bits(key: np.ndarray, counter: np.ndarray, out: np.ndarray, shape: tuple[int, ...]) -> None:
    out[...] = random_words(key, int(counter), out.size).reshape(shape)


random_bits = Primitive("random_bits", shape_rule=_bits_shape, evaluate=_bits, derivatives=(None, None))
