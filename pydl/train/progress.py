"""What `fit` prints: a bar that is redrawn in a terminal (a few plain lines elsewhere), or a line for every epoch.

Both are callbacks like any other; `verbose` chooses between them.
"""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

from ..callbacks import Callback, EpochLogs, Logs

_WIDTH = 24
_REDRAW = 0.1  # seconds between two drawings
_LINES = 20  # lines at most where the output is not a terminal


class ProgressBar(Callback):
    """Shows epoch, bar, time per step and the logs while `fit` runs, in standard output unless a stream is given."""

    every_batch = False

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def on_train_begin(self, logs: Logs) -> None:
        self._out = self._stream or sys.stdout
        self._live = bool(getattr(self._out, "isatty", lambda: False)())
        self._epoch = 0
        self._steps = 0  # done in all, and in this epoch
        self._batches = 0
        if line := device_line(self.params):
            self._out.write(line + "\n")
        self._start = self._drawn = time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        self._epoch, self._batches = epoch, 0

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        self._steps += batch + 1 - self._batches
        self._batches = batch + 1
        if self._live and time.perf_counter() - self._drawn >= _REDRAW:
            self._draw((batch + 1) / self.params["steps"], logs)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        epochs = self.params["epochs"]
        if self._live:
            self._draw(1.0, logs)
            if epochs <= _LINES or epoch + 1 == epochs:
                self._out.write("\n")
        elif epoch + 1 == epochs or (epoch + 1) % -(-epochs // _LINES) == 0:
            self._out.write(self._line(logs) + "\n")
        self._out.flush()

    def on_epochs_end(self, first_epoch: int, logs: EpochLogs) -> None:
        epochs, count = self.params["epochs"], len(logs["loss"])
        last, every = first_epoch + count - 1, -(-epochs // _LINES)
        self._steps += count
        due = {first_epoch + index for index in range(-(first_epoch + 1) % every, count, every)}
        if self._live:
            shown = last + 1 == epochs or time.perf_counter() - self._drawn >= _REDRAW
            due = due if epochs <= _LINES else {last} if shown else set()
        elif last + 1 == epochs:
            due.add(last)
        for epoch in sorted(due):
            self._epoch = epoch
            self.on_epoch_end(epoch, {name: values[epoch - first_epoch] for name, values in logs.items()})

    def _draw(self, share: float, logs: Logs) -> None:
        filled = round(share * _WIDTH)
        bar = "=" * filled + "." * (_WIDTH - filled)
        self._out.write(f"\r\x1b[K{self._line(logs, bar)}")
        self._out.flush()
        self._drawn = time.perf_counter()

    def _line(self, logs: Logs, bar: str = "") -> str:
        epochs = self.params["epochs"]
        milliseconds = 1000 * (time.perf_counter() - self._start) / max(1, self._steps)
        shown = f"[{bar}] " if bar else ""
        return f"{_numbered(self._epoch, epochs)} {shown}{milliseconds:.2f} ms/step  {_values(logs)}"


class EpochLines(Callback):
    """A line for every epoch: its number, seconds, time per step, and the logs. For files, and `verbose=2`."""

    def on_train_begin(self, logs: Logs) -> None:
        if line := device_line(self.params):
            print(line, flush=True)

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        seconds = time.perf_counter() - self._start
        milliseconds = 1000 * seconds / self.params["steps"]
        place = _numbered(epoch, self.params["epochs"])
        print(f"{place} {seconds:.2f} s  {milliseconds:.2f} ms/step  {_values(logs)}", flush=True)


def device_line(params: dict[str, Any]) -> str:
    """Which device was chosen, and by what figures: "device: numpy, 3.10 ms per step (wasm 4.20)"; "" unless tried.

    A GPU tells its name as well: "device: webgpu (SwiftShader), ...".
    """
    trial, device = params.get("trial") or {}, params.get("device")
    if device not in trial:
        return ""
    others = ", ".join(f"{name} {value:.2f}" for name, value in trial.items() if name != device)
    chosen = f"{device} ({params['adapter']})" if device == "webgpu" else device
    return f"device: {chosen}, {trial[device]:.2f} ms per step ({others})"


def _numbered(epoch: int, epochs: int) -> str:
    return f"epoch {epoch + 1:>{len(str(epochs))}}/{epochs}"


def _values(logs: Logs) -> str:
    return "  ".join(f"{name} {value:.4f}" for name, value in logs.items())
