"""Module: functions, a memory and bytes to put into it, as one WebAssembly binary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .expression import storage
from .function import Function
from .opcodes import VALUE_TYPES, signed, unsigned

PAGE = 65536  # bytes


class Module:
    """A module under construction: `encode()` gives its bytes, `str(module)` its text.

    Its memory comes from outside, as ("env", "memory"): whoever runs it may keep memories for the next module.
    """

    def __init__(self, nbytes: int = 0) -> None:
        self.nbytes = nbytes  # of memory, at least
        self.functions: dict[str, Function] = {}
        self.data: list[tuple[int, bytes]] = []

    def function(
        self, name: str, parameters: Mapping[str, str] = {}, result: str = "", export: bool = False
    ) -> Function:
        """A new function; parameters: name and type of each; export: whether it can be called from outside."""
        if name in self.functions:
            raise ValueError(f"the module has a function {name!r} already")
        function = self.functions[name] = Function(name, parameters, result, export)
        return function

    def place(self, address: int, content: bytes) -> None:
        """Bytes that stand in memory when the module is instantiated."""
        self.data.append((address, content))

    def encode(self) -> bytes:
        """The binary format."""
        signatures: dict[bytes, int] = {}
        kinds = []
        for function in self.functions.values():
            signature = (
                b"\x60" + _types(function.parameters.values()) + _types([function.result] * bool(function.result))
            )
            kinds.append(signatures.setdefault(signature, len(signatures)))
        numbers = {name: number for number, name in enumerate(self.functions)}
        exports = [
            _text(name) + b"\x00" + unsigned(numbers[name]) for name, each in self.functions.items() if each.export
        ]
        pages = -(-self.nbytes // PAGE)
        memory = _text("env") + _text("memory") + b"\x02\x00" + unsigned(pages)
        data = [b"\x00\x41" + _address(at) + b"\x0b" + unsigned(len(part)) + part for at, part in self.data]
        sections = [
            (1, _vector(list(signatures))),
            (2, _vector([memory])),
            (3, _vector([unsigned(kind) for kind in kinds])),
            (7, _vector(exports)),
            (10, _vector([function.encode(numbers) for function in self.functions.values()])),
            (11, _vector(data)),
        ]
        return b"\0asm\x01\0\0\0" + b"".join(
            bytes((number,)) + unsigned(len(content)) + content for number, content in sections
        )

    def __str__(self) -> str:
        from .text import text

        return text(self)


def _types(types: Iterable[str]) -> bytes:
    return _vector([bytes((VALUE_TYPES[storage(type_)],)) for type_ in types])


def _vector(parts: list[bytes]) -> bytes:
    return unsigned(len(parts)) + b"".join(parts)


def _text(name: str) -> bytes:
    return unsigned(len(name.encode())) + name.encode()


def _address(at: int) -> bytes:
    return signed(at if at < 2**31 else at - 2**32)
