"""A GPU that fails in the page: lost in the middle of a training, out of memory, a shader that it refuses, kernels that
compute wrong numbers. Training goes on elsewhere to the same result, the learner is told, and the page never waits."""

import json
import re

import pytest

from tests.support.lessons import SMALL

GPU = "webgpu (SwiftShader)"
OPTIONS = SMALL["mnist_relu"] | {"subset": 1000, "epochs": 2}  # ten steps an epoch

WATCHED = """(async () => {
    const epochs = [], losses = [], devices = new Set(), notices = [];
    let longest = 0, last = performance.now(), over = false;
    const tick = (now) => {
        longest = Math.max(longest, now - last);
        last = now;
        if (!over) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    const offs = [
        pydl.on("notice", (notice) => notices.push(notice)),
        ...["fit", "batch"].map((name) => pydl.on(name, ({device}) => devices.add(device))),
        pydl.on("epoch", ({device, first, epoch, history}) => {
            devices.add(device);
            for (let each = first; each <= epoch; each++) epochs.push(each);
            losses.push(...history.loss);
        }),
    ];
    try {
        const answer = await pydl.run(%s, %s);
        return {...answer, told: {epochs, losses, devices: [...devices], notices}, longest};
    } finally {
        offs.forEach((off) => off());
        over = true;
    }
})()"""


def run(lab, **options):
    """A run of a lesson, with all that its page was told meanwhile."""
    return lab.call(WATCHED % ('"mnist_relu"', json.dumps(OPTIONS | options)))


def assert_whole(answer, expected):
    """The training has come to what an undisturbed one comes to; no epoch is lost or doubled, and no frame."""
    assert answer["stopped"] is False
    assert answer["told"]["epochs"] == list(range(len(expected["history"]["loss"])))
    assert answer["told"]["losses"] == answer["history"]["loss"]
    for name, values in expected["history"].items():
        near = {"abs": 0.015} if "accuracy" in name else {"rel": 1e-3}  # three of 200 samples
        assert answer["history"][name] == pytest.approx(values, **near), name
    assert answer["longest"] < 1000, "milliseconds between two frames"


def only_notice(answer, cause, to):
    """The one notice that was told."""
    [notice] = answer["told"]["notices"]
    assert (notice["cause"], notice["device"], notice["to"]) == (cause, GPU, to)
    return notice


def assert_shown(lab, english, korean):
    """The notice stands in the page, in both languages."""
    for language, words in (("ko", korean), ("en", english)):
        lab.page.select_option("#language", language)
        lab.wait(f"document.querySelector('#notices').innerText.includes({json.dumps(words)})")
        assert lab.page.is_visible("#notices") and lab.page.locator("#notices p").count() == 1


@pytest.fixture
def value(troubled, python):
    return python(troubled)


@pytest.fixture
def without_wasm(value):
    """Until the end of the test the page's browser is one without SIMD."""
    value("from pydl.backends.wasm import hosts as engines\nengine = engines.current()\nengines.register(None)")
    yield
    value("engines.register(engine)")


# ---- lost


LOST_LATER = "webgpu.current()\ntrouble.lostAfter = trouble.submissions + {}"
LONG = {"subset": 3000, "epochs": 3}  # thirty steps an epoch, in several calls


def test_a_gpu_that_is_lost_in_the_middle_of_a_training_loses_nothing(troubled, value):
    expected = run(troubled, **LONG, device="wasm")
    value(LOST_LATER.format(7))
    answer = run(troubled, **LONG, device="webgpu")
    assert_whole(answer, expected)
    assert answer["told"]["devices"] == ["webgpu", "wasm"], "in the middle of it"
    assert answer["device"] == "wasm" and answer["adapter"].startswith("Chromium")
    assert "was lost" in only_notice(answer, "lost", "wasm")["message"]
    assert_shown(troubled, f"{GPU} is gone. wasm goes on", f"{GPU} 장치를 더는 쓸 수 없습니다")
    again = run(troubled, **LONG | {"epochs": 1}, device="webgpu")
    assert again["device"] == "webgpu" and again["told"]["notices"] == []
    assert again["history"]["loss"] == pytest.approx(expected["history"]["loss"][:1], rel=1e-3)
    assert troubled.page.is_hidden("#notices")


def test_without_wasm_a_training_goes_on_with_numpy(troubled, value, without_wasm):
    expected = run(troubled, **LONG, device="numpy")
    value(LOST_LATER.format(7))
    answer = run(troubled, **LONG, device="webgpu")
    assert_whole(answer, expected)
    assert answer["told"]["devices"] == ["webgpu", "numpy"] and answer["device"] == "numpy"
    only_notice(answer, "lost", "numpy")


@pytest.mark.slow
@pytest.mark.parametrize("submissions", [1, 2, 3, 7, 14, 30])
def test_whenever_a_gpu_is_lost_nothing_is(troubled, value, submissions):
    expected = run(troubled, **LONG, device="wasm")
    value(LOST_LATER.format(submissions))
    answer = run(troubled, **LONG, device="webgpu")
    assert_whole(answer, expected)
    assert answer["device"] == "wasm"
    only_notice(answer, "lost", "wasm")


