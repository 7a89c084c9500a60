"""Rows in a compiled Program's memory: what does not fit is an error, and nothing is read that is no row."""

import numpy as np
import pytest

import pydl
from pydl import Variable
from pydl.backends import DeviceError, Unsupported, wasm
from pydl.jit import Instruction, Program, Value
from pydl.ops import REGISTRY, Spec

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)
SUMS = [ROWS[:2].sum(), ROWS[2:].sum()]


@pytest.fixture
def executable():
    """Sums of two rows a step."""
    return pydl.jit(lambda x: x.sum(), device="wasm").prepared(ROWS[:2]).executable


@pytest.mark.parametrize("dtype", ["u1", "i2", "i8", "u8"])
def test_row_numbers_may_have_any_integer_dtype_and_any_strides(executable, dtype):
    feed = executable.feed(ROWS)
    for order in (np.arange(4, dtype=dtype), np.arange(3, -1, -1, dtype=dtype)[::-1]):
        np.testing.assert_array_equal(feed.run(order, 0, 2)[0], SUMS)
    feed.close()


@pytest.mark.parametrize("order", [np.arange(4.0), np.ones(4, bool)], ids=str)
def test_row_numbers_that_are_none_are_an_error(executable, order):
    with pytest.raises(IndexError, match=f"row numbers, received {order.dtype}"):
        executable.feed(ROWS).run(order, 0, 2)


@pytest.mark.parametrize("order", [None, np.arange(4), np.arange(0)], ids=["none", "four", "empty"])
def test_steps_for_which_there_are_no_rows_are_an_error(executable, order):
    feed = executable.feed(ROWS)
    with pytest.raises(IndexError, match="expected 6 row numbers for 3 steps, received [04]"):
        feed.run(order, 1, 2)
    assert feed.run(order, 0, 0)[0].shape == (0,)


def test_rows_of_another_shape_are_an_error(executable):
    with pytest.raises(DeviceError, match=r"expected rows of float32\[3\], received float32\[2\]"):
        executable.feed(ROWS[:, :2])
    with pytest.raises(DeviceError, match=r"received >f4\[3\]"):
        executable.feed(ROWS.astype(">f4"))


def test_feeds_and_executables_may_be_closed_twice():
    total = Variable(0.0, name="total", dtype="float32")

    def add(x):
        total.assign(total + x.sum())
        return total

    executable = pydl.jit(add, device="wasm").prepared(ROWS[:2]).executable
    feed = executable.feed(ROWS)
    feed.run(None, 0, 2)
    for _ in range(2):
        feed.close()
        executable.close()
    assert total.item() == ROWS.sum()


def test_memory_of_a_closed_feed_is_used_again(executable):
    for _ in range(3):
        feed = executable.feed(ROWS)
        feed.run(np.arange(4), 0, 2)
        feed.close()
        held = executable.bytes
    assert executable.bytes == held
    feed = executable.feed(ROWS)
    feed.run(np.arange(4), 0, 2)
    assert executable.bytes == held


def test_a_program_of_nothing_runs():
    executable = wasm.compile(Program("nothing"))
    assert executable() == []
    assert executable.feed().run(None, 0, 3) == []
    executable.close()


def test_a_program_of_more_than_two_gigabytes_is_refused():
    x = Value("%0", Spec((1, 2**28), np.dtype(np.float32)))
    results = [Value(f"%{place}", x.spec) for place in (1, 2)]
    program = Program("vast", [x], outputs=results)
    program.instructions = [Instruction(result, REGISTRY["neg"], (x,), {}) for result in results]
    with pytest.raises(Unsupported, match=r"vast needs 3\.2 GB"):
        wasm.compile(program)
