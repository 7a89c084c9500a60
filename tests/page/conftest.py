"""What the page's tests share: the bridge, loaded as the worker loads it, and the tools of the JavaScript world."""

import importlib.util
import json
import shutil

import pytest

from tests.support.process import ROOT

PAGE = ROOT / "web" / "page"


@pytest.fixture(scope="session")
def bridge_module():
    """worker/bridge.py, which belongs to no package."""
    spec = importlib.util.spec_from_file_location("bridge", PAGE / "worker" / "bridge.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Notes:
    """A `post` that takes notes."""

    def __init__(self):
        self.all = []

    def __call__(self, name, text, arrays):
        self.all.append((name, json.loads(text), arrays))

    def of(self, wanted):
        return [data for name, data, _ in self.all if name == wanted]

    def arrays_of(self, kind):
        return [arrays for name, data, arrays in self.all if name == "figure" and data["kind"] == kind]


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def node():
    """The path of node; without one the test is skipped."""
    return shutil.which("node") or pytest.skip("node is not installed: the page's JavaScript is not unit-tested here")
