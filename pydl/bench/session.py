"""One run of the bench: parts that are measured one after the other into one dict of figures, JSON's types only.

The command line goes through the parts in a loop; the page asks its worker for one at a time, so that it can show how
far it is and be stopped.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..backends import Device, Unsupported, devices
from ..backends.failover import DEVICE as GPU
from ..backends.wasm import hosts
from ..backends.webgpu import hosts as gpus
from . import machine, matmul, pytorch, reference
from .compiled import Compiled, training
from .handwritten import HandwrittenStep
from .networks import NETWORKS, SEED, Network
from .turns import Contestant, ratio, take_turns

BY_HAND = "NumPy, by hand"
IN_C = "C, by hand"  # with its variant behind it: "C, by hand, relaxed"
COMPILES = 3  # fresh models of a network that are compiled on a device
LONG_RUN = "deep-xor"
LONG_RUN_STEPS = 200_000
SLICE, SLICE_ON_GPU = 20_000, 100  # steps per call of a run of many, so that a stop is heard
ENDURANCE_STEPS = 10_000  # after which a GPU must hold what it held before
REMEMBERED = "relu-mlp"  # the model that is compiled and dropped again and again
FULL_MODELS = 1_000


class BenchError(ValueError):
    """What was asked for cannot be measured."""


class Bench:
    """What is measured, and the figures so far.

    device:     "auto" for all that are here, or some of them with commas between: "numpy,wasm:simd"
    networks:   names of NETWORKS; None for all
    rounds:     in how many rounds contestants take turns
    seconds:    how long a turn lasts at least
    models:     how many are compiled and dropped, to see whether memory grows; 0 leaves this out
    references: the step written in C, by the variant that it was compiled for
    peak:       what the GPU's maker says of float32, in TFLOP/s; None: not said
    """

    def __init__(
        self,
        device: str = "auto",
        networks: Sequence[str] | None = None,
        rounds: int = 5,
        seconds: float = 0.1,
        models: int = 200,
        references: Mapping[str, Contestant] | None = None,
        peak: float | None = None,
    ) -> None:
        self.devices = chosen_devices(device)
        unknown = set(networks or ()) - set(NETWORKS)
        if unknown:
            raise BenchError(f"unknown network {min(unknown)!r}: expected some of {', '.join(NETWORKS)}")
        self.networks = [network for name, network in NETWORKS.items() if networks is None or name in networks]
        self.rounds, self.seconds, self.models = rounds, seconds, models
        self.references = dict(references or {})
        self.figures: dict[str, Any] = machine.here() | {
            "devices": self.devices,
            "rounds": rounds,
            "networks": {},
        }
        if GPU in self.devices:
            host = gpus.current()
            assert host is not None, "the device is here"
            self.figures["gpu"] = {"adapter": host.adapter, "software": host.software, "peak": peak}
        self._parts: dict[str, Callable[[], None]] = {
            network.name: lambda network=network: self._network(network)  # type: ignore[misc]
            for network in self.networks
        }
        self._parts |= {"matmul": self._matmul, "eager": self._eager}
        if LONG_RUN in self._parts and self._making_code():
            self._parts["long run"] = self._long_run
        if GPU in self.devices:
            self._parts["endurance"] = self._endurance
        if models and self._on_the_processor():
            self._parts |= {"memory at first": lambda: self._memory(-(-models // 2))}
            self._parts |= {"memory": lambda: self._memory(models)}

    @property
    def parts(self) -> list[str]:
        """What there is to measure, in order."""
        return list(self._parts)

    def measure(self, part: str) -> dict[str, Any]:
        """Measures a part; all figures so far."""
        self._parts[part]()
        return self.figures

    def note(self, machine: str, process_bytes: list[int | None]) -> None:
        """What a page cannot know of where it runs: the machine's name, and the browser's memory after each reading."""
        self.figures["machine"] = machine
        if "memory" in self.figures:
            self.figures["memory"]["process_bytes"] = process_bytes

    def _on_the_processor(self) -> list[str]:
        """The devices that are no GPU: whose memory is the process's, and to whom small networks belong."""
        return [device for device in self.devices if device != GPU]

    def _making_code(self) -> list[str]:
        """The devices that make machine code."""
        return [device for device in self._on_the_processor() if device != "numpy"]

    def _on_hardware(self) -> list[str]:
        """The GPU, where it is one."""
        return [device for device in self.devices if device == GPU and not self.figures["gpu"]["software"]]

    def _turns(self, contestants: Mapping[str, Contestant]) -> dict[str, list[float]]:
        return take_turns(contestants, self.rounds, self.seconds)

    # ---- the parts

    def _network(self, network: Network) -> None:
        ours: dict[str, Compiled] = {}
        rows: dict[str, dict[str, Any]] = {}
        for device in self.devices:
            try:
                compiled = [training(network, device) for _ in range(COMPILES)]
            except Unsupported as refused:
                rows[device] = {"unsupported": str(refused)}
                continue
            *others, ours[device] = compiled
            for other in others:
                other.close()
            rows[device] = described(device, compiled)
        yardsticks = pytorch.contestants(network)
        if network.name == reference.NETWORK:
            yardsticks[BY_HAND] = by_hand(network)
            yardsticks |= {f"{IN_C}, {variant}": run for variant, run in self.references.items()}
        times = self._turns(side_by_side(ours, yardsticks))
        for run in ours.values():
            run.close()
        for name, seconds in times.items():
            median = statistics.median(seconds)
            speed = {"milliseconds": 1000 * median, "images_per_second": network.batch / median, "rounds": len(seconds)}
            rows[name] = speed | rows.get(name, {})
        gc.collect()  # the models that were compiled here
        self.figures["networks"][network.name] = {
            "words": network.words,
            "batch": network.batch,
            "contestants": rows,
            "ratios": ratios(times),
        }

    def _matmul(self) -> None:
        self.figures["matmul"] = {}
        for size in matmul.SIZES:
            self._multiply(size, self.devices)
        if large := self._on_hardware():
            self._multiply(matmul.LARGE, large)

    def _multiply(self, size: tuple[int, int, int], devices: Sequence[str]) -> None:
        ours = {device: matmul.compiled(size, device) for device in devices}
        times = self._turns(ours)
        for run in ours.values():
            run.close()
        self.figures["matmul"][matmul.name_of(size)] = {
            device: matmul.gflops(size, statistics.median(seconds)) for device, seconds in times.items()
        }

    def _eager(self) -> None:
        times = self._turns(matmul.eager())
        self.figures["eager"] = {
            "size": matmul.name_of(matmul.EAGER),
            "gflops": {name: matmul.gflops(matmul.EAGER, statistics.median(t)) for name, t in times.items()},
            "times_as_fast": ratio(times["numpy"], times["eager"]),
        }

    def _long_run(self) -> None:
        network = NETWORKS[LONG_RUN]
        taken: dict[str, float] = {}
        for device in self._making_code():
            run = training(network, device)
            run(SLICE)
            start = time.perf_counter()
            for _ in range(LONG_RUN_STEPS // SLICE):
                run(SLICE)
            taken[device] = time.perf_counter() - start
            run.close()
        self.figures["long_run"] = {"network": LONG_RUN, "steps": LONG_RUN_STEPS, "seconds": taken}

    def _endurance(self) -> None:
        """Whether many steps leave buffers behind; a software adapter takes them with the smallest network."""
        network = NETWORKS[REMEMBERED if self._on_hardware() else LONG_RUN]
        run = training(network, GPU)
        run(SLICE_ON_GPU)
        sizes = [_held_on_gpu()]
        for _ in range(ENDURANCE_STEPS // SLICE_ON_GPU):
            run(SLICE_ON_GPU)
        sizes.append(_held_on_gpu())
        run.close()
        self.figures["endurance"] = {"network": network.name, "steps": ENDURANCE_STEPS, "bytes": sizes}

    def _memory(self, models: int) -> None:
        network, device = NETWORKS[REMEMBERED], self._on_the_processor()[-1]
        memory = self.figures.setdefault("memory", {"device": device, "models": [], "bytes": []})
        done = sum(memory["models"])
        x, y = (array[: network.batch] for array in network.rows())
        for _ in range(done, models):
            network.model().fit(x, y, batch_size=network.batch, device=device, verbose=0)
        gc.collect()
        memory["models"].append(models - done)
        memory["bytes"].append(machine.memory())


def chosen_devices(text: str) -> list[str]:
    """Devices by their names, with commas between; of "auto" all that are here, and each variant of the code."""
    if text != "auto":
        return [Device(name).name for name in text.split(",")]
    return [name for device in devices() for name in variants(device)]


def variants(device: str) -> list[str]:
    """A device that is here, by the name of each variant that it has."""
    if device != "wasm":
        return [device]
    host = hosts.current()
    return ["wasm:simd", "wasm:relaxed"] if host and host.relaxed else ["wasm:simd"]


def described(device: str, compiled: Sequence[Compiled]) -> dict[str, Any]:
    """What compiling cost and made: the first time, with all that is loaded for it, and the median of all.

    The backend's part of it, from the finished Program to what can be called, is measured on its own.
    """
    seconds = [each.seconds for each in compiled]
    backend = []
    for each in compiled:
        start = time.perf_counter()
        executable = Device(device).compile(each.program)
        backend.append(time.perf_counter() - start)
        executable.close()
    return {
        "first_compile_seconds": seconds[0],
        "compile_seconds": statistics.median(seconds),
        "backend_seconds": statistics.median(backend),
        "module_bytes": compiled[-1].module_bytes,
        "memory_bytes": compiled[-1].memory_bytes,
        "dispatches": compiled[-1].dispatches,
    }


def _held_on_gpu() -> int:
    gc.collect()
    host = gpus.current()
    return host.bytes if host else 0


def by_hand(network: Network) -> Contestant:
    """The network's step, written by hand in NumPy."""
    step = HandwrittenStep(np.random.default_rng(SEED))
    x, y = network.rows()
    batches = [slice(start, start + network.batch) for start in range(0, len(x), network.batch)]

    def run(count: int) -> None:
        for number in range(count):
            batch = batches[number % len(batches)]
            step(x[batch], y[batch])

    return run


def yardstick_of(device: str) -> str:
    """Who does the same as a device in the same way: NumPy for NumPy, and for each variant its own C."""
    return BY_HAND if device == "numpy" else f"{IN_C}, {device.partition(':')[2]}"


def side_by_side(ours: Mapping[str, Contestant], yardsticks: Mapping[str, Contestant]) -> dict[str, Contestant]:
    """All of them, each yardstick right behind whom it is compared with: what the machine does then, hits both."""
    ordered: dict[str, Contestant] = {}
    for device, run in ours.items():
        ordered[device] = run
        if (name := yardstick_of(device)) in yardsticks:
            ordered[name] = yardsticks[name]
    return ordered | {name: run for name, run in yardsticks.items() if name not in ordered}


def ratios(times: Mapping[str, list[float]]) -> list[dict[str, Any]]:
    """pydl's times to their yardsticks', where both were measured."""
    return [
        {"of": name, "to": yardstick_of(name), "ratio": ratio(seconds, times[yardstick_of(name)])}
        for name, seconds in times.items()
        if yardstick_of(name) in times and name != BY_HAND
    ]
