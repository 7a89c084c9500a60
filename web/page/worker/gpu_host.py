"""The browser as a host of shaders: the GPU of `navigator.gpu`, and why there is none.

`engine` is what gpu-host.js offers and `wait` suspends Python until a promise is kept (`run_sync`, by JSPI); nothing
here imports the browser, so tests bring an engine of their own. A suspension takes 0.3 milliseconds and a call without
one 1 to 10 microseconds, so only what cannot be had at once is waited for: making things, and reading.
"""

import contextlib

from pydl.backends.errors import DeviceLost, InvalidOnDevice, OutOfDeviceMemory
from pydl.backends.webgpu import hosts

# By the reasons of gpu-host.js, which the page says in the learner's language.
REASONS = {
    "none": "this browser has no WebGPU",
    "insecure": "browsers give WebGPU only to pages from https or localhost",
    "no-jspi": "WebGPU needs JSPI here, to wait for the GPU: Chrome or Edge 137, Firefox 153, Safari 27, or newer",
    "no-adapter": "this browser has WebGPU, but finds no GPU that it may use",
    "refused": "this browser refused to open the GPU",
    "timeout": "the GPU did not answer while the page started",
}


def provide(engine, reason, detail, wait):
    """Registers the browser's GPU as the host; without an engine, why there is none."""
    if engine:
        hosts.register(Gpu(engine, wait))
    else:
        hosts.register(None, f"{REASONS[reason]} ({detail})" if detail else REASONS[reason])


class Gpu:
    """As in `pydl.backends.webgpu.hosts.Host`."""

    def __init__(self, engine, wait):
        self.engine, self.wait = engine, wait
        self.name, self.adapter, self.software = engine.name, engine.adapter, bool(engine.software)
        self.limits = hosts.Limits(**{ours: int(getattr(engine.limits, name)) for ours, name in hosts.NAMES.items()})

    @property
    def lost(self):
        return self.engine.lost

    @property
    def bytes(self):
        return int(self.engine.bytes)

    def buffer(self, nbytes, what):
        with self.failures(f"{what}, {nbytes / 1e6:.1f} MB"):
            return self.asked(self.engine.buffer, nbytes, what)

    def destroy(self, buffer):
        self.engine.destroy(buffer)

    def pipelines(self, shaders):
        specs = [[shader.name, shader.code, list(shader.bindings)] for shader in shaders]
        with self.failures("a shader"):
            return list(self.asked(self.engine.pipelines, specs))

    def bind(self, pipeline, buffers):
        with self.failures("a group of buffers"):
            return self.engine.bind(pipeline, list(buffers))

    def sequence(self, dispatches):
        return self.engine.sequence([[each.pipeline, each.bindings, each.x, each.y] for each in dispatches])

    def write(self, buffer, offset, array):
        if array.nbytes:
            with self.failures("a copy to it"):
                self.engine.write(buffer, offset, array.data.cast("B"))

    def copy(self, source, start, target, place, nbytes):
        with self.failures("a copy"):
            self.engine.copy(source, start, target, place, nbytes)

    def run(self, sequence, count):
        with self.failures("a step"):
            self.engine.run(sequence, count)

    def read(self, buffer, offset, array):
        if array.nbytes:
            with self.failures("what was run"):
                self.asked(self.engine.map, buffer, offset, array.nbytes)
                self.engine.take(array.data.cast("B"))

    def renewed(self):
        engine = self.wait(self.engine.renewed())
        return Gpu(engine, self.wait) if engine else None

    def asked(self, ask, *arguments):
        """What a promise of the engine brings; its error is thrown here."""
        outcome = self.wait(ask(*arguments))
        if outcome.error:
            raise outcome.error
        return outcome.value

    @contextlib.contextmanager
    def failures(self, what):
        """Errors of the engine become pydl's, by their name."""
        try:
            yield
        except Exception as error:
            name, message = getattr(error, "name", None), getattr(error, "message", error)
            if name == "lost":
                raise DeviceLost(f"{self.adapter} is gone ({message})") from None
            if name == "memory":
                raise OutOfDeviceMemory(f"{self.adapter} has no memory for {what} ({message})") from None
            if name == "invalid":
                raise InvalidOnDevice(f"{self.name} refuses {what} on {self.adapter}: {message}") from None
            raise
