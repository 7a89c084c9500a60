"""The lessons: each a short script that a learner reads; the same file runs here, in the page and in the tests.

The catalog knows them by name, with their options and texts; what they share (figures, loops, the digits) stands
beside them.
"""

from .catalog import CHAPTERS, NAMES, catalog, describe, options_for, run, texts
from .figures import listening, plot, show, table
from .loop import Loop
from .options import LessonError

__all__ = [
    "CHAPTERS",
    "NAMES",
    "LessonError",
    "Loop",
    "catalog",
    "describe",
    "listening",
    "options_for",
    "plot",
    "run",
    "show",
    "table",
    "texts",
]
