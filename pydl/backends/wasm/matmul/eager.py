"""The module that multiplies matrices for eager NumPy: the compiler's matmul, with sizes and strides as parameters.

`pydl.backends.wasm.eager` runs it on the memory in which NumPy's arrays stand.
"""

from __future__ import annotations

from ..assembler import Module
from .driver import scratch_bytes, write_matmul
from .operand import Operand

_A = Operand("a", ((0, "a_row"),), ((0, "a_column"),))
_B = Operand("b", ((0, "b_row"),), ((0, "b_column"),))
SCRATCH = scratch_bytes(_A, _B, "m", "n", "k")  # bytes for any shape: long products go block by block


def code(relaxed: bool) -> bytes:
    """The module's bytes.

    It imports its memory as ("env", "memory") and exports

        matmul(m, n, k, a, a_row, a_column, b, b_row, b_column, c, c_row, scratch)

    all i32: sizes, addresses, strides in bytes; C's columns are adjacent; scratch: SCRATCH bytes, a multiple of 16.
    """
    module = Module()
    write_matmul(module, "matmul", _A, _B, "c", "m", "n", "k", "scratch", relaxed, c_row="c_row", export=True)
    return module.encode()
