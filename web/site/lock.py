"""Pyodide's lock file, cut down to the packages that the site ships, with our own wheel added.

`pyodide.loadPackage("pydl-lab")` then brings NumPy too, looks for every wheel beside the lock and checks its
hash; a package that is not aboard is refused by name instead of being asked for at another origin.
"""

import hashlib
import json

from .output import SiteError

PACKAGES = ("numpy", "micropip")  # what the site ships of Pyodide's distribution, besides what these need


def trimmed_lock(full: bytes, wheels: dict[str, bytes], own_wheel: tuple[str, bytes]) -> bytes:
    """The site's lock; it ships `wheels` ({file name: content}) and `own_wheel` (file name and content)."""
    lock = json.loads(full)
    packages = {}
    wanted = list(PACKAGES)
    while wanted:
        name = wanted.pop()
        if name not in packages:
            entry = lock["packages"][name]
            packages[name] = entry | _wheel_fields(*_find_wheel(name, wheels))
            wanted += entry["depends"]
    packages["pydl-lab"] = {
        "name": "pydl-lab", "imports": ["pydl"], "depends": ["numpy"], "install_dir": "site",
        "package_type": "package", "unvendored_tests": False} | _wheel_fields(*own_wheel)
    return (json.dumps(lock | {"packages": packages}, indent=1, sort_keys=True) + "\n").encode()


def _find_wheel(package: str, wheels: dict[str, bytes]) -> tuple[str, bytes]:
    stem = package.replace("-", "_")
    for name, content in wheels.items():
        if name.split("-")[0].lower() == stem:
            return name, content
    raise SiteError(f"the site ships no wheel of {package}, which its packages need; "
                    f"it ships {', '.join(sorted(wheels))}: add {package} to the table of assets")


def _wheel_fields(name: str, content: bytes) -> dict:
    return {"file_name": name, "version": name.split("-")[1], "sha256": hashlib.sha256(content).hexdigest()}
