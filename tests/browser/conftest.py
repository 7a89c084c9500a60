"""Pages for the browser tests: one that is booted once and shared, and fresh ones where a test would spoil it.

A test fails when its page complained: an error on the console, an uncaught exception, a request to another
origin. The last picture of a failed test's page is kept in `tests/artifacts`.
"""

import contextlib
import os
import re
from functools import partial

import pytest

from tests.support.lab import Lab
from tests.support.process import ROOT
from tests.support.serving import AlteredSite, serving

REPORT = pytest.StashKey[pytest.CollectReport]()


# What can happen to a GPU, when a test says so.
TROUBLE = """
const trouble = self.trouble = { calm() {
  this.lostAfter = this.largest = Infinity; // submissions; bytes of a buffer
  this.refused = 0; // pipelines, the next ones that are asked for
  this.lie = []; // [what, instead of it] in shaders
  this.submissions = this.reads = 0; // so far
} };
trouble.calm();

function around(kind, name, replacement) {
  const original = kind.prototype[name];
  kind.prototype[name] = function (...given) { return replacement.call(this, original.bind(this), ...given); };
}

around(GPUAdapter, "requestDevice", async (request, wanted) => trouble.device = await request(wanted));
around(GPUQueue, "submit", (submit, commands) => {
  submit(commands);
  if (++trouble.submissions === trouble.lostAfter) trouble.device.destroy();
});
around(GPUBuffer, "mapAsync", (map, ...range) => {
  trouble.reads += 1;
  return map(...range);
});
around(GPUDevice, "createComputePipelineAsync", async (create, what) => {
  if (trouble.refused-- > 0) throw new GPUPipelineError("the driver did not like it", { reason: "internal" });
  return create(what);
});
around(GPUDevice, "createShaderModule", (create, { label, code }) => {
  const [what, instead] = trouble.lie;
  return create({ label, code: what ? code.replaceAll(what, instead) : code });
});
let full = false;
around(GPUDevice, "createBuffer", (create, what) => {
  full ||= what.size > trouble.largest;
  return create(what);
});
around(GPUDevice, "popErrorScope", (pop) => {
  const error = pop();
  if (!full) return error;
  full = false;
  return error.then(() => new GPUOutOfMemoryError("there are no more bytes"));
});
"""
RECOVERED = """
import pydl
from js import trouble
from pydl.backends import webgpu
from pydl.backends.webgpu import hosts

trouble.calm()
webgpu._lost.clear()
webgpu._failures.clear()
if hosts.current().lost:
    hosts.replace(hosts.current().renewed())
"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.stash[REPORT] = report
    return report


@pytest.fixture(scope="session")
def artifacts():
    """The folder where tests leave pictures for a person to look at; those of older failures are removed."""
    folder = ROOT / "tests" / "artifacts"
    folder.mkdir(exist_ok=True)
    for picture in folder.glob("failed-*.png"):
        picture.unlink()
    return folder


@pytest.fixture(scope="package")
def chromium():
    """Starts a real Chromium without a window: `chromium()`, or `chromium(webgpu=True)`.

    It ends with this package: Playwright keeps an event loop running in this thread, in which `asyncio.run`, and so
    tests of other rooms, would fail.
    """
    from playwright.sync_api import sync_playwright

    from tests.support.browser import launch
    from tests.support.chromium import installed

    path = os.environ.get("PYDL_CHROMIUM") or next(iter(installed()), None)
    if path is None:
        pytest.fail("no Chromium: run the tests with `python3 -m tests`, which provides one", pytrace=False)
    with sync_playwright() as playwright:
        yield partial(launch, playwright, path)


@pytest.fixture(scope="package")
def browser(chromium):
    """The browser as most machines have it, without a GPU; each page has a context of its own in it."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def gpu_browser(browser, chromium):
    """A browser with a GPU, beside the other one: SwiftShader, which the CPU plays."""
    with chromium(webgpu=True) as browser:
        yield browser


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


@pytest.fixture(scope="package")
def shared_lab(browser, server):
    lab = Lab(browser, server).open()
    yield lab
    lab.close()


@pytest.fixture
def lab(shared_lab, watched):
    """The page that many tests share: Python is ready in it, and nothing runs, whatever a failed test left."""
    yield watched(shared_lab)
    shared_lab.call("pydl.stop()", limit=30)


@pytest.fixture(scope="package")
def shared_gpu_lab(gpu_browser, server):
    lab = Lab(gpu_browser, server).open()
    yield lab
    lab.close()


@pytest.fixture
def gpu_lab(shared_gpu_lab, watched):
    """As `lab`, in the browser with a GPU."""
    yield watched(shared_gpu_lab)
    shared_gpu_lab.call("pydl.stop()", limit=30)


@pytest.fixture(scope="package")
def shared_troubled_lab(gpu_browser, site, tmp_path_factory):
    altered = AlteredSite(site, tmp_path_factory.mktemp("troubled") / "site")
    begin_worker(altered, TROUBLE)
    with serving(altered.folder) as url:
        lab = Lab(gpu_browser, url).open()
        yield lab
        lab.close()


@pytest.fixture
def troubled(shared_troubled_lab, watched, python):
    """A page in whose worker a test can make trouble for the GPU, from Python: `from js import trouble`.

    Each test finds a GPU that has all that it needs, and that nothing has happened to.
    """
    python(shared_troubled_lab)(RECOVERED)
    yield watched(shared_troubled_lab)
    shared_troubled_lab.call("pydl.stop()", limit=30)


@pytest.fixture(scope="session")
def python():
    """`python(lab)` runs Python code in a page and gives the last expression's value; an error there is one here."""

    def executing(lab):
        def value(code):
            answer = lab.exec(code)
            assert answer["error"] is None, answer["error"]
            return answer["value"]

        return value

    return executing


@pytest.fixture
def new_lab(opened, watched, server):
    """Makes fresh pages, for tests that end workers, reload, or watch a page start."""
    return lambda url=server, expected=(), **settings: watched(opened(url, **settings), expected)


@pytest.fixture
def new_gpu_lab(new_lab, gpu_browser):
    """As `new_lab`, in the browser with a GPU."""
    return partial(new_lab, on=gpu_browser)


@pytest.fixture
def spoiled(new_gpu_lab, altered):
    """Opens a page with a GPU whose worker begins with this JavaScript: `spoiled(code)`."""

    def opened(code, **settings):
        begin_worker(altered, code)
        return new_gpu_lab(altered.serve(), **settings).open()

    return opened


@pytest.fixture
def opened(browser):
    """Opens pages and closes them at the very end, after `watched` has looked at them."""
    with contextlib.ExitStack() as stack:
        def open_page(url, on=browser, **settings):
            lab = Lab(on, url, **settings)
            stack.callback(lab.close)
            return lab

        yield open_page


def begin_worker(altered, code):
    """Has the worker of an altered site run JavaScript before its own first line.

    The GPU of a page is its own, and so is the worker's: what is to be changed of it can be changed there only.
    """
    altered.add("worker/first.js", code)
    altered.replace("worker/worker.js", 'import "./first.js";\n' + altered.read("worker/worker.js").decode())


@pytest.fixture
def altered(site, tmp_path):
    """A copy of the site to break or change, and `serve()` for its address."""
    copy = AlteredSite(site, tmp_path / "site")
    with contextlib.ExitStack() as stack:
        copy.serve = lambda **settings: stack.enter_context(serving(copy.folder, **settings))
        yield copy
