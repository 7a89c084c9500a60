"""The one error of this room: data that is missing, broken or not what was asked for."""


class DataError(ValueError):
    """One line: what was expected, what was received or where it was looked for, and what to do."""
