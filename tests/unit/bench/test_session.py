"""A run: its parts, what each leaves in the figures, and what cannot be measured."""

import json
import time
from types import SimpleNamespace

import numpy as np
import pytest

from pydl.backends import DeviceError, Unsupported
from pydl.backends.webgpu import hosts as gpus
from pydl.bench import NETWORKS, Bench, BenchError, matmul, session
from pydl.bench.compiled import training
from pydl.bench.machine import browser, here
from tests.support.gpu import desktop_host

QUICK = {"device": "numpy", "rounds": 2, "seconds": 0.001}


def measured(**options):
    bench = Bench(**QUICK | options)
    for part in bench.parts:
        bench.measure(part)
    return bench.figures


@pytest.fixture(scope="module")
def figures():
    """A whole small run."""
    return measured(networks=["relu-mlp", "deep-xor"], models=5)


def test_every_part_leaves_its_figures(figures):
    assert set(figures) >= set(here()) | {"devices", "rounds", "networks", "matmul", "eager", "memory"}
    assert list(figures["networks"]) == ["relu-mlp", "deep-xor"]
    entry = figures["networks"]["relu-mlp"]["contestants"]["numpy"]
    assert entry["images_per_second"] == pytest.approx(100 / entry["milliseconds"] * 1000)
    assert 0 < entry["backend_seconds"] < entry["first_compile_seconds"] < 10
    assert 0 < entry["compile_seconds"] < 10 and entry["module_bytes"] is None and entry["memory_bytes"] > 1e6
    assert set(figures["matmul"]) == {"128x784x256", "512x512x512", "1024x1024x1024"}
    assert figures["memory"]["models"] == [3, 2] and len(figures["memory"]["bytes"]) == 2


def test_the_figures_are_json(figures):
    assert json.loads(json.dumps(figures)) == figures


def test_numpy_is_compared_with_numpy_by_hand(figures):
    (entry,) = figures["networks"]["relu-mlp"]["ratios"]
    assert (entry["of"], entry["to"]) == ("numpy", "NumPy, by hand") and 0.2 < entry["ratio"] < 20
    assert figures["networks"]["deep-xor"]["ratios"] == []


def test_a_step_in_c_runs_beside_network_1_and_is_compared_with_its_own_variant():
    times = {"wasm:simd": [4.0], "wasm:relaxed": [3.0], "C, by hand, simd": [2.0], "C, by hand, relaxed": [2.5]}
    found = {(entry["of"], entry["to"]): entry["ratio"] for entry in session.ratios(times)}
    assert found == {
        ("wasm:simd", "C, by hand, simd"): 2.0,
        ("wasm:relaxed", "C, by hand, relaxed"): 1.2,
    }


def test_yardsticks_stand_beside_whom_they_are_compared_with():
    ours = dict.fromkeys(["numpy", "wasm:simd", "wasm:relaxed"])
    yardsticks = dict.fromkeys(["PyTorch", "NumPy, by hand", "C, by hand, relaxed"])
    assert list(session.side_by_side(ours, yardsticks)) == [
        "numpy", "NumPy, by hand", "wasm:simd", "wasm:relaxed", "C, by hand, relaxed", "PyTorch",
    ]  # fmt: skip


def test_a_reference_takes_part():
    bench = Bench(**QUICK, networks=["relu-mlp"], references={"relaxed": lambda count: time.sleep(0.002 * count)})
    rows = bench.measure("relu-mlp")["networks"]["relu-mlp"]["contestants"]
    assert 2 <= rows["C, by hand, relaxed"]["milliseconds"] < 50


def test_without_models_memory_is_left_out():
    assert "memory" not in Bench(**QUICK, models=0).parts


def test_what_a_page_cannot_know_is_noted():
    bench = Bench(**QUICK, networks=["deep-xor"], models=1)
    bench.measure("memory at first")
    bench.note("a machine", [1, 2])
    assert bench.figures["machine"] == "a machine" and bench.figures["memory"]["process_bytes"] == [1, 2]


def test_a_network_that_a_device_refuses_is_told_and_the_run_goes_on(monkeypatch):
    def refuses(network, device):
        raise Unsupported("no convolutions here")

    monkeypatch.setattr(session, "training", refuses)
    rows = Bench(**QUICK, networks=["relu-mlp"]).measure("relu-mlp")["networks"]["relu-mlp"]["contestants"]
    assert rows["numpy"] == {"unsupported": "no convolutions here"} and "NumPy, by hand" in rows


