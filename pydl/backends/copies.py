"""A Program on copies of its state: what it does there leaves no trace in the Variables themselves.

Trials of devices (`auto.py`) and the replay of lost steps (`failover.py`) run on such copies.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..variable import Variable

if TYPE_CHECKING:
    from ..jit.program import Program


def on_copies(program: Program, values: Sequence[np.ndarray] | None = None) -> Program:
    """The same Program with Variables of its own.

    values: what they hold, in the order of `program.state`; None: what those of the original hold now
    """
    if values is None:
        values = [variable._home() for variable, _ in program.state]
    copies = {id(variable): Variable(value, variable.name, dtype=variable.dtype)
              for (variable, _), value in zip(program.state, values)}  # fmt: skip
    state = [(copies[id(variable)], value) for variable, value in program.state]
    updates = [(copies[id(variable)], value) for variable, value in program.updates]
    return dataclasses.replace(program, state=state, updates=updates)
