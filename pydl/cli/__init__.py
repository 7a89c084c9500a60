"""The command line: `python -m pydl run LESSON --option value`, `lessons`, `bench`."""

from .main import main

__all__ = ["main"]
