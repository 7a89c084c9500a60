"""Kernels: the loops that a Program's instructions become, elementwise, reducing and moving.

`body.py` says what happens in one round, `loops.py` and `reductions.py` run it over all elements, `movement.py` has
what only moves numbers. Matrix products have a folder of their own (`matmul`), functions like exp another
(`mathematics`).
"""