def test_a_gpu_that_is_lost_three_times_is_left_alone(troubled, value):
    for device in ("webgpu", "webgpu", "wasm"):
        value("hosts.current().engine.device.destroy()")
        assert troubled.run("xor", device="webgpu", epochs=20)["device"] == device
    assert value("pydl.devices()") == troubled.call("pydl.devices()") == ["numpy", "wasm"]
    troubled.wait("document.querySelector('#status-bytes').innerText.includes('no WebGPU: GPU lost')")


# ---- no memory, and what it refuses


# For what there is no memory, and how many bytes a buffer may have: 2,000 images take 1.6 MB; the weights of the first
# layer, with what Adam keeps of them, 0.3.
FULL = {"memory 0": 200_000, "2000 rows": 1_200_000}


@pytest.mark.parametrize("what, largest", FULL.items(), ids=FULL)
def test_a_gpu_without_memory_leaves_a_training_to_wasm(troubled, value, what, largest):
    options = {"subset": 2000}
    expected = run(troubled, device="wasm", **options)
    value(f"webgpu.current().forget()\ntrouble.largest = {largest}")
    answer = run(troubled, device="webgpu", **options)
    assert_whole(answer, expected)
    assert answer["device"] == "wasm"
    notices = answer["told"]["notices"]  # the measuring after an epoch may find none either
    assert {(each["cause"], each["device"], each["to"]) for each in notices} == {("memory", GPU, "wasm")}
    assert f"has no memory for _train_step: {what}" in notices[0]["detail"]
    assert_shown(troubled, f"{GPU} has not enough memory", f"{GPU} 장치의 메모리가 부족하여")
    value("trouble.calm()")
    again = run(troubled, device="webgpu", **options)
    assert again["device"] == "webgpu" and again["told"]["notices"] == []


def test_a_shader_that_the_gpu_refuses_is_left_to_wasm(troubled, value):
    options = {"layers": [24]}  # a shape that no other test has compiled
    expected = run(troubled, device="wasm", **options)
    value("webgpu.current()\ntrouble.refused = 1")
    answer = run(troubled, device="webgpu", **options)
    assert_whole(answer, expected)
    assert answer["device"] == "wasm"
    detail = only_notice(answer, "invalid", "wasm")["detail"]
    assert "refuses a shader on SwiftShader" in detail and "the driver did not like it" in detail
    assert_shown(troubled, f"{GPU} did not do what it was asked for", f"{GPU} 장치가 시킨 계산을 해내지 못했습니다")
    assert run(troubled, device="webgpu", **options)["device"] == "webgpu"


# ---- wrong numbers


# What stands in shaders, and what the driver takes it for; and the kernels in which the self-test finds it first.
LIES = {
    "products": ("+= vec4<f32>(dot", "-= vec4<f32>(dot", "products"),
    "maxima": ("(max(", "(min(", "sqrt|maxim"),
    "exponentials": ("exp(", "exp2(", "exp"),
    "random bits": ("<< 13u", "<< 12u", "random bits"),
}
BY_DEFAULT = ("products", "maxima")


@pytest.fixture
def lying(value):
    """Makes a driver lie about all shaders: `lying(what, instead)`. The GPU is used for the first time after that."""

    def lie(what, instead):
        value(f"from pyodide.ffi import to_js\ntrouble.lie = to_js([{what!r}, {instead!r}])\nwebgpu._gpus.clear()")

    yield lie
    value("webgpu._gpus.clear()")


@pytest.mark.parametrize("device", ["webgpu", "auto"])
@pytest.mark.parametrize(
    "lie", [name if name in BY_DEFAULT else pytest.param(name, marks=pytest.mark.slow) for name in LIES]
)
def test_a_gpu_that_computes_wrong_numbers_is_found_out_and_left(troubled, value, lying, lie, device):
    what, instead, found = LIES[lie]
    options = {"layers": [33 + 7 * list(LIES).index(lie)]}  # for auto, which remembers its choices
    expected = run(troubled, device="wasm", **options)
    lying(what, instead)
    answer = run(troubled, device=device, **options)
    assert_whole(answer, expected)
    assert answer["device"] == "wasm" and answer["told"]["devices"] == ["wasm"]
    detail = only_notice(answer, "wrong", "wasm")["detail"]
    assert re.search(f"in the self-test of .*({found})", detail), detail
    assert_shown(troubled, f"{GPU} computes wrong numbers", f"{GPU} 장치가 계산한 값이 틀려서")
    assert value("pydl.devices()") == ["numpy", "wasm"]
    assert troubled.call("pydl.devices()") == ["numpy", "wasm"]
    troubled.wait("document.querySelector('#status-bytes').innerText.includes('no WebGPU: GPU failed its test')")
