"""Tracing a Python function into a Program, the passes over it, and the memory plan.

Between the Tensors and the backends: a training step comes in as Python and goes out as a list of primitives.
"""

from .compiled import Jitted, jit
from .program import Instruction, Program, ProgramError, Value
from .trace import Trace

__all__ = ["Instruction", "Jitted", "Program", "ProgramError", "Trace", "Value", "jit"]
