"""The project's own build backend (PEP 517 and 660): pyproject.toml and pydl/ become a wheel, an sdist or an
editable install.

Why an own one: the site carries pydl as a wheel, and `python3 -m web` must be able to make that wheel with
nothing but the standard library, where no package registry can be reached. pip and the site builder call the
same functions, so there is one way in which the package is packed. Same sources give the same bytes: names
are sorted, dates fixed.
"""

import ast
import base64
import gzip
import hashlib
import io
import locale
import os
import re
import sys
import tarfile
import zipfile
from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:  # pip reads Requires-Python only after it has asked this file for the metadata
    raise SystemExit(f"pydl-lab needs Python 3.11 or later, this is {sys.version.split()[0]}") from None

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "pydl"
SDIST_FILES = ("pyproject.toml", "README.md", "LICENSE")
SDIST_FOLDERS = (PACKAGE, "web", "static", "tests")
DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold
TAG = "py3-none-any"
LEFT_OUT_FOLDERS = {"__pycache__", "node_modules"}
LEFT_OUT_SUFFIXES = {".pyc", ".pyo"}


# ---------------------------------------------------------------- what pip calls

def get_requires_for_build_wheel(config_settings=None):
    return []


get_requires_for_build_editable = get_requires_for_build_sdist = get_requires_for_build_wheel


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    """Write the .dist-info folder alone: pip asks for it to learn the dependencies."""
    project = read_project()
    for name, content in _dist_info(project).items():
        path = Path(metadata_directory, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return _dist_info_name(project)


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name, content = wheel_bytes()
    Path(wheel_directory, name).write_bytes(content)
    return name


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """A wheel that holds one .pth file, which puts this checkout on the import path."""
    project = read_project()
    # Python reads .pth files as UTF-8 since 3.13, in the locale's encoding before.
    encoding = "utf-8" if sys.version_info >= (3, 13) else locale.getencoding()
    pth = {f"__editable__.{_stem(project)}.pth": f"{ROOT}\n".encode(encoding)}
    name = wheel_name(project)
    Path(wheel_directory, name).write_bytes(_pack_wheel(project, pth))
    return name


def build_sdist(sdist_directory, config_settings=None):
    project = read_project()
    files = {name: (ROOT / name).read_bytes() for name in SDIST_FILES if (ROOT / name).is_file()}
    for folder in SDIST_FOLDERS:
        files |= _tree(folder)
    files["PKG-INFO"] = _metadata(project)
    base = _stem(project)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(f"{base}/{name}")
            entry.size, entry.mode = len(files[name]), 0o644
            archive.addfile(entry, io.BytesIO(files[name]))
    name = f"{base}.tar.gz"
    Path(sdist_directory, name).write_bytes(gzip.compress(packed.getvalue(), mtime=0))
    return name


# ---------------------------------------------------------------- what the site builder calls

def wheel_bytes() -> tuple[str, bytes]:
    """The wheel's file name and its content."""
    project = read_project()
    return wheel_name(project), _pack_wheel(project, _tree(PACKAGE))


def read_project() -> dict:
    """The [project] table of pyproject.toml, its version filled in from the package itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    if "version" in project.get("dynamic", []):
        project["version"] = package_version()
    return project


def package_version() -> str:
    """`__version__` of pydl/__init__.py, read without importing it: that would need NumPy."""
    path = ROOT / PACKAGE / "__init__.py"
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names = [getattr(target, "id", None) for target in getattr(node, "targets", [])]
        if "__version__" in names:
            return ast.literal_eval(node.value)
    raise ValueError(f"no __version__ = \"...\" at the top level of {path}")


def wheel_name(project: dict) -> str:
    return f"{_stem(project)}-{TAG}.whl"


# ---------------------------------------------------------------- files

def _tree(folder: str) -> dict[str, bytes]:
    """Every file below ROOT/folder that belongs to the sources: {posix path from ROOT: content}."""
    files = {}
    for place, folders, names in os.walk(ROOT / folder):
        folders[:] = [f for f in folders if f not in LEFT_OUT_FOLDERS and not f.startswith(".")]
        for name in names:
            path = Path(place, name)
            if not name.startswith(".") and path.suffix not in LEFT_OUT_SUFFIXES:
                files[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    return files


def _pack_wheel(project: dict, files: dict[str, bytes]) -> bytes:
    """Files and .dist-info in one zip; .dist-info stands last, RECORD last of all, as PEP 427 recommends."""
    entries = dict(sorted(files.items())) | _dist_info(project)
    record = f"{_dist_info_name(project)}/RECORD"
    lines = [f"{_csv(name)},sha256={_hash(content)},{len(content)}" for name, content in entries.items()]
    entries[record] = "\n".join([*lines, f"{record},,", ""]).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name, DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on every machine: else the bytes would differ
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    return packed.getvalue()


def _hash(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _csv(name: str) -> str:
    return f'"{name}"' if "," in name else name


# ---------------------------------------------------------------- .dist-info

def _stem(project: dict) -> str:
    return f"{re.sub(r'[-_.]+', '_', project['name']).lower()}-{project['version']}"


def _dist_info_name(project: dict) -> str:
    return f"{_stem(project)}.dist-info"


def _dist_info(project: dict) -> dict[str, bytes]:
    base = _dist_info_name(project)
    files = {f"{base}/licenses/{name}": (ROOT / name).read_bytes() for name in _licence_files(project)}
    files[f"{base}/METADATA"] = _metadata(project)
    files[f"{base}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: pydl-lab {project['version']}\n"
        f"Root-Is-Purelib: true\nTag: {TAG}\n").encode()
    entry_points = _entry_points(project)
    if entry_points:
        files[f"{base}/entry_points.txt"] = entry_points.encode()
    return files


def _licence_files(project: dict) -> list[str]:
    return [path.relative_to(ROOT).as_posix()
            for pattern in project.get("license-files", ["LICENSE"]) for path in sorted(ROOT.glob(pattern))]


def _entry_points(project: dict) -> str:
    groups = {"console_scripts": project.get("scripts", {}), "gui_scripts": project.get("gui-scripts", {}),
              **project.get("entry-points", {})}
    return "\n".join(f"[{group}]\n" + "".join(f"{name} = {items[name]}\n" for name in sorted(items))
                     for group, items in groups.items() if items)


def _metadata(project: dict) -> bytes:
    """Core metadata 2.4: header fields, a blank line, then the README."""
    fields = [("Metadata-Version", "2.4"), ("Name", project["name"]), ("Version", project["version"])]
    fields += [("Summary", project["description"])] if "description" in project else []
    fields += [("Keywords", ",".join(project["keywords"]))] if "keywords" in project else []
    fields += _people("Author", project.get("authors", []))
    fields += _people("Maintainer", project.get("maintainers", []))
    if isinstance(project.get("license"), str):
        fields.append(("License-Expression", project["license"]))
    fields += [("License-File", name) for name in _licence_files(project)]
    fields += [("Classifier", line) for line in project.get("classifiers", [])]
    fields += [("Project-URL", f"{label}, {url}") for label, url in project.get("urls", {}).items()]
    if "requires-python" in project:
        fields.append(("Requires-Python", project["requires-python"]))
    fields += [("Requires-Dist", line) for line in project.get("dependencies", [])]
    for extra, lines in project.get("optional-dependencies", {}).items():
        fields.append(("Provides-Extra", extra))
        fields += [("Requires-Dist", _with_extra(line, extra)) for line in lines]
    body = ""
    if (readme := project.get("readme")) and (ROOT / readme).is_file():
        fields.append(("Description-Content-Type", "text/markdown; charset=UTF-8"))
        body = "\n" + (ROOT / readme).read_text(encoding="utf-8")
    return ("".join(f"{name}: {value}\n" for name, value in fields) + body).encode()


def _people(field: str, people: list[dict]) -> list[tuple[str, str]]:
    names = ", ".join(person["name"] for person in people if "email" not in person)
    mails = ", ".join(f"{person['name']} <{person['email']}>" if "name" in person else person["email"]
                      for person in people if "email" in person)
    return [(label, text) for label, text in ((field, names), (f"{field}-email", mails)) if text]


def _with_extra(requirement: str, extra: str) -> str:
    """`requirement` asked for only when the extra is: its own marker, if any, holds as well."""
    name, _, marker = (part.strip() for part in requirement.partition(";"))
    condition = f'extra == "{extra}"'
    return f"{name}; ({marker}) and {condition}" if marker else f"{name}; {condition}"
