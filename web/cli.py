"""The command line of the site: build it, and unless only that is asked for, serve it and open a browser.

Every failure that a user can do something about is told on standard error in plain words, with exit code 2.
"""

import argparse
import os
import sys
import threading
import time
import webbrowser
from pathlib import Path

from web import bench
from web.assets import AssetError, ConsoleProgress
from web.server import DEFAULT_PORT, Server, ServerError, open_server
from web.site import BuildResult, SiteError, build
from web.wheel import ROOT

PYTHON = "py" if os.name == "nt" else "python3"
COMMAND = f"{PYTHON} -m web"
DIST = ROOT / "dist"
BAD_USAGE, INTERRUPTED = 2, 130

SERVE_HELP = f"""\
Build the page into {DIST.name}/ and serve it on this machine.

The first start fetches what the page needs (about 15 MB) from npm, the public CDN or pip, and keeps it in a
cache; later starts take a second or two and need no network.

To build without serving:  {COMMAND} build [--out DIR]
To measure its speed:      {COMMAND} bench"""

SERVE_EXAMPLES = f"""\
examples:
  {COMMAND}                      build, serve on 127.0.0.1, open a browser
  {COMMAND} --port 9000          serve on this port only
  {COMMAND} --no-open            leave the browser alone
  {COMMAND} --host 0.0.0.0       let other machines of the network in
  {COMMAND} --allow-network      let the page install packages from the package index (micropip)
  {COMMAND} build --out site     build into site/, for any static host

environment:
  PYDL_DATA      a folder with mnist/, the four files of the MNIST data set
  PYDL_ASSETS    a folder with run-time files that were fetched elsewhere
  PYDL_CACHE     the folder for what is downloaded, instead of the platform's own"""

BUILD_EXAMPLES = f"""\
examples:
  {COMMAND} build                into {DIST.name}/ beside the sources
  {COMMAND} build --out site     into site/, for any static host

The folder must be new, empty or an earlier build; files that it did not make are never touched.
Python itself, NumPy, the lessons and the data are all in it: it needs no other server."""

BENCH_EXAMPLES = f"""\
examples:
  {COMMAND} bench                          about two minutes
  {COMMAND} bench --json figures.json      the tables here, all figures in a file
  {COMMAND} bench --full --check           longer, and with exit code 1 where a bar is missed"""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        fail(f"{message} (see {self.prog} --help)")


def fail(message: str):
    print(f"pydl: {message}", file=sys.stderr)
    sys.exit(BAD_USAGE)


def main(arguments: list[str]) -> int:
    command, *rest = arguments if arguments[:1] in (["build"], ["bench"]) else ["serve", *arguments]
    parser = {"serve": serve_parser, "build": build_parser, "bench": bench_parser}[command]
    options = parser().parse_args(rest)
    try:
        if command == "bench":
            return bench.bench(options)
        if command == "serve":
            serve(options)
        else:
            report_build(options.out, False)
    except (AssetError, SiteError, ServerError, bench.BenchError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        print("\npydl: stopped; what has been fetched is kept", file=sys.stderr)
        return INTERRUPTED
    return 0


def serve_parser() -> Parser:
    parser = _parser(COMMAND, SERVE_HELP, SERVE_EXAMPLES)
    parser.add_argument(
        "--port",
        type=_port,
        metavar="N",
        help=f"the port (default: {DEFAULT_PORT} or the next free one; 0: any free one)",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="NAME", help="the address (default: 127.0.0.1, this machine alone)"
    )
    parser.add_argument("--no-open", action="store_true", help="do not open a browser")
    parser.add_argument(
        "--allow-network",
        action="store_true",
        help="let the page reach other origins by https, for micropip.install (default: it reaches this server only)",
    )
    return parser


def build_parser() -> Parser:
    parser = _parser(f"{COMMAND} build", "Build the page into a folder of static files.", BUILD_EXAMPLES)
    parser.add_argument("--out", type=Path, default=DIST, metavar="DIR", help=f"the folder (default: {DIST})")
    return parser


def bench_parser() -> Parser:
    parser = _parser(f"{COMMAND} bench", bench.HELP, BENCH_EXAMPLES)
    bench.add_options(parser)
    return parser


def _parser(prog: str, description: str, epilog: str) -> Parser:
    return Parser(
        prog=prog,
        description=description,
        epilog=epilog,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"expected a port number from 0 to 65535, received {text!r}")
    return int(text)


def serve(options: argparse.Namespace):
    # The port first: one that is taken should be known before assets are fetched. Whoever connects now waits.
    server = open_server(DIST, options.host, options.port, options.allow_network)
    with server:
        report_build(DIST, options.allow_network)
        print(f"\npydl is at {server.url}   (Ctrl-C ends it)", flush=True)
        if options.allow_network:
            print("The page may reach other origins by https (--allow-network).", flush=True)
        if not options.no_open and browser_is_likely():
            threading.Thread(target=webbrowser.open, args=[server.url], daemon=True).start()
        run(server)


def run(server: Server):
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("\npydl: the server has ended", file=sys.stderr)


def report_build(out: Path, allow_network: bool) -> BuildResult:
    started = time.monotonic()
    with ConsoleProgress() as progress:
        result = build(out, allow_network, progress)
    for note in result.notes:
        print(f"note: {note}")
    changes = [
        f"{len(names)} files {verb}"
        for names, verb in ((result.written, "written"), (result.removed, "removed"))
        if names
    ]
    seconds = time.monotonic() - started
    print(
        f"{result.out}: {', '.join(changes) or 'up to date'} "
        f"({len(result.files)} files, {result.size / 1e6:.1f} MB, {seconds:.1f} s)",
        flush=True,
    )
    return result


def browser_is_likely() -> bool:
    """Whether someone sits here: not in continuous integration, nor at a Linux without a display."""
    if os.environ.get("CI"):
        return False
    headless = sys.platform.startswith(("linux", "freebsd"))
    return not headless or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
