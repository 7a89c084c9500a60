"""The asset resolver: which place answers, what is checked, and what is said when nothing can be had.

All sources are made up: a folder, an HTTP server on this machine, an npm script, a pip script, a build.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import web.numpy_wasm
from web.assets import Asset, AssetError, Component, cache, resolve, resolver, sources, tools
from web.assets.sources import Cdn, NpmPackage, NumpyBuild, PipDownload

ROOT = Path(__file__).parents[2]
CONTENT = b"the right bytes\n" * 5000
THING = Component("thing", "Thing", "1.0", "MIT", "https://example.org", ())

posix_only = pytest.mark.skipif(os.name == "nt", reason="the made-up npm is a script with a #! line")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def asset(*sources, name="thing.bin", content=CONTENT, **more) -> Asset:
    return Asset(name, THING, sha256(content), "Thing's makers", len(content), sources, **more)


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    """Every test has a cache of its own, no folder of assets, and no npm."""
    monkeypatch.setenv("PYDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PYDL_ASSETS", raising=False)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def table(monkeypatch):
    """table(asset, ...) puts rows in place of the real table."""
    def put(*rows):
        monkeypatch.setattr(resolver, "TABLE", {row.name: row for row in rows})
    return put


@pytest.fixture
def reports():
    return []


@pytest.fixture
def report(reports):
    return lambda *event: reports.append(event)


class Origin:
    """A web server that answers each path with (status, headers, pieces); a piece that is an Event is waited
    for before the next is sent."""

    def __init__(self):
        self.answers = {}
        self.requests = []
        self.half_sent = threading.Event()
        origin = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                origin.requests.append(self.path)
                status, headers, pieces = origin.answers.get(self.path, (404, {}, [b"no such file"]))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for piece in pieces:
                    if isinstance(piece, threading.Event):
                        origin.half_sent.set()
                        piece.wait(20)
                    else:
                        self.wfile.write(piece)

            def log_message(self, *message):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, address):
                pass  # a client that was killed

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def serves(self, path: str, *pieces, status=200, length=None) -> Cdn:
        whole = sum(len(piece) for piece in pieces if isinstance(piece, bytes)) if length is None else length
        self.answers[path] = (status, {"Content-Length": str(whole)}, pieces)
        return Cdn(self.url + path)


@pytest.fixture
def origin():
    origin = Origin()
    thread = threading.Thread(target=origin.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield origin
    origin.server.shutdown()
    thread.join()
    origin.server.server_close()


@pytest.fixture
def npm(tmp_path):
    """npm(members) installs an npm whose `pack` gives an archive of them; npm(error="...") one that fails."""
    def install(members=None, error="", archive=None):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            for name, content in (members or {}).items():
                entry = tarfile.TarInfo(f"package/{name}")
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
        (tmp_path / "packed.tgz").write_bytes(packed.getvalue() if archive is None else archive)
        script = tmp_path / "bin" / "npm"
        script.write_text(f"#!{sys.executable}\n" f"""
import pathlib, shutil, sys
with open({str(tmp_path / 'npm-calls')!r}, "a") as calls:
    print(*sys.argv[1:], file=calls)
if error := {error!r}:
    sys.exit(error)
