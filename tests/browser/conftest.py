"""Pages for the browser tests: one that is booted once and shared, and fresh ones where a test would spoil it.

A test fails when its page complained: an error on the console, an uncaught exception, a request to another
origin. The last picture of a failed test's page is kept in `tests/artifacts`.
"""

import contextlib
import re
import shutil

import pytest

from tests.support.lab import Lab
from tests.support.process import ROOT
from tests.support.serving import AlteredSite, serving

REPORT = pytest.StashKey[pytest.CollectReport]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.stash[REPORT] = report
    return report


@pytest.fixture(scope="session")
def artifacts():
    """A folder, emptied for each run, where tests leave pictures for a person to look at."""
    folder = ROOT / "tests" / "artifacts"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


@pytest.fixture
def watched(request, artifacts):
    """Takes pages by `watched(lab)` and, after the test, holds each to its silence.

    `expected` patterns excuse complaints that the test itself provoked, such as a missing file's 404.
    """
    labs = []

    def watch(lab, expected=()):
        labs.append((lab, len(lab.complaints()), expected))
        return lab

    yield watch
    report = request.node.stash.get(REPORT, None)
    complaints = []
    for lab, before, expected in labs:
        if report is not None and report.failed:
            lab.screenshot(artifacts / f"failed-{re.sub(r'[^a-zA-Z0-9]+', '-', request.node.name)}.png")
        complaints += [line for line in lab.complaints()[before:]
                       if not any(re.search(pattern, line) for pattern in expected)]
    assert not complaints, "the page complained:\n" + "\n".join(complaints)


@pytest.fixture(scope="session")
def shared_lab(browser, server):
    lab = Lab(browser, server).open()
    yield lab
    lab.close()


@pytest.fixture
def lab(shared_lab, watched):
    """The page that many tests share: Python is ready in it, and nothing runs."""
    return watched(shared_lab)


@pytest.fixture
def new_lab(opened, watched, server):
    """Makes fresh pages, for tests that end workers, reload, or watch a page start."""
    return lambda url=server, expected=(), **settings: watched(opened(url, **settings), expected)


@pytest.fixture
def opened(browser):
    """Opens pages and closes them at the very end, after `watched` has looked at them."""
    with contextlib.ExitStack() as stack:
        def open_page(url, **settings):
            lab = Lab(browser, url, **settings)
            stack.callback(lab.close)
            return lab

        yield open_page


@pytest.fixture
def altered(site, tmp_path):
    """A copy of the site to break or change, and `serve()` for its address."""
    copy = AlteredSite(site, tmp_path / "site")
    with contextlib.ExitStack() as stack:
        copy.serve = lambda **settings: stack.enter_context(serving(copy.folder, **settings))
        yield copy
