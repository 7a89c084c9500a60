"""The GPU in the page: the worker's host on SwiftShader, what the page says of it or of why there is none, and what a
learner hears when a device has failed."""

import json

import numpy as np
import pytest

from pydl.backends.webgpu import hosts
from tests.support.lab import PageError

NOTHING = {"adapter": "", "software": False}
SETUP = """
import json, numpy as np
from pydl.backends.errors import DeviceFailure
from pydl.backends.webgpu import hosts

CODE = '''
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < arrayLength(&y)) { y[id.x] = 0.5 * y[id.x] + x[id.x]; }
}
'''
SHADER = hosts.Shader("halve and add", CODE, ("read", "read_write"))

class Work:
    '''A small kernel on 1,000 numbers of each of two buffers.'''

    def __init__(self, host):
        self.host = host
        [self.pipeline] = host.pipelines([SHADER])
        self.x, self.y = host.buffer(4000, "x"), host.buffer(4000, "y")
        self.bindings = host.bind(self.pipeline, [self.x, self.y])
        self.step = self.sequence(16)

    def sequence(self, workgroups):
        return self.host.sequence([hosts.Dispatch(self.pipeline, self.bindings, workgroups)])

    def after(self, steps):
        self.host.write(self.x, 0, np.arange(1000, dtype=np.float32))
        self.host.write(self.y, 0, np.zeros(1000, np.float32))
        self.host.run(self.step, steps)
        return self.read()

    def read(self):
        self.host.read(self.y, 0, seen := np.empty(1000, np.float32))
        return seen

def failure(function):
    try:
        function()
    except DeviceFailure as error:
        return [type(error).__name__, str(error)]

here = hosts.current()
work = Work(here)
"""


@pytest.fixture
def page(gpu_lab, python):
    value = python(gpu_lab)
    value(SETUP)
    return value


def gpu_of(lab):
    return lab.call("pydl.ready.then(({gpu}) => gpu)")


# ---- the host


def test_the_page_opens_the_gpu_with_all_that_it_has(page):
    adapter, software, name, *limits = page(
        "l = here.limits\nhere.adapter, here.software, here.name, l.buffer, l.binding, l.bindings, l.invocations"
    )
    assert (adapter, software) == ("SwiftShader", True)
    assert name.split()[0] in ("Chromium", "Edge") and name.split()[1].isdigit()
    least = hosts.Limits()
    assert limits[0] > least.buffer and limits[1] > least.binding and limits[2] >= least.bindings
    assert limits[3] >= least.invocations


@pytest.mark.parametrize("steps", [1, 3, 64, 65, 1000])
def test_steps_are_run_in_order_and_as_many_as_asked_for(page, steps):
    expected = np.zeros(1000, np.float32)
    for _ in range(steps):
        expected = np.float32(0.5) * expected + np.arange(1000, dtype=np.float32)
    np.testing.assert_array_equal(np.array(page(f"work.after({steps})"), np.float32), expected)


def test_bytes_reach_their_place_in_a_buffer_and_no_other(page):
    page("work.after(0)\nhere.write(work.y, 8, np.array([[1, 2], [3, 4]], np.float32))")
    page("here.copy(work.y, 12, work.x, 4, 8)\nhere.read(work.x, 0, pair := np.empty((2, 2), np.float32))")
    assert page("work.read()[:7]") == [0, 0, 1, 2, 3, 4, 0]
    assert page("pair") == [[0, 2], [3, 3]]


def test_many_reads_take_no_more_memory_than_one(page):
    page("work.read()\nbefore = here.bytes\nfor _ in range(300): work.read()")
    assert page("here.bytes - before") == 0
    page("large = here.buffer(40_000_000, 'rows')\nrows = np.ones(10_000_000, np.float32)")
    page("here.write(large, 0, rows)\nrows[:] = 0\nhere.read(large, 0, rows)")
    assert page("float(rows.min()), here.bytes - before") == [1, 40_000_000]
    page("here.destroy(large)\ndel rows")
    assert page("here.bytes - before") == 0


