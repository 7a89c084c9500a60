"""The wasm backend: a Program becomes machine code that every browser runs, WebAssembly with 128-bit SIMD.

How a line of Python becomes a SIMD instruction, by the example of

    @pydl.jit(device="wasm:simd")
    def layer(x):
        return (x @ w + b).relu()

1. Tracing (`pydl.jit.trace`) runs the function once with Tensors that compute nothing and writes down what they are
   asked for; the passes (`pydl.jit.passes`) leave out what need not be done, and fusion says what is one loop:

       0 | %2: f32[2,8] = matmul(%0, %1)
           %4: f32[2,8] = broadcast(%3, shape=[2, 8])
       0 | %5: f32[2,8] = add(%2, %4)
           %7: f32[2,8] = broadcast(%6, shape=[2, 8])
       0 | %8: f32[2,8] = maximum(%5, %7)

   Views like the broadcast are no work: a layout (`pydl.jit.layout`) says by which strides they read their source.
2. The schedule (`schedule.py`) makes a step of every kernel: here a matrix product with a tail. %5 lives in a register
   only; of all results just %8 needs memory, and `placement.py` gives it an address, which other values may have had
   before it.
3. Each step writes itself as a function. The tail is a nest of loops (`kernels/loops.py`) around a body
   (`kernels/body.py`), which loads four numbers of each operand, asks `kernels/elementwise.py` how an addition is
   spelled, and stores what is needed. With the assembler (`assembler/`) that is Python which reads like what it writes:

       f.store((load("f32x4", at, 384) + load("f32x4", column, 256)).apply("max", const("f32x4", 0.0)), at, 384)

       local.get $at                        ;; where the result goes
       local.get $at
       v128.load offset=384                 ;; four sums of the product
       local.get $column
       v128.load offset=256                 ;; four biases
       f32x4.add
       v128.const f32x4 0 0 0 0
       f32x4.max                            ;; relu
       v128.store offset=384

   Each line is an instruction of a few bytes, for which the engine has one of the processor: f32x4.add is ADDPS on
   x86 and FADD on ARM. The product before it (`matmul/`) keeps tiles of the result in registers.
4. `compiler.py` puts the functions into one module, with `step`, which calls them in order, and `run`, which takes
   batches from a data set and runs thousands of steps without coming back to Python. A host (`hosts/`) executes it: the
   page's own engine, or wasmtime on the desktop. `executable.py` keeps the Variables in its memory in the meantime.

`print(step.prepared(x).program)` shows the Program, `print(step.prepared(x).executable.compiled.module)` all the code.

There are two variants. "wasm:simd" gives the same bits in every engine and on every processor. "wasm:relaxed" lets the
processor multiply and add in one instruction where it can: products of matrices take some 5 % less time (Chromium 156,
2026-11), and what is rounded once instead of twice differs in the last bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import DeviceError
from . import hosts

if TYPE_CHECKING:
    from ...jit.program import Program
    from .executable import Executable


def available() -> bool:
    """Whether there is an engine: the page's own, or wasmtime on the desktop."""
    return hosts.current() is not None


def compile(program: Program, relaxed: bool | None = None) -> Executable:
    """The Program, ready to run.

    relaxed: with relaxed SIMD; None: where the engine has it. Raises Unsupported, and ExecutionError where the engine
    has no memory for it.
    """
    from .executable import Executable

    host = hosts.current()
    if host is None:
        raise DeviceError("wasm: there is no engine here; pip install pydl-lab[wasm] brings one")
    return Executable(program, host, host.relaxed if relaxed is None else relaxed)
