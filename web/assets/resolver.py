"""The one way to a run-time asset: `resolve` looks into the folder that PYDL_ASSETS names and into the cache,
asks each asset's sources in the table's order, and takes a last resort only when nothing else is missing.
Every file is checked by its hash, wherever it comes from; what cannot be had ends in one AssetError that
tells the whole story.
"""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import cache
from .errors import AssetError, SourceError
from .progress import Report, silent, size_text
from .sources import Run
from .table import PYODIDE, TABLE, Asset

ADVICE = """
What to do: connect this machine to the internet, or to registries that npm and pip are set up for, and run
the command again (what has been fetched is kept). Or fetch on another machine: copy its cache folder here
and name it in PYDL_CACHE, or put the files into one folder and name it in PYDL_ASSETS."""


@dataclass(frozen=True)
class Resolved:
    """A file that is there and whose hash was checked. `origin` says who made its bytes (for NumPy: whether
    it is upstream's wheel or one built from source); `sha256` is the hash of what lies at `path`."""

    asset: Asset
    path: Path
    origin: str
    sha256: str


def resolve(names: Iterable[str] | None = None, report: Report | None = None) -> dict[str, Resolved]:
    """Gets the named assets (all of the table by default) onto this machine, in the table's order.

    `report(stage, done, total)` is told what takes time: a stage's name and, where known, bytes. Raises
    AssetError.
    """
    report = report or silent
    wanted = set(TABLE if names is None else names)
    if unknown := sorted(wanted - set(TABLE)):
        raise AssetError(f"no such asset: {', '.join(unknown)}. The table has: {', '.join(TABLE)}")
    assets = [asset for name, asset in TABLE.items() if name in wanted]
    tried: dict[str, list[str]] = {asset.name: [] for asset in assets}  # where each was looked for in vain

    found = {}
    for asset in assets:
        if hit := _in_folder(asset, tried[asset.name]) or _in_cache(asset, tried[asset.name], report):
            found[asset.name] = hit
    if len(found) < len(assets):
        with cache.working_folder() as folder:
            run = Run(folder, report)
            for asset in assets:
                if asset.name not in found and (hit := _from_sources(asset, tried[asset.name], run)):
                    found[asset.name] = hit
            _last_resorts([asset for asset in assets if asset.name not in found], found, tried, run)
    if missing := [asset for asset in assets if asset.name not in found]:
        raise AssetError(_story(missing, tried))
    return {asset.name: found[asset.name] for asset in assets}


def _in_folder(asset: Asset, tried: list[str]) -> Resolved | None:
    named = os.environ.get("PYDL_ASSETS")
    if not named:
        tried.append("PYDL_ASSETS: not set")
        return None
    folder = Path(named).expanduser().absolute()
    if not folder.is_dir():
        raise AssetError(f"PYDL_ASSETS names {folder}, which is not a folder.\n"
                         "Give it the path of a folder that holds run-time assets, or unset it.")
    path = folder / asset.name
    if not path.is_file():
        tried.append(f"PYDL_ASSETS: not in {folder}")
        return None
    try:
        sha256 = cache.sha256_of(path)
    except OSError as error:
        raise AssetError(f"a file in the folder that PYDL_ASSETS names cannot be read: {error}") from None
    origin = asset.origin_of(sha256)
    if origin is None and asset.last_resort and sha256 in _listed_hashes(folder):
        origin = asset.last_resort.origin
    if origin is None:
        raise AssetError(f"{path} is not the file it should be.\n  expected SHA-256 {asset.sha256}\n"
                         f"  received SHA-256 {sha256} ({size_text(path.stat().st_size)})\n"
                         f"Replace it with {asset.name} of {asset.title}, or take it out of the folder that "
                         "PYDL_ASSETS names.")
    return Resolved(asset, path, origin, sha256)


def _listed_hashes(folder: Path) -> set[str]:
    """The hashes in a folder's SHA256SUMS: its keeper vouches for wheels that were built elsewhere."""
    try:
        lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return set()
    return {line.split()[0].lower() for line in lines if line.strip()}


def _in_cache(asset: Asset, tried: list[str], report: Report) -> Resolved | None:
    path = cache.place_of(asset)
    if not path.is_file():
        tried.append(f"cache: not in {path.parent.parent}")
        return None
    try:
        sha256 = cache.sha256_of(path)
        if origin := asset.origin_of(sha256) or cache.built_origin(asset, path, sha256):
            return Resolved(asset, path, origin, sha256)
        fault = "wrong SHA-256"
    except OSError as error:
        fault = str(error)
    tried.append(f"cache: {path} is broken ({fault})")
    report(f"{path} in the cache is broken ({fault}): getting it again", None, None)
    return None


def _from_sources(asset: Asset, tried: list[str], run: Run) -> Resolved | None:
    for source in asset.sources:
        try:
            path = source.fetch(asset, run)
            sha256 = cache.sha256_of(path)
            if origin := asset.origin_of(sha256):
                return Resolved(asset, cache.store(asset, path), origin, sha256)
            tried.append(f"{source.label}: brought other bytes: {_appearance(path)}, SHA-256 {sha256} "
                         f"instead of {asset.sha256}")
        except SourceError as error:
            tried.append(f"{source.label}: {error}")
    return None


def _appearance(path: Path) -> str:
    """What a wrong file looks like; its start tells a network's log-in page from a damaged download."""
    with open(path, "rb") as file:
        return f"{size_text(path.stat().st_size)} that begin with {file.read(16)!r}"


def _last_resorts(missing: list[Asset], found: dict[str, Resolved], tried: dict[str, list[str]], run: Run):
    hopeless = any(asset.last_resort is None for asset in missing)
    for asset in missing:
        if asset.last_resort is None:
            continue
        try:
            if hopeless:
                raise SourceError("not begun, since other files cannot be had")
            found[asset.name] = _built(asset, run)
        except (SourceError, OSError) as error:  # OSError: the disk is full, say
            tried[asset.name].append(f"{asset.last_resort.label}: {error}")


def _built(asset: Asset, run: Run) -> Resolved:
    waiting = f"{asset.title}: waiting for another process that builds it"
    with cache.lock(asset.last_resort.lock, lambda: run.report(waiting, None, None)):
        if hit := _in_cache(asset, [], silent):  # that process has built it meanwhile
            return hit
        pyodide = pyodide_folder(run.folder / "pyodide", run.report)
        path = asset.last_resort.fetch(run, pyodide)
        sha256 = cache.sha256_of(path)
        return Resolved(asset, cache.store(asset, path, built=True), asset.last_resort.origin, sha256)


def pyodide_folder(folder: Path, report: Report) -> Path:
    """Fills a folder with Pyodide's files, whichever places they are in."""
    folder.mkdir(exist_ok=True)
    names = [name for name, asset in TABLE.items() if asset.component == PYODIDE]
    for name, file in resolve(names, report).items():
        shutil.copyfile(file.path, folder / name)
    return folder


def _story(missing: list[Asset], tried: dict[str, list[str]]) -> str:
    """One message for all that is missing; files that failed in the same way share a paragraph."""
    groups: dict[tuple[str, ...], list[Asset]] = {}
    for asset in missing:
        groups.setdefault(tuple(tried[asset.name]), []).append(asset)
    lines = ["cannot get all the files that the site needs at run time."]
    for reasons, assets in groups.items():
        titles = dict.fromkeys(asset.title for asset in assets)
        lines.append(f"\n{', '.join(asset.name for asset in assets)} ({', '.join(titles)}):")
        lines += [f"  {reason}" for reason in reasons]
    return "\n".join([*lines, ADVICE])
