"""The one error of this room: data that is missing, broken or not what was asked for.

It stands apart so that every module here, and those who catch it, can import it without the others.
"""


class DataError(ValueError):
    """One line: what was expected, what was received or where it was looked for, and what to do."""
