"""How fast matrices are multiplied: compiled, on every device, and line by line, in billions of operations a second.

A product of (m, k) and (k, n) is 2 m k n operations. The compiled one keeps its matrices as state, where the kernel
runs: what is timed is the kernel, not the way to it.
"""

from __future__ import annotations

import numpy as np

from ..jit import jit
from ..tensor import Tensor
from ..variable import Variable
from .compiled import Compiled
from .networks import SEED
from .turns import Contestant

SIZES = ((128, 784, 256), (512, 512, 512), (1024, 1024, 1024))  # m, k, n
LARGE = (2048, 2048, 2048)  # which only a GPU has enough of
EAGER = SIZES[0]


def name_of(size: tuple[int, int, int]) -> str:
    """As in 128x784x256."""
    return "x".join(map(str, size))


def gflops(size: tuple[int, int, int], seconds: float) -> float:
    """Billions of operations a second."""
    m, k, n = size
    return 2 * m * k * n / seconds / 1e9


def matrices(size: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Random (m, k) and (k, n)."""
    m, k, n = size
    rng = np.random.default_rng(SEED)
    return rng.standard_normal((m, k), np.float32), rng.standard_normal((k, n), np.float32)


def compiled(size: tuple[int, int, int], device: str) -> Compiled:
    """A step that multiplies two matrices and keeps the product."""
    a, b = map(Variable, matrices(size))
    product = Variable(np.zeros((size[0], size[2]), np.float32))

    @jit(device=device)
    def step(x: Tensor) -> Tensor:
        product.assign(a @ b)
        return x.sum()

    return Compiled(step, (np.zeros((1, 1), np.float32),), batch=1, device=device)


def eager() -> dict[str, Contestant]:
    """NumPy's product, and that of two Tensors that no function compiles."""
    a, b = matrices(EAGER)
    tensors = Tensor(a), Tensor(b)
    return {
        "numpy": lambda count: [np.matmul(a, b) for _ in range(count)],
        "eager": lambda count: [tensors[0] @ tensors[1] for _ in range(count)],
    }
