"""CSV files: numbers come back bit for bit, and what cannot be read is told with file, line and column."""

import csv
import io
import os
import time
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pydl.data import DataError, Table, read_csv, write_csv

from .mutations import mutated

HOUSES = "size,rooms,price\n50,2,180.5\n75,3,240\n120,5,410.25\n"


def written(folder, data, **how):
    write_csv(folder / "data.csv", data, **how)
    return folder / "data.csv"


# ---- what is read


def test_a_file_of_numbers_becomes_a_table(tmp_path):
    path = tmp_path / "houses.csv"
    path.write_text(HOUSES)
    table = read_csv(path)
    assert table.names == ("size", "rooms", "price") and table.values.dtype == np.float32
    np.testing.assert_array_equal(table.values, [[50, 2, 180.5], [75, 3, 240], [120, 5, 410.25]])


def test_a_path_an_open_file_bytes_and_text_are_all_sources(tmp_path):
    path = tmp_path / "houses.csv"
    path.write_text(HOUSES)
    expected = read_csv(path).values
    with open(path) as text, open(path, "rb") as binary:
        sources = [str(path), text, binary, HOUSES, HOUSES.encode(), io.StringIO(HOUSES), io.BytesIO(HOUSES.encode())]
        for source in sources:
            np.testing.assert_array_equal(read_csv(source).values, expected)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", " "])
def test_the_delimiter_is_guessed(delimiter):
    named = HOUSES.replace(",", delimiter)
    for text in (named, named.partition("\n")[2], "# a, b; c d\te\n" + named):
        np.testing.assert_array_equal(read_csv(text).values[0], [50, 2, 180.5])


def test_a_delimiter_of_ones_own():
    np.testing.assert_array_equal(read_csv("a|b\n1|2\n", delimiter="|").values, [[1, 2]])
    for wrong in ("", "ab", "1", ".", '"', "\n", None.__class__):
        with pytest.raises(DataError, match="expected delimiter as one character that numbers do not have"):
            read_csv("1,2\n", delimiter=wrong)


def test_a_run_of_spaces_is_one_delimiter():
    np.testing.assert_array_equal(read_csv("  1   2.5 3 \n 4 5   6\n").values, [[1, 2.5, 3], [4, 5, 6]])
    np.testing.assert_array_equal(read_csv('"the size"  b\n 1    2\n').column("the size"), [1])


def test_a_single_column_needs_no_delimiter():
    table = read_csv("exam score\n12\n14\n13\n")
    assert table.names == ("exam score",) and table.values.shape == (3, 1)
    assert read_csv(b"7").values.item() == 7


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks_of_every_system(end, bom):
    for last in ("", end, end + end):
        content = bom + HOUSES.rstrip("\n").replace("\n", end) + last
        for source in (content, content.encode(), io.StringIO(content, newline="")):
            table = read_csv(source)
            assert table.names == ("size", "rooms", "price") and len(table) == 3


def test_comments_and_blank_lines_are_passed_over_and_counted():
    text = "# houses\n\na,b\n  # more, of them, here\n1,2\n   \n3,4\n"
    np.testing.assert_array_equal(read_csv(text).values, [[1, 2], [3, 4]])
    with pytest.raises(DataError, match=r"line 7, column 2 \(b\): expected a number, received 'x'"):
        read_csv(text.replace("4", "x"))


def test_quoted_fields():
    table = read_csv('"price, EUR","a ""nice"" view"\n"1.5","2"\n3, "4"\n')
    assert table.names == ("price, EUR", 'a "nice" view')
    np.testing.assert_array_equal(table.values, [[1.5, 2], [3, 4]])


def test_a_first_row_of_texts_alone_is_taken_for_names():
    assert read_csv("a,b\n1,2\n").names == ("a", "b")
    assert read_csv("1,2\n3,4\n").names == ("column1", "column2")
    assert read_csv("2019,2020\n3,4\n", header=True).names == ("2019", "2020")
    assert len(read_csv("2019,2020\n3,4\n")) == 2
    assert len(read_csv(",?\n3,4\n", missing="drop")) == 1, "missing values are no names"
    with pytest.raises(DataError, match=r"line 1, column 1: expected a number, received 'id' .*header=True"):
        read_csv("id,2020\n3,4\n")
    with pytest.raises(DataError, match="line 1, column 1: expected a number, received 'a'$"):
        read_csv("a,b\n3,4\n", header=False)


