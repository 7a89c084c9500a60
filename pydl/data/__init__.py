"""Data: MNIST wherever it can be found, digits that need no download, IDX files, one-hot labels.

`load_mnist` and `drawn_digits` give the same shapes, `(x_train, y_train), (x_test, y_test)`, so that a lesson runs on
either. What is missing, broken or malformed raises `DataError`, a single line that says what to do.
"""

from .errors import DataError
from .handwriting import drawn_digits
from .idx import read_idx, write_idx
from .labels import one_hot, to_categorical
from .mnist import MNIST_AUTHORS, MNIST_LICENCE, load_mnist, register_source

DATA_NAMES = ("mnist", "drawn_digits")  # the data sets of digits that a lesson can be given

__all__ = [
    "DATA_NAMES",
    "DataError",
    "MNIST_AUTHORS",
    "MNIST_LICENCE",
    "drawn_digits",
    "load_mnist",
    "one_hot",
    "read_idx",
    "register_source",
    "to_categorical",
    "write_idx",
]
