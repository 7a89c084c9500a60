"""`python3 -m web`: checks the Python it runs under, then hands over to web/cli.py.

Every Python must be able to read this file, so that an old one answers with a sentence, not a syntax error.
"""

import os
import sys

OLDEST = (3, 11)

if sys.version_info < OLDEST:
    message = ("pydl: Python {}.{} or later is needed, and this is Python {} ({}). Install a newer one "
               "and start it by its name, for example: python3.12 -m web\n")
    sys.stderr.write(message.format(OLDEST[0], OLDEST[1], sys.version.split()[0], sys.executable))
    sys.exit(2)

if not __package__:  # started by its path, from any folder: python3 path/to/web
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

if __name__ == "__main__":
    from web.cli import main

    sys.exit(main(sys.argv[1:]))
