"""Two fakes that compute with NumPy: a GPU that fails when a test wants it, and what goes on in its place."""

import pytest

from pydl.backends import device, failover, notices
from tests.unit.backends.fake import Fake, FakeGPU

SYNCS = {"every time": 0.0, "now and then": 0.003, "never": 1e9}


@pytest.fixture
def gpu(monkeypatch):
    gpu = FakeGPU()
    monkeypatch.setitem(device._BACKENDS, "webgpu", lambda: gpu)
    return gpu


@pytest.fixture(autouse=True)
def wasm(monkeypatch):
    wasm = Fake()
    monkeypatch.setitem(device._BACKENDS, "wasm", lambda: wasm)
    monkeypatch.setattr(notices, "_told", [])
    return wasm


@pytest.fixture
def heard():
    heard = []
    with notices.listening(heard.append):
        yield heard


@pytest.fixture(params=SYNCS)
def sync(request, monkeypatch):
    """How often the state comes home."""
    monkeypatch.setattr(failover, "SYNC", SYNCS[request.param])
    return request.param