folder = sys.argv[sys.argv.index("--pack-destination") + 1]
shutil.copy({str(tmp_path / 'packed.tgz')!r}, pathlib.Path(folder, "thing-1.0.tgz"))
""")
        script.chmod(0o755)
    return install


def npm_calls(tmp_path) -> list[str]:
    calls = tmp_path / "npm-calls"
    return calls.read_text().splitlines() if calls.exists() else []


def failure(*names) -> str:
    with pytest.raises(AssetError) as caught:
        resolve(names or None)
    return str(caught.value)


def leftovers(tmp_path) -> list[Path]:
    return list((tmp_path / "cache" / "tmp").iterdir())


# ------------------------------------------------------------------------------------------- the CDN and the cache

def test_a_download_is_kept_and_the_second_run_asks_nobody(table, origin, tmp_path, report, reports):
    table(asset(origin.serves("/a", CONTENT)))
    first = resolve(report=report)["thing.bin"]
    assert first.path.read_bytes() == CONTENT
    assert first.path.is_relative_to(tmp_path / "cache")
    assert (first.origin, first.sha256) == ("Thing's makers", sha256(CONTENT))
    assert reports[-1] == ("thing.bin from " + origin.url[7:], len(CONTENT), len(CONTENT))
    assert not leftovers(tmp_path)

    assert resolve()["thing.bin"] == first
    assert origin.requests == ["/a"]


def test_only_the_named_assets_are_fetched_and_the_tables_order_is_kept(table, origin):
    table(*(asset(origin.serves(f"/{name}", CONTENT), name=name) for name in "abc"))
    assert list(resolve(["c", "a"])) == ["a", "c"]
    assert origin.requests == ["/a", "/c"]


def test_an_unknown_name_is_refused_with_the_known_ones(table):
    table(asset())
    assert failure("nonsense") == "no such asset: nonsense. The table has: thing.bin"


def test_a_truncated_download_is_not_taken(table, origin, tmp_path):
    table(asset(origin.serves("/a", CONTENT[:1000], length=len(CONTENT))))
    assert "the connection ended after 1,000 of 80,000 bytes" in failure()
    assert not (tmp_path / "cache" / "assets").exists()
    assert not leftovers(tmp_path)


def test_other_bytes_are_not_taken_and_the_message_shows_how_they_begin(table, origin, tmp_path):
    table(asset(origin.serves("/a", b"<!doctype html><title>Log in</title>")))
    message = failure()
    assert "b'<!doctype html><'" in message and sha256(CONTENT) in message
    assert not (tmp_path / "cache" / "assets").exists()


def test_a_file_that_one_source_lacks_comes_from_the_next(table, origin):
    table(asset(origin.serves("/gone", b"", status=404), origin.serves("/wrong", b"x"),
                origin.serves("/right", CONTENT)))
    assert resolve()["thing.bin"].path.read_bytes() == CONTENT
    assert origin.requests == ["/gone", "/wrong", "/right"]


def test_a_broken_cache_entry_is_said_in_one_line_and_replaced(table, origin, report, reports):
    table(asset(origin.serves("/a", CONTENT)))
    path = resolve()["thing.bin"].path
    for damage in (CONTENT[:-1], b"", CONTENT[:-1] + b"!"):
        path.write_bytes(damage)
        reports.clear()
        assert resolve(report=report)["thing.bin"].path.read_bytes() == CONTENT
        assert [stage for stage, *_ in reports if "broken" in stage] == [
            f"{path} in the cache is broken (wrong SHA-256): getting it again"]


def test_a_broken_cache_entry_that_cannot_be_replaced_is_part_of_the_story(table, origin):
    table(asset(origin.serves("/a", CONTENT)))
    path = resolve()["thing.bin"].path
    path.write_bytes(b"?")
    origin.answers.clear()
    assert f"cache: {path} is broken (wrong SHA-256)" in failure()


def test_a_cache_that_cannot_be_written_is_one_message(table, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("PYDL_CACHE", str(tmp_path / "file" / "cache"))
    table(asset())
    message = failure()
    assert message.startswith(f"cannot write to the cache folder {tmp_path / 'file' / 'cache'}: ")
    assert "PYDL_CACHE" in message.splitlines()[1]


def test_other_bytes_that_the_table_allows_have_an_origin_of_their_own(table, origin):
    table(asset(origin.serves("/a", b"the same, repacked"),
                variants=((sha256(b"the same, repacked"), "Repackers"),)))
    for _ in "fetched", "cached":
        found = resolve()["thing.bin"]
        assert (found.origin, found.sha256) == ("Repackers", sha256(b"the same, repacked"))


def test_a_host_that_does_not_answer_is_asked_once(table, monkeypatch):
    asked = []

    def urlopen(url, timeout):
        asked.append(url)
        raise OSError("Name or service not known")

    monkeypatch.setattr(sources.urllib.request, "urlopen", urlopen)
    table(*(asset(Cdn(f"https://cdn.example/{name}"), name=name) for name in "abc"))
    assert "a, b, c (Thing 1.0):" in failure()
    assert asked == ["https://cdn.example/a"]


def test_a_host_that_is_silent_is_given_up(table, origin, monkeypatch):
    monkeypatch.setattr(sources, "ANSWER_SECONDS", 0.3)
    silence = threading.Event()
    table(asset(origin.serves("/a", CONTENT[:100], silence, CONTENT[100:])))
    begun = time.monotonic()
    assert "timed out" in failure()
    assert time.monotonic() - begun < 5
    silence.set()


def test_a_name_look_up_that_hangs_is_given_up(table, monkeypatch):
    monkeypatch.setattr(sources, "ANSWER_SECONDS", 0.2)
    hung = threading.Event()
    monkeypatch.setattr(sources.urllib.request, "urlopen", lambda url, timeout: hung.wait(20))
    table(asset(Cdn("https://cdn.example/a")))
    assert "cdn.example: no answer within 0.2 s" in failure()
    hung.set()


# ------------------------------------------------------------------------------------------- npm and pip

@posix_only
def test_one_npm_pack_gives_all_files_of_a_package(table, npm, tmp_path):
    npm({"dist/one.js": b"one", "two.css": b"two", "../../evil": b"evil"})
    table(asset(NpmPackage("thing", "1.0", "dist/one.js"), name="one.js", content=b"one"),
          asset(NpmPackage("thing", "1.0", "two.css"), name="two.css", content=b"two"))
    assert [found.path.read_bytes() for found in resolve().values()] == [b"one", b"two"]
    [call] = npm_calls(tmp_path)
    assert call.startswith("pack thing@1.0 ")
    assert not list(tmp_path.rglob("evil"))


@posix_only
def test_what_npm_cannot_bring_comes_from_the_cdn(table, npm, origin):
    npm(error="npm error code ENOTFOUND\nnpm error errno ENOTFOUND\nnpm error request to somewhere failed")
    table(asset(NpmPackage("thing", "1.0", "a"), origin.serves("/a", CONTENT)))
    assert resolve()["thing.bin"].path.read_bytes() == CONTENT


@posix_only
def test_npm_offline_is_asked_once_and_its_reason_is_told(table, npm, tmp_path):
    npm(error="npm error code ENOTFOUND\nnpm error errno ENOTFOUND\nnpm error request to somewhere failed")
    table(asset(NpmPackage("thing", "1.0", "a"), name="a"), asset(NpmPackage("other", "2.0", "b"), name="b"))
    assert "npm: failed: code ENOTFOUND; request to somewhere failed" in failure()
    assert len(npm_calls(tmp_path)) == 1


@posix_only
def test_a_package_that_the_registry_lacks_says_nothing_about_the_next(table, npm, tmp_path):
    npm(error="npm error code E404\nnpm error 404 Not Found")
    table(asset(NpmPackage("thing", "1.0", "a"), name="a"), asset(NpmPackage("other", "2.0", "b"), name="b"))
    failure()
    assert len(npm_calls(tmp_path)) == 2


@posix_only
@pytest.mark.parametrize("archive", [b"", b"not an archive", None], ids=["empty", "garbage", "member missing"])
def test_an_npm_archive_that_cannot_be_unpacked_is_a_reason_not_a_traceback(table, npm, archive):
    npm({"else": b"?"}, archive=archive)
    table(asset(NpmPackage("thing", "1.0", "a")))
    assert "npm: thing-1.0.tgz: a cannot be unpacked: " in failure()


def test_without_npm_the_message_says_so(table):
    table(asset(NpmPackage("thing", "1.0", "a")))
    assert "  npm: npm is not installed\n" in failure()


@pytest.fixture
def pip(tmp_path, monkeypatch):
    """pip(files) stands in for pip: `download` writes them; pip(error="...") fails."""
    def install(files=None, error=""):
        script = tmp_path / "pip.py"
        script.write_text(f"""
