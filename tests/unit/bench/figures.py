"""Made-up figures that meet every bar: of a run in a page, and of one with a GPU."""

import copy

WHOLE = {
    "date": "2026-11-21",
    "machine": "2 cores of a processor, Chromium 156",
    "pydl": "0.1.0",
    "python": "3.14.0",
    "numpy": "2.4.6",
    "threads": 1,
    "in_a_page": True,
    "devices": ["numpy", "wasm:simd", "wasm:relaxed"],
    "rounds": 7,
    "networks": {
        name: {
            "words": f"the layers of {name}",
            "batch": 100,
            "contestants": {
                "numpy": {
                    "milliseconds": 20 * milliseconds,
                    "images_per_second": 1e5 / milliseconds / 20,
                    "compile_seconds": 0.01,
                    "first_compile_seconds": 0.1,
                    "backend_seconds": 0.004,
                    "module_bytes": None,
                    "memory_bytes": 3_000_000,
                    "dispatches": None,
                },
                "wasm:relaxed": {
                    "milliseconds": milliseconds,
                    "images_per_second": 1e5 / milliseconds,
                    "compile_seconds": 0.4,
                    "first_compile_seconds": 0.9,
                    "backend_seconds": 0.25,
                    "module_bytes": 34_000,
                    "memory_bytes": 5_000_000,
                    "dispatches": None,
                },
            },
            "ratios": [],
        }
        for name, milliseconds in (("relu-mlp", 3.5), ("dropout-mlp", 18.0), ("cnn", 45.0), ("deep-xor", 0.009))
    },
    "matmul": {
        size: {"numpy": 1.0, "wasm:simd": 26.0, "wasm:relaxed": 42.0}
        for size in ("128x784x256", "512x512x512", "1024x1024x1024")
    },
    "eager": {"size": "128x784x256", "gflops": {"numpy": 1.0, "eager": 30.0}, "times_as_fast": 30.0},
    "long_run": {"network": "deep-xor", "steps": 200_000, "seconds": {"wasm:relaxed": 1.9}},
    "memory": {"device": "wasm:relaxed", "models": [500, 500], "bytes": [50_000_000, 50_000_000]},
}
WHOLE["networks"]["relu-mlp"]["ratios"] = [{"of": "wasm:relaxed", "to": "C, by hand, relaxed", "ratio": 1.2}]


def whole():
    """A copy to spoil."""
    return copy.deepcopy(WHOLE)


def on_gpu(software=False, in_a_page=False):
    """The same with nothing but a GPU, one that a CPU plays or a real one whose peak is known."""
    figures = whole() | {"devices": ["webgpu"], "in_a_page": in_a_page}
    adapter, peak = ("SwiftShader", None) if software else ("NVIDIA H200", 60.0)
    figures["gpu"] = {"adapter": adapter, "software": software, "peak": peak}
    for name, hardware, played in (("relu-mlp", 0.2, 60.0), ("cnn", 1.4, 900.0)):
        entry = figures["networks"][name]["contestants"].pop("wasm:relaxed")
        milliseconds = played if software else hardware
        entry |= {"milliseconds": milliseconds, "images_per_second": 1e5 / milliseconds, "dispatches": 14}
        figures["networks"][name]["contestants"] = {"webgpu": entry}
    for name in ("dropout-mlp", "deep-xor"):
        del figures["networks"][name]
    figures["networks"]["relu-mlp"]["ratios"] = []
    figures["matmul"] = {"1024x1024x1024": {"webgpu": 20_000.0}, "2048x2048x2048": {"webgpu": 25_000.0}}
    figures["endurance"] = {"network": "relu-mlp", "steps": 10_000, "bytes": [5_000_000, 5_000_000]}
    for name in ("long_run", "memory"):
        del figures[name]
    return figures
