"""DNNClassifier: a dense network behind scikit-learn's interface, named as TensorFlow's estimator was.

It builds a `Sequential` and trains it with `fit`, so it learns exactly what the layers written out by hand would; what
it adds are labels of any kind, checks of the data, and a place in `cross_val_score` and `GridSearchCV`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .. import callbacks as stops
from .. import losses, nn, optim
from ..data import DataError, train_test_split
from ..nn import functional as F
from .base import Estimator, NotFittedError, class_numbers, labels_of, samples_of, seeded

DEFAULT_EPOCHS = 10


@dataclass(eq=False, repr=False)
class DNNClassifier(Estimator):
    """Dense hidden layers, then one logit per class; trained on the softmax cross-entropy.

    hidden_units:       the width of every hidden layer; () is softmax regression
    activation:         of the hidden layers, by name or as a function
    n_classes:          where labels are the numbers 0 to n_classes - 1; else the classes are found in y
    dropout:            the share of every hidden layer's outputs that is dropped while it learns, or None
    batch_norm:         True normalises every hidden layer before its activation
    optimizer:          a name or an Optimizer; each fit starts with a fresh one of its configuration
    learning_rate:      a number or a schedule; None leaves it to the optimizer
    kernel_initializer: of every layer, by name or as an initialiser
    batch_size:         samples in a training step
    epochs, steps:      how long to train: passes over the data, or batches in all; with both, whichever ends first,
                        with neither 10 epochs
    early_stopping:     True keeps a random, stratified `validation_fraction` of the training data apart (unless `fit`
                        is given validation data), ends when its loss has not fallen for `n_iter_no_change` epochs,
                        and goes back to the best weights
    random_state:       a seed: the same data then give the same network, whatever was drawn before; None draws from
                        pydl's default generator
    verbose, device:    as in `fit` of a model

    Fitted, it has classes_ (the labels, sorted), n_features_in_, history_ ({"loss": [...], "accuracy": [...], ...} by
    epoch) and model_ (the trained Sequential). It can be cloned, copied and pickled.

    Sources: TensorFlow 1's `tf.estimator.DNNClassifier` (hidden_units, n_classes, dropout, batch_norm, steps);
    scikit-learn's `MLPClassifier` (early_stopping, validation_fraction, n_iter_no_change, random_state).
    """

    hidden_units: Sequence[int] = (100,)
    activation: str | Callable[..., Any] = "relu"
    n_classes: int | None = None
    dropout: float | None = None
    batch_norm: bool = False
    optimizer: str | optim.Optimizer = "adam"
    learning_rate: Any = None
    kernel_initializer: Any = "glorot_uniform"
    batch_size: int = 32
    epochs: int | None = None
    steps: int | None = None
    early_stopping: bool = False
    validation_fraction: float = 0.1
    n_iter_no_change: int = 10
    random_state: int | None = None
    verbose: int = 0
    device: str = "auto"

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        validation_data: tuple[Any, Any] | None = None,
        callbacks: Sequence[stops.Callback] = (),
    ) -> Self:
        """Trains a new network.

        X: (n, features) numbers, finite; uint8 as it is, the rest as float32. y: (n,) labels of any one kind.
        sample_weight: (n,), how much each sample counts. validation_data: (X, y) measured after every epoch.
        callbacks: as in `fit` of a model.
        Raises DataError for data that cannot be learned from, ValueError for parameters that make no network.
        """
        where = "DNNClassifier.fit"
        X = samples_of(X, where)
        y = labels_of(y, where, len(X))
        epochs, classes_and_numbers = self._epochs(where), class_numbers(y, where, self.n_classes)
        classes, y = classes_and_numbers
        weight = None if sample_weight is None else _weights_of(sample_weight, where, len(X))
        validation = None if validation_data is None else self._validation(*validation_data, classes, X.shape[1])
        watchers = list(callbacks)
        with seeded(self.random_state):
            if self.early_stopping:
                watchers.append(
                    stops.EarlyStopping(
                        monitor="val_loss", patience=self.n_iter_no_change, restore_best_weights=True
                    )
                )
                if validation is None:
                    X, y, weight, validation = self._held_out(X, y, weight)
            if self.steps is not None:
                watchers.append(_StopAfter(self.steps))
                needed = -(-self.steps // -(-len(X) // self.batch_size))
                epochs = needed if self.epochs is None else min(epochs, needed)
            model = self._network(X.shape[1], len(classes))
            history = model.fit(
                X,
                y,
                batch_size=self.batch_size,
                epochs=epochs,
                verbose=self.verbose,
                callbacks=watchers,
                validation_data=validation,
                device=self.device,
                sample_weight=weight,
            )
        self.model_, self.history_ = model, history.history
        self.classes_, self.n_features_in_ = classes, X.shape[1]
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of every class, softmax of the logits: (n, classes), in the order of `classes_`; float32."""
        if not hasattr(self, "model_"):
            raise NotFittedError("DNNClassifier: expected fit(X, y) before predictions; this one was not fitted yet")
        X = samples_of(X, "DNNClassifier.predict", self.n_features_in_)
        logits = self.model_.predict(X, device=self.device)
        return F.softmax(logits).numpy()

    # ---- the network

    def _network(self, features: int, classes: int) -> nn.Sequential:
        layers: list[nn.Module] = []
        if not isinstance(self.hidden_units, (list, tuple, np.ndarray)):
            raise ValueError(
                f"DNNClassifier.fit: expected hidden_units as the units of every hidden layer, like (300, 100), "
                f"received {self.hidden_units!r}"
            )
        for number, units in enumerate(self.hidden_units, 1):
            name = f"hidden{number}"
            layer = {"kernel_initializer": self.kernel_initializer, "name": name}
            if self.batch_norm:
                layers.append(nn.Dense(_whole(units), use_bias=False, **layer))
                layers.append(nn.BatchNormalization(name=f"{name}_norm"))
                layers.append(nn.Activation(self.activation, name=f"{name}_activation"))
            else:
                layers.append(nn.Dense(_whole(units), activation=self.activation, **layer))
            if self.dropout is not None:
                layers.append(nn.Dropout(self.dropout, name=f"{name}_dropout"))
        layers.append(nn.Dense(classes, kernel_initializer=self.kernel_initializer, name="outputs"))
        model = nn.Sequential(layers, input_shape=(features,), name="dnn")
        loss = losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer=self._fresh_optimizer(), loss=loss, metrics=["accuracy"])
        return model

    def _fresh_optimizer(self) -> optim.Optimizer:
        optimizer = optim.get(self.optimizer)
        config = optimizer.get_config()
        if self.learning_rate is not None:
            config["learning_rate"] = self.learning_rate
        return type(optimizer).from_config(config)

    def _epochs(self, where: str) -> int:
        for name in ("epochs", "steps", "batch_size", "n_iter_no_change"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, (int, np.integer)) or value < 1):
                raise ValueError(f"{where}: expected {name} as an integer above 0, received {value!r}")
        return DEFAULT_EPOCHS if self.epochs is None else int(self.epochs)

    def _validation(self, X: Any, y: Any, classes: np.ndarray, features: int) -> tuple[np.ndarray, np.ndarray]:
        where = "DNNClassifier.fit, validation_data"
        X = samples_of(X, where, features)
        y = labels_of(y, where, len(X))
        numbers = np.searchsorted(classes, y).clip(max=len(classes) - 1)
        if (unknown := y[classes[numbers] != y]).size:
            raise DataError(f"{where}: the label {unknown[0]} does not occur in the training data")
        return X, numbers

    def _held_out(
        self, X: np.ndarray, y: np.ndarray, weight: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, tuple[np.ndarray, np.ndarray]]:
        """The training data (X, y, weight) without the part that early stopping looks at, and this part (X, y)."""
        arrays = [X, y] if weight is None else [X, y, weight]
        stratify = y if np.bincount(y)[np.unique(y)].min() > 1 else None  # a class of one cannot be in both parts
        parts = train_test_split(*arrays, test_size=self.validation_fraction, stratify=stratify)
        return parts[0], parts[2], None if weight is None else parts[4], (parts[1], parts[3])


class _StopAfter(stops.Callback):
    """Ends training after a number of steps."""

    every_batch = False

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.last = steps - 1  # the batch of the epoch under way, which may have fewer, after which it ends

    def next_batch(self, batch: int) -> int:
        return self.last

    def on_epoch_begin(self, epoch: int, logs: stops.Logs) -> None:
        self.last = self.steps - 1 - epoch * self.params["steps"]

    def on_train_batch_end(self, batch: int, logs: stops.Logs) -> None:
        if batch >= self.last:
            self.model.stop_training = True


def _whole(units: Any) -> Any:
    """Widths from NumPy's ranges are integers, too."""
    return int(units) if isinstance(units, np.integer) else units


def _weights_of(sample_weight: Any, where: str, samples: int) -> np.ndarray:
    weight = np.asarray(sample_weight, np.float32)
    if weight.shape != (samples,):
        raise DataError(f"{where}: expected sample_weight of shape ({samples},), received {weight.shape}")
    if not np.isfinite(weight).all() or weight.min() < 0 or not weight.any():
        raise DataError(
            f"{where}: expected sample_weight from 0, finite and not all 0, received {weight.min()} to {weight.max()}"
        )
    return weight
