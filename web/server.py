"""Serves the built site on this machine: static files, their right types, and the policy's headers on every
answer.

It is meant for one learner or one classroom, not for the open internet: GET and HEAD only, no listings,
nothing outside its folder. A file's ETag comes from its size and time, so a browser asks again and is told
304 until the builder has written that file anew.
"""

import errno
import os
import shutil
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET6, gaierror
from socketserver import TCPServer
from urllib.parse import unquote

from web.site import policy

DEFAULT_PORT = 8000
PORTS_TRIED = 100
TYPES = {  # by hand: what the system's table says differs from machine to machine
    ".css": "text/css; charset=utf-8",
    ".gz": "application/gzip",  # a data file, unpacked by whoever asked for it: no Content-Encoding
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".py": "text/x-python; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",  # compiled while it streams in, only with this type
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".zip": "application/zip",
}
OTHER_TYPE = "application/octet-stream"
LOST_CLIENT = (ConnectionError, TimeoutError)


class ServerError(Exception):
    """The server cannot start; the message is one line for the user."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30  # seconds that an idle connection keeps its thread
    disable_nagle_algorithm = True  # else a small body waits until its headers are acknowledged
    server_version = "pydl"
    sys_version = ""
    error_message_format = "%(code)d %(message)s\n"
    error_content_type = TYPES[".txt"]

    def do_GET(self):
        self._answer(with_body=True)

    def do_HEAD(self):
        self._answer(with_body=False)

    def _refuse(self):
        self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_CONNECT = _refuse

    def _answer(self, with_body: bool):
        path = find_file(self.server.root, self.path)
        try:
            file = path and path.open("rb")
        except OSError:  # gone since it was found, or not readable
            file = None
        if not file:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        with file:
            status = os.fstat(file.fileno())
            etag = f'"{status.st_size:x}-{status.st_mtime_ns:x}"'
            asked = self.headers.get("If-None-Match", "").split(",")
            known = etag in [tag.strip().removeprefix("W/") for tag in asked]
            self.send_response(HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK)
            self.send_header("ETag", etag)
            if not known:
                self.send_header("Content-Type", TYPES.get(path.suffix.lower(), OTHER_TYPE))
                self.send_header("Content-Length", str(status.st_size))
            self.end_headers()
            if with_body and not known:
                shutil.copyfileobj(file, self.wfile, 1 << 18)

    def end_headers(self):
        """Every answer ends its headers here, errors too."""
        for name, value in self.server.policy_headers.items():
            self.send_header(name, value)
        if self.command and self.command not in ("GET", "HEAD"):
            self.send_header("Allow", "GET, HEAD")
        super().end_headers()

    def log_request(self, code="-", size="-"):
        if isinstance(code, int) and code >= HTTPStatus.BAD_REQUEST:
            print(f"pydl: answered {int(code)} to {self.requestline!r}", file=sys.stderr)

    def log_message(self, format, *args):
        """Silent: log_request says what is worth saying."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = os.name == "posix"  # on Windows it would let two servers share one port

    def __init__(self, root: Path, host: str, port: int, allow_network: bool = False):
        self.root = root.resolve()
        self.policy_headers = policy.headers(allow_network)
        if ":" in host:
            self.address_family = AF_INET6
        super().__init__((host, port), Handler)

    def server_bind(self):
        """Without HTTPServer's look-up of the host's name, which takes seconds on some networks."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request, client_address):
        error = sys.exception()
        if not isinstance(error, LOST_CLIENT):  # a closed tab is nothing to report
            print(f"pydl: a request failed: {type(error).__name__}: {error}", file=sys.stderr)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def find_file(root: Path, target: str) -> Path | None:
    """The file that a request's target names, if it lies in `root` and is meant to be seen."""
    parts = [part for part in unquote(target.partition("?")[0]).split("/") if part] or ["index.html"]
    if any(part.startswith(".") or set(part) & set('\\:\0') for part in parts):
        return None
    try:
        path = root.joinpath(*parts).resolve()
        return path if path.is_relative_to(root) and path.is_file() else None
    except OSError:  # a name that is too long
        return None


def open_server(root: Path, host: str = "127.0.0.1", port: int | None = None,
                allow_network: bool = False) -> Server:
    """A server that is bound but not yet running; without a port the first free one from 8000 on is taken."""
    ports = range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED) if port is None else [port]
    for candidate in ports:
        try:
            return Server(root, host, candidate, allow_network)
        except gaierror:
            raise ServerError(f"--host {host}: no address of this machine has that name; "
                              "try 127.0.0.1, or 0.0.0.0 for every network interface") from None
        except PermissionError:
            if os.name == "posix":  # Windows answers so for a port that another program holds
                raise ServerError(f"--port {candidate}: not permitted to this user; "
                                  "ports from 1024 on are open to everyone") from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise ServerError(f"cannot listen on {host}, port {candidate}: {error.strerror}") from None
    wanted = f"port {port} is" if port is not None else f"ports {ports[0]} to {ports[-1]} are"
    raise ServerError(f"{wanted} in use by another program; name another with --port, or 0 for any free one")
