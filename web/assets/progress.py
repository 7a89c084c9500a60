"""Progress of long work on the console. Whatever takes long calls `report(stage, done, total)`: a stage's
name, and where they are known the bytes done and the bytes in all. A terminal gets one line that changes;
a log file or a pipe gets one line per stage.
"""

import shutil
import sys
import time
from collections.abc import Callable

Report = Callable[[str, int | None, int | None], None]

REDRAW_SECONDS = 0.1


def silent(stage: str, done: int | None = None, total: int | None = None) -> None:
    """A report that nobody reads."""


def size_text(count: int) -> str:
    """1_234_567 -> "1.2 MB"."""
    for unit, size in (("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


class ConsoleProgress:
    """Callable as a report; used as a context manager, it ends the last line."""

    def __init__(self, stream=None):
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self.stage = None
        self.drawn_at = 0.0
        self.width = 0

    def __call__(self, stage: str, done: int | None = None, total: int | None = None) -> None:
        if stage != self.stage:
            self.close()
            self.stage = stage
            if not self.live:
                print(stage, file=self.stream, flush=True)
        elif time.monotonic() - self.drawn_at < REDRAW_SECONDS and done != total:
            return
        if self.live:
            self._draw(stage, _amount(done, total))

    def _draw(self, stage: str, amount: str) -> None:
        self.drawn_at = time.monotonic()
        if amount:  # a line that is drawn again must not wrap
            stage = stage[:shutil.get_terminal_size().columns - len(amount) - 1]
        line = stage + amount
        print("\r" + line.ljust(self.width), end="", file=self.stream, flush=True)
        self.width = len(line)

    def close(self) -> None:
        """Ends the line of the current stage."""
        if self.live and self.stage is not None:
            print(file=self.stream, flush=True)
        self.stage, self.width = None, 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def _amount(done: int | None, total: int | None) -> str:
    if done is None:
        return ""
    if not total:
        return f"  {size_text(done)}"
    return f"  {size_text(done)} of {size_text(total)} ({100 * done // total}%)"
