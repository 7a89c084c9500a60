"""Passes: functions from Program to Program that keep its meaning and leave less to do, one in each file.

They run between the trace and the backend, so that no backend needs them. Folding, simplification, sharing and dead
code shrink the Program; fusion then says which instructions are one loop.
"""

from __future__ import annotations

from ..program import Program
from .dead_code import remove_dead_code
from .folding import fold_constants
from .fusion import fuse
from .sharing import share_common_subexpressions
from .simplify import simplify

PASSES = (fold_constants, simplify, share_common_subexpressions, remove_dead_code, fuse)


def optimize(program: Program) -> Program:
    """All passes, in order."""
    for each in PASSES:
        program = each(program)
    return program


__all__ = [
    "PASSES",
    "fold_constants",
    "fuse",
    "optimize",
    "remove_dead_code",
    "share_common_subexpressions",
    "simplify",
]
