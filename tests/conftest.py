"""What tests of several rooms share: the built site, a server, the browser, MNIST; and `--no-browser`.

Everything here is made once a session and only when a test asks for it, so a run of the unit tests alone builds
no site and starts no browser.
"""

import json
import os

import pytest

from tests.support.runner import SITE
from tests.support.serving import serving


def pytest_addoption(parser):
    parser.addoption("--no-browser", action="store_true", help="leave out the tests that need a Chromium")


def pytest_collection_modifyitems(config, items):
    """Marks every test that asks for the browser, and leaves those out under `--no-browser`."""
    needing = [item for item in items if "browser" in getattr(item, "fixturenames", ())]
    for item in needing:
        item.add_marker("browser")
    if config.getoption("--no-browser") and needing:
        config.hook.pytest_deselected(items=needing)
        items[:] = [item for item in items if item not in needing]
        config.stash[LEFT_OUT] = len(needing)


LEFT_OUT = pytest.StashKey[int]()


def pytest_terminal_summary(terminalreporter, config):
    left_out = config.stash.get(LEFT_OUT, 0)
    if left_out:
        terminalreporter.write_line(f"LEFT OUT by --no-browser: {left_out} tests that need a Chromium")


@pytest.fixture(scope="session")
def site():
    """The site, built from this tree with whatever run-time assets and data this machine can get."""
    from web.site import build

    build(SITE)
    return SITE


@pytest.fixture(scope="session")
def site_facts(site):
    """What the site says of itself: versions, components, which data it carries."""
    return json.loads((site / "site.json").read_text())


@pytest.fixture(scope="session")
def server(site):
    """The address of a server that serves the site as `python3 -m web` does."""
    with serving(site) as url:
        yield url


@pytest.fixture(scope="session")
def browser():
    """A real Chromium without a window, shared by all; a test opens a context of its own in it."""
    from playwright.sync_api import sync_playwright

    from tests.support.browser import launch
    from tests.support.chromium import installed

    path = os.environ.get("PYDL_CHROMIUM") or next(iter(installed()), None)
    if path is None:
        pytest.fail("no Chromium: run the tests with `python3 -m tests`, which provides one", pytrace=False)
    with sync_playwright() as playwright:
        browser = launch(playwright, path)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def mnist():
    """MNIST as `load_mnist` finds it; a test that asks for it is skipped where there is none."""
    from pydl import data

    try:
        return data.load_mnist()
    except data.DataError as error:
        pytest.skip(f"no MNIST on this machine: {error}")
