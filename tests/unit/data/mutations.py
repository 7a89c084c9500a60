"""Damage to files: cut at every place, bits flipped, bytes put in, taken out, repeated and exchanged."""

import numpy as np


def mutated(whole, trials, seed, alphabet=None):
    """`trials` damaged copies of a file, the first ones cut at every place.

    alphabet: bytes that insertions are mostly made of, where those of a format do more harm than random ones.
    """
    random = np.random.default_rng(seed)
    for trial in range(trials):
        damaged = bytearray(whole)
        if trial < len(whole):
            del damaged[trial:]
            yield bytes(damaged)
            continue
        for _ in range(int(random.integers(1, 4))):
            at, size = int(random.integers(len(damaged) + 1)), int(random.integers(1, 5))
            kind = random.integers(6)
            if kind == 0 and at < len(damaged):
                damaged[at] ^= 1 << int(random.integers(8))
            elif kind == 1:
                damaged[at:at] = random.bytes(size)
            elif kind == 2:
                del damaged[at : at + size]
            elif kind == 3 and alphabet:
                damaged[at:at] = bytes(random.choice(list(alphabet), size).tolist())
            elif kind == 4:
                damaged[at:at] = damaged[at : at + 10 * size]
            else:
                other = int(random.integers(len(damaged) + 1))
                damaged[at : at + size], damaged[other : other + size] = (
                    damaged[other : other + size],
                    damaged[at : at + size],
                )
        yield bytes(damaged)
