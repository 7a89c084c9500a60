"""gather and one_hot against plain lists."""

import numpy as np
import pytest

from pydl import Tensor
from pydl.ops import indexing

ROWS = np.arange(12.0).reshape(4, 3)


def test_gather_picks_rows_by_number():
    picked = indexing.gather(ROWS, np.array([[2, 0], [2, 3]]))
    assert picked.tolist() == [[ROWS[2].tolist(), ROWS[0].tolist()], [ROWS[2].tolist(), ROWS[3].tolist()]]


@pytest.mark.parametrize("index", [4, -5])
def test_a_row_that_does_not_exist_is_an_index_error(index):
    with pytest.raises(IndexError, match=str(index)):
        indexing.gather(ROWS, np.array([0, index]))


def test_rows_read_several_times_add_up_their_gradients():
    x = Tensor(ROWS, requires_grad=True)
    (x.gather([1, 1, 3]) * Tensor([[1.0], [2.0], [5.0]])).sum().backward()
    assert x.grad.numpy()[:, 0].tolist() == [0, 3, 0, 5]


def test_a_negative_row_number_counts_from_the_end_there_and_back():
    x = Tensor(ROWS, requires_grad=True)
    last = x.gather([-1])
    assert last.numpy().tolist() == [ROWS[3].tolist()]
    last.sum().backward()
    assert x.grad.numpy()[:, 0].tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_one_hot_writes_a_single_one(dtype):
    rows = indexing.one_hot(np.array([2, 0], dtype), depth=3, dtype=np.dtype(np.float32))
    assert rows.tolist() == [[0, 0, 1], [1, 0, 0]]


def test_a_class_that_does_not_exist_is_a_row_of_zeros():
    rows = indexing.one_hot(np.array([-1, 3, 1]), depth=3, dtype=np.dtype(np.float32))
    assert rows.tolist() == [[0, 0, 0], [0, 0, 0], [0, 1, 0]]
