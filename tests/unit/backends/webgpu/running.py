"""What the tests of kernels share: a function's outputs on a GPU in one line."""

import numpy as np

import pydl
from pydl.backends.webgpu.executable import Executable


def compiled(function, gpu, *arrays):
    """An Executable of a function of arrays like these."""
    return Executable(pydl.jit(function, device="numpy").program(*arrays), gpu)


def run(function, gpu, *arrays):
    """The outputs of a function, a list of arrays."""
    executable = compiled(function, gpu, *arrays)
    try:
        return executable(*arrays)
    finally:
        executable.close()


def shader_text(executable):
    """All that its shaders say."""
    return "\n".join(each.text.code for each in executable.compiled.step)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
