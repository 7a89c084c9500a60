"""The lessons: each a short script that a learner reads; the same file runs here, in the page and in the tests."""

from .catalog import NAMES, catalog, options_for, run, texts
from .figures import listening, show
from .options import LessonError

__all__ = ["NAMES", "LessonError", "catalog", "listening", "options_for", "run", "show", "texts"]