import pathlib, sys
if error := {error!r}:
    sys.exit(error)
for name, content in {files or {}!r}.items():
    pathlib.Path(sys.argv[sys.argv.index("--dest") + 1], name).write_bytes(content)
""")
        monkeypatch.setattr(tools, "pip", lambda folder: [sys.executable, str(script)])
    return install


def test_pip_brings_a_wheel(table, pip):
    pip({"thing.bin": CONTENT})
    table(asset(PipDownload("thing", "1.0")))
    assert resolve()["thing.bin"].path.read_bytes() == CONTENT


def test_what_pip_complains_about_is_told(table, pip):
    pip(error="WARNING: Retrying after 'NewConnectionError'\nERROR: No matching distribution found for thing==1.0")
    table(asset(PipDownload("thing", "1.0")))
    assert "  pip: failed: No matching distribution found for thing==1.0\n" in failure()


def test_another_wheel_than_the_wanted_is_not_taken(table, pip):
    pip({"thing-2.bin": CONTENT})
    table(asset(PipDownload("thing", "1.0")))
    assert "pip brought ['thing-2.bin'], not thing.bin" in failure()


def test_a_python_without_pip_is_told(table, monkeypatch):
    monkeypatch.setattr(tools.importlib.util, "find_spec", lambda name: None)
    table(asset(PipDownload("thing", "1.0")))
    assert f"pip: {sys.executable} has no pip" in failure()


def test_debians_own_python_without_pip_gets_its_package(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(tools.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(tools.sys, "executable", "/usr/bin/python3")
    monkeypatch.setattr(tools.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(tools.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(tools, "run", lambda command, timeout, env: asked.append(command[-1]))
    assert tools.pip(tmp_path) == ["/usr/bin/python3", "-m", "pip"]
    assert asked == ["python3-pip"]


def test_a_python_without_pip_uses_the_copy_that_python_carries(tmp_path, monkeypatch):
    pytest.importorskip("ensurepip._bundled", reason="this Python carries no copy of pip")
    monkeypatch.setattr(tools.importlib.util, "find_spec", lambda name: None if name == "pip" else name)
    python, *module = tools.pip(tmp_path)
    assert Path(python).is_relative_to(tmp_path) and module == ["-m", "pip"]
    assert subprocess.run([python, *module, "--version"]).returncode == 0


# ------------------------------------------------------------------------------------------- PYDL_ASSETS

@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.setenv("PYDL_ASSETS", str(folder))
    return folder


def test_the_folder_goes_first_and_is_used_in_place(table, folder):
    table(asset())
    (folder / "thing.bin").write_bytes(CONTENT)
    found = resolve()["thing.bin"]
    assert (found.path, found.origin) == (folder / "thing.bin", "Thing's makers")


def test_a_wrong_file_in_the_folder_is_an_error_with_both_hashes(table, folder, origin):
    table(asset(origin.serves("/a", CONTENT)))
    (folder / "thing.bin").write_bytes(b"wrong")
    message = failure()
    assert str(folder / "thing.bin") in message
    assert f"expected SHA-256 {sha256(CONTENT)}" in message and f"received SHA-256 {sha256(b'wrong')}" in message
    assert not origin.requests


def test_what_the_folder_lacks_comes_from_elsewhere(table, folder, origin):
    table(asset(origin.serves("/a", CONTENT)))
    assert resolve()["thing.bin"].path.read_bytes() == CONTENT


def test_a_folder_that_does_not_exist_is_an_error(table, folder):
    table(asset())
    folder.rmdir()
    assert failure().startswith(f"PYDL_ASSETS names {folder}, which is not a folder.")


def test_a_wheel_that_was_built_elsewhere_needs_the_folders_word(table, folder):
    table(asset(last_resort=NumpyBuild()))
    (folder / "thing.bin").write_bytes(b"built")
    assert "is not the file it should be" in failure()
    (folder / "SHA256SUMS").write_text(f"{sha256(b'built').upper()}  thing.bin\n\n")
    assert resolve()["thing.bin"].origin == "built from source"


# ------------------------------------------------------------------------------------------- the last resort

@pytest.fixture
def build(monkeypatch):
    """The builds that were made; each writes b"built"."""
    builds = []

    def build(output_dir, pyodide_dir, report):
        builds.append(pyodide_dir)
        time.sleep(0.3)
        output_dir.mkdir()
        (output_dir / "thing.bin").write_bytes(b"built")
        return output_dir / "thing.bin"

    monkeypatch.setattr(web.numpy_wasm, "build", build)
    return builds


def test_a_built_wheel_is_kept_with_a_note_that_is_checked_at_every_use(table, build, tmp_path):
    table(asset(last_resort=NumpyBuild()))
    found = resolve()["thing.bin"]
    assert (found.origin, found.path.read_bytes()) == ("built from source", b"built")
    assert resolve()["thing.bin"] == found and len(build) == 1

    found.path.write_bytes(b"changed")
    assert resolve()["thing.bin"] == found and len(build) == 2

    cache.note_of(found.path).write_text("{")
    assert resolve()["thing.bin"] == found and len(build) == 3

    note = json.loads(cache.note_of(found.path).read_text())
    assert note == {"sha256": sha256(b"built"), "origin": "built from source", "recipe": 1}


def test_a_new_recipe_builds_anew(table, build):
    for recipe in (1, 2, 2):
        table(asset(last_resort=NumpyBuild(recipe)))
        resolve()
    assert len(build) == 2


def test_upstreams_wheel_is_preferred_to_a_build(table, origin, build):
    table(asset(origin.serves("/a", CONTENT), last_resort=NumpyBuild()))
    assert resolve()["thing.bin"].origin == "Thing's makers"
    assert not build


def test_nothing_is_built_while_other_files_are_missing(table, build):
    table(asset(name="other"), asset(last_resort=NumpyBuild()))
    assert "  build: not begun, since other files cannot be had" in failure()
    assert not build


def test_a_build_gets_pyodides_files_from_wherever_they_are(table, build, folder, monkeypatch):
    (folder / "engine").write_bytes(CONTENT)
    engine = Asset("engine", resolver.PYODIDE, sha256(CONTENT), "", 0, ())
    table(engine, asset(last_resort=NumpyBuild()))
    seen = []
    monkeypatch.setattr(web.numpy_wasm, "build", lambda output_dir, pyodide_dir, report, build=web.numpy_wasm.build:
                        (seen.extend(path.name for path in pyodide_dir.iterdir()),
                         build(output_dir, pyodide_dir, report))[1])
    resolve(["thing.bin"])
    assert seen == ["engine"]


def test_a_build_that_fails_is_part_of_the_story(table, monkeypatch):
    def build(*arguments):
        raise web.numpy_wasm.SourceError("this is not Debian")

    monkeypatch.setattr(web.numpy_wasm, "build", build)
    table(asset(last_resort=NumpyBuild()))
    assert "  build: this is not Debian\n" in failure()


@posix_only
def test_two_that_need_a_build_at_once_make_one(table, build):
    table(asset(last_resort=NumpyBuild()))
    found, told = [], []
    threads = [threading.Thread(target=lambda: found.append(resolve(report=lambda *event: told.append(event[0]))))
               for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(build) == 1 and found[0] == found[1]
    assert "Thing 1.0: waiting for another process that builds it" in told


# ------------------------------------------------------------------------------------------- nothing works

@posix_only
def test_when_every_source_fails_one_message_names_them_all(table, npm, pip, origin, monkeypatch):
    def build(*arguments):
        raise web.numpy_wasm.SourceError("no compiler")

    monkeypatch.setattr(web.numpy_wasm, "build", build)
    npm(error="npm error the registry is gone")
    pip(error="ERROR: the index is gone")
    table(asset(NpmPackage("thing", "1.0", "a"), Cdn(origin.url + "/a"), PipDownload("thing", "1.0"),
                last_resort=NumpyBuild()))
    message = failure()
    head, _, advice = message.partition("\n\nWhat to do: ")
    assert head.splitlines() == [
        "cannot get all the files that the site needs at run time.",
        "",
        "thing.bin (Thing 1.0):",
        "  PYDL_ASSETS: not set",
        f"  cache: not in {cache.cache_dir() / 'assets'}",
        "  npm: failed: the registry is gone",
        f"  CDN: {origin.url}/a: HTTP 404 Not Found",
        "  pip: failed: the index is gone",
        "  build: no compiler",
    ]
    for way in ("internet", "PYDL_CACHE", "PYDL_ASSETS"):
        assert way in advice


# ------------------------------------------------------------------------------------------- interruptions

RESOLVE_IN_A_PROCESS = """
import sys
sys.path.insert(0, sys.argv[1])
from web.assets import Asset, Component, resolve, resolver
from web.assets.sources import Cdn
thing = Component("thing", "Thing", "1.0", "MIT", "", ())
resolver.TABLE = {name: Asset(name, thing, sys.argv[3], "Thing's makers", 0, (Cdn(sys.argv[2] + "/" + name),))
                  for name in sys.argv[4:]}
