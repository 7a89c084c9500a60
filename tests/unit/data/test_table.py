"""Tables: columns by name and by place, and the target apart from the rest."""

import numpy as np
import pytest

from pydl.data import DataError, Table


def a_table():
    return Table(("size", "rooms", "price"), np.arange(12, dtype=np.float32).reshape(4, 3))


def test_columns_have_names_and_places():
    table = a_table()
    for column in ("rooms", 1, -2, np.int64(1)):
        np.testing.assert_array_equal(table.column(column), [1, 4, 7, 10])
    assert len(table) == 4 and repr(table) == "Table(4 rows of size, rooms, price)"


def test_the_target_is_parted_from_the_rest():
    table = a_table()
    for target in ("price", -1):
        x, y = table.split(target)
        np.testing.assert_array_equal(x, table.values[:, :2])
        np.testing.assert_array_equal(y, table.values[:, 2])
    x, y = table.split(["price", "size"])
    np.testing.assert_array_equal(x, table.values[:, 1:2])
    np.testing.assert_array_equal(y, table.values[:, [2, 0]])


@pytest.mark.parametrize("wrong", ["prize", 3, -4, None, 1.0])
def test_unknown_columns_are_refused_with_the_known_ones(wrong):
    for ask in (a_table().column, lambda name: a_table().split([name])):
        with pytest.raises(DataError, match="expected a column of size, rooms, price, or a number from 0 to 2"):
            ask(wrong)


def test_names_and_columns_belong_together():
    with pytest.raises(DataError, match=r"expected values of shape \(rows, 2\) for 2 names, received \(4, 3\)"):
        Table(("a", "b"), np.zeros((4, 3)))
    with pytest.raises(DataError, match="expected each name once, received a, a"):
        Table(("a", "a"), np.zeros((4, 2)))
