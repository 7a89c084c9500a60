"""The sources of assets: the npm client, the public CDN, pip, and a build of NumPy. Each brings one file into
a working folder or raises SourceError with the reason; whether the bytes are the right ones is the
resolver's business. A client or host that cannot be reached is asked once in a run, so that a machine
without a network fails over in seconds.
"""

import http.client
import queue
import re
import shutil
import tarfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from . import tools
from .errors import SourceError
from .progress import Report

ANSWER_SECONDS = 10  # until a server answers, name look-up included; and the longest silence afterwards
CLIENT_SECONDS = 600  # npm or pip as a whole: 10 MB on a slow line
CHUNK = 1 << 16
NOT_THERE = re.compile(r"E404|ETARGET")  # npm's codes where a registry answers, but has no such package


class Run:
    """One run of the resolver: its working folder, its report, and what it has learned about sources."""

    def __init__(self, folder: Path, report: Report):
        self.folder = folder
        self.report = report
        self.learned: dict[str, object] = {}

    def once(self, key: str, action: Callable[[], object]):
        """The result of `action()`, or its failure, remembered under a key."""
        if key not in self.learned:
            try:
                self.learned[key] = action()
            except SourceError as error:
                self.learned[key] = error
        if isinstance(self.learned[key], SourceError):
            raise self.learned[key]
        return self.learned[key]


@dataclass(frozen=True)
class NpmPackage:
    """A file in an npm package, which the npm client fetches from the registry it is set up for."""

    package: str
    version: str
    member: str
    label = "npm"

    def fetch(self, asset, run: Run) -> Path:
        archive = run.once(f"npm {self.package}", lambda: self._pack(asset, run))
        target = run.folder / asset.name
        try:
            with tarfile.open(archive) as tar:
                content = tar.extractfile(f"package/{self.member}")
                if content is None:
                    raise SourceError(f"{archive.name}: {self.member} is not a file")
                with content, open(target, "wb") as file:
                    shutil.copyfileobj(content, file)
        except (tarfile.TarError, EOFError, KeyError, OSError) as error:
            raise SourceError(f"{archive.name}: {self.member} cannot be unpacked: {error}") from None
        return target

    def _pack(self, asset, run: Run) -> Path:
        npm = run.once("npm", tools.npm)
        run.report(f"{asset.title}: npm pack", None, None)
        folder = run.folder / f"npm-{self.package}"
        folder.mkdir()
        try:
            # Run there, away from any project's .npmrc. Offline, npm's own retries would take minutes.
            tools.run([npm, "pack", f"{self.package}@{self.version}", "--pack-destination", folder,
                       "--ignore-scripts", "--loglevel=error", "--fetch-retries=0",
                       f"--fetch-timeout={ANSWER_SECONDS * 1000}"], timeout=CLIENT_SECONDS, cwd=folder)
        except SourceError as error:
            if not NOT_THERE.search(str(error)):  # then the next package would fare no better
                run.learned["npm"] = error
            raise
        archives = list(folder.glob("*.tgz"))
        if len(archives) != 1:
            raise SourceError(f"npm pack left {len(archives)} archives of {self.package}, not one")
        return archives[0]


@dataclass(frozen=True)
class Cdn:
    """A file at a public address."""

    url: str
    label = "CDN"

    def fetch(self, asset, run: Run) -> Path:
        host = urlsplit(self.url).netloc
        if isinstance(known := run.learned.get(host), SourceError):
            raise known
        target = run.folder / asset.name
        stage = f"{asset.name} from {host}"
        run.report(stage, 0, asset.size)
        try:
            with _open(self.url) as response, open(target, "wb") as file:
                total = int(response.headers.get("Content-Length") or 0)
                done = 0
                while block := response.read(CHUNK):
                    file.write(block)
                    done += len(block)
                    run.report(stage, done, total or asset.size)
            if done < total:
                raise ConnectionError(f"the connection ended after {done:,} of {total:,} bytes")
        except urllib.error.HTTPError as error:
            raise SourceError(f"{self.url}: HTTP {error.code} {error.reason}") from None
        except (OSError, http.client.HTTPException) as error:
            cause = getattr(error, "reason", None) or error
            run.learned[host] = SourceError(f"{host}: {cause or type(cause).__name__}")
            raise run.learned[host] from None
        return target


def _open(url: str):
    """urlopen with a limit on the whole way to the answer: its own timeout counts anew for each address of a
    host, and not at all for looking up the name."""
    answers: queue.SimpleQueue = queue.SimpleQueue()

    def ask():
        try:
            answers.put(urllib.request.urlopen(url, timeout=ANSWER_SECONDS))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=ANSWER_SECONDS)
    except queue.Empty:
        raise TimeoutError(f"no answer within {ANSWER_SECONDS} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


@dataclass(frozen=True)
class PipDownload:
    """A pure Python wheel, which pip fetches from the index it is set up for."""

    package: str
    version: str
    label = "pip"

    def fetch(self, asset, run: Run) -> Path:
        pip = run.once("pip", lambda: tools.pip(run.folder))
        run.report(f"{asset.title}: pip download", None, None)
        folder = run.folder / f"pip-{self.package}"
        folder.mkdir()
        # The wheel is for Pyodide's Python; this one may be too old for it (micropip 0.11 asks for 3.13).
        tools.run([*pip, "download", f"{self.package}=={self.version}", "--no-deps", "--dest", folder,
                   "--only-binary=:all:", "--python-version=3.14", "--implementation=py", "--abi=none",
                   "--platform=any", "--quiet", "--no-input", "--disable-pip-version-check", "--retries=0",
                   f"--timeout={ANSWER_SECONDS}"], timeout=CLIENT_SECONDS, cwd=folder)
        wheel = folder / asset.name
        if not wheel.is_file():
            raise SourceError(f"pip brought {[path.name for path in folder.iterdir()]}, not {asset.name}")
        return wheel


@dataclass(frozen=True)
class NumpyBuild:
    """NumPy's wheel, built on this machine from NumPy's source release."""

    recipe: int = 1  # count up when the builder's output changes, so that wheels in caches are built anew
    label = "build"
    lock = "numpy-build"
    origin = "built from source"

    def fetch(self, run: Run, pyodide_dir: Path) -> Path:
        from ..numpy_wasm import build  # it needs this package in turn

        return build(run.folder / "numpy", pyodide_dir, run.report)
