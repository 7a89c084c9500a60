"""Names for objects: where the API takes "relu", "adam" or "he_normal" as well as the thing itself.

Each room keeps its own table of names; a configuration writes a known function down by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_names: dict[Callable[..., Any], str] = {}


def resolve(kind: str, table: Mapping[str, Any], wanted: Any) -> Any:
    """The entry of `table` named `wanted`, "he_normal" or by its class "HeNormal"; a callable is taken as it is.

    kind: what is looked for, for the error message.
    """
    if isinstance(wanted, str):
        if wanted in table:
            return table[wanted]
        found = {_plain(name): entry for name, entry in table.items()}.get(_plain(wanted))
        if found is None:
            raise ValueError(f"unknown {kind} {wanted!r}: known are {', '.join(sorted(table))}")
        return found
    if not callable(wanted):
        names = ", ".join(sorted(table))
        raise TypeError(f"{kind}: expected a name or an object, received {wanted!r}; names are {names}")
    return wanted


def _plain(name: str) -> str:
    """What the name of a thing and that of its class have in common: mean_squared_error, MeanSquaredError."""
    return name.replace("_", "").lower()


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
