"""Threefry-2x32 in WGSL: the same random bits as everywhere (`pydl.ops.random`), two words for an invocation."""

from __future__ import annotations

from ....jit.layout import Layout
from ....jit.program import Instruction, Value
from ....ops.random import PARITY, ROTATIONS
from .body import load
from .numbers import number
from .shader import Lines, Shader, Unit


def blocks_of(instruction: Instruction) -> int:
    """Enciphered blocks; each gives two words."""
    return (instruction.result.spec.size + 1) // 2


def write_random_bits(
    shader: Shader, name: str, unit: Unit, instruction: Instruction, layouts: dict[Value, Layout], guarded: bool
) -> None:
    """Adds the kernel that enciphers the blocks (counter, 0), (counter, 1), ...: first words first."""
    size, blocks = instruction.result.spec.size, blocks_of(instruction)
    key, counter = (layouts[value] for value in instruction.inputs)
    place = unit.places[instruction.result]

    def write(lines: Lines) -> None:
        block = shader.index(lines, blocks)
        lines(f"let key0 = {load(shader, unit, key, '0u')};")
        lines(f"let key1 = {load(shader, unit, key, '1u')};")
        lines(f"let key2 = key0 ^ key1 ^ {int(PARITY)}u;")
        lines(f"var x0 = {load(shader, unit, counter, '0u')} + key0;")
        lines(f"var x1 = {block} + key1;")
        for group in range(5):
            for rotation in ROTATIONS[group % 2]:
                lines("x0 += x1;")
                lines(f"x1 = ((x1 << {rotation}u) | (x1 >> {32 - rotation}u)) ^ x0;")
            lines(f"x0 += key{(group + 1) % 3};")
            lines(f"x1 += key{(group + 2) % 3} + {group + 1}u;")
        bank = shader.bank(place.bank)
        lines(f"{bank}[{number(place.start)} + {block}] = x0;")
        second = f"{bank}[{number(place.start + blocks)} + {block}]"
        lines(f"if ({block} + {number(blocks)} < {number(size)}) {{ {second} = x1; }}")

    shader.add(name, shader.rounds(blocks), write, guarded)
