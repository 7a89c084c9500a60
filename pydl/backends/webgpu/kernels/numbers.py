"""Numbers in which kernels that do the same may differ: where values lie, and how much there is to do.

A kernel is written with marks in their places. Kernels of one module that are the same but for these numbers become
one function with a table of them: the optimizer's update of each weight, say.
"""

from __future__ import annotations

import re

NUMBER = re.compile(r"<(\d+)>")


def number(value: int) -> str:
    """The mark for a number."""
    return f"<{value}>"


def abstract(code: str) -> tuple[str, list[int]]:
    """Code with <0>, <1>, ... in the places of its numbers, equal ones alike; and the numbers."""
    found: dict[int, int] = {}
    code = NUMBER.sub(lambda match: f"<{found.setdefault(int(match[1]), len(found))}>", code)
    return code, list(found)
