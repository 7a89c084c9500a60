"""A small assembler for WebAssembly: functions with named locals, structured control flow and typed expressions.

    module = Module(nbytes=65536)
    f = module.function("scale", {"start": "i32", "stop": "i32"}, export=True)
    with f.range("at", f["start"], f["stop"], 16) as at:       # bytes: four numbers a round
        f.store(load("f32x4", at) * 2.0, at)
    print(module)                                              # as text
    code = module.encode()                                     # as bytes

It knows nothing of Programs; the compiler in the folder above writes with it.
"""

from .expression import (
    Expr,
    call,
    const,
    load,
    load_splat,
    madd,
    mask_of,
    op,
    shuffle,
    splat,
    where,
)
from .function import Function
from .module import PAGE, Module
from .validation import InvalidModule, validate

__all__ = [
    "PAGE", "Expr", "Function", "InvalidModule", "Module", "call", "const", "load", "load_splat", "madd", "mask_of",
    "op", "shuffle", "splat", "validate", "where",
]  # fmt: skip
