"""The page and what brings it to a browser: run-time assets, the site builder and the local server.

`python3 -m web` is the way in (web/__main__.py). Everything in Python here uses the standard library only and
knows nothing of pydl's inside: the package goes into the site as a wheel.
"""
