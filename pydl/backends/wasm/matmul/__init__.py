"""Matrix products in machine code, where nearly all the time of a training step goes.

`driver.py` plans a product and walks over its blocks, `tiles.py` computes a tile of it in registers from panels that
`packing.py` has written, `direct.py` has the small ones; `eager.py` is the same kernel for NumPy's arrays in the page.
"""

from .driver import scratch_bytes, write_matmul
from .operand import Operand

__all__ = ["Operand", "scratch_bytes", "write_matmul"]
