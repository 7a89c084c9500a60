"""The site builder: from the page's sources, the run-time assets, our wheel and MNIST to a folder of static
files.

    from web.site import build
    result = build(Path("dist"))

It goes: assets resolved, MNIST found, all files gathered in memory (builder.py), the folder brought to that
set (output.py). policy.py says what a browser may do with it; the server reads that too.
"""

from .builder import BuildResult, build
from .output import SiteError

__all__ = ["BuildResult", "SiteError", "build"]
