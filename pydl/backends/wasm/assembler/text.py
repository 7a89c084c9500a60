"""The text of a module, in WebAssembly's text format: for reading what the compiler has written.

Only the bytes of data are left out.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from .expression import storage
from .opcodes import OPCODES

if TYPE_CHECKING:
    from .function import Function
    from .module import Module


def text(module: Module) -> str:
    """All functions, an instruction a line, indented by block."""
    parts = ["(module", f'  (import "env" "memory" (memory {-(-module.nbytes // 65536)}))']
    for function in module.functions.values():
        parts += [f"  {line}" for line in function_text(function)]
    parts += [f"  (data (i32.const {at}) ;; {len(content)} bytes\n  )" for at, content in module.data]
    return "\n".join([*parts, ")"])


def function_text(function: Function) -> list[str]:
    """The lines of one function."""
    signature = "".join(f" (param ${name} {storage(type_)})" for name, type_ in function.parameters.items())
    signature += f" (result {storage(function.result)})" if function.result else ""
    exported = f' (export "{function.name}")' if function.export else ""
    lines = [f"(func ${function.name}{exported}{signature}"]
    for name in list(function.locals)[len(function.parameters) :]:
        lines.append(f"  (local ${name} {storage(function.locals[name])})  ;; {function.locals[name]}")
    depth = 1
    for name, operand in function.body:
        if name in ("end", "else"):
            depth -= 1
        lines.append("  " * depth + _line(name, operand))
        if name in ("block", "loop", "if", "else"):
            depth += 1
    return [*lines, ")"]


def _line(name: str, operand: Any) -> str:
    if name in ("block", "loop"):
        return f"{name} ;; {operand}"
    if name in ("local.get", "local.set", "call"):
        return f"{name} ${operand}"
    if name == "v128.const":
        return "v128.const " + _vector(operand)
    kind = OPCODES[name].operand if name in OPCODES else ""
    if kind == "memory":
        return f"{name} offset={operand}"
    if kind == "memory lane":
        return f"{name} offset={operand[0]} {operand[1]}"
    if kind == "shuffle":
        return f"{name} {' '.join(map(str, operand))}"
    return name if operand in (None, "") else f"{name} {operand}"


def _vector(content: bytes) -> str:
    """Sixteen bytes as the numbers that they are likely to be, the shortest to write: constants carry no type."""
    shown = [_floats("f32x4", "<f", content), _floats("f64x2", "<d", content)]
    hexadecimal = "i32x4 " + " ".join(f"{number:#010x}" for number in struct.unpack("<4I", content))
    return min((text for text in shown if text), key=len, default=hexadecimal)


def _floats(shape: str, layout: str, content: bytes) -> str:
    """The numbers in as few digits as give them back, "" where one of them is a strange one for a float."""
    parts = []
    for (number,) in struct.iter_unpack(layout, content):
        if number and not 1e-30 < abs(number) < 1e30:
            return ""
        digits = (f"{number:.{count}g}" for count in range(1, 18))
        parts.append(next(text for text in digits if struct.pack(layout, float(text)) == struct.pack(layout, number)))
    return " ".join([shape, *parts])