REFUSED = {
    "a shader with a mistake": (
        """here.pipelines([SHADER, hosts.Shader("sum", CODE.replace("f32", "f33"), SHADER.bindings)])""",
        ["InvalidOnDevice", "sum: line 2: unresolved type 'f33'"],
    ),
    "a shader that writes what it may only read": (
        """here.pipelines([hosts.Shader("sum", CODE, ("read", "read"))])""",
        ["InvalidOnDevice", "sum: "],
    ),
    "too large a buffer": (
        """here.buffer(here.limits.buffer + 4, "the weights")""",
        ["OutOfDeviceMemory", "SwiftShader has no memory for the weights, "],
    ),
    "too many workgroups": (
        """here.run(work.sequence(70_000), 1)\nwork.read()""",
        ["InvalidOnDevice", "70000"],
    ),
    "a buffer too few": (
        """here.run(here.sequence([hosts.Dispatch(work.pipeline, here.bind(work.pipeline, [work.x]), 1)]), 1)
        work.read()""",
        ["InvalidOnDevice", "expected number of entries (2)"],
    ),
    "a read past the end": (
        """here.read(work.y, 3000, np.empty(1000, np.float32))""",
        ["InvalidOnDevice", "does not fit"],
    ),
}


@pytest.mark.parametrize("code, expected", REFUSED.values(), ids=REFUSED)
def test_what_the_gpu_refuses_is_told_once_and_the_gpu_goes_on(page, code, expected):
    lines = "\n    ".join(line.strip() for line in code.splitlines())
    kind, message = page(f"def refused():\n    {lines}\nfailure(refused)")
    assert kind == expected[0] and expected[1] in message, message
    assert "\n" not in message
    assert page("work.after(2)[:3]") == [0, 1.5, 3]


def test_memory_that_the_gpu_has_not_is_an_error_that_names_what_it_was_for(page):
    page("""
kept = []
def fill():
    for _ in range(200): kept.append(here.buffer(here.limits.buffer, "the activations"))
said = failure(fill)
for buffer in kept: here.destroy(buffer)""")
    kind, message = page("said")
    assert kind == "OutOfDeviceMemory" and "the activations, " in message
    assert page("work.after(1)[:3]") == [0, 1, 2]


def test_a_lost_gpu_fails_every_call_and_is_opened_anew(new_gpu_lab, python):
    page = python(new_gpu_lab().open())
    page(SETUP + "here.engine.device.destroy()")
    assert page("failure(work.read)")[0] == "DeviceLost"
    calls = [
        "here.buffer(8, 'x')",
        "here.pipelines([SHADER])",
        "here.write(work.x, 0, np.ones(2, np.float32))",
        "here.copy(work.x, 0, work.y, 0, 8)",
        "here.run(work.step, 1)",
        "here.bind(work.pipeline, [work.x, work.y])",
    ]
    for call in calls:
        assert page(f"failure(lambda: {call})")[0] == "DeviceLost", call
    page("here.destroy(work.x)")
    assert page("here.lost, here.bytes")[1] == 0 and page("here.lost")
    page("again = here.renewed()\nagain = Work(again)")
    assert page("again.after(2)[:3]") == [0, 1.5, 3]


# ---- whether there is one, and why not


def test_the_page_names_the_gpu_and_offers_it(gpu_lab):
    assert gpu_lab.call("pydl.devices()") == ["numpy", "wasm", "webgpu"]
    assert gpu_of(gpu_lab) == {"adapter": "SwiftShader", "software": True, "reason": ""}
    gpu_lab.wait("document.querySelector('#status-bytes').innerText.includes('SwiftShader (CPU)')")
    labels = gpu_lab.page.locator('[data-option="device"] option').all_inner_texts()
    assert labels == ["Automatic", "NumPy", "WebAssembly", "WebGPU"]


