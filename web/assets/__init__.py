"""The run-time assets of the site: one table of what is needed, one function that gets it.

    from web.assets import resolve, TABLE
    files = resolve()            # {name: Resolved}, hashes checked
    files["pyodide.mjs"].path

`licence_text` gives the text of a component's licence for the notices, `cache_dir` the folder that the whole
project keeps its downloads in, `ConsoleProgress` shows the progress of it all in a terminal.
"""

from .cache import cache_dir
from .errors import AssetError
from .licences import licence_text
from .progress import ConsoleProgress
from .resolver import Resolved, resolve
from .table import COMPONENTS, TABLE, Asset, Component

__all__ = ["COMPONENTS", "TABLE", "Asset", "AssetError", "Component", "ConsoleProgress", "Resolved",
           "cache_dir", "licence_text", "resolve"]
