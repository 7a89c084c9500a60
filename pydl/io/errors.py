"""What goes wrong with files that hold weights and models.

It stands apart so that every module here can raise it without importing the others.
"""


class FileError(ValueError):
    """A file that cannot be read or written, or does not hold what it should; the message is one line and names it."""


def told(error: Exception) -> str:
    """What an error says, on one line that a hostile file cannot make as long as it likes."""
    text = f"expected an entry {error}, which is missing" if isinstance(error, KeyError) else str(error)
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 3]}..."


_LONGEST_LINE = 500
