"""Words: how numbers of every dtype lie in the 32-bit words of a GPU, which has no others.

float32, int32 and uint32 are what they are. Booleans and shorter integers take a word each; their arithmetic is cut to
size by the kernels. Longer ones are cut to 32 bits where that loses nothing: a float64 of one element (a learning rate,
a schedule) is computed as float32, and an int64 may be moved, compared and converted, not computed with.
"""

from __future__ import annotations

import numpy as np

from ...jit.program import Instruction, Value
from ..errors import InvalidOnDevice, Unsupported

WORD = 4  # bytes
_MOVES = {"cast", "where", "greater", "greater_equal", "equal", "gather", "pad", "concatenate"}


def type_of(dtype: np.dtype) -> str:
    """The WGSL type in which a number of this dtype is computed."""
    if dtype == np.bool_:
        return "bool"
    return {"f": "f32", "i": "i32", "u": "u32"}[dtype.kind]


def pack(array: np.ndarray) -> np.ndarray:
    """An array's numbers as words, C-contiguous. Raises InvalidOnDevice for an int64 that does not fit."""
    if array.dtype.kind in "iu" and array.itemsize == 8:
        target = np.dtype(np.int32 if array.dtype.kind == "i" else np.uint32)
        words = array.astype(target)
        if not np.array_equal(words, array):
            raise InvalidOnDevice(f"expected integers of 32 bits, received {array.dtype} from {array.min()} "
                                  f"to {array.max()}")  # fmt: skip
        return np.ascontiguousarray(words)
    kind = {"f": np.float32, "i": np.int32}.get(array.dtype.kind, np.uint32)
    return np.ascontiguousarray(array, kind)


def unpack(words: np.ndarray, value: Value) -> np.ndarray:
    """Words (uint32) as an array of a value's shape and dtype."""
    kind = {"f": np.float32, "i": np.int32}.get(value.dtype.kind, np.uint32)
    return words.view(kind).reshape(value.shape).astype(value.dtype)


def check(instruction: Instruction) -> None:
    """Raises Unsupported for an instruction that would need more than 32 bits."""
    if instruction.primitive.view:
        return
    for value in (*instruction.inputs, instruction.result):
        dtype = value.dtype
        if dtype.itemsize <= WORD and dtype != np.float16:
            continue
        small = dtype == np.float64 and value.spec.size <= 1
        moved = dtype.kind in "iu" and instruction.primitive.name in _MOVES
        if not (small or moved):
            raise Unsupported(
                f"webgpu: a GPU computes with 32-bit numbers, and this Program has {value} (at {instruction}); "
                "use float32 and int32, or device='wasm' or 'numpy', which know all"
            )
