"""Both tunings on the desktop's GPU; and `device="webgpu"`, for the tests that ask for it."""

import pytest

from pydl.backends import notices, webgpu
from pydl.backends.webgpu import hosts
from tests.support.gpu import desktop_gpus


@pytest.fixture(params=[0, 1], ids=["hardware", "software"])
def gpu(request):
    """A GPU for which kernels are written as for one, and as for a CPU that plays one."""
    return desktop_gpus()[request.param]


@pytest.fixture
def desktop(monkeypatch):
    """A Gpu that `device="webgpu"` stands for, without a self-test: that has a test of its own."""
    gpu = desktop_gpus()[1]
    place(gpu, monkeypatch)
    yield gpu
    hosts.register(None)


def place(gpu, monkeypatch):
    """Makes a Gpu that of the whole backend, as if it were the first one that is opened."""
    hosts.register(gpu.host)
    for name, value in (("_gpus", [gpu]), ("_lost", []), ("_failures", [])):
        monkeypatch.setattr(webgpu, name, value)
    monkeypatch.setattr(notices, "_told", [])
