"""Gpu: a host with what is kept between Programs: compiled pipelines, and buffers that wait for their next use.

A network that is made, trained and dropped a thousand times compiles its shaders once and takes the same buffers again.
"""

from __future__ import annotations

import gc
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence

from .hosts import Buffer, Host, Pipeline, Shader
from .kernels.shader import HARDWARE, SOFTWARE

PIPELINES = 2048  # that are kept; the one that was not used for longest goes first
SPARE = 256 * 2**20  # bytes in buffers that wait, at most
LEAST = 256  # bytes of a buffer


class Gpu:
    """A GPU as the executables use it; one for each host.

    tuning: how kernels are written for it
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        small = min(host.limits.invocations, host.limits.workgroup) < HARDWARE.workgroup
        self.tuning = SOFTWARE if host.software or small else HARDWARE
        self._pipelines: OrderedDict[tuple[str, ...], Pipeline] = OrderedDict()
        self._free: dict[int, list[Buffer]] = {}  # by size
        self._spare = 0  # bytes in them
        self._returned: list[tuple[Buffer, int]] = []  # not looked at yet: an owner may be collected at any line

    def pipelines(self, shaders: Sequence[Shader]) -> list[Pipeline]:
        """The pipelines of these shaders: known ones, and new ones made all at once. Raises DeviceFailure."""
        keys = [(shader.code, *shader.bindings) for shader in shaders]
        new = {key: shader for key, shader in zip(keys, shaders) if key not in self._pipelines}
        if new:
            self._pipelines.update(zip(new, self.host.pipelines(list(new.values()))))
        found = []
        for key in keys:
            self._pipelines.move_to_end(key)
            found.append(self._pipelines[key])
        while len(self._pipelines) > PIPELINES:
            self._pipelines.popitem(last=False)
        return found

    def take(self, nbytes: int, what: str) -> tuple[Buffer, int]:
        """A buffer of at least so many bytes, with its size; what is in it may be anything. Raises DeviceFailure."""
        self._settle()
        size = rounded(nbytes)
        if size > self.host.limits.buffer:
            size = nbytes
        if waiting := self._free.get(size):
            self._spare -= size
            return waiting.pop(), size
        return self.host.buffer(size, what), size

    def give_back(self, buffer: Buffer, size: int) -> None:
        """The counterpart of `take`; may be called at any time, by whomever."""
        self._returned.append((buffer, size))

    def keeper(self, owner: object, buffers: Sequence[tuple[Buffer, int]]) -> Callable[[], object]:
        """Gives buffers back once their owner is gone, or when it is called."""
        returned = self._returned  # not `self`: the pool must not live as long as the last of its buffers
        return weakref.finalize(owner, returned.extend, list(buffers))

    def _settle(self) -> None:
        while self._returned:
            buffer, size = self._returned.pop()
            if self._spare + size > SPARE:
                self.host.destroy(buffer)
            else:
                self._free.setdefault(size, []).append(buffer)
                self._spare += size

    def forget(self) -> None:
        """Gives all that waits back to the device, and what models hold that nobody uses: there is no memory left."""
        gc.collect()  # a dropped model is a circle, and Python does not know how much of the GPU hangs on it
        self._settle()
        for waiting in self._free.values():
            for buffer in waiting:
                self.host.destroy(buffer)
        self._free.clear()
        self._spare = 0


def rounded(nbytes: int) -> int:
    """The size of the buffer for so many bytes: one of four between two powers of two, so that buffers fit again."""
    size = LEAST
    while size < nbytes:
        size *= 2
    step = max(LEAST // 4, size // 8)
    return max(LEAST, -(-nbytes // step) * step)
