"""What tests of several rooms share: the built site, a server, MNIST; and what `--no-browser` leaves out.

Everything here is made once a session and only when a test asks for it, so a run of the unit tests alone builds
no site.
"""

import json

import pytest

from tests.support.runner import SITE
from tests.support.serving import serving

LEFT_OUT = pytest.StashKey[int]()


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
def mnist():
    """MNIST as `load_mnist` finds it; a test that asks for it is skipped where there is none."""
    from pydl import data

    try:
        return data.load_mnist()
    except data.DataError as error:
        pytest.skip(f"no MNIST on this machine: {error}")
