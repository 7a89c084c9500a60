"""The licence texts that belong to the files we ship, for the notices of the site. A text comes from the
component's own package where that carries one, else from the copy in `licence_texts/`.
"""

import zipfile
from pathlib import Path, PurePosixPath

from .table import Component

TEXTS = Path(__file__).with_name("licence_texts")


def licence_text(component: Component, resolved: dict) -> str:
    """The full licence text of a component; `resolved` is the answer of `resolve()`."""
    return "\n\n".join(_text(place, resolved).strip() for place in component.texts) + "\n"


def _text(place: str, resolved: dict) -> str:
    if place not in resolved:
        return (TEXTS / place).read_text(encoding="utf-8")
    path = resolved[place].path
    return _texts_in_wheel(path) if path.suffix == ".whl" else path.read_text(encoding="utf-8")


def _texts_in_wheel(path: Path) -> str:
    """The licences in the wheel's metadata, then those that lie beside copied code; each text once."""
    with zipfile.ZipFile(path) as wheel:
        names = sorted(name for name in wheel.namelist() if _is_licence(name))
        texts = {}
        for name in sorted(names, key=lambda name: ".dist-info/" not in name):
            texts.setdefault(wheel.read(name).decode("utf-8", "replace").strip(), name)
    return "\n\n".join(f"--- {name} ---\n\n{text}" for text, name in texts.items())


def _is_licence(name: str) -> bool:
    return ".dist-info/licenses/" in name or PurePosixPath(name).name.startswith(("LICENSE", "COPYING"))
