"""The local server: types, headers, caching, what it refuses, and which port it takes."""

import gzip
import http.client
import os
import socket
import threading
from pathlib import Path

import pytest

from web.server import ServerError, find_file, open_server
from web.site import policy

FILES = {
    "index.html": b"<!doctype html><title>x</title>",
    "js/main.js": b"export {}",
    "worker/worker.mjs": b"export {}",
    "worker/bridge.py": b"x = 1",
    "css/page.css": b"a {}",
    "pyodide/pyodide.asm.wasm": b"\0asm" + bytes(3_000_000),
    "pyodide/numpy.whl": b"PK",
    "pyodide/lock.json": b"{}",
    "data/labels-ubyte.gz": gzip.compress(b"raw"),
    "favicon.svg": b"<svg/>",
    "NOTICES.txt": b"all rights",
    ".pydl-site": b"index.html\n",
    ".new-1-index.html": b"half of",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder to serve, with a secret file beside it."""
    root = tmp_path_factory.mktemp("served") / "dist"
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    (root.parent / "secret.txt").write_text("secret")
    (root / "leads-out").symlink_to(root.parent / "secret.txt")
    return root


@pytest.fixture
def start(root):
    """start(allow_network=...) runs a server and returns `ask(path, method=..., headers=...)`."""
    running = []

    def start(**options):
        server = open_server(root, port=0, **options)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        running.append((server, thread))

        def ask(path, method="GET", headers=None, body=None):
            connection = http.client.HTTPConnection(*server.server_address, timeout=10)
            connection.request(method, path, headers=headers or {}, body=body)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            return answer.status, answer.headers, content

        ask.server = server
        return ask

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def ask(start):
    return start()


@pytest.mark.parametrize("name, content_type", [
    ("index.html", "text/html; charset=utf-8"), ("js/main.js", "text/javascript; charset=utf-8"),
    ("worker/worker.mjs", "text/javascript; charset=utf-8"), ("css/page.css", "text/css; charset=utf-8"),
    ("worker/bridge.py", "text/x-python; charset=utf-8"), ("pyodide/pyodide.asm.wasm", "application/wasm"),
    ("pyodide/numpy.whl", "application/octet-stream"), ("pyodide/lock.json", "application/json"),
    ("data/labels-ubyte.gz", "application/gzip"), ("favicon.svg", "image/svg+xml"),
    ("NOTICES.txt", "text/plain; charset=utf-8")])
def test_every_file_comes_whole_and_with_its_type(ask, name, content_type):
    status, headers, content = ask(f"/{name}")
    assert (status, headers["Content-Type"], content) == (200, content_type, FILES[name])
    assert headers["Content-Length"] == str(len(content)) and headers["Content-Encoding"] is None


def test_the_root_is_the_page_whatever_the_query(ask):
    assert ask("/")[2] == ask("/?lesson=xor#top")[2] == ask("/index.html")[2] == FILES["index.html"]


@pytest.mark.parametrize("allow_network", [False, True])
@pytest.mark.parametrize("method, path, status", [
    ("GET", "/", 200), ("GET", "/worker/worker.mjs", 200), ("HEAD", "/", 200), ("GET", "/nothing", 404),
    ("POST", "/", 405), ("PUT", "/index.html", 405), ("DELETE", "/index.html", 405), ("BREW", "/", 501)])
def test_the_policy_goes_with_every_answer(start, allow_network, method, path, status):
    answered, headers, _ = start(allow_network=allow_network)(path, method)
    assert answered == status
    assert {name: headers[name] for name in policy.headers()} == policy.headers(allow_network)
    rules = headers["Content-Security-Policy"].split("; ")
    assert ("connect-src 'self' https:" if allow_network else "connect-src 'self'") in rules
    assert "frame-ancestors 'none'" in rules


def test_only_get_and_head_are_allowed(ask):
    status, headers, _ = ask("/", "POST", body=b"x" * 100_000)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_head_answers_as_get_does_without_the_body(ask):
    status, headers, content = ask("/js/main.js", "HEAD")
    assert (status, headers["Content-Length"], content) == (200, str(len(FILES["js/main.js"])), b"")
    assert headers["ETag"] == ask("/js/main.js")[1]["ETag"]


def test_a_known_file_is_not_sent_again(ask, root):
    etag = ask("/js/main.js")[1]["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}'):
        status, headers, content = ask("/js/main.js", headers={"If-None-Match": known})
        assert (status, content, headers["ETag"]) == (304, b"", etag)
        assert {name: headers[name] for name in policy.headers()} == policy.headers()
    assert ask("/js/main.js", headers={"If-None-Match": '"other"'})[0] == 200


def test_a_file_that_was_written_anew_is_sent_again(ask, root):
    path = root / "js/main.js"
    etag = ask("/js/main.js")[1]["ETag"]
    times = path.stat()
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns + 1_000_000))
    assert ask("/js/main.js", headers={"If-None-Match": etag})[0] == 200


@pytest.mark.parametrize("path", [
    "/../secret.txt", "/%2e%2e/secret.txt", "/js/../../secret.txt", "/..%2fsecret.txt", "/..%5csecret.txt",
    "/leads-out", "//etc/passwd", "/.pydl-site", "/.new-1-index.html", "/js", "/js/", "/index.html%00",
    "/c:/windows/win.ini", "/" + "x" * 5000, "/%ff%fe"])
def test_nothing_else_is_served(ask, path):
    status, headers, content = ask(path)
    assert status == 404 and b"secret" not in content
    assert headers["Content-Type"].startswith("text/plain")


def test_find_file_stays_inside(root):
    assert find_file(root, "/js/main.js") == root / "js/main.js"
    assert find_file(root, "/%6as/main.js?x=/../..") == root / "js/main.js"
    assert find_file(root, "/js/main.js/") == root / "js/main.js"


def test_a_browser_may_close_a_connection_at_any_time(ask, capfd):
    for _ in range(3):
        with socket.create_connection(ask.server.server_address) as connection:
            connection.sendall(b"GET /pyodide/pyodide.asm.wasm HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.recv(10)
            linger = b"\1\0\0\0\0\0\0\0"  # close with a reset: the server's next write fails
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    assert ask("/")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_nonsense_gets_an_answer_and_no_traceback(ask, capfd):
    with socket.create_connection(ask.server.server_address) as connection:
        connection.sendall(b"nonsense\x1b[31m\r\n\r\n")
        assert b"400" in connection.recv(1000)
    assert ask("/")[0] == 200
    errors = capfd.readouterr().err
    assert "Traceback" not in errors and "\x1b" not in errors


def test_a_missing_file_is_told_on_the_console_in_one_line(ask, capfd):
    ask("/js/gone.js")
    ask("/")
    assert capfd.readouterr().err == "pydl: answered 404 to 'GET /js/gone.js HTTP/1.1'\n"


def test_many_requests_on_one_connection(ask):
    connection = http.client.HTTPConnection(*ask.server.server_address, timeout=10)
    for name in ("/", "/js/main.js", "/pyodide/lock.json") * 5:
        connection.request("GET", name)
        answer = connection.getresponse()
        assert answer.status == 200 and answer.read() and not answer.will_close
    connection.close()


def test_without_a_port_the_next_free_one_is_taken(root, monkeypatch):
    with open_server(root, port=0) as first:
        taken = first.server_address[1]
        monkeypatch.setattr("web.server.DEFAULT_PORT", taken)
        with open_server(root) as second:
            assert taken < second.server_address[1] < taken + 100
            assert second.url == f"http://127.0.0.1:{second.server_address[1]}/"


def test_a_port_that_was_asked_for_is_not_replaced(root):
    with open_server(root, port=0) as first:
        taken = first.server_address[1]
        with pytest.raises(ServerError, match=f"port {taken} is in use"):
            open_server(root, port=taken)


def test_an_unknown_host_is_named(root):
    with pytest.raises(ServerError, match="--host no-such-host.invalid"):
        open_server(root, host="no-such-host.invalid", port=0)


def test_an_address_that_is_not_ours_is_named(root):
    with pytest.raises(ServerError, match=r"cannot listen on 192\.0\.2\.1"):
        open_server(root, host="192.0.2.1", port=0)


def test_the_address_for_every_interface_is_one_that_a_browser_can_open(root):
    with open_server(Path(root), host="0.0.0.0", port=0) as server:
        assert server.url.startswith("http://127.0.0.1:")
