"""Makes the site: gathers every file that belongs into it, then brings the output folder to that set.

All files are made anew at each build, which takes a fraction of a second, and only those that differ are
written: there is nothing to go stale, and a second build touches nothing.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from web import assets, wheel

from . import mnist, notices, output, policy
from .lock import trimmed_lock

PAGE = wheel.ROOT / "web" / "page"
STATIC = wheel.ROOT / "static"
PAGES = ("index.html", "bench.html")
LEFT_OUT = ("package.json", "package-lock.json", "tsconfig.json", "*.test.*", "*.d.ts", "*.md")

# Where a component's files go. Pyodide looks for wheels beside its lock file.
FOLDERS = {
    "pyodide": "pyodide",
    "numpy": "pyodide",
    "micropip": "pyodide",
    "uplot": "vendor/uplot",
    "comlink": "vendor/comlink",
}
LOCK = "pyodide/pyodide-lock.json"


@dataclass(frozen=True)
class BuildResult:
    out: Path
    files: dict[str, int]  # {name: bytes}, the whole site
    written: list[str]
    removed: list[str]
    notes: list[str]  # lines for the user

    @property
    def size(self) -> int:
        return sum(self.files.values())


def build(out: Path, allow_network: bool = False, report=None) -> BuildResult:
    """Build the site into `out`. Raises AssetError or SiteError, whose messages are for the user."""
    report = report or (lambda stage, done=None, total=None: None)
    out = Path(out).absolute()
    output.claim(out)  # refuse a wrong folder before minutes are spent
    resolved = assets.resolve(report=report)
    digits = mnist.find(report)
    report("building the site", None, None)
    files = gather(resolved, digits, allow_network)
    written, removed = output.sync(out, files)
    sizes = {name: len(content) for name, content in files.items()}
    return BuildResult(out, sizes, written, removed, digits.notes)


def gather(resolved: dict, digits: mnist.Mnist, allow_network: bool) -> dict[str, bytes]:
    """Every file of the site: {posix path: content}."""
    files = _tree(STATIC) | _tree(PAGE)
    files |= {name: _with_policy(name, files.get(name, b""), allow_network) for name in PAGES}
    files |= _assets(resolved)
    own_wheel = wheel.wheel_bytes()
    wheels = {Path(name).name: content for name, content in files.items() if name.endswith(".whl")}
    files[LOCK] = trimmed_lock(files[LOCK], wheels, own_wheel)
    files[f"pyodide/{own_wheel[0]}"] = own_wheel[1]
    files |= {f"data/{name}": content for name, content in (digits.full | digits.subset).items()}
    with_mnist = bool(digits.full or digits.subset)
    files["NOTICES.txt"] = notices.notices(resolved, with_mnist)
    files["LICENSE.txt"] = (wheel.ROOT / "LICENSE").read_bytes()
    facts = _facts(resolved, digits, allow_network) | {"components": notices.components(resolved, with_mnist)}
    files["site.json"] = _json({"build": _content_version(files, facts)} | facts)
    return files


def _facts(resolved: dict, digits: mnist.Mnist, allow_network: bool) -> dict:
    """What the page asks its site about."""
    numpy = next(file for file in resolved.values() if file.asset.component.name == "numpy")
    return {
        "version": wheel.package_version(),
        "allow_network": allow_network,
        "numpy": {"version": numpy.asset.component.version, "origin": numpy.origin, "file": numpy.asset.name},
        "pyodide": next(c.version for c in assets.COMPONENTS if c.name == "pyodide"),
        "data": {
            "mnist_subset": bool(digits.subset),
            "mnist": bool(digits.full),
            "mnist_authors": mnist.AUTHORS,
            "mnist_licence": mnist.MNIST.licence,
            "bytes": {
                "mnist_subset": sum(map(len, digits.subset.values())),
                "mnist": sum(map(len, digits.full.values())),
            },
        },
    }


def _content_version(files: dict[str, bytes], facts: dict) -> str:
    """A short hash that changes whenever anything in the site does."""
    whole = hashlib.sha256(_json(facts))
    for name in sorted(files):
        whole.update(f"{name} {hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return whole.hexdigest()[:16]


def _json(content: dict) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _assets(resolved: dict) -> dict[str, bytes]:
    """The run-time assets in their places; licence texts are in the notices instead."""
    return {
        f"{FOLDERS[file.asset.component.name]}/{name}": file.path.read_bytes()
        for name, file in resolved.items()
        if not name.endswith("LICENSE.txt")
    }


def _tree(root: Path) -> dict[str, bytes]:
    """The files below a source folder that are meant to be served."""
    files = {}
    for path in root.rglob("*"):
        name = path.relative_to(root)
        hidden = any(part.startswith((".", "__pycache__", "node_modules")) for part in name.parts)
        if path.is_file() and not hidden and not any(path.match(pattern) for pattern in LEFT_OUT):
            files[name.as_posix()] = path.read_bytes()
    return files


def _with_policy(name: str, page: bytes, allow_network: bool) -> bytes:
    """A page with the policy as a meta tag, ahead of everything that it governs."""
    before, head, after = page.decode("utf-8").partition("<head>")
    if not head:
        raise output.SiteError(
            f"{PAGE / name} is missing or has no <head>: this copy of the project is not whole; get it again"
        )
    return f"{before}{head}\n  {policy.meta_tag(allow_network)}{after}".encode()