def test_columns_by_name_and_place_whatever_the_others_hold():
    text = "id,size,kind,price\nx1,50,house,3\nx2,70,flat,4\n"
    for columns in (["price", "size"], [3, 1], [-1, "size"]):
        table = read_csv(text, columns=columns)
        assert table.names == ("price", "size")
        np.testing.assert_array_equal(table.values, [[3, 50], [4, 70]])
    assert read_csv(text, columns="size").values.shape == (2, 1)
    for wrong in (["prize"], [4]):
        with pytest.raises(DataError, match="the CSV text: expected a column of id, size, kind, price, or a number"):
            read_csv(text, columns=wrong)
    with pytest.raises(DataError, match="expected at least one column"):
        read_csv(text, columns=[])


@pytest.mark.parametrize("text", ["", "?", "NA", "n/a", "NaN", "null", "None", " "])
def test_missing_values(text):
    content = f"a,b\n1,10\n{text},20\n3,60\n"
    with pytest.raises(DataError, match=r"line 3, column 1 \(a\): expected a number, received .* \(missing\)"):
        read_csv(content)
    np.testing.assert_array_equal(read_csv(content, missing="drop").values, [[1, 10], [3, 60]])
    np.testing.assert_array_equal(read_csv(content, missing="mean").values, [[1, 10], [2, 20], [3, 60]])
    np.testing.assert_array_equal(read_csv(content, missing=-1).values, [[1, 10], [-1, 20], [3, 60]])
    np.testing.assert_array_equal(read_csv(content, missing=np.nan).values, [[1, 10], [np.nan, 20], [3, 60]])


def test_missing_values_that_nothing_makes_up_for():
    with pytest.raises(DataError, match=r"column 2 \(b\): expected values with a mean, received none"):
        read_csv("a,b\n1,\n2,\n", missing="mean")
    with pytest.raises(DataError, match="every row misses a value"):
        read_csv("a,b\n1,\n,2\n", missing="drop")
    with pytest.raises(DataError, match='expected missing as "error", "drop", "mean" or a number, received .zero'):
        read_csv(HOUSES, missing="zero")


def test_infinity_is_a_number_and_what_is_too_large_is_none():
    np.testing.assert_array_equal(read_csv("inf,-Infinity\n1,2\n").values[0], [np.inf, -np.inf])
    for text in ("1e39", "-1e39", "1e400", "9" * 400):
        with pytest.raises(DataError, match="line 2, column 2: expected a number that float32 can hold, received"):
            read_csv(f"1,2\n3,{text}\n")
    assert read_csv("1,1e39\n", dtype=np.float64).values[0, 1] == 1e39
    with pytest.raises(DataError, match="number that float64 can hold, received '1e400'"):
        read_csv("1,1e400\n", dtype=np.float64)
    with pytest.raises(DataError, match="expected dtype float32 or float64, received int64"):
        read_csv("1,2\n", dtype=np.int64)


# ---- what is refused

