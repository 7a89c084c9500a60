"""Random bits in machine code: Threefry-2x32 with 20 rounds, four blocks at a time.

The words are those of `pydl.ops.random`, bit for bit: additions, rotations and exclusive-ors of 32 bits.
"""

from __future__ import annotations

from ....ops.random import PARITY, ROTATIONS
from ..assembler import Expr, Function, Module, const, load_splat, splat

Keys = list[tuple[Expr, Expr]]


def key_schedule(f: Function, key0: Expr, key1: Expr) -> Keys:
    """What is added to a block's two words before the rounds and after each four of them, as locals.

    key0, key1: the key's words, of the type of the blocks (i32, or i32x4 with one in all lanes). It does not depend on
    the blocks: write it before the loop over them.
    """
    key0, key1 = f.let("key0", key0), f.let("key1", key1)
    words = (key0, key1, f.let("key2", key0 ^ key1 ^ int(PARITY)))
    return [
        (words[group % 3], f.let("added", words[(group + 1) % 3] + group) if group else words[1]) for group in range(6)
    ]


def threefry(f: Function, keys: Keys, x0: Expr, x1: Expr) -> tuple[Expr, Expr]:
    """The blocks (x0, x1) enciphered; i32 or i32x4. Both results are locals."""
    x0, x1 = f.let("x0", x0 + keys[0][0]), f.let("x1", x1 + keys[0][1])
    for group in range(5):
        for rotation in ROTATIONS[group % 2]:
            f.set(x0, x0 + x1)
            f.set(x1, _rotated(x1, rotation) ^ x0)
        f.set(x0, x0 + keys[group + 1][0])
        f.set(x1, x1 + keys[group + 1][1])
    return x0, x1


def _rotated(x: Expr, by: int) -> Expr:
    if x.type == "i32":
        return x.apply("rotl", by)
    return (x << by) | x.shift_right_unsigned(32 - by)


def write_random_bits(module: Module, name: str, key: int, counter: int, out: int, count: int) -> Function:
    """A function () -> () that writes `random_words(key, counter, count)` into memory.

    key, counter, out: addresses of two words, of one and of `count` words. Whole vectors are written: up to three words
    behind the last, which lie below the next multiple of 64 bytes if `out` is such a multiple.
    """
    f = module.function(name)
    blocks = (count + 1) // 2
    if not blocks:
        return f
    zero = const("i32", 0)
    keys = key_schedule(f, load_splat("i32x4", zero, key), load_splat("i32x4", zero, key + 4))
    first = f.let("counter", load_splat("i32x4", zero, counter))
    # From the last blocks to the first: where first words run over into second words, those are written later.
    last = (blocks - 1) // 4 * 4
    block = f.let("block", const("i32x4", (last, last + 1, last + 2, last + 3)))
    at = f.let("at", const("i32", last * 4))
    with f.loop("blocks"):
        x0, x1 = threefry(f, keys, first, block)
        f.store(x0, at, out)
        f.store(x1, at, out + blocks * 4)
        f.set(block, block - 4)
        f.set(at, at - 16)
        f.break_to("blocks", at >= 0)
    return f


def block_numbers(at: Expr) -> Expr:
    """The numbers of the four blocks from `at` (i32) on, as threefry's x1."""
    return splat("i32x4", at) + const("i32x4", (0, 1, 2, 3))
