"""What Pyodide's main module offers to an extension module, read from its WebAssembly binary. The linker is
given this list, so that a symbol which Pyodide lacks stops the build and not, much later, the browser."""

from pathlib import Path

from ..assets.errors import SourceError

IMPORT_SECTION, EXPORT_SECTION = 2, 7
FUNCTION, TABLE, MEMORY, GLOBAL, TAG = range(5)
EXPECTED = {"PyType_Type", "malloc", "sin", "__addtf3", "_Znwm"}  # CPython, libc, libm, compiler-rt, libc++


def offered(path: Path) -> set[str]:
    """The names that an extension can be linked against."""
    names = symbols(path.read_bytes())
    if lacking := EXPECTED - names:
        raise SourceError(f"{path.name} is not the Pyodide that was expected: it does not export "
                          f"{', '.join(sorted(lacking))}")
    return names


def symbols(wasm: bytes) -> set[str]:
    """All exports, and the functions that the module itself imports from "env": those come from Pyodide's
    JavaScript, which gives them to extensions as well."""
    names: set[str] = set()
    reader = _Reader(wasm, at=8)  # after the magic number and the version
    while reader.at < len(wasm):
        section, size = reader.byte(), reader.number()
        end = reader.at + size
        if section == IMPORT_SECTION:
            for _ in range(reader.number()):
                module, field, kind = reader.name(), reader.name(), reader.import_kind()
                if module == "env" and kind == FUNCTION:
                    names.add(field)
        elif section == EXPORT_SECTION:
            for _ in range(reader.number()):
                names.add(reader.name())
                reader.byte()  # kind
                reader.number()  # index
        reader.at = end
    return names


class _Reader:
    def __init__(self, data: bytes, at: int = 0):
        self.data = data
        self.at = at

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def number(self) -> int:
        """An unsigned LEB128 number."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def name(self) -> str:
        size = self.number()
        self.at += size
        return self.data[self.at - size:self.at].decode()

    def import_kind(self) -> int:
        """The kind of an import, whose description is read over."""
        kind = self.byte()
        if kind == FUNCTION:
            self.number()  # type
        elif kind == TABLE:
            self.byte()  # type of the elements
            self._limits()
        elif kind == MEMORY:
            self._limits()
        elif kind == GLOBAL:
            self.byte()  # type
            self.byte()  # mutability
        elif kind == TAG:
            self.byte()  # attribute
            self.number()  # type
        return kind

    def _limits(self) -> None:
        has_maximum = self.byte() & 1
        self.number()
        if has_maximum:
            self.number()
