"""Callbacks that write to files while training goes on: checkpoints, and a table of every epoch.

Both go on where a resumed run does, and check before the first step that their folder is there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .base import Callback, EpochLogs, Logs, check_kinds
from .monitor import Monitor


class ModelCheckpoint(Monitor):
    """Saves the model while it is trained. As in Keras; a file is the old one or the new one, never half of it.

    What it writes, `fit(resume=path)` goes on from exactly as if training had never stopped: weights, optimizer,
    random numbers, history, and the state of the other callbacks, which is why it is called after all of them.

    filepath:          ends in .npz or .safetensors; may hold {epoch:02d} (from 1), {batch} and logs like {val_loss:.2f}
    monitor, mode:     see Monitor; used with save_best_only
    verbose:           1 to say when a file was written
    save_best_only:    True to save only when the monitored number is the best so far
    save_weights_only: True for a file of weights alone (`model.load_weights`), with which training cannot go on
    save_freq:         "epoch", or a number of batches
    initial_value_threshold: a value of the monitored number that the first file must improve on
    """

    runs_last = True

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.best = initial_value_threshold
        self._epoch = self._batches = 0
        self.every_batch = save_freq != "epoch"
        if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq < 1):
            raise ValueError(
                f"ModelCheckpoint: expected save_freq 'epoch' or a number of batches, received {save_freq!r}"
            )
        if os.path.splitext(self.filepath)[1] not in (".npz", ".safetensors"):
            raise ValueError(
                f"ModelCheckpoint: expected a path that ends in .npz or .safetensors, received {self.filepath!r}"
            )

    def check_fit(self) -> None:
        import string  # here: it takes time to load

        if self.save_best_only:
            super().check_fit()
        by_batch = self.save_freq != "epoch"
        known = [name for name in self.params["metrics"] if not (by_batch and name.startswith("val_"))]
        try:
            used = {name for _, name, _, _ in string.Formatter().parse(self.filepath) if name is not None}
            self.filepath.format(**dict.fromkeys({*known, *used} - {""}, 0.5) | {"epoch": 1, "batch": 1})
        except (ValueError, LookupError, AttributeError) as error:
            raise ValueError(
                f"ModelCheckpoint: expected a filepath like 'model-{{epoch:02d}}-{{loss:.2f}}.npz', "
                f"received {self.filepath!r} ({error})"
            ) from None
        if self.save_best_only:
            used.add(self.monitor)
        if unknown := sorted(used - {"epoch", "batch", *known}):
            when = "a batch" if by_batch else "an epoch"
            raise ValueError(
                f"ModelCheckpoint: {', '.join(unknown)} is not known when {when} ends; "
                f"known are epoch, batch, {', '.join(known)}"
            )
        folder = os.path.dirname(self.filepath)
        if folder and "{" not in folder and not os.path.isdir(folder):
            raise ValueError(f"ModelCheckpoint: there is no folder {folder}")

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        if self.save_freq != "epoch":
            self._batches += 1
            if self._batches % int(self.save_freq) == 0:
                self._save(self._epoch, batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, self.params["steps"] - 1, logs)

    def _save(self, epoch: int, batch: int, logs: Logs) -> None:
        if self.save_best_only:
            if not self.improves(logs[self.monitor], self.best):
                return
            self.best = logs[self.monitor]
        path = self.filepath.format(epoch=epoch + 1, batch=batch + 1, **logs)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save_checkpoint(path)
        if self.verbose:
            print(f"epoch {epoch + 1}: saved {path}")

    def state(self) -> dict[str, Any]:
        return {"best": self.best, "batches": self._batches}

    def check_state(self, state: Mapping[str, Any]) -> None:
        super().check_state(state)
        check_kinds(state, batches=int)

    def load_state(self, state: Mapping[str, Any]) -> None:
        self.best, self._batches = state["best"], state["batches"]


class CSVLogger(Callback):
    """Writes a line of a CSV file after every epoch: its number and what was logged, the names in order. As in Keras.

    filename:  of the file; it is written anew unless append is True
    separator: between two values
    append:    True to go on below what the file holds

    A run that is resumed goes on in the same file, behind the epochs that its checkpoint knows.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        if not isinstance(separator, str) or len(separator) != 1:
            raise ValueError(f"CSVLogger: expected separator as a single character, received {separator!r}")
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = append
        self._names: list[str] | None = None  # of the columns after "epoch"; None before the first line
        self._size = 0  # of the file, as far as this run has written it

    def check_fit(self) -> None:
        folder = os.path.dirname(self.filename)
        if folder and not os.path.isdir(folder):
            raise ValueError(f"CSVLogger: there is no folder {folder}")
        if os.path.isdir(self.filename):
            raise ValueError(f"CSVLogger: expected the name of a file, and {self.filename} is a folder")

    def on_train_begin(self, logs: Logs) -> None:
        self._names, self._size = None, 0

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self._names is None:
            self._names = sorted(logs)
            kept = self._existing() if self.append else 0
            self._write(kept, *([] if kept else [["epoch", *self._names]]))
        self._write(self._size, [epoch, *(logs.get(name, "NA") for name in self._names)])

    def on_epochs_end(self, first_epoch: int, logs: EpochLogs) -> None:
        first = {name: values[0] for name, values in logs.items()}
        self.on_epoch_end(first_epoch, first)
        assert self._names is not None  # the first line has named them
        columns = [logs.get(name, ["NA"] * len(logs["loss"]))[1:] for name in self._names]
        self._write(self._size, *([epoch, *row] for epoch, row in enumerate(zip(*columns), first_epoch + 1)))

    def _existing(self) -> int:
        return os.path.getsize(self.filename) if os.path.exists(self.filename) else 0

    def _write(self, position: int, *rows: list[Any]) -> None:
        """Writes behind `position`, and nothing stays after it. Closed each time: a reader sees every epoch."""
        import csv

        with open(self.filename, "r+" if self._existing() else "w", newline="", encoding="utf-8") as file:
            file.seek(position)
            file.truncate()
            csv.writer(file, delimiter=self.separator).writerows(rows)
            self._size = file.tell()

    def state(self) -> dict[str, Any]:
        return {"names": self._names, "size": self._size}

    def check_state(self, state: Mapping[str, Any]) -> None:
        super().check_state(state)
        check_kinds(state, names=list | None, size=int)

    def load_state(self, state: Mapping[str, Any]) -> None:
        if self._existing() >= state["size"]:  # else the file is gone: it begins anew
            self._names, self._size = state["names"], state["size"]
