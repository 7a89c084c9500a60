"""Curves and tables of characters."""

import numpy as np
import pytest

from pydl.cli.charts import HEIGHT, WIDTH, chart, grid, number


def canvas(text):
    """The rows of characters inside of the frame, each of the same width."""
    rows = [line.split("|", 1)[1].ljust(WIDTH) for line in text.splitlines() if "|" in line]
    assert len(rows) == HEIGHT
    return np.array([list(row) for row in rows])


def test_a_line_goes_from_corner_to_corner():
    drawn = canvas(chart([0, 10], {"up": [0, 5]}))
    assert drawn[HEIGHT - 1, 0] == drawn[0, WIDTH - 1] == "*"
    assert ((drawn == "*").sum(axis=0) == 1).all(), "one mark in every column"


def test_the_labels_are_the_range():
    lines = chart([1, 60], {"cost": [0.25, 0.75]}, axes=("epochs", "cost")).splitlines()
    assert lines[0].strip() == "cost"
    assert lines[1].strip().startswith("0.75 |")
    assert lines[1 + HEIGHT // 2].strip().startswith("0.5 |")
    assert lines[HEIGHT].strip().startswith("0.25 |")
    assert lines[-2].split() == ["1", "60", "epochs"]
    assert lines[-1].strip() == "* cost"


def test_points_stand_where_they_are_and_widen_the_frame():
    drawn = canvas(chart([0, 1], {"a": [0, 0]}, points=[(0, 0), (2, 4)]))
    assert drawn[HEIGHT - 1, 0] == drawn[0, WIDTH - 1] == "o"
    assert (drawn[HEIGHT - 1, 1 : WIDTH // 2] == "*").all()
    assert not (drawn[:, WIDTH // 2 + 1 :] == "*").any()


def test_what_is_not_finite_is_a_gap():
    x = np.arange(60)
    values = np.where((x < 20) | (x > 40), 1.0, np.nan)
    values[50] = np.inf
    drawn = canvas(chart(x, {"a": values}))
    marked = (drawn == "*").any(axis=0)
    assert marked[:20].all() and marked[42:49].all()
    assert not marked[20:41].any() and not marked[50]


def test_a_logarithmic_axis_makes_a_power_a_straight_line():
    x = np.linspace(0, 6, 61)
    drawn = canvas(chart(x, {"power": 10.0**-x}, log=True))
    rows, columns = np.nonzero(drawn == "*")
    np.testing.assert_allclose(rows, columns * (HEIGHT - 1) / (WIDTH - 1), atol=0.51)
    assert "1e-06" in chart(x, {"power": 10.0**-x}, log=True)
    canvas(chart(x, {"zero": x * 0}, log=True))  # nothing to see, and no error


@pytest.mark.parametrize("x, values", [([1], [2]), ([1, 1], [0, 1]), ([0, 1], [3, 3]), ([0, 1], [np.nan, np.nan])])
def test_data_without_extent_are_drawn_too(x, values):
    canvas(chart(x, {"a": values}))


def test_several_lines_have_marks_of_their_own():
    text = chart(range(3), {name: [index] * 3 for index, name in enumerate("abcdefgh")})
    assert text.splitlines()[-1].split() == [word for pair in zip("*+x#=%@&", "abcdefgh") for word in pair]
    assert set("*+x#=%@&") <= set("".join(canvas(text).ravel()))


def test_a_table_lines_up():
    assert grid(["name", "n"], [["a", "1"], ["long name", "1,000"]], [False, True]) == (
        "  name           n\n"
        "  ---------  -----\n"
        "  a              1\n"
        "  long name  1,000"
    )  # fmt: skip


@pytest.mark.parametrize("value, text", [
    (0, "0"), (1.0, "1"), (311650, "311,650"), (0.9153, "0.9153"), (-2.5, "-2.5000"), (1.2e-7, "1.20e-07"),
    (2.5e7 + 0.5, "2.50e+07"), (True, "yes"), (np.False_, "no"), (float("inf"), "inf"), (float("nan"), "nan"),
])  # fmt: skip
def test_numbers_are_written_for_people(value, text):
    assert number(value) == text
