"""Names for objects: where the API takes "relu", "adam" or "he_normal" as well as the thing itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def resolve(kind: str, table: Mapping[str, Any], wanted: Any) -> Any:
    """The entry of `table` named `wanted`; anything callable is taken as it is.

    kind: what is looked for, for the error message.
    """
    if isinstance(wanted, str):
        if wanted not in table:
            raise ValueError(f"unknown {kind} {wanted!r}: known are {', '.join(sorted(table))}")
        return table[wanted]
    if not callable(wanted):
        raise TypeError(f"{kind}: expected a name or a function, received {wanted!r}")
    return wanted
