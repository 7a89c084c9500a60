"""Serving a built site to the browser tests: as it is, without isolation, or altered.

An altered site is a copy whose files are links to the original's, so it costs no space and next to no time; a
file is replaced by unlinking it first.
"""

import contextlib
import json
import os
import shutil
import threading

from web.server import open_server

ISOLATION = ("Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy")


@contextlib.contextmanager
def serving(folder, isolated=True):
    """Serves `folder` on a free port from a thread and yields its address.

    Without isolation the page gets no SharedArrayBuffer, as on a static host that cannot send headers.
    """
    server = open_server(folder, port=0)
    if not isolated:
        for name in ISOLATION:
            del server.policy_headers[name]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class AlteredSite:
    """A copy of a built site in which files may be replaced or removed."""

    def __init__(self, original, folder):
        self.folder = folder
        shutil.copytree(original, folder, copy_function=_link)

    def add(self, name, content):
        """Puts a new file into the site."""
        (self.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)

    def replace(self, name, content):
        """Puts bytes or text in the place of a file that the site has."""
        self.remove(name)
        self.add(name, content)

    def remove(self, name):
        """Takes a file away; the server answers 404 for it."""
        (self.folder / name).unlink()

    def read(self, name):
        """The bytes of a file."""
        return (self.folder / name).read_bytes()

    def facts(self):
        """What site.json says."""
        return json.loads(self.read("site.json"))

    def numpy_wheel(self):
        """The name of NumPy's wheel in the site."""
        return f"pyodide/{self.facts()['numpy']['file']}"

    def without_mnist(self):
        """Makes it the site that a builder without MNIST makes."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        facts = self.facts()
        facts["data"] |= {"mnist_subset": False, "mnist": False}
        self.replace("site.json", json.dumps(facts))


def _link(source, target):
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)
