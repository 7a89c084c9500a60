"""Where a build happens: its scratch folder, the folder of its logs, and the one way in which it runs
commands."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from ..assets.errors import SourceError
from ..assets.tools import reason


class Workshop:
    def __init__(self, scratch: Path, logs: Path, stage: Callable[[str], None]):
        self.scratch = scratch
        self.logs = logs
        self.stage = stage  # stage(name): tells the user what begins
        self.bin = scratch / "bin"
        for folder in (logs, self.bin):
            folder.mkdir(parents=True, exist_ok=True)

    def run(self, name: str, command: list, env: dict | None = None, cwd: Path | None = None) -> str:
        """Runs a command with its output in `name`.log, and returns that output. A failure carries the lines
        that say why."""
        log = self.logs / f"{name}.log"
        with open(log, "wb") as file:
            try:
                code = subprocess.run([str(word) for word in command], env=env, cwd=cwd or self.scratch,
                                      stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT).returncode
            except OSError as error:
                raise SourceError(f"{name}: {error}") from None
        output = log.read_text(encoding="utf-8", errors="replace")
        if code:
            raise SourceError(f"{name} failed: {reason(output) or f'exit code {code}'} (whole log: {log})")
        return output
