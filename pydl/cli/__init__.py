"""The command line: `python -m pydl run LESSON --option value`, `lessons`, `bench`.

It runs the lessons as the page does, on the desktop, and stands above everything else in the package.
"""

from .main import main

__all__ = ["main"]
