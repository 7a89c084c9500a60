"""Elementwise primitives in WGSL: a table of what NumPy's functions are called here.

Operands are expressions for numbers, or for vectors of four in a wide module: the same text does for both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....jit.program import Instruction, Value
from ....ops.elementwise import BOOL
from ...errors import Unsupported
from ..words import type_of
from .shader import Shader

_ARITHMETIC = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_COMPARISONS = {"greater": ">", "greater_equal": ">=", "equal": "=="}
_FUNCTIONS = {"tanh": "tanh", "sigmoid": "sigmoid", "erf": "erf", "pow": "power"}
_BUILT_IN = ("exp", "log", "sqrt")


def typed(dtype: np.dtype, width: int) -> str:
    """The WGSL type of a number of this dtype, or of four."""
    name = type_of(dtype)
    return name if width == 1 else f"vec4<{name}>"


def literal(dtype: np.dtype, number: float | int | bool, width: int) -> str:
    """A finite number as WGSL, in all places of a vector. A float is the float32 nearest to it."""
    name = type_of(dtype)
    if name == "bool":
        text = "true" if number else "false"
    elif name == "f32":
        text = f"{_shortest(np.float32(number))}f"
        text = f"({text})" if text.startswith("-") else text
    elif name == "i32":
        text = f"{number}i" if number >= 0 else f"i32({number})"
    else:
        text = f"{number}u"
    return text if width == 1 else f"vec4<{name}>({text})"


def _shortest(number: np.float32) -> str:
    """The shortest decimal that is this float32 even when it is read as a double first."""
    short = str(number)
    text = short if np.float32(float(short)) == number else repr(float(number))
    return text.replace("e+", "e")


def evaluate(shader: Shader, instruction: Instruction, args: Sequence[str], bound: Value | None = None) -> str:
    """An instruction's result for the elements of its operands.

    bound: of a maximum, the operand that is known to be a number. Raises Unsupported
    """
    name, width = instruction.primitive.name, shader.width
    dtype = instruction.inputs[-1].dtype
    if name == "where":
        return f"select({args[2]}, {args[1]}, {args[0]})"
    if name == "cast":
        return convert(args[0], dtype, instruction.result.dtype, width)
    if name in _COMPARISONS:
        return _compared(name, args, dtype)
    if name == "right_shift":
        return f"{args[0]} >> {literal(np.dtype(np.uint32), int(instruction.params['by']), width)}"
    if name == "maximum":
        return _maximum(shader, instruction, args, bound)
    if name == "add" or name == "mul":
        if dtype == BOOL:
            return f"{args[0]} {'|' if name == 'add' else '&'} {args[1]}"
        return wrapped(f"{args[0]} {_ARITHMETIC[name]} {args[1]}", dtype, width)
    if name in _ARITHMETIC and dtype != BOOL and (dtype.kind == "f" or name != "div"):
        return wrapped(f"{args[0]} {_ARITHMETIC[name]} {args[1]}", dtype, width)
    if name == "neg" and dtype != BOOL:
        return wrapped(f"-{args[0]}" if dtype.kind != "u" else f"~{args[0]} + {literal(dtype, 1, width)}", dtype, width)
    if name in _BUILT_IN and dtype.kind == "f":
        return f"{name}({args[0]})"
    if name in _FUNCTIONS and dtype.kind == "f":
        return f"{shader.use(_FUNCTIONS[name])}({', '.join(args)})"
    raise Unsupported(f"{name} of {dtype} has no kernel (at {instruction})")


def added(a: str, b: str, dtype: np.dtype) -> str:
    """The sum; of booleans whether one of them is true, as in NumPy."""
    return f"{a} | {b}" if dtype == BOOL else f"{a} + {b}"


def larger(shader: Shader, a: str, b: str, dtype: np.dtype) -> str:
    """The larger of two numbers, NaN if one of them is."""
    if dtype.kind == "f":
        return f"{shader.use('larger')}({a}, {b})"
    return f"{a} | {b}" if dtype == BOOL else f"max({a}, {b})"


def _maximum(shader: Shader, instruction: Instruction, args: Sequence[str], bound: Value | None) -> str:
    a, b = args
    if bound is None or instruction.result.dtype.kind != "f":
        return larger(shader, a, b, instruction.result.dtype)
    if bound is instruction.inputs[0]:
        a, b = b, a
    return f"{shader.use('at_least')}({a}, {b})"


def _compared(name: str, args: Sequence[str], dtype: np.dtype) -> str:
    a, b = args
    if dtype == BOOL and name != "equal":
        return f"{a} & !{b}" if name == "greater" else f"{a} | !{b}"
    return f"{a} {_COMPARISONS[name]} {b}"


def convert(value: str, source: np.dtype, target: np.dtype, width: int) -> str:
    """Numbers as another dtype, as NumPy's astype has it. What does not fit into 32 bits ends at their ends."""
    if source == target or (type_of(source) == type_of(target) and target.itemsize >= source.itemsize):
        return value
    if target == BOOL:
        return f"{value} != {literal(source, 0, width)}"
    if source == BOOL:
        return f"select({literal(target, 0, width)}, {literal(target, 1, width)}, {value})"
    if source.kind == "f" and target.kind == "u" and target.itemsize < 4:
        return wrapped(f"{typed(target, width)}({typed(np.dtype(np.int32), width)}({value}))", target, width)
    return wrapped(f"{typed(target, width)}({value})", target, width)


def wrapped(value: str, dtype: np.dtype, width: int) -> str:
    """A result of 32 bits as its dtype of 8 or 16 bits keeps it."""
    if dtype.itemsize >= 4 or dtype == BOOL or dtype.kind == "f":
        return value
    unsigned = np.dtype(np.uint32)
    if dtype.kind == "u":
        return f"({value}) & {literal(unsigned, 2 ** (8 * dtype.itemsize) - 1, width)}"
    spare = literal(unsigned, 32 - 8 * dtype.itemsize, width)
    return f"(({value}) << {spare}) >> {spare}"
