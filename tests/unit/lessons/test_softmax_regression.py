"""Softmax regression: about 92 of 100 test images with one layer."""

import pytest


@pytest.fixture(scope="module")
def drawn(watch):
    return watch("softmax_regression", dataset="drawn_digits", subset=1000, epochs=2, learning_rate=0.1, seed=5)


def test_drawn_digits_need_no_download(drawn):
    outcome, shown = drawn
    assert outcome["result"]["test_accuracy"] > 0.5
    assert set(outcome["result"]) == {"loss", "accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy"}
    assert set(shown) == {"digits", "random_digit", "table:confusions"}
    assert len(shown["digits"]) == 2


def test_the_confusions_are_mistakes_the_most_frequent_first(drawn):
    rows = drawn[1]["table:confusions"][-1]["rows"]
    counts = [count for _, _, count, _ in rows]
    assert counts == sorted(counts, reverse=True)
    assert all(label != prediction and 0 < share <= 1 for label, prediction, _, share in rows)
    assert sum(counts) <= round(200 * (1 - drawn[0]["result"]["test_accuracy"]))


def test_a_part_of_mnist_is_read_by_one_layer(on_mnist):
    assert on_mnist("softmax_regression", subset=2000, learning_rate=0.1)["test_accuracy"] >= 0.8


@pytest.mark.slow
def test_all_of_mnist_is_read_by_92_of_100(full):
    full("softmax_regression")
