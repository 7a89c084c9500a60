"""What goes wrong with files that hold weights and models."""


class FileError(ValueError):
    """A file that cannot be read or written, or does not hold what it should; the message is one line and names it."""
