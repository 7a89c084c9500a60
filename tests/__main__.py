"""`python3 -m tests`: sets up what the tests need, then runs them with pytest.

Only this file and the package's `__init__` are read before the version is known, so both keep to a syntax
that every Python 3 reads; the work is in `tests.support.runner`.
"""

import platform
import sys

if sys.version_info < (3, 11):  # noqa: UP036  (the older ones meet this line)
    sys.stderr.write(
        "tests: pydl needs Python 3.11 or newer, and this is Python " + platform.python_version()
        + " (" + sys.executable + ").\n"
        "Run this command with a newer one, for example: python3.12 -m tests\n"
    )
    sys.exit(2)

from tests.support.runner import main

sys.exit(main(sys.argv[1:]))
