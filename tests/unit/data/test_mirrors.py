"""Downloads from a mirror, played by a server on this machine: whole, broken off, wrong, slow, interrupted."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from pydl.data import DataError, load_mnist
from pydl.data import mnist as loader

IMAGES = "train-images-idx3-ubyte"


class Mirror:
    """A server whose answers to a path's first part are named in `manners`; `requests` holds the paths asked."""

    def __init__(self, small):
        self.requests, self.release, manners = [], threading.Event(), self.manners()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                mirror.requests.append(self.path)
                manner, file = self.path.strip("/").split("/")
                manners[manner](self, small.packed("mnist", file.removesuffix(".gz")))

            def send(self, content, promised=None, status=200):
                self.send_response(status)
                self.send_header("Content-Length", str(promised or len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def manners(self):
        return {
            "good": lambda handler, packed: handler.send(packed),
            "missing": lambda handler, packed: handler.send(b"", status=404),
            "portal": lambda handler, packed: handler.send(b"<html>Please log in</html>"),
            "broken_off": lambda handler, packed: handler.send(packed[: len(packed) // 2], promised=len(packed)),
            "half": lambda handler, packed: handler.send(packed[: len(packed) // 2]),
            "endless": lambda handler, packed: handler.send(bytes(10**6)),
            "hung_up": lambda handler, packed: handler.connection.close(),
            "silent": lambda handler, packed: self.release.wait(10),
        }

    def close(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def mirror(small, monkeypatch):
    mirror = Mirror(small)
    mirror.use = lambda *manners: monkeypatch.setattr(
        loader, "MIRRORS", tuple(f"{mirror.address}/{manner}/" for manner in manners)
    )
    monkeypatch.setattr(loader, "TIMEOUT", 0.3)
    yield mirror
    mirror.close()


def test_a_download_goes_into_the_cache_and_is_not_made_twice(small, mirror):
    mirror.use("good")
    (x_train, _), (_, y_test) = load_mnist()
    np.testing.assert_array_equal(x_train, small.train[0])
    np.testing.assert_array_equal(y_test, small.test[1])
    assert sorted(path.name for path in (small.cache / "mnist").iterdir()) == sorted(
        f"{name}.gz" for name in loader.FILES["mnist"]
    )
    load_mnist()
    assert len(mirror.requests) == 4


BAD = {
    "missing": "Not Found",
    "portal": "is not mnist's train-images-idx3-ubyte",
    "broken_off": "broke off: expected .* bytes, received",
    "half": "damaged gzip file",
    "endless": "holds more than the .* bytes expected at most",
    "hung_up": "(closed|disconnected|reset)",
    "silent": "timed out",
}


@pytest.mark.parametrize("manner", BAD)
def test_after_a_bad_mirror_comes_the_next(small, mirror, manner):
    mirror.use(manner, "good")
    np.testing.assert_array_equal(load_mnist()[0][0], small.train[0])


@pytest.mark.parametrize("manner", BAD)
def test_a_bad_mirror_alone_is_named_and_nothing_is_kept(small, mirror, manner):
    mirror.use(manner)
    with pytest.raises(DataError, match=f"{mirror.address}/{manner}/{IMAGES}.gz.*{BAD[manner]}") as caught:
        load_mnist()
    assert "\n" not in str(caught.value)
    assert not (small.cache / "mnist").exists()


def test_an_interrupted_download_leaves_a_good_cache(small, mirror, monkeypatch):
    mirror.use("good")
    write = loader.write_whole

    def interrupt(path, content):
        if path.name.startswith("t10k-images"):
            raise KeyboardInterrupt
        write(path, content)

    monkeypatch.setattr(loader, "write_whole", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load_mnist()
    monkeypatch.setattr(loader, "write_whole", write)
    names = {path.name for path in (small.cache / "mnist").iterdir()}
    assert names == {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"}
    load_mnist()
    assert len(mirror.requests) == 3 + 2, "the second start fetches only what was missing"


def test_a_broken_file_in_the_cache_is_replaced(small, mirror, capsys):
    small.put(small.cache)
    broken = small.cache / "mnist" / f"{IMAGES}.gz"
    broken.write_bytes(b"broken")
    mirror.use("good")
    np.testing.assert_array_equal(load_mnist()[0][0], small.train[0])
    assert broken.read_bytes() == small.packed("mnist", IMAGES)
    assert mirror.requests == [f"/good/{IMAGES}.gz"]
    assert "trying to get it anew" in capsys.readouterr().err


def test_a_broken_file_in_the_cache_survives_a_bad_mirror(small, mirror):
    small.put(small.cache)
    broken = small.cache / "mnist" / f"{IMAGES}.gz"
    broken.write_bytes(b"broken")
    mirror.use("half")
    with pytest.raises(DataError, match=f"The cache holds a wrong file .*/half/.*Delete {broken}"):
        load_mnist()
    assert broken.read_bytes() == b"broken"


def test_a_cache_that_cannot_be_written_costs_a_line_only(small, mirror, capsys):
    small.cache.write_text("a file where the folder should be")
    mirror.use("good")
    np.testing.assert_array_equal(load_mnist()[0][0], small.train[0])
    assert "cannot be written" in capsys.readouterr().err


def test_long_downloads_show_how_far_they_are(small, mirror, monkeypatch, capsys):
    mirror.use("good")
    monkeypatch.setattr(loader, "REPORT_FROM", len(small.packed("mnist", IMAGES)))
    load_mnist()
    shown = capsys.readouterr().err
    assert shown.endswith("\n") and shown.count("\n") == 1, "one line, for the one big file"
    assert f"{IMAGES}.gz: 0.1 of 0.1 MB" in shown
