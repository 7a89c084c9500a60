"""What goes wrong with assets: one exception for the user, one between the rooms of this package."""


class AssetError(Exception):
    """A file of the site cannot be had. The message says what was wanted, where it was looked for and what
    to do; it is all that a user should see."""


class SourceError(Exception):
    """One source could not bring a file. The resolver notes the reason and asks the next source."""
