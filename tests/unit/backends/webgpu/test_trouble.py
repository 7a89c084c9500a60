"""Trouble with the GPU in the middle of a training: it goes on elsewhere, to the same result, and says so once."""

import importlib.util

import numpy as np
import pytest

import pydl
from pydl import jit
from pydl.backends import failover, notices, webgpu
from pydl.backends.errors import DeviceLost, InvalidOnDevice, OutOfDeviceMemory, WrongNumbers
from pydl.backends.webgpu import LOSSES, hosts, selftest
from pydl.backends.webgpu.gpu import Gpu
from tests.support.gpu import Before
from tests.unit.backends.webgpu.conftest import place
from tests.unit.train.two_devices import X, assert_same_training, fit, network

NEXT = "wasm" if importlib.util.find_spec("wasmtime") else "numpy"


class Failing(Before):
    """A host on which a method fails when it is called for the n-th time, and whenever it is called after that.

    failure: what it raises. A device that is lost does nothing any more
    next:    the same for those that are opened after it
    """

    def __init__(self, method="", after=0, failure=DeviceLost):
        super().__init__()
        self.method, self.after, self.failure, self.lost = method, after, failure, ""
        self.opened, self.next = [], ()

    def __getattr__(self, name):
        found = super().__getattr__(name)
        if name not in self.calls:
            return found

        def called(*arguments):
            if name not in ("renewed", "destroy") and (self.lost or name == self.method):
                self.after -= 1
                if self.lost or self.after < 0:
                    if self.failure is DeviceLost:
                        self.lost = "a test took it away"
                    raise self.failure(self.lost or "the limit of a test")
            return found(*arguments)

        return called

    def renewed(self):
        self.opened.append(made := Failing(*self.next))
        made.next = self.next
        return made


@pytest.fixture
def failing(desktop, monkeypatch):
    """Puts such a host in the place of the GPU, whose Programs have been compiled before."""

    def make(*arguments):
        gpu = Gpu(Failing(*arguments))
        gpu.tuning, gpu._pipelines = desktop.tuning, desktop._pipelines
        place(gpu, monkeypatch)
        monkeypatch.setattr(selftest, "check", lambda gpu: setattr(gpu, "_pipelines", desktop._pipelines))
        return gpu.host

    return make


@pytest.fixture
def heard():
    heard = []
    with notices.listening(heard.append):
        yield heard


@pytest.fixture(scope="module")
def expected():
    pydl.seed(0)
    return fit_on("numpy")


def fit_on(device):
    model = network()
    fit(model, device=device)
    return model


@pytest.mark.parametrize("sync", [0.0, 1e9], ids=["home every time", "never at home"])
@pytest.mark.parametrize(("method", "after"), [("buffer", 0), ("run", 0), ("run", 2), ("read", 0), ("read", 3),
                                               ("write", 4), ("write", 25), ("bind", 1), ("copy", 0)])  # fmt: skip
def test_a_training_whose_device_is_lost_ends_as_it_would_have(
    method, after, sync, failing, heard, expected, monkeypatch
):
    monkeypatch.setattr(failover, "SYNC", sync)
    host = failing(method, after)
    model = fit_on("webgpu")
    assert_same_training(model, expected, 1e-3)
    if host.lost:
        assert [(notice.cause, notice.to) for notice in heard] == [("lost", NEXT)]
        assert model.history.device == NEXT
    else:
        assert not heard and method == "copy", "nothing was asked of the host"


@pytest.mark.parametrize(("failure", "method", "cause"), [(OutOfDeviceMemory, "buffer", "memory"),
                                                          (InvalidOnDevice, "pipelines", "invalid"),
                                                          (InvalidOnDevice, "run", "invalid")])  # fmt: skip
def test_a_device_that_refuses_is_left_for_another(failure, method, cause, failing, heard, expected, monkeypatch):
    host = failing(method, 0, failure)
    if method == "pipelines":
        webgpu._gpus[0]._pipelines = type(webgpu._gpus[0]._pipelines)()
    model = fit_on("webgpu")
    assert_same_training(model, expected, 1e-3)
    assert {(notice.cause, notice.to) for notice in heard} == {(cause, NEXT)}
    assert not host.lost and model.history.device == NEXT


def test_memory_that_waits_in_the_pool_is_given_back_before_one_fails(failing):
    host = failing("buffer", 0, OutOfDeviceMemory)
    gpu = webgpu._gpus[0]
    host.method = ""
    gpu.give_back(*gpu.take(2**20, "a test"))
    fails = iter([True, False])

    def buffer(nbytes, what, make=host.inner.buffer):
        if next(fails, False):
            raise OutOfDeviceMemory("the limit of a test")
        return make(nbytes, what)

    host.buffer = buffer
    step = jit(lambda x: x * 2, device="webgpu")
    assert step(1.0).item() == 2 and step.device == "webgpu"
    assert host.calls["destroy"] == 1


def test_a_lost_device_is_opened_anew_for_the_next_training(failing, heard, expected):
    host = failing("run", 1)
    assert fit_on("webgpu").history.device == NEXT
    model = fit_on("webgpu")
    assert model.history.device == "webgpu" and hosts.current() is host.opened[0]
    assert_same_training(model, expected, 1e-3)
    assert len(heard) == 1


def test_after_too_many_losses_no_other_device_is_opened(failing, heard):
    failing("run", 0).next = ("run", 0)
    for number in range(LOSSES + 2):
        step = jit(lambda x: x * 2, device="webgpu")
        assert step(float(number)).item() == 2 * number
        assert step.device == NEXT
    assert webgpu.failure() is not None and not webgpu.available() and "a test took it away" in webgpu.why_not()
    assert not hosts.current().opened


def test_a_device_that_cannot_be_opened_anew_is_gone(failing, heard):
    host = failing("run", 0)
    host.renewed = lambda: None
    for _ in range(2):
        step = jit(lambda x: x * 2, device="webgpu")
        assert step(1.0).item() == 2 and step.device == NEXT
    assert webgpu.why_not() and not webgpu.available()


def test_a_device_that_lies_in_its_self_test_is_never_used(failing, heard, monkeypatch):
    def check(gpu):
        raise WrongNumbers("in the self-test of sums it is 1 away from NumPy, 0 allowed")

    host = failing()
    monkeypatch.setattr(webgpu, "_gpus", [])
    monkeypatch.setattr(selftest, "check", check)
    for _ in range(2):
        step = jit(lambda x: x * 2, device="webgpu")
        assert step(1.0).item() == 2 and step.device == NEXT
    assert {notice.cause for notice in heard} == {"wrong"} and host.calls["run"] == 0
    assert "away from NumPy" in webgpu.why_not() and not webgpu.available()


def test_weights_can_be_read_after_the_device_was_lost(failing, heard):
    host = failing()
    model = network()
    fit(model, device="webgpu", epochs=1)
    host.method, host.after = "read", 0
    assert np.isfinite(model.predict(X, device="numpy")).all()
    reference = network()
    fit(reference, device="numpy", epochs=1)
    found, wanted = (each.predict(X, device="numpy") for each in (model, reference))
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)
