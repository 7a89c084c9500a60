"""Tracing a Python function into a Program, the passes over it, and the memory plan."""

from .compiled import Jitted, jit
from .program import Instruction, Program, ProgramError, Value
from .trace import Trace

__all__ = ["Instruction", "Jitted", "Program", "ProgramError", "Trace", "Value", "jit"]
