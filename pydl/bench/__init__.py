"""The bench: how fast four networks train here, on every device and beside yardsticks, measured in one run.

`python -m pydl bench` runs it on the desktop, the page bench.html and `python3 -m web bench` in a browser: the same
networks, the same turns, the same report. A run goes through the parts of a `Bench`; `report` puts its figures into
words, and `bars` knows what they should be.
"""

from .networks import NETWORKS
from .reference import load as load_reference
from .report import as_json, as_markdown, as_text, missed
from .session import FULL_MODELS, Bench, BenchError

__all__ = [
    "FULL_MODELS",
    "NETWORKS",
    "Bench",
    "BenchError",
    "as_json",
    "as_markdown",
    "as_text",
    "load_reference",
    "missed",
]
