"""Data in parts: for training and for testing, and batch by batch in a new order.

All order comes from `pydl.random`, so that a seed gives the same parts everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import random
from ..random import Generator
from .errors import DataError

SPLIT_STREAM = 0x73706C74_00000000  # exchanged bits of the seed ("splt"): not the numbers of weights from the same seed


def train_test_split(
    *arrays: Any,
    test_size: float | int = 0.25,
    train_size: float | int | None = None,
    seed: int | None = None,
    shuffle: bool = True,
    stratify: Any = None,
) -> list[np.ndarray]:
    """Every array in two parts, for training and for testing: [a_train, a_test, b_train, b_test, ...].

    arrays:     of equal length, at least one; rows that stood side by side stay so
    test_size:  how much is for testing: a share between 0 and 1 (rounded up) or a number of rows
    train_size: how much is for training, likewise (rounded down); all the rest unless given
    seed:       the same seed gives the same parts; None draws from pydl's default generator
    shuffle:    False takes the last rows for testing, in their order
    stratify:   labels (n,): every label has the same share in both parts, to one row

    Raises DataError. Source: scikit-learn's function of this name.
    """
    where = "train_test_split"
    if not arrays:
        raise DataError(f"{where}: expected at least one array, received none")
    parts = [np.asarray(array) for array in arrays]
    if any(not part.ndim or len(part) != len(parts[0]) for part in parts):
        shapes = ", ".join(str(part.shape) for part in parts)
        raise DataError(f"{where}: expected arrays of equal length, received shapes {shapes}")
    rows = len(parts[0])
    testing = _rows("test_size", test_size, rows, math.ceil)
    training = rows - testing if train_size is None else _rows("train_size", train_size, rows, math.floor)
    if testing < 1 or training < 1 or training + testing > rows:
        raise DataError(
            f"{where}: expected both parts to have rows, and no more than {rows} in all; "
            f"received {training} for training and {testing} for testing"
        )
    if not shuffle:
        if stratify is not None:
            raise DataError(f"{where}: expected shuffle=True with stratify, received False")
        order = np.arange(rows)
        train, test = order[:training], order[rows - testing :] if train_size is None else order[training:][:testing]
    else:
        order = _generator(seed).permutation(rows)
        if stratify is None:
            test, train = order[:testing], order[testing : testing + training]
        else:
            test, train = _stratified(order, stratify, testing, training)
    return [part[chosen] for part in parts for chosen in (train, test)]


def _rows(name: str, size: float | int, rows: int, rounded: Any) -> int:
    if isinstance(size, (int, np.integer)) and not isinstance(size, bool):
        return int(size)
    if isinstance(size, (float, np.floating)) and 0 < size < 1:
        return int(rounded(round(size * rows, 9)))  # 0.07 * 100 is 7.000000000000001
    raise DataError(f"train_test_split: expected {name} as a share between 0 and 1 or a number, received {size!r}")


def _stratified(order: np.ndarray, labels: Any, testing: int, training: int) -> tuple[np.ndarray, np.ndarray]:
    """(rows for testing, rows for training), in the given order, with every label's share of each."""
    labels = np.asarray(labels)
    if labels.shape != order.shape:
        raise DataError(f"train_test_split: expected stratify of shape {order.shape}, received {labels.shape}")
    classes, numbers, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if counts.min() < 2:
        raise DataError(
            "train_test_split: expected every label of stratify at least twice, "
            f"received {classes[counts.argmin()].tolist()!r} once"
        )
    for_testing = _apportioned(counts, testing)
    for_training = _apportioned(counts - for_testing, training)
    test, train = np.zeros(len(order), bool), np.zeros(len(order), bool)
    shuffled = numbers[order]
    for number in range(len(classes)):
        places = np.flatnonzero(shuffled == number)
        test[places[: for_testing[number]]] = True
        train[places[for_testing[number] :][: for_training[number]]] = True
    return order[test], order[train]


def _apportioned(counts: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers near counts * total / sum(counts) that add up to the total: by the largest remainders."""
    exact = counts * total / counts.sum()
    whole: np.ndarray = np.floor(exact).astype(np.int64)
    largest = np.argsort(whole - exact, kind="stable")
    whole[largest[: total - whole.sum()]] += 1
    return whole


def _generator(seed: int | None) -> Generator:
    if seed is None:
        return random.default
    if not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**64:
        raise DataError(f"expected seed as an integer from 0 to 2^64 - 1 or None, received {seed!r}")
    return Generator(int(seed) ^ SPLIT_STREAM)


def shuffle_batch(
    x: Any, y: Any, batch_size: int, generator: Generator | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All rows once, in a new random order, as nearly equal batches (x, y).

    x: (n, ...). y: (n, ...). There are n // batch_size batches (at least one), whose sizes differ by at most one: a few
    rows more than batch_size, instead of a last batch of a few rows.
    generator: pydl's default generator unless given.

    Raises DataError. Source: A. Geron, "Hands-On Machine Learning", chapter 10, shuffle_batch.
    """
    x, y = np.asarray(x), np.asarray(y)
    if not x.ndim or not y.ndim or len(x) != len(y) or not len(x):
        raise DataError(
            f"shuffle_batch: expected as many labels as samples, and at least one; received shapes {x.shape}, {y.shape}"
        )
    if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise DataError(f"shuffle_batch: expected batch_size as an integer above 0, received {batch_size!r}")
    batches = np.array_split((generator or random.default).permutation(len(x)), max(1, len(x) // batch_size))
    return ((x[rows], y[rows]) for rows in batches)