def test_a_browser_without_a_gpu_trains_without_and_says_so(lab):
    assert lab.call("pydl.devices()") == ["numpy", "wasm"]
    assert gpu_of(lab) == NOTHING | {"reason": "no-adapter"}
    lab.wait("document.querySelector('#status-bytes').innerText.includes('no WebGPU: no GPU found')")
    assert "WebGPU" not in lab.page.locator('[data-option="device"] option').all_inner_texts()
    with pytest.raises(PageError, match="'webgpu' is not available here .*finds no GPU.*'wasm'"):
        lab.run("xor", device="webgpu")


# What makes a worker find none; of a browser that has no adapter, see above.
SPOILED = {
    "none": "delete WorkerNavigator.prototype.gpu",
    "no-jspi": "delete WebAssembly.Suspending; delete WebAssembly.promising",
    "refused": "GPUAdapter.prototype.requestDevice = async () => { throw new Error('the driver is on a list'); }",
    "timeout": "GPU.prototype.requestAdapter = () => new Promise(() => {})",
}


@pytest.mark.parametrize(
    "reason",
    [pytest.param(reason, marks=pytest.mark.slow) if reason in ("none", "timeout") else reason for reason in SPOILED],
)
def test_without_the_gpu_the_page_trains_by_wasm_and_says_why(spoiled, python, reason):
    lab = spoiled(SPOILED[reason], locale="ko-KR")
    assert gpu_of(lab) == NOTHING | {"reason": reason}
    assert lab.call("pydl.devices()") == ["numpy", "wasm"]
    answer = lab.run("xor")
    assert answer["device"] == "wasm" and answer["result"]["accuracy"] == 1.0
    lab.wait("document.querySelector('#status').dataset.phase === 'ready'")
    assert "WebGPU" in lab.text("#status-bytes") and "없음" in lab.text("#status-bytes")
    detail = python(lab)("from pydl.backends.webgpu import hosts\nhosts.reason()")
    assert len(detail) > 20 and (reason != "refused" or "the driver is on a list" in detail)


# ---- what a learner hears


def notice(cause, to="wasm"):
    arguments = json.dumps([cause, "webgpu (SwiftShader)", to, "a test"])[1:-1]
    return f"from pydl.backends import notices\nnotices.tell(notices.Notice({arguments}), notices.told())"


HEARD = """(async () => {
    const heard = [];
    const off = pydl.on("notice", (notice) => heard.push(notice));
    await pydl.exec(%s);
    off();
    return heard;
})()"""


def test_a_failed_device_is_told_to_scripts_and_to_the_learner_until_the_next_run(lab):
    [heard] = lab.call(HEARD % json.dumps(notice("lost")))
    assert heard.pop("message").startswith("webgpu (SwiftShader) was lost (a test)")
    told = {"cause": "lost", "device": "webgpu (SwiftShader)", "to": "wasm", "detail": "a test"}
    assert heard == told | {"devices": ["numpy", "wasm"]}
    notices = lab.page.get_by_role("status").filter(has_text="webgpu (SwiftShader) is gone. wasm goes on")
    assert notices.is_visible()
    lab.run("xor", epochs=1)
    assert notices.is_hidden()


def test_a_notice_can_be_put_away_and_follows_the_language(lab):
    for cause, words in {"memory": "메모리가 부족", "wrong": "값이 틀려서", "invalid": "해내지 못했습니다"}.items():
        lab.exec(notice(cause, "numpy"))
        lab.wait("/memory|wrong numbers|did not do/.test(document.querySelector('#notices').innerText)")
        lab.page.select_option("#language", "ko")
        lab.wait(f"document.querySelector('#notices').innerText.includes({json.dumps(words)})")
        assert "numpy" in lab.text("#notices")
        lab.page.select_option("#language", "en")
        lab.click("#notices button")
        assert lab.page.is_hidden("#notices")
