"""The desktop's GPU for tests: opened once, or the reason why there is none; and hosts that stand before it."""

import dataclasses
import functools

import pytest


@functools.cache
def _opened():
    from pydl.backends.webgpu.hosts import wgpu_host

    return wgpu_host.open_host(), wgpu_host.why_not()


def desktop_host():
    """The host that wgpu opens here, the same for the whole session; the test is skipped where there is none."""
    host, reason = _opened()
    if host is None:
        pytest.skip(f"no GPU on the desktop: {reason}")
    return host


@functools.cache
def desktop_gpus():
    """A Gpu on that host for each tuning: the one for GPUs, and the one for CPUs that play one."""
    from pydl.backends.webgpu.gpu import Gpu
    from pydl.backends.webgpu.kernels.shader import HARDWARE, SOFTWARE

    found = []
    for tuning in (HARDWARE, SOFTWARE):
        found.append(gpu := Gpu(desktop_host()))
        gpu.tuning = tuning
    return found


class Before:
    """A host that stands before another one, and does what that one does; tests derive theirs from it.

    calls: how often each method was called
    """

    def __init__(self, inner=None, **limits):
        self.inner = inner or desktop_host()
        self.name, self.adapter, self.software = self.inner.name, self.inner.adapter, self.inner.software
        self.limits = dataclasses.replace(self.inner.limits, **limits)
        self.calls = dict.fromkeys(("buffer", "destroy", "pipelines", "bind", "sequence", "write", "copy", "run",
                                    "read", "renewed"), 0)  # fmt: skip

    def __getattr__(self, name):
        found = getattr(self.inner, name)
        if name not in self.calls:
            return found

        def called(*arguments):
            self.calls[name] += 1
            return found(*arguments)

        return called