for found in resolve().values():
    print(found.path, found.sha256)
"""


@contextmanager
def process(origin, *names):
    command = [sys.executable, "-c", RESOLVE_IN_A_PROCESS, str(ROOT), origin.url, sha256(CONTENT), *names]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def test_a_run_killed_half_way_leaves_a_good_cache_and_the_next_one_ends(table, origin, tmp_path):
    never = threading.Event()
    origin.serves("/a", CONTENT)
    origin.serves("/b", CONTENT[:40_000], never, CONTENT[40_000:])
    with process(origin, "a", "b") as running:
        assert origin.half_sent.wait(20)
        running.kill()
        running.wait()
    never.set()
    assert [path.name for path in (tmp_path / "cache" / "assets").rglob("*") if path.is_file()] == ["a"]

    origin.serves("/b", CONTENT)
    with process(origin, "a", "b") as running:
        out, errors = running.communicate(timeout=30)
    assert running.returncode == 0, errors
    assert out.count(sha256(CONTENT)) == 2
    assert origin.requests == ["/a", "/b", "/b"]


def test_what_a_killed_run_left_is_swept_a_day_later(table, origin, tmp_path):
    old, fresh = tmp_path / "cache/tmp/old", tmp_path / "cache/tmp/fresh"
    for folder in (old, fresh):
        folder.mkdir(parents=True)
        (folder / "half").write_bytes(b"?")
    os.utime(old, (time.time() - 90_000,) * 2)
    table(asset(origin.serves("/a", CONTENT)))
    resolve()
    assert not old.exists() and fresh.exists()


def test_many_runs_at_once_do_not_harm_each_other(origin, tmp_path):
    names = [f"file{number}" for number in range(10)]
    for name in names:
        origin.serves(f"/{name}", CONTENT)
    command = [sys.executable, "-c", RESOLVE_IN_A_PROCESS, str(ROOT), origin.url, sha256(CONTENT), *names]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
               for _ in range(4)]
    for each in running:
        out, errors = each.communicate(timeout=60)
        assert each.returncode == 0, errors
        assert out.count(sha256(CONTENT)) == len(names)
    kept = [path for path in (tmp_path / "cache" / "assets").rglob("*") if path.is_file()]
    assert sorted(path.name for path in kept) == sorted(names)
    assert all(path.read_bytes() == CONTENT for path in kept)
    assert not leftovers(tmp_path)
