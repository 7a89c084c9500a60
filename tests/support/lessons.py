"""Small options for every lesson, with which a run takes a moment even in the page, where NumPy has no BLAS.

The lessons' own tests and the browser's share them; a lesson without a row fails there.
"""

from typing import Any

# XOR for a test that stops it: half a minute in machine code, in steps so small that thousands run at a time.
LONG: dict[str, Any] = {"epochs": 1_000_000, "layers": [128, 128]}

SMALL: dict[str, dict[str, Any]] = {
    "tensors_and_variables": {"steps": 2},
    "linear_regression": {"epochs": 50},
    "cost_curve": {"epochs": 10},
    "multiple_regression": {"epochs": 50},
    "csv_in_out": {"epochs": 50},
    "logistic_regression": {"epochs": 50},
    "logic_gates": {"epochs": 20},
    "softmax_regression": {"dataset": "drawn_digits", "subset": 200, "epochs": 1},
    "activations": {"depth": 3, "width": 8},
    "xor": {"epochs": 20},
    "xor_deep": {"epochs": 20, "seeds": 3},
    "mnist_relu": {"dataset": "drawn_digits", "subset": 200, "epochs": 1, "layers": [32]},
    "mnist_softmax_vs_relu": {"dataset": "drawn_digits", "subset": 200, "epochs": 1},
    "mnist_dnn": {"dataset": "drawn_digits", "subset": 200, "epochs": 1, "layers": [32]},
    "mnist_keras": {"dataset": "drawn_digits", "subset": 200, "epochs": 1, "units": 32},
    "mnist_dropout": {"dataset": "drawn_digits", "subset": 200, "epochs": 1, "layers": [32]},
    "mnist_cnn": {"dataset": "drawn_digits", "subset": 200, "epochs": 1, "filters": [4, 8]},
    "mnist_ensemble": {"dataset": "drawn_digits", "subset": 200, "epochs": 1, "layers": [32], "members": 2},
}