@pytest.fixture
def gpu():
    """The desktop's GPU as a device, as users have it."""
    gpus.register(host := desktop_host())
    yield host
    gpus.register(None)


def test_a_gpu_takes_part_with_its_name_and_leaves_no_buffers_behind(monkeypatch, gpu):
    monkeypatch.setattr(matmul, "SIZES", ((8, 16, 8),))
    monkeypatch.setattr(matmul, "LARGE", (16, 16, 16))
    monkeypatch.setattr(session, "ENDURANCE_STEPS", 200)
    figures = measured(device="numpy,webgpu", networks=["deep-xor"], models=1)
    assert figures["gpu"] == {"adapter": gpu.adapter, "software": gpu.software, "peak": None}
    row = figures["networks"]["deep-xor"]["contestants"]["webgpu"]
    assert row["milliseconds"] > 0 and row["module_bytes"] > 1000 and 0 < row["dispatches"] < 100
    assert figures["matmul"]["8x16x8"]["webgpu"] > 0 and ("16x16x16" in figures["matmul"]) != gpu.software
    first, last = figures["endurance"]["bytes"]
    assert figures["endurance"]["steps"] == 200 and first == last > 0
    assert "long_run" not in figures and figures["memory"]["device"] == "numpy"
    assert json.loads(json.dumps(figures)) == figures


def test_a_device_that_has_failed_has_no_times():
    run = training(NETWORKS["deep-xor"], "numpy")
    assert run(2) > 0
    run._prepared = SimpleNamespace(device="wasm")  # as if that one had to go on
    with pytest.raises(Unsupported, match="numpy has failed, and wasm went on"):
        run(2)


def test_unknown_names_are_refused():
    with pytest.raises(BenchError, match="unknown network 'resnet'.*relu-mlp, dropout-mlp, cnn, deep-xor"):
        Bench(networks=["resnet"])
    with pytest.raises(DeviceError, match="unknown device 'tpu'"):
        Bench(device="numpy,tpu")


def test_a_loss_that_is_not_a_number_has_no_time():
    run = training(NETWORKS["deep-xor"], "numpy")
    run._rows.run = lambda order, first, count: [np.array([0.5, np.nan])]
    with pytest.raises(ArithmeticError, match="nan"):
        run(3)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_learns_the_rows_that_it_is_timed_with(name):
    network = NETWORKS[name]
    run = training(network, "numpy")
    steps = {"deep-xor": 3000, "relu-mlp": 60}.get(name, 12)
    first = run(1)
    assert run(steps) < first
    run.close()


def test_the_networks_are_those_of_the_table():
    counts = {name: network.model().count_parameters() for name, network in NETWORKS.items()}
    assert counts == {
        "relu-mlp": 784 * 256 + 256 + 256 * 256 + 256 + 256 * 10 + 10,
        "dropout-mlp": 784 * 512 + 512 + 3 * (512 * 512 + 512) + 512 * 10 + 10,
        "cnn": 9 * 32 + 32 + 9 * 32 * 64 + 64 + 1600 * 10 + 10,
        "deep-xor": 2 * 5 + 5 + 9 * (25 + 5) + 5 + 1,
    }


@pytest.mark.parametrize(
    "agent, name",
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0", "Chromium 156"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0", "Edge 156"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", "Firefox 153"),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/27.0 Safari/605.1.15", "Safari 27"),
    ],
)
def test_a_browser_is_named_by_what_it_says(agent, name):
    assert browser(agent) == name


@pytest.mark.parametrize("device", session.variants("wasm"))
@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_timed_on_a_device_is_the_same_training(name, device):
    losses = {}
    for each in ("numpy", device):  # one after the other: dropout draws from one generator, which `training` seeds
        run = training(NETWORKS[name], each)
        losses[each] = [run(steps) for steps in (1, 2, 7)]
        run.close()
    assert losses[device][:2] == pytest.approx(losses["numpy"][:2], rel=1e-3)
    assert losses[device] == pytest.approx(losses["numpy"], rel=1e-2)  # Adam's first steps make much of little
