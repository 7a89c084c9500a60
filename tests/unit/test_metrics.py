"""Metrics against plain counting."""

import numpy as np
import pytest

from pydl import Tensor, losses, metrics

OUTPUTS = np.array([[0.1, 0.9], [0.8, 0.2], [0.4, 0.6], [0.7, 0.3]], np.float32)


def test_categorical_accuracy_counts_rows_with_the_right_maximum():
    labels = np.array([[0, 1], [0, 1], [0, 1], [1, 0]], np.float32)
    assert metrics.categorical_accuracy(labels, Tensor(OUTPUTS)).item() == 0.75


@pytest.mark.parametrize("labels", [[1, 1, 1, 0], [[1], [1], [1], [0]]], ids=["(n,)", "(n, 1)"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_sparse_categorical_accuracy_counts_right_classes(labels, dtype):
    assert metrics.sparse_categorical_accuracy(np.array(labels, dtype), Tensor(OUTPUTS)).item() == 0.75


def test_binary_accuracy_counts_outputs_on_the_right_side():
    labels = np.array([1, 0, 0, 1])
    outputs = Tensor([[0.9], [0.4], [0.6], [0.5]])
    assert metrics.binary_accuracy(labels, outputs).item() == 0.5, "0.5 is not above the threshold"
    assert metrics.binary_accuracy(labels, outputs, threshold=0.45).item() == 0.75


def accuracy(loss, labels, outputs):
    name, function = metrics.get("accuracy", losses.get(loss))
    assert name == "accuracy"
    return function(np.asarray(labels), Tensor(np.asarray(outputs, np.float32))).item()


def test_accuracy_is_the_one_that_fits_the_loss():
    assert accuracy("sparse_categorical_crossentropy", [1, 1, 1, 0], OUTPUTS) == 0.75
    assert accuracy("categorical_crossentropy", np.eye(2)[[1, 1, 1, 0]], OUTPUTS) == 0.75
    assert accuracy("binary_crossentropy", [1, 0], [[0.6], [0.4]]) == 1
    logits = losses.BinaryCrossentropy(from_logits=True)
    assert accuracy(logits, [1, 0], [[0.2], [-0.2]]) == 1
    assert accuracy(logits, [1, 0], [[-0.2], [0.7]]) == 0
    assert accuracy(losses.SparseCategoricalCrossentropy(from_logits=True), [0, 0], [[3, -3], [-3, 3]]) == 0.5


def test_accuracy_of_a_single_output_is_binary_whatever_the_loss():
    # The largest of one output is always the first: by places every answer would be right.
    assert accuracy("mse", [[0], [1], [1], [0]], [[0.9], [0.8], [0.1], [0.2]]) == 0.5
    assert accuracy("mse", np.eye(2)[[1, 1, 1, 0]], OUTPUTS) == 0.75


def test_metrics_by_name_and_by_function():
    def error(y_true, y_pred):
        return (y_true - y_pred).abs().mean()

    loss = losses.MeanSquaredError()
    assert metrics.get("binary_accuracy", loss) == ("binary_accuracy", metrics.binary_accuracy)
    assert metrics.get(error, loss) == ("error", error)
    with pytest.raises(ValueError, match="unknown metric 'f1'.*binary_accuracy, categorical_accuracy"):
        metrics.get("f1", loss)
