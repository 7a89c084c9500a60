"""The site's lock file names what the site ships, with the hashes of what it ships."""

import hashlib
import json

import pytest

from web.site import SiteError
from web.site.lock import trimmed_lock

OWN = ("pydl_lab-1.2.3-py3-none-any.whl", b"ours")
WHEELS = {"numpy-2.0-cp314-cp314-wasm32.whl": b"built here", "micropip-0.9-py3-none-any.whl": b"other bytes",
          "packaging-26.0-py3-none-any.whl": b"p"}


def full_lock(**depends) -> bytes:
    def entry(name):
        return {"name": name, "version": "0", "file_name": f"{name}.whl", "sha256": "upstream",
                "imports": [name], "depends": depends.get(name, []), "install_dir": "site"}

    names = ("numpy", "micropip", "packaging", "scipy", "pydl")
    return json.dumps({"info": {"python": "3.14.2", "abi_version": "2026_0"},
                       "packages": {name: entry(name) for name in names}}).encode()


def trim(**depends) -> dict:
    return json.loads(trimmed_lock(full_lock(**depends), WHEELS, OWN))


def test_only_what_is_shipped_stays_and_our_package_joins():
    lock = trim()
    assert lock["info"] == {"python": "3.14.2", "abi_version": "2026_0"}
    assert set(lock["packages"]) == {"numpy", "micropip", "pydl-lab"}
    assert lock["packages"]["pydl-lab"] == {
        "name": "pydl-lab", "version": "1.2.3", "file_name": OWN[0],
        "sha256": hashlib.sha256(b"ours").hexdigest(), "imports": ["pydl"], "depends": ["numpy"],
        "install_dir": "site", "package_type": "package",
        "unvendored_tests": False}


def test_entries_carry_the_version_name_and_hash_of_the_shipped_wheel():
    numpy = trim()["packages"]["numpy"]
    assert (numpy["version"], numpy["file_name"], numpy["sha256"], numpy["imports"]) == (
        "2.0", "numpy-2.0-cp314-cp314-wasm32.whl", hashlib.sha256(b"built here").hexdigest(), ["numpy"])


def test_what_a_shipped_package_needs_is_shipped_too():
    assert set(trim(micropip=["packaging"])["packages"]) == {"numpy", "micropip", "packaging", "pydl-lab"}


def test_a_needed_package_without_a_wheel_is_named():
    with pytest.raises(SiteError, match="no wheel of scipy"):
        trim(numpy=["scipy"])


def test_the_same_input_gives_the_same_bytes():
    other_order = dict(reversed(WHEELS.items()))
    assert trimmed_lock(full_lock(), WHEELS, OWN) == trimmed_lock(full_lock(), other_order, OWN)