REFUSED = {
    "a text": (b"a,b,price\n1,2,3\n4,5,abc\n", r"line 3, column 3 \(price\): expected a number, received 'abc'$"),
    "no names": (b"1,2\n3,x y\n", "line 2, column 2: expected a number, received 'x y'$"),
    "a long text": (b"1,2\n3," + b"x" * 99, r"received 'x{57}\.\.\.'$"),
    "a strange text": ("1,2\n3,\x00\u2028-\n".encode(), r"received '\\x00\\u2028-'$"),
    "thousands": (b'a,b\n"1,234.5",2\n', r"\(a\): expected a number, received '1,234.5' \(write a point before dec"),
    "decimal commas": (b"a;b\n1,5;2\n", r"column 1 \(a\): expected a number, received '1,5' \(write a point"),
    "underscores": (b"a,b\n1_000,2\n", "received '1_000'$"),
    "hexadecimal": (b"a,b\n0x10,2\n", "received '0x10'$"),
    "too few": (b"a,b,c\n1,2,3\n1,2\n", "line 3: expected 3 fields as in line 1, received 2$"),
    "too many": (b"1,2\n\n1,2,3\n", "line 3: expected 2 fields as in line 1, received 3$"),
    "nothing": (b"", "expected rows of numbers, received nothing$"),
    "only a byte order mark": (b"\xef\xbb\xbf", "expected rows of numbers, received nothing$"),
    "only comments": (b"# nothing\n", "expected rows of numbers, received only comments$"),
    "only names": (b"a,b\n", r"expected rows of numbers, received only names \(a, b\)$"),
    "a name twice": (b"a,b,a\n1,2,3\n", "line 1, column 3: expected another name, received 'a' as in column 1$"),
    "no name": (b"a,,b\n1,2,3\n", "line 1, column 2: expected a name, received an empty field$"),
    "an open quote": (b'1,2\n"3,4\n5,6\n', "line 2: expected quotes around whole fields, like .*unexpected end"),
    "more after a quote": (b'1,2\n"3"x,4\n', "line 2: expected quotes around whole fields"),
    "a quote over lines": (b'"a\nb",c\n1,2\n', "line 1: expected quotes around whole fields"),
    "Latin-1": ("a,b\n1,2\nÄ,3\n".encode("latin-1"), "line 3: expected UTF-8, received the byte 0xc4; save it as"),
    "CP949": ("가격,b\n1,2\n".encode("cp949"), "line 1: expected UTF-8, received the byte 0xb0"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "expected UTF-8, received UTF-16"),
    "a huge field": (b'"' + b"x" * 200_000 + b'",1\n2,3\n', "line 1: expected quotes .*field larger than field limit"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_read_is_told_in_one_line_with_its_place(tmp_path, what):
    content, message = REFUSED[what]
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    for source in (path, content):
        with pytest.raises(DataError, match=message) as caught:
            read_csv(source)
        assert str(caught.value).startswith(f"{path}" if source is path else "the CSV data")
        assert len(str(caught.value).splitlines()) == 1 and str(caught.value).isprintable()


def test_files_that_cannot_be_opened(tmp_path):
    for source in (tmp_path / "none.csv", tmp_path, "", "a\0b"):
        with pytest.raises(DataError, match="cannot be read"):
            read_csv(source)
    (tmp_path / "latin").write_bytes(b"a,b\n\xc4,1\n")
    with open(tmp_path / "latin", encoding="ascii") as file, pytest.raises(DataError, match="latin.: cannot be read"):
        read_csv(file)
    with pytest.raises(DataError, match="^prices: expected rows"):
        read_csv(b"", name="prices")


# ---- what is written


@given(
    arrays.arrays(
        st.sampled_from([np.float32, np.float64]),
        st.tuples(st.integers(1, 5), st.integers(1, 4)),
        elements=st.floats(width=32, allow_nan=False),
    ),
    st.sampled_from([",", ";", "\t", " ", "|"]),
)
def test_every_number_comes_back_bit_for_bit(tmp_path_factory, values, delimiter):
    path = written(tmp_path_factory.getbasetemp(), values, delimiter=delimiter)
    back = read_csv(path, dtype=values.dtype, delimiter=delimiter).values
    assert back.dtype == values.dtype
    bits = np.uint32 if values.dtype == np.float32 else np.uint64
    np.testing.assert_array_equal(back.view(bits), values.view(bits))


def test_a_hundred_thousand_float32_of_all_bit_patterns_come_back(tmp_path):
    patterns = np.random.default_rng(1).integers(0, 2**32, 100_000, dtype=np.uint32)
    values = patterns.view(np.float32)
    values = values[np.isfinite(values)]
    back = read_csv(written(tmp_path, values)).values[:, 0]
    np.testing.assert_array_equal(back.view(np.uint32), values.view(np.uint32))


@given(st.lists(st.text(max_size=6), min_size=1, max_size=4, unique=True), st.sampled_from([",", ";", "\t", " "]))
def test_names_come_back_or_are_refused(tmp_path_factory, names, delimiter):
    folder = tmp_path_factory.getbasetemp()
    try:
        path = written(folder, np.ones((2, len(names))), names=names, delimiter=delimiter)
    except DataError as error:
        assert "expected names of printable characters" in str(error)
        assert any(not name.isprintable() or name != name.strip() or not name for name in names)
    else:
        assert read_csv(path, header=True, delimiter=delimiter).names == tuple(names)


def test_what_is_written_is_what_pythons_reader_reads(tmp_path):
    names = ["a,b", 'say "x"', "#c", "가격"]
    values = np.array([[1.5, -2, 1e-7, 0.1]], np.float32)
    with open(written(tmp_path, values, names=names), newline="", encoding="utf-8") as file:
        head, row = csv.reader(file)
    assert head == names
    assert row == ["1.5", "-2.0", "1e-07", "0.1"], "the shortest texts that mean these float32"


def test_tables_integers_booleans_and_single_columns_are_written(tmp_path):
    table = read_csv(HOUSES)
    back = read_csv(written(tmp_path, table))
    assert back.names == table.names
    np.testing.assert_array_equal(back.values, table.values)
    assert written(tmp_path, np.array([[2**62, -1]])).read_text() == f"{2**62},-1\n"
    assert written(tmp_path, [True, False], names="right").read_text() == "right\n1\n0\n"
    assert written(tmp_path, np.float16([[0.1]])).read_text() == "0.099975586\n"
    assert written(tmp_path, [[np.nan, np.inf]]).read_text() == "nan,inf\n"
    assert written(tmp_path, Table(("a",), np.ones((1, 1))), names=["b"]).read_text() == "b\n1.0\n"


@pytest.mark.parametrize(
    "data, names, message",
    [
        ([["a"]], None, "expected numbers of shape .rows, columns.*received <U1"),
        (np.zeros((2, 2, 2)), None, r"received float64 of shape \(2, 2, 2\)"),
        (np.zeros((0, 2)), None, "at least one"),
        ([1j], None, "received complex128"),
        (np.zeros((2, 2)), ["a"], "expected 2 names, each another; received"),
        (np.zeros((2, 2)), ["a", "a"], "each another"),
        (np.zeros((2, 2)), ["a", "b\nc"], "expected names of printable characters"),
        (np.zeros((2, 2)), ["a", ""], "expected names of printable characters"),
    ],
)
def test_what_cannot_be_written_leaves_no_file(tmp_path, data, names, message):
    with pytest.raises(DataError, match=message):
        written(tmp_path, data, names=names)
    assert os.listdir(tmp_path) == []


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = written(tmp_path, [1, 2])

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(DataError, match="cannot be written .No space left"):
        written(tmp_path, [3])
    assert os.listdir(tmp_path) == ["data.csv"] and path.read_text() == "1\n2\n"


# ---- damage and size

PLAIN = b"size;price\r\n50;180.5\r\n-7.5e1;240\r\n\r\n0.12;3e38\r\n1;0\r\n"
QUOTED = '\ufeff# houses, in 가평\n"a b",c,"d,""e"""\n1.5,-2e3,"7"\n,nan,inf\n0.1,3e38,12\n4,5,6'.encode()
READINGS = [
    (PLAIN, {}),
    (QUOTED, {"missing": "mean"}),
    (PLAIN, {"missing": 0, "header": True}),
    (QUOTED, {"missing": "drop", "delimiter": ","}),
    (PLAIN, {"missing": "drop", "header": False}),
    (QUOTED, {"missing": "mean", "columns": [0]}),
]


def assert_read_or_refused(trials, seed):
    outcomes = {"read": 0, "refused": 0}
    for damaged, how in chain.from_iterable(
        ((damaged, how) for damaged in mutated(whole, trials // len(READINGS), seed, b'",;\t \r\n#.e-_0919nainf?'))
        for whole, how in READINGS
    ):
        try:
            table = read_csv(damaged, **how)
        except DataError as error:
            outcomes["refused"] += 1
            assert len(str(error).splitlines()) == 1, (damaged, str(error))
        else:
            outcomes["read"] += 1
            assert table.values.shape == (len(table), len(table.names)) and len(table) and table.names, damaged
            assert not np.isnan(table.values).any(), damaged
    assert min(outcomes.values()) > trials / 10, outcomes


def test_hundreds_of_damaged_files_give_a_table_or_one_line():
    assert_read_or_refused(1200, seed=5)


@pytest.mark.slow
def test_thousands_of_damaged_files_give_a_table_or_one_line():
    assert_read_or_refused(50_000, seed=6)


@given(st.binary(max_size=60))
@settings(max_examples=300)
def test_any_bytes_give_a_table_or_one_line(content):
    try:
        read_csv(content, missing=0)
    except DataError as error:
        assert len(str(error).splitlines()) == 1


def test_a_hundred_thousand_rows_are_read_quickly(tmp_path):
    values = np.random.default_rng(0).standard_normal((100_000, 5)).astype(np.float32)
    path = written(tmp_path, values, names=list("abcde"))
    start = time.perf_counter()
    table = read_csv(path)
    seconds = time.perf_counter() - start
    np.testing.assert_array_equal(table.values, values)
    assert seconds < 3, f"{seconds:.1f} s; 0.1 s on the machine this was written on"
