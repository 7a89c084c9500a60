"""CSV and TXT files of numbers: read whole, or refused with one line that says where; written so that all comes back.

Reading takes two ways. The quick one hands every field to `float` at once; where that fails, or gives anything that is
not finite, the careful one looks at field after field, and knows what a missing value is and where an error stands.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..files import write_whole
from .errors import DataError
from .table import Table, place_of, quoted, shown

DELIMITERS = ("\t", ";", ",", " ")  # those that are guessed, in this order where two fit equally well
MISSING = frozenset({"", "?", "na", "n/a", "nan", "null", "none"})  # texts of a missing value, in any case
_SAMPLE = 20  # lines that the delimiter is guessed from
_UTF16 = (b"\xff\xfe", b"\xfe\xff")

Source = str | os.PathLike[str] | bytes | IO[Any]


def read_csv(
    source: Source,
    delimiter: str | None = None,
    header: bool | str = "auto",
    missing: str | float = "error",
    columns: Sequence[str | int] | None = None,
    dtype: Any = np.float32,
    name: str | None = None,
) -> Table:
    """The numbers in a CSV or TXT file, as a Table.

    source:    a path, an open file, the content as bytes, or a text of several lines
    delimiter: the character between fields; None guesses it among comma, semicolon, tab and space (a run of spaces
               counts as one)
    header:    whether the first row holds names; "auto" takes it for names where none of its fields is a number.
               Without names the columns are column1, column2, ...
    missing:   what becomes of empty fields, ?, NA, NaN, null and None: "error", "drop" (the row), "mean" (of the
               column) or a number
    columns:   the names or places (from 0) of the columns to read; the others may hold anything
    dtype:     float32 or float64
    name:      what messages call the file; its path unless given

    Fields may stand in double quotes; lines that are blank or begin with # are passed over. A number is written with a
    point and without separators of thousands; inf is one, a number too large for the dtype is not.
    Raises DataError, one line with file, line and column, for whatever cannot be read.
    """
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise DataError(f"read_csv: expected dtype float32 or float64, received {dtype}")
    if header not in (True, False, "auto"):
        raise DataError(f'read_csv: expected header as True, False or "auto", received {header!r}')
    number = isinstance(missing, (int, float, np.number)) and not isinstance(missing, bool)
    if not number and missing not in ("error", "drop", "mean"):
        raise DataError(f'read_csv: expected missing as "error", "drop", "mean" or a number, received {missing!r}')
    text, name = _text_of(source, name)
    return _File(text, name, delimiter, header).table(columns, missing, dtype)


class _File:
    """A file taken apart into rows of fields, and the words for a place in it."""

    def __init__(self, text: str, name: str, delimiter: str | None, header: bool | str) -> None:
        self.name = name
        self.numbers, lines = [], []  # of each row: its line's number and the line
        for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
            line = line.strip(" ")
            if line and not line.startswith("#"):
                self.numbers.append(number)
                lines.append(line)
        if not lines:
            found = "only comments" if text.strip() else "nothing"
            raise DataError(f"{name}: expected rows of numbers, received {found}")
        self.delimiter = _guess(lines[:_SAMPLE]) if delimiter is None else _checked(delimiter)
        self.rows = self._rows(lines)
        self.columns = len(self.rows[0])
        for row, number in zip(self.rows, self.numbers):
            if len(row) != self.columns:
                raise DataError(
                    f"{name}, line {number}: expected {_count(self.columns, 'field')} as in line {self.numbers[0]}, "
                    f"received {len(row)}"
                )
        self.guessed_header = header == "auto"
        self.header = self._looks_like_names(self.rows[0]) if self.guessed_header else bool(header)
        self.names = [f"column{column}" for column in range(1, self.columns + 1)]
        if self.header:
            self.header_line = self.numbers.pop(0)
            self.names = [field.strip() for field in self.rows.pop(0)]
            if not self.rows:
                found = shown(", ".join(self.names))
                raise DataError(f"{name}: expected rows of numbers, received only names ({found})")

    def table(self, columns: Sequence[str | int] | None, missing: str | float, dtype: np.dtype[Any]) -> Table:
        places = self._places(columns)
        values = self._quickly(places)
        if values is None:
            values, absent = self._carefully(places, dtype)
        else:
            absent = np.zeros(values.shape, bool)
        with np.errstate(over="ignore"):
            numbers = values.astype(dtype)
        too_large = np.argwhere(np.isinf(numbers) & np.isfinite(values))
        if len(too_large):
            row, column = too_large[0]
            raise self._unreadable(row, places[column], f" that {dtype} can hold")
        if absent.any():
            numbers = self._completed(numbers, absent, missing, places)
        return Table(tuple(self.names[place] for place in places), numbers)

    # ---- rows and columns

    def _rows(self, lines: list[str]) -> list[list[str]]:
        if not any('"' in line for line in lines):
            return [line.split(None if self.delimiter == " " else self.delimiter) for line in lines]
        import csv  # only here: quotes are rare in files of numbers

        def fields(lines: list[str]) -> list[list[str]]:
            return list(csv.reader(lines, delimiter=self.delimiter, skipinitialspace=True, strict=True))

        try:
            rows = fields(lines)
        except csv.Error:
            rows = []
        if len(rows) == len(lines):
            return rows
        for number, line in zip(self.numbers, lines):
            try:
                fields([line])
            except csv.Error as error:
                raise DataError(
                    f'{self.name}, line {number}: expected quotes around whole fields, like "a b"; '
                    f"received {quoted(line)} ({error})"
                ) from None
        raise AssertionError("lines that can be read one by one can be read together")

    def _places(self, columns: Sequence[str | int] | None) -> list[int]:
        """The places of the columns that are wanted, each with a name of its own."""
        if columns is None:
            places = list(range(self.columns))
        else:
            wanted = [columns] if isinstance(columns, (str, int)) else columns
            places = [place_of(column, self.names, f"{self.name}: ") for column in wanted]
        if not places:
            raise DataError(f"{self.name}: expected at least one column to read, received none")
        first: dict[str, int] = {}
        for place in places:
            where = f"{self.name}, line {self.header_line}, column {place + 1}" if self.header else self.name
            if not self.names[place]:
                raise DataError(f"{where}: expected a name, received an empty field")
            if self.names[place] in first:
                raise DataError(
                    f"{where}: expected another name, received {quoted(self.names[place])} "
                    f"as in column {first[self.names[place]] + 1}"
                )
            first[self.names[place]] = place
        return places

    @staticmethod
    def _looks_like_names(row: list[str]) -> bool:
        fields = [field.strip().lower() for field in row]
        return not any(map(_is_number, fields)) and any(field not in MISSING for field in fields)

    # ---- numbers

    def _quickly(self, places: list[int]) -> np.ndarray | None:
        """All values (rows, columns) as float64, or None where one of them wants a closer look."""
        if len(places) == self.columns and places == sorted(places):
            fields = chain.from_iterable(self.rows)
        else:
            fields = chain.from_iterable([row[place] for place in places] for row in self.rows)
        texts = list(fields)
        try:
            values = np.fromiter(map(float, texts), np.float64, count=len(texts))
        except ValueError:
            return None
        # Python's float would take 1_000, too.
        if not np.isfinite(values).all() or any("_" in text for text in texts):
            return None
        return values.reshape(len(self.rows), len(places))

    def _carefully(self, places: list[int], dtype: np.dtype[Any]) -> tuple[np.ndarray, np.ndarray]:
        """All values (rows, columns) as float64, NaN where one is missing; and where they are."""
        values = np.full((len(self.rows), len(places)), np.nan)
        absent = np.zeros(values.shape, bool)
        for row, fields in enumerate(self.rows):
            for column, place in enumerate(places):
                text = fields[place].strip().lower()
                if text in MISSING:
                    absent[row, column] = True
                elif _is_number(text):
                    value = values[row, column] = float(text)
                    if np.isinf(value) and "inf" not in text:
                        raise self._unreadable(row, place, f" that {dtype} can hold")
                else:
                    raise self._unreadable(row, place)
        return values, absent

    def _completed(
        self, values: np.ndarray, absent: np.ndarray, missing: str | float, places: list[int]
    ) -> np.ndarray:
        """The values, with what is missing filled in, or without its rows."""
        if missing == "error":
            row, column = np.argwhere(absent)[0]
            raise DataError(
                f"{self._where(row, places[column])}: expected a number, received {self._field(row, places[column])} "
                '(missing); fill it in, or read with missing="drop", "mean" or a number'
            )
        if missing == "drop":
            kept: np.ndarray = values[~absent.any(axis=1)]
            if not len(kept):
                raise DataError(f"{self.name}: every row misses a value, so that missing=\"drop\" leaves none")
            return kept
        if missing != "mean":
            return np.where(absent, values.dtype.type(missing), values)
        present = ~absent
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            sums = np.where(absent, 0, values).sum(axis=0, dtype=np.float64)
            means = (sums / present.sum(axis=0)).astype(values.dtype)
        for column in np.flatnonzero(absent.any(axis=0) & ~np.isfinite(means)):
            place = places[column]
            raise DataError(
                f"{self.name}, column {place + 1} ({shown(self.names[place])}): expected values with a mean, "
                "received none, or infinite ones"
            )
        return np.where(absent, means, values)

    # ---- messages

    def _unreadable(self, row: int, place: int, which: str = "") -> DataError:
        text = self.rows[row][place].strip()
        hint = ""
        if not which and "," in text and _is_number(text.replace(",", "")):
            hint = " (write a point before decimals, and nothing between thousands)"
        elif not which and self.guessed_header and not self.header and row == 0:
            hint = " (if this row holds names, read with header=True)"
        where, received = self._where(row, place), self._field(row, place)
        return DataError(f"{where}: expected a number{which}, received {received}{hint}")

    def _where(self, row: int, place: int) -> str:
        named = f" ({shown(self.names[place])})" if self.header else ""
        return f"{self.name}, line {self.numbers[row]}, column {place + 1}{named}"

    def _field(self, row: int, place: int) -> str:
        return quoted(self.rows[row][place].strip())


def write_csv(
    path: str | os.PathLike[str],
    data: Table | Any,
    names: str | Sequence[str] | None = None,
    delimiter: str = ",",
) -> None:
    """Writes numbers as CSV: UTF-8, one row a line, each number with the fewest digits that give it back bit for bit.

    path:  where to; a file that is there already stays whole until the new one is
    data:  a Table, or an array (rows, columns) or (rows,) of floats, integers or booleans (as 1 and 0)
    names: a first row of names; a Table's own unless given. Names that look like numbers need header=True when read
    delimiter: the character between two fields

    NaN is written as nan, which `read_csv` takes as missing. Raises DataError.
    """
    path = Path(path)
    if isinstance(data, Table):
        names, data = data.names if names is None else names, data.values
    values = np.asarray(data)
    if values.dtype.kind not in "fiub" or values.ndim not in (1, 2) or not values.size:
        raise DataError(
            f"{path}: expected numbers of shape (rows, columns), at least one; "
            f"received {values.dtype} of shape {values.shape}"
        )
    values = values.reshape(len(values), -1)
    delimiter = _checked(delimiter)
    lines = [] if names is None else [delimiter.join(_header(path, names, values.shape[1], delimiter))]
    texts = _texts(values)
    lines += map(delimiter.join, texts)
    try:
        write_whole(path, ("\n".join(lines) + "\n").encode())
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from None


def _header(path: Path, names: str | Sequence[str], columns: int, delimiter: str) -> list[str]:
    names = [names] if isinstance(names, str) else list(names)
    if len(names) != columns or len(set(names)) < columns:
        raise DataError(f"{path}: expected {_count(columns, 'name')}, each another; received {names!r}")
    for name in names:
        if not isinstance(name, str) or not name.isprintable() or name.strip() != name or not name:
            raise DataError(f"{path}: expected names of printable characters, received {name!r}")
    return [
        '"' + name.replace('"', '""') + '"' if delimiter in name or '"' in name or name.startswith("#") else name
        for name in names
    ]


def _texts(values: np.ndarray) -> list[list[str]]:
    """Every number as the shortest text that gives it back."""
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    if values.dtype.kind == "f" and values.dtype.itemsize > 8:
        values = values.astype(np.float64)
    if values.dtype == np.float16:
        values = values.astype(np.float32)
    if values.dtype == np.float32:
        texts: list[list[str]] = values.astype("U16").tolist()  # -1.1754944e-38 is the longest
        return texts
    return [list(map(repr, row)) for row in values.tolist()]


# ---- what comes from outside


def _text_of(source: Source, name: str | None) -> tuple[str, str]:
    """(the content, the name in messages)"""
    try:
        if isinstance(source, str) and ("\n" in source or "\r" in source):
            return source.removeprefix("\ufeff"), name or "the CSV text"
        if isinstance(source, (str, os.PathLike)):
            name = name or os.fspath(source) or "''"
            content = Path(source).read_bytes()
        elif isinstance(source, (bytes, bytearray, memoryview)):
            name, content = name or "the CSV data", bytes(source)
        else:
            found = getattr(source, "name", None)
            name = name or (found if isinstance(found, str) else "the CSV file")
            content = source.read()
            if isinstance(content, str):
                return content.removeprefix("\ufeff"), name
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({error.strerror or error})") from None
    except (UnicodeDecodeError, ValueError) as error:  # a text file of another encoding; a path with a zero byte
        raise DataError(f"{str(name)!r}: cannot be read ({error})") from None
    if content.startswith(_UTF16):
        raise DataError(f"{name}: expected UTF-8, received UTF-16; save it as UTF-8 text")
    try:
        return content.decode("utf-8-sig"), name
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{name}, line {line}: expected UTF-8, received the byte 0x{content[error.start]:02x}; "
            "save it as UTF-8 text"
        ) from None


def _guess(lines: list[str]) -> str:
    """The delimiter that divides most of these lines, and more than half of them; a comma where there is none."""
    divided = {delimiter: sum(delimiter in line for line in lines) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: divided[delimiter])
    return best if 2 * divided[best] > len(lines) else ","


def _checked(delimiter: str) -> str:
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\r\n+-._#?\0':
        raise DataError(f"expected delimiter as one character that numbers do not have, received {delimiter!r}")
    return delimiter


def _is_number(text: str) -> bool:
    if "_" in text:
        return False
    try:
        return float(text) == float(text)  # "nan" is none
    except ValueError:
        return False


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
