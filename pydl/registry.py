"""Names for objects: where the API takes "relu", "adam" or "he_normal" as well as the thing itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_names: dict[Callable[..., Any], str] = {}


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


def named(table: dict[str, Any]) -> dict[str, Any]:
    """The same table, its functions known by their first name from now on: a configuration can name them."""
    for name, function in table.items():
        _names.setdefault(function, name)
    return table


def name_of(function: Callable[..., Any]) -> str | None:
    """The name by which a function can be resolved, or None."""
    try:
        return _names.get(function)
    except TypeError:  # it cannot be hashed, so it is none of ours
        return None
