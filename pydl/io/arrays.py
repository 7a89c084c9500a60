"""What the file formats share: which dtypes they hold, and the step from bytes that claim to be an array to one.

Nothing is taken on trust: a header's shape must account for exactly the bytes that are there, before any is used.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from .errors import FileError

DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"
)  # fmt: skip
MOST_AXES = 64  # what NumPy 2 can hold
_DEEPEST = 64  # levels of JSON: a parser of deeper texts may run out of stack, which a browser does not survive

Arrays = dict[str, np.ndarray]
Meta = dict[str, Any]


def storable(arrays: Mapping[str, Any], where: str) -> Arrays:
    """The arrays as the formats hold them: C order, little-endian, a dtype of the table. Raises FileError."""
    stored = {}
    for name, value in arrays.items():
        array = np.asarray(value)
        if not isinstance(name, str) or array.dtype.name not in DTYPES:
            raise FileError(
                f"{where}: expected names with arrays of {', '.join(DTYPES)}; received {array.dtype} for {name!r}"
            )
        try:
            name.encode()
        except UnicodeEncodeError:
            raise FileError(f"{where}: expected names in Unicode, received {name!r}") from None
        shape = array.shape  # ascontiguousarray makes a single number an array of one axis
        stored[name] = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(shape)
    return stored


def raw(array: np.ndarray) -> memoryview:
    """The bytes of an array in C order, without a copy."""
    return array.reshape(-1).view(np.uint8).data


def array_of(data: memoryview, dtype: np.dtype[Any], shape: tuple[int, ...], where: str) -> np.ndarray:
    """An array of its own from the bytes of one. Raises FileError unless they are exactly what the shape needs."""
    if len(shape) > MOST_AXES or math.prod(max(size, 1) for size in shape) * dtype.itemsize > sys.maxsize:
        raise FileError(f"{where}: expected up to {MOST_AXES} axes that fit memory, received shape {shortened(shape)}")
    expected = math.prod(shape) * dtype.itemsize
    if len(data) != expected:
        raise FileError(
            f"{where}: expected {expected} bytes for shape {shortened(shape)} of {dtype.name}, received {len(data)}"
        )
    array = np.frombuffer(data, dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=True)


def text_of(meta: Mapping[str, Any], where: str) -> str:
    """JSON of what stands beside the arrays. NaN and infinities are kept, as Python's JSON does."""
    try:
        return json.dumps(meta)
    except (TypeError, ValueError, RecursionError) as error:
        raise FileError(f"{where}: expected meta that JSON can hold; {error}") from None


def parsed(text: bytes | memoryview | str, where: str) -> dict[str, Any]:
    """The object in a JSON text. FileError for what is no JSON, too deep, not an object, or names a key twice."""
    try:
        text = text if isinstance(text, str) else bytes(text).decode()
        _check_depth(text)
        value = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{where}: damaged JSON ({error})") from None
    if not isinstance(value, dict):
        raise FileError(f"{where}: expected a JSON object, received {type(value).__name__}")
    return value


def _check_depth(text: str) -> None:
    depth = 0
    for token in re.finditer(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\Z)|[\[\]{}]', text, re.DOTALL):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if depth > _DEEPEST:
            raise ValueError(f"more than {_DEEPEST} levels")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {shortened(name)} stands there twice")
        found[name] = value
    return found


def shortened(value: Any) -> str:
    """A value of a file in a message: hostile ones can be long, and must not break the line."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."
