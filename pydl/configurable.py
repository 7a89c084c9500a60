"""Configurations: objects written down as what their constructors were given, in types that JSON knows.

A layer, a loss, an optimizer, an initialiser: each keeps its constructor's arguments under their own names, so its
configuration can be read from it, and the object made again from that. This is what a saved model carries of its
structure; only classes that are already defined can be named there, never code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from .registry import name_of


class ConfigError(ValueError):
    """A configuration that cannot be written, or that no object can be made from."""


_CLASSES: dict[str, type[Configurable]] = {}  # every configurable class by its name; filled as classes are defined


class Configurable:
    """Base class of what can be configured: it keeps every argument of `__init__` as an attribute of the same name."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        known = _CLASSES.get(cls.__name__)
        # Someone else's Dense does not take the place of ours; of their own classes the newest counts.
        if known is None or not _ours(known) or _ours(cls):
            _CLASSES[cls.__name__] = cls

    def __repr__(self) -> str:
        """As it is made: SGD(learning_rate=0.1); arguments that have their defaults are left out."""
        try:
            return _written({"class_name": type(self).__name__, "config": self.get_config()}, _defaults(type(self)))
        except ConfigError:
            return object.__repr__(self)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments by name, in the types that JSON knows. Raises ConfigError."""
        config = {}
        for name in arguments(type(self)):
            if not hasattr(self, name):
                raise ConfigError(
                    f"{type(self).__name__}: its argument {name!r} is not kept as an attribute, so its configuration "
                    f"is not known; write self.{name} = {name} in __init__, or define get_config()"
                )
            config[name] = describe(getattr(self, name))
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The object that a configuration describes. Raises ConfigError."""
        unknown = sorted(set(config) - set(arguments(cls)))
        if unknown:
            raise ConfigError(f"{cls.__name__}: unknown in its configuration: {', '.join(unknown)}")
        try:
            return cls(**{name: revive(value) for name, value in config.items()})
        except ConfigError:
            raise
        except (TypeError, ValueError, OverflowError) as error:
            raise ConfigError(f"{cls.__name__}: its configuration does not make one: {error}") from error


def describe(value: Any) -> Any:
    """A value as JSON can hold it: an object as {"class_name", "config"}, a known function by its name."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if getattr(value, "shape", None) == ():
        return value.item()  # NumPy's numbers; state that is a number, as it is now
    if isinstance(value, (list, tuple)):
        return [describe(part) for part in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {name: describe(part) for name, part in value.items()}
    if callable(value) and (known := name_of(value)):
        return known
    if isinstance(value, Configurable):
        name = type(value).__name__
        if _ours(_CLASSES[name]) and not _ours(type(value)):
            raise ConfigError(f"a class of pydl is called {name}, too: give {type(value)!r} another name")
        return {"class_name": name, "config": value.get_config()}
    raise ConfigError(f"cannot describe {value!r}: expected numbers, texts, lists, or objects and functions of pydl")


def revive(description: Any, kind: type = object) -> Any:
    """What `describe` has described. An object must be of the given kind. Raises ConfigError."""
    if isinstance(description, list):
        return [revive(part) for part in description]
    if not isinstance(description, dict):
        return description
    if set(description) != {"class_name", "config"}:
        return {name: revive(part) for name, part in description.items()}
    name, config = description["class_name"], description["config"]
    found = _CLASSES.get(name) if isinstance(name, str) else None
    if found is None:
        raise ConfigError(f"unknown class {name!r}: define or import it first")
    if not issubclass(found, kind) or not isinstance(config, dict):
        raise ConfigError(f"expected the configuration of a {kind.__name__}, received one of {name}")
    return found.from_config(config)


def _written(description: Any, usual: Mapping[str, Any]) -> str:
    """A description as the call that makes the object; what is `usual` is left out."""
    if isinstance(description, list):
        return f"[{', '.join(_written(part, {}) for part in description)}]"
    if not isinstance(description, dict) or "class_name" not in description:
        return repr(description)
    name, config = description["class_name"], description["config"]
    usual = usual or _defaults(_CLASSES[name])
    words = (f"{k}={_written(v, {})}" for k, v in config.items() if k not in usual or v != usual[k])
    return f"{name}({', '.join(words)})"


def _defaults(cls: type) -> dict[str, Any]:
    function = cls.__init__  # type: ignore[misc]
    values = [_shown(value) for value in getattr(function, "__defaults__", None) or ()]
    names = arguments(cls)[: getattr(getattr(function, "__code__", None), "co_argcount", 1) - 1]
    named = {name: _shown(value) for name, value in (getattr(function, "__kwdefaults__", None) or {}).items()}
    return dict(zip(names[len(names) - len(values) :], values)) | named


def _shown(value: Any) -> Any:
    try:
        return describe(value)
    except ConfigError:
        return value


def arguments(cls: type) -> tuple[str, ...]:
    """The names of what a class's constructor takes."""
    code = getattr(cls.__init__, "__code__", None)  # type: ignore[misc]
    return () if code is None else code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]


def _ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "pydl"
