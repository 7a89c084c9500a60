"""Data: MNIST wherever it can be found, digits that need no download, IDX and CSV files, and what is done to data
before a network learns from them: splits, batches, one-hot labels, scaling, augmentation.

`load_mnist` and `drawn_digits` give the same shapes, `(x_train, y_train), (x_test, y_test)`, so that a lesson runs on
either. What is missing, broken or malformed raises `DataError`, a single line that says what to do.
"""

from .augmentation import augment, rotate_images, shift_images
from .csv_files import read_csv, write_csv
from .errors import DataError
from .handwriting import drawn_digits
from .idx import read_idx, write_idx
from .labels import one_hot, to_categorical
from .mnist import MNIST_AUTHORS, MNIST_LICENCE, load_mnist, register_source
from .scaling import MinMaxScaler, StandardScaler
from .splits import shuffle_batch, train_test_split
from .table import Table

DATA_NAMES = ("mnist", "drawn_digits")  # the data sets of digits that a lesson can be given

__all__ = [
    "DATA_NAMES",
    "DataError",
    "MNIST_AUTHORS",
    "MNIST_LICENCE",
    "MinMaxScaler",
    "StandardScaler",
    "Table",
    "augment",
    "drawn_digits",
    "load_mnist",
    "one_hot",
    "read_csv",
    "read_idx",
    "register_source",
    "rotate_images",
    "shift_images",
    "shuffle_batch",
    "to_categorical",
    "train_test_split",
    "write_csv",
    "write_idx",
]
