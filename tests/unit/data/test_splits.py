"""Splits and batches: every row once, rows that belong together together, and the same again from the same seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pydl
from pydl.data import DataError, shuffle_batch, train_test_split
from pydl.random import Generator
from tests.unit.support import fingerprint


@given(st.integers(2, 60), st.floats(0.02, 0.98), st.integers(0, 2**64 - 1))
def test_every_row_is_in_one_part_beside_its_label(rows, share, seed):
    x, y = np.arange(rows) * 10, np.arange(rows)
    try:
        x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=share, seed=seed)
    except DataError:
        assert -(-rows * share // 1) >= rows, "only where nothing is left for training"
        return
    assert sorted([*y_train, *y_test]) == list(range(rows))
    assert len(y_test) in (int(rows * share), int(rows * share) + 1)
    np.testing.assert_array_equal(x_train, y_train * 10)
    np.testing.assert_array_equal(x_test, y_test * 10)


def test_the_same_seed_gives_the_same_parts_and_another_others():
    rows = np.arange(100)
    first, again, other = (train_test_split(rows, seed=seed)[1] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_without_a_seed_the_default_generator_is_drawn_from():
    rows, parts = np.arange(100), []
    for seed in (1, 1, 2):
        pydl.seed(seed)
        parts.append(train_test_split(rows)[1])
    np.testing.assert_array_equal(parts[0], parts[1])
    assert not np.array_equal(parts[0], parts[2])
    before = int(pydl.random.default.counter)
    train_test_split(rows, seed=1)
    assert int(pydl.random.default.counter) == before, "a seed of its own leaves the default generator alone"


def test_the_parts_and_batches_of_a_seed_are_the_same_on_every_machine():
    rows = np.arange(1000)
    assert fingerprint(*train_test_split(rows, seed=777)) == "1e3eb57179cc25e3"
    assert fingerprint(*train_test_split(rows, test_size=0.3, seed=777, stratify=rows % 7)) == "118de1ce9ff606c5"
    batches = [x for x, _ in shuffle_batch(rows, rows, 64, Generator(777))]
    assert fingerprint(*batches) == fingerprint(Generator(777).permutation(1000)) == "6d9364a93e8ce081"


def test_sizes_as_shares_and_as_numbers():
    rows = np.arange(10)
    for test_size, train_size, expected in (
        (0.25, None, (7, 3)),
        (4, None, (6, 4)),
        (0.2, 0.5, (5, 2)),
        (3, 4, (4, 3)),
        (0.3, None, (7, 3)),
    ):
        train, test = train_test_split(rows, test_size=test_size, train_size=train_size, seed=0)
        assert (len(train), len(test)) == expected
    assert len(train_test_split(np.arange(100), test_size=0.07)[1]) == 7, "0.07 * 100 is a little more than 7"


@pytest.mark.parametrize("rows", [25, 101, 1000])
@pytest.mark.parametrize("sizes", [{}, {"test_size": 0.2}, {"test_size": 3}, {"test_size": 0.3, "train_size": 0.5}])
def test_scikit_learn_makes_parts_of_the_same_sizes(rows, sizes):
    reference = pytest.importorskip("sklearn.model_selection").train_test_split
    x, labels = np.arange(rows), np.arange(rows) % 3
    for options in ({"shuffle": True}, {"shuffle": False}, {"stratify": labels}):
        ours, theirs = train_test_split(x, **sizes, **options), reference(x, **sizes, **options)
        assert [len(part) for part in ours] == [len(part) for part in theirs]
        if options.get("shuffle") is False:
            np.testing.assert_array_equal(np.concatenate(ours), np.concatenate(theirs))
        for part, expected in zip(ours, theirs):
            if "stratify" in options:  # where a remainder goes is a matter of chance there
                assert np.abs(np.bincount(labels[part]) - np.bincount(labels[expected])).max() <= 1


def test_without_shuffling_the_last_rows_are_for_testing():
    train, test = train_test_split(np.arange(10), test_size=3, shuffle=False)
    assert train.tolist() == list(range(7)) and test.tolist() == [7, 8, 9]


@given(st.lists(st.integers(2, 12), min_size=1, max_size=4), st.floats(0.1, 0.9), st.integers(0, 99))
def test_stratified_parts_have_every_labels_share_to_one_row(counts, share, seed):
    labels = np.repeat([f"label {k}" for k in range(len(counts))], counts)
    rows = len(labels)
    testing = min(int(np.ceil(round(rows * share, 9))), rows)
    if testing == rows:
        return
    row, y_train, y_test = np.arange(rows), *train_test_split(labels, test_size=share, seed=seed, stratify=labels)
    for label, count in zip(sorted(set(labels)), counts):
        assert abs((y_test == label).sum() - count * testing / rows) < 1
        assert (y_test == label).sum() + (y_train == label).sum() == count
    assert len(y_test) == testing and len(row) == len(y_train) + len(y_test)


def test_stratified_parts_are_in_random_order():
    labels = np.repeat([0, 1], 50)
    train, test = train_test_split(labels, seed=1, stratify=labels)
    assert np.abs(np.diff(train)).sum() > 10 and np.abs(np.diff(test)).sum() > 3


@pytest.mark.parametrize(
    "arrays, options, message",
    [
        ([], {}, "expected at least one array"),
        ([[1, 2], [1]], {}, r"expected arrays of equal length, received shapes \(2,\), \(1,\)"),
        ([3.0], {}, "expected arrays of equal length"),
        ([[1]], {}, "expected both parts to have rows, and no more than 1 in all; received 0 for training and 1"),
        ([[1, 2]], {"test_size": 2}, "expected both parts to have rows"),
        ([[1, 2]], {"test_size": 1, "train_size": 2}, "received 2 for training and 1 for testing"),
        ([[1, 2]], {"test_size": 1.5}, "expected test_size as a share between 0 and 1 or a number, received 1.5"),
        ([[1, 2]], {"train_size": "all"}, "expected train_size as a share"),
        ([[1, 2]], {"seed": -1}, "expected seed as an integer from 0 to"),
        ([[1, 2]], {"stratify": [0, 0, 1]}, r"expected stratify of shape \(2,\), received \(3,\)"),
        ([[1, 2, 3]], {"stratify": ["a", "a", "b"]}, "expected every label of stratify at least twice, received.*b"),
        ([[1, 2]], {"stratify": [0, 0], "shuffle": False}, "expected shuffle=True with stratify"),
    ],
)
def test_what_cannot_be_split_is_refused(arrays, options, message):
    with pytest.raises(DataError, match=message):
        train_test_split(*arrays, **options)


# ---- batches


@given(st.integers(1, 70), st.integers(1, 80))
def test_batches_are_nearly_equal_and_hold_every_row_once(rows, batch_size):
    x = np.arange(rows) * 2
    batches = list(shuffle_batch(x, np.arange(rows), batch_size))
    sizes = [len(y) for _, y in batches]
    assert len(batches) == max(1, rows // batch_size) and max(sizes) - min(sizes) <= 1
    assert sorted(np.concatenate([y for _, y in batches])) == list(range(rows))
    for x_batch, y_batch in batches:
        np.testing.assert_array_equal(x_batch, y_batch * 2)


def test_batches_are_those_of_numpys_array_split():
    """As the book's function does it, with the same shuffled index."""
    x, y = np.random.default_rng(0).random((23, 2)), np.arange(23)
    index = Generator(9).permutation(23)
    expected = [(x[rows], y[rows]) for rows in np.array_split(index, 23 // 5)]
    batches = shuffle_batch(x, y, 5, Generator(9))
    for (x_batch, y_batch), (x_expected, y_expected) in zip(batches, expected, strict=True):
        np.testing.assert_array_equal(x_batch, x_expected)
        np.testing.assert_array_equal(y_batch, y_expected)


def test_every_epoch_has_an_order_of_its_own():
    first, second = ([y.tolist() for _, y in shuffle_batch(np.arange(50), np.arange(50), 10)] for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    "x, y, batch_size, message",
    [
        ([1, 2], [1], 1, "expected as many labels as samples"),
        ([], [], 1, "at least one"),
        ([1], [1], 0, "expected batch_size as an integer above 0, received 0"),
        ([1], [1], 2.0, "received 2.0"),
    ],
)
def test_batches_that_cannot_be_made_are_refused_at_once(x, y, batch_size, message):
    with pytest.raises(DataError, match=message):
        shuffle_batch(x, y, batch_size)
