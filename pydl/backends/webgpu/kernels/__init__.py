"""Kernels: the WGSL functions that a Program's instructions become.

`body.py` says what is done with the elements of one place, `loops.py`, `reductions.py` and `matmul.py` run it over all
of them, `movement.py`, `threefry.py` and `control.py` have what is not made of elementwise instructions.
"""
