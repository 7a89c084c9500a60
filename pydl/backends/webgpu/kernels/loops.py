"""Loops: elementwise kernels and copies, an invocation for every element or every four."""

from __future__ import annotations

from .body import Body
from .shader import Lines, Shader


def write_loop(shader: Shader, name: str, body: Body, guarded: bool) -> None:
    """Adds the kernel that computes a body for all elements of its stores."""
    rounds = -(-body.stores[0].value.spec.size // shader.width)

    def write(lines: Lines) -> None:
        body.at(shader, lines, shader.index(lines, rounds)).store()

    shader.add(name, shader.rounds(rounds), write, guarded)
