"""Table: columns of numbers with names, which is what a CSV file holds and what a small regression starts from.

`read_csv` gives one, `write_csv` takes one, and `split` makes of it the x and y of a `fit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .errors import DataError


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """Numbers in named columns.

    names: of the columns, each another. values: (rows, columns).
    """

    names: tuple[str, ...]
    values: np.ndarray

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            raise DataError(
                f"Table: expected values of shape (rows, {len(self.names)}) for {len(self.names)} names, "
                f"received {self.values.shape}"
            )
        if len(set(self.names)) < len(self.names):
            raise DataError(f"Table: expected each name once, received {', '.join(self.names)}")

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"Table({len(self)} rows of {', '.join(self.names)})"

    def index(self, column: str | int) -> int:
        """The place of a column, from 0, by name or by place (negative ones count from the end). Raises DataError."""
        return place_of(column, self.names)

    def column(self, name: str | int) -> np.ndarray:
        """The values of one column, (rows,), by its name or place. Raises DataError."""
        values: np.ndarray = self.values[:, self.index(name)]
        return values

    def split(self, target: str | int | Sequence[str | int]) -> tuple[np.ndarray, np.ndarray]:
        """(x, y): the columns that are not the target, (rows, columns - 1), and the target, (rows,).

        target: a name or place; or a list of them, which makes y (rows, targets).
        """
        if isinstance(target, (str, int, np.integer)):
            places, y = [self.index(target)], self.column(target)
        else:
            places = [self.index(column) for column in target]
            y = self.values[:, places]
        return np.delete(self.values, places, axis=1), y


def place_of(column: str | int, names: Sequence[str], where: str = "") -> int:
    """The place of a column, by its name or place. `where` begins the message of the DataError."""
    if isinstance(column, (int, np.integer)) and -len(names) <= column < len(names):
        return int(column) % len(names)
    if column in names:
        return names.index(str(column))
    raise DataError(
        f"{where}expected a column of {shown(', '.join(names))}, or a number from 0 to {len(names) - 1}; "
        f"received {column!r}"
    )


def quoted(text: str) -> str:
    """A text from a file as a message can hold it: in quotes, in one line, and not too long."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


def shown(text: str) -> str:
    """The same without quotes."""
    return quoted(text)[1:-1]
