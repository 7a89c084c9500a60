"""The notices that travel with the site: which foreign work it carries, by whom, under which licence, in full
text.

NOTICES.txt is for people, `components` of site.json for the page's "About".
"""

from web.assets import COMPONENTS, Component, licence_text

from .mnist import AUTHORS, LICENCE_URL, MNIST

RULE = "=" * 100
MNIST_TEXT = f"""\
Authors: {AUTHORS}; derived from NIST's special databases.
Licence, as the data set's redistributors state it: {LICENCE_URL}
data/mnist/ is the whole set; data/mnist-subset/ holds the first images of every digit, in their order."""


def components(resolved: dict, with_mnist: bool) -> list[dict]:
    """One row for each foreign work in the site; `resolved` is the answer of the asset resolver."""
    return [row for row, _ in _works(resolved, with_mnist)]


def notices(resolved: dict, with_mnist: bool) -> bytes:
    works = _works(resolved, with_mnist)
    intro = "This site is pydl (its licence: LICENSE.txt) and the works below, each under its own licence."
    lines = [intro, "", *(f"- {_title(row)}: {row['licence']}, {row['homepage']}" for row, _ in works)]
    for row, text in works:
        lines += ["", RULE, f"{_title(row)}: {row['licence']}", row["homepage"], f"Origin: {row['origin']}",
                  RULE, "", text.strip()]
    return ("\n".join(lines) + "\n").encode()


def _works(resolved: dict, with_mnist: bool) -> list[tuple[dict, str]]:
    """The foreign works, each with its licence's text."""
    works = [(_row(component, _origin(component, resolved)), licence_text(component, resolved))
             for component in COMPONENTS]
    return works + [(_row(MNIST, AUTHORS), MNIST_TEXT)] * with_mnist


def _row(component: Component, origin: str) -> dict:
    return {"name": component.title, "version": component.version, "licence": component.licence,
            "origin": origin, "homepage": component.homepage}


def _title(row: dict) -> str:
    return f"{row['name']} {row['version']}".strip()


def _origin(component: Component, resolved: dict) -> str:
    """Where a component's files were made; more than one only where they came by different ways."""
    origins = [file.origin for file in resolved.values() if file.asset.component == component]
    return ", ".join(dict.fromkeys(origins))
